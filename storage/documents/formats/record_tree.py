"""The tree that the records of a transcript form by naming their parents: its live path and the abandoned branches."""

from collections.abc import Container, Iterable


class RecordTree:
    """Records by their ids, in the order of the file. An id that comes again keeps its first parent."""

    def __init__(self) -> None:
        self._parents: dict[str, str | None] = {}

    def __contains__(self, record_id: str) -> bool:
        return record_id in self._parents

    def add(self, record_id: str, parent_id: str | None) -> None:
        """Add a record below its parent, which may be missing."""
        self._parents.setdefault(record_id, parent_id)

    def last(self) -> str | None:
        """The record that was added last."""
        return next(reversed(self._parents), None)

    def parent(self, record_id: str) -> str | None:
        """The parent of a record; None for a root and when it is missing."""
        parent_id = self._parents.get(record_id)
        return parent_id if parent_id in self._parents else None

    def nearest(self, record_id: str, spoken: Container[str]) -> str | None:
        """The nearest spoken record above a record."""
        passed = {record_id}
        above = self.parent(record_id)
        while above is not None and above not in spoken and above not in passed:
            passed.add(above)
            above = self.parent(above)
        return above if above is not None and above in spoken and above != record_id else None

    def path(self, leaf: str | None) -> list[str]:
        """The records from the root to a leaf. A circle ends where it closes."""
        path: dict[str, None] = {}
        while leaf is not None and leaf not in path:
            path[leaf] = None
            leaf = self.parent(leaf)
        return list(reversed(path))

    def abandoned_branches(self, live: Iterable[str], spoken: Container[str]) -> list[dict[str, object]]:
        """The branches of spoken records beside the live path: each one's last record, and the live one it leaves."""
        on_path = set(live)
        left_at: dict[str, str | None] = {}
        continues: set[str] = set()
        for record_id in self._parents:
            # A parent stands before its children, so that its own place is known.
            parent_id = self.parent(record_id)
            left_at[record_id] = parent_id if parent_id in on_path else left_at.get(parent_id or "")
        leaves: list[dict[str, object]] = []
        for record_id in reversed(self._parents):
            is_leaf = record_id in spoken and record_id not in continues
            if is_leaf and record_id not in on_path:
                leaves.append({"leaf": record_id, "left_at": left_at[record_id]})
            parent_id = self.parent(record_id)
            if parent_id is not None and (is_leaf or record_id in continues):
                continues.add(parent_id)
        return leaves[::-1]
