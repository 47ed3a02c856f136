"""The lines of a conversation, each with the line before it."""

NO_NODE = -1


class ConversationGraph:
    """Lines as nodes, numbered in the order of the file."""

    __slots__ = (
        "_by_uuid",
        "_earlier_parents",
        "_logical_parents",
        "_missing_parents",
        "_parents",
        "_sidechain",
        "boundaries",
        "uuids",
    )

    def __init__(self) -> None:
        self.uuids: list[str | None] = []
        self.boundaries: set[int] = set()
        self._by_uuid: dict[str, int] = {}
        self._parents: list[int] = []
        self._earlier_parents: dict[int, int] = {}
        self._missing_parents: dict[int, str] = {}
        self._logical_parents: dict[int, str] = {}
        self._sidechain: set[int] = set()

    def __len__(self) -> int:
        return len(self._parents)

    def node(self, uuid: str | None) -> int:
        """The node of a line by its uuid, NO_NODE if there is none."""
        return NO_NODE if uuid is None else self._by_uuid.get(uuid, NO_NODE)

    def add(self, uuid: str | None, parent_uuid: str | None) -> int:
        """Append a line, and return its node. The uuid must be new."""
        node = len(self._parents)
        self.uuids.append(uuid)
        if uuid is not None:
            self._by_uuid[uuid] = node
        parent = NO_NODE if parent_uuid is None else self._by_uuid.get(parent_uuid, NO_NODE)
        self._parents.append(parent)
        if parent == NO_NODE and parent_uuid is not None:
            self._missing_parents[node] = parent_uuid
        return node

    def repeat(self, node: int, parent_uuid: str | None) -> None:
        """Take in another copy of a line: the parent that it names counts."""
        parent = self.node(parent_uuid)
        if parent == self._parents[node]:
            return
        self._earlier_parents.setdefault(node, self._parents[node])
        self._missing_parents.pop(node, None)
        self._parents[node] = parent
        if parent == NO_NODE and parent_uuid is not None:
            self._missing_parents[node] = parent_uuid

    def add_boundary(self, node: int, logical_parent_uuid: str | None) -> None:
        """Mark the line of a compaction, which has the line that it follows as its logical parent."""
        self.boundaries.add(node)
        if logical_parent_uuid is not None:
            self._logical_parents[node] = logical_parent_uuid

    def add_sidechain(self, node: int) -> None:
        """Mark a line of a subagent that stands in its parent's file."""
        self._sidechain.add(node)

    def is_sidechain(self, node: int) -> bool:
        """Whether the line is a subagent's in its parent's file."""
        return node in self._sidechain

    def link(self) -> None:
        """Find the parents that stand after their children; a parent that is nowhere is the line before."""
        for node, uuid in self._missing_parents.items():
            self._parents[node] = self._by_uuid.get(uuid, node - 1)
        self._missing_parents.clear()

    def parent(self, node: int) -> int:
        """The line before a line; NO_NODE for the first and for a compaction."""
        return self._parents[node]

    def logical_parent(self, node: int) -> int:
        """The line before a line, across compactions."""
        parent = self._parents[node]
        return self.node(self._logical_parents.get(node)) if parent == NO_NODE else parent

    def newest_descendant(self, node: int) -> int:
        """The last line in the file that follows a line, across compactions; the line itself if nothing follows."""
        newest = node
        following = {node}
        for child in range(node + 1, len(self._parents)):
            if self.logical_parent(child) in following and child not in self._sidechain:
                following.add(child)
                newest = child
        return newest

    def chain(self, node: int) -> list[int]:
        """The lines up to a line, first to last: those that the model sees, which begin at the last compaction."""
        chain: list[int] = []
        seen: set[int] = set()
        while node != NO_NODE and node not in seen:
            chain.append(node)
            seen.add(node)
            if node in self.boundaries:
                break
            node = self._parents[node]
        chain.reverse()
        return chain

    def ancestors(self, node: int) -> set[int]:
        """A line and all lines before it, across compactions, and before the first copy of a line as well."""
        seen: set[int] = set()
        open_nodes = [node]
        while open_nodes:
            node = open_nodes.pop()
            if node != NO_NODE and node not in seen:
                seen.add(node)
                open_nodes += (self.logical_parent(node), self._earlier_parents.get(node, NO_NODE))
        return seen
