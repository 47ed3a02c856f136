"""How xdist distributes tests to workers."""

from typing import Any

from xdist.scheduler import LoadScopeScheduling

# With expensive fixtures for each file.
_BY_FILE = ("tests/agents/", "tests/contract/", "tests/docs/", "tests/playground/", "tests/reader/", "tests/server/")
# With expensive fixtures for all files of the folder.
_BY_FOLDER = ("tests/schema/execution/",)
_LONGEST = ("tests/faults/", "tests/speed/", *_BY_FILE, *_BY_FOLDER)


def is_long(nodeid: str) -> bool:
    """Whether a test takes long, and so runs first: at the end, no worker waits long for another."""
    return nodeid.startswith(_LONGEST)


class Shares(LoadScopeScheduling):  # type: ignore[misc] # of no known type
    """Tests with expensive fixtures in common go to one worker, all others to any idle one.

    For loadgroup: under pytest 9.2 its marks have no effect (pytest-dev/pytest-xdist#1386).
    """

    def _split_scope(self, nodeid: str) -> str:
        """The name of the group of tests that one worker runs."""
        file = nodeid.partition("::")[0]
        if file.startswith(_BY_FOLDER):
            return file.rpartition("/")[0]
        return file if file.startswith(_BY_FILE) else nodeid

    def schedule(self) -> None:
        """Distribute the tests in the order in which they were collected."""
        self.config.option.loadscopereorder = False
        super().schedule()

    def remove_node(self, node: Any) -> str | None:
        """Take a worker out, and return the test that it crashed on, if any.

        xdist 3.8 would start that test again in each new worker, and wait for tests that are done
        (pytest-dev/pytest-xdist#1371, #1378).
        """
        workload = self.assigned_work.pop(node)
        unfinished = [test for unit in workload.values() for test, is_done in unit.items() if not is_done]
        for scope, unit in workload.items():
            rest = {test: False for test in unit if test in unfinished[1:]}
            if rest:
                self.workqueue[scope] = rest
                self.workqueue.move_to_end(scope, last=False)
        for other in self.assigned_work:
            self._reschedule(other)
        return unfinished[0] if unfinished else None

    def _reschedule(self, node: Any) -> None:
        """Give a worker its next tests: at least two, for a worker runs a test when it knows the next one."""
        # Workers that have not collected the tests yet get theirs afterwards.
        if node not in self.registered_collections:
            return
        super()._reschedule(node)
        if self.workqueue and self._pending_of(self.assigned_work[node]) < 2:
            super()._reschedule(node)
