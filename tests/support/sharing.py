"""How workers share the tests of a run, where several run them."""

from xdist.scheduler import LoadScopeScheduling

# Their fixtures are made once a file, and are dear.
_BY_FILE = ("tests/contract/", "tests/docs/", "tests/playground/", "tests/server/")
# Once for all files in it.
_BY_FOLDER = ("tests/schema/execution/",)
_LONGEST = ("tests/faults/", "tests/speed/", *_BY_FILE, *_BY_FOLDER)


def is_long(nodeid: str) -> bool:
    """Whether a test belongs to those that run first: at the end, no worker shall wait long for another."""
    return nodeid.startswith(_LONGEST)


class Shares(LoadScopeScheduling):  # type: ignore[misc] # of no known type
    """What shares dear fixtures is of one worker, every other test of whichever is free.

    For loadgroup: under pytest 9.2 its marks have no effect (pytest-dev/pytest-xdist#1386).
    """

    def _split_scope(self, nodeid: str) -> str:
        """The share that a test belongs to."""
        file = nodeid.partition("::")[0]
        if file.startswith(_BY_FOLDER):
            return file.rpartition("/")[0]
        return file if file.startswith(_BY_FILE) else nodeid

    def schedule(self) -> None:
        """Deals the tests out in the order in which they were found."""
        self.config.option.loadscopereorder = False
        super().schedule()
