"""How xdist distributes tests to workers."""

from xdist.scheduler import LoadScopeScheduling

# With expensive fixtures for each file.
_BY_FILE = ("tests/agents/", "tests/contract/", "tests/docs/", "tests/playground/", "tests/server/")
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
