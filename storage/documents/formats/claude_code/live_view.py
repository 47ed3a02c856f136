"""Which messages the model sees when a session is continued, and which are on abandoned branches."""

from collections.abc import Iterable
from typing import NamedTuple

from storage.documents.formats.claude_code.draft import ATTACHED, NOTE, RAW, SUMMARY
from storage.documents.formats.claude_code.graph import NO_NODE
from storage.documents.formats.claude_code.line import CompactMetadata
from storage.documents.formats.claude_code.scan import NO_DRAFT, Scan


class AbandonedMessages(NamedTuple):
    """Messages that were abandoned by the change of a prompt or by an interrupted call."""

    head: str | None
    messages: list[int]


class LiveView(NamedTuple):
    """The messages that the program sends when it resumes, in their order, and the branches that it leaves out."""

    live: list[int]
    branches: list[AbandonedMessages]
    left: set[int]
    """All messages of the branches."""


def live_view(scan: Scan) -> LiveView:
    """Choose as the program does: the chain of lines that ends at the newest line after the last named leaf."""
    leaf = _leaf(scan)
    main_nodes = scan.graph.ancestors(leaf)
    main = {scan.draft_of[node] for node in main_nodes} - {NO_DRAFT}
    main |= {follower for index in main for follower in scan.drafts[index].followers()}
    branches = _branches(scan, main_nodes, main)
    return LiveView(_live(scan, leaf), branches, {index for branch in branches for index in branch.messages})


def _leaf(scan: Scan) -> int:
    graph = scan.graph
    node = graph.node(scan.leaf)
    if node != NO_NODE and not graph.is_sidechain(node):
        return graph.newest_descendant(node)
    for node in range(len(graph) - 1, -1, -1):
        index = scan.draft_of[node]
        if index != NO_DRAFT and scan.drafts[index].kind not in (RAW, NOTE, ATTACHED) and not graph.is_sidechain(node):
            return graph.newest_descendant(node)
    return NO_NODE


def _live(scan: Scan, leaf: int) -> list[int]:
    chain = scan.graph.chain(leaf)
    messages = _messages(scan, chain)
    summary = next((place for place, index in enumerate(messages) if scan.drafts[index].kind == SUMMARY), None)
    first: dict[int, None] = {}
    if chain and chain[0] in scan.preserved:
        metadata = scan.preserved[chain[0]]
        # The lines that a compaction preserves are sent after its summary, or before it if it summarizes the end.
        start = 0 if summary is None or _is_of_the_end(scan, chain[0], metadata) else summary + 1
        first = dict.fromkeys(messages[:start])
        first |= dict.fromkeys(_messages(scan, _preserved(scan, metadata)))
    live = [index for index in first | dict.fromkeys(messages) if scan.drafts[index].is_sent]
    while live and scan.drafts[live[-1]].has_only_thinking:
        live.pop()
    return live


def _messages(scan: Scan, nodes: Iterable[int]) -> list[int]:
    """The messages of lines, each once; with a reply go the results of all its calls, and what hooks said of them."""
    messages: dict[int, None] = {}
    for node in nodes:
        index = scan.draft_of[node]
        if index == NO_DRAFT:
            continue
        messages |= dict.fromkeys((index, *scan.drafts[index].followers()))
    return list(messages)


def _is_of_the_end(scan: Scan, boundary: int, metadata: CompactMetadata) -> bool:
    """Whether the end of the conversation was summarized ("Summarize from here"), so that its beginning is kept."""
    kept = metadata.preservedMessages or metadata.preservedSegment
    return kept is not None and kept.anchorUuid == scan.graph.uuids[boundary]


def _preserved(scan: Scan, metadata: CompactMetadata) -> list[int]:
    graph = scan.graph
    if metadata.preservedMessages is not None:
        return [node for uuid in metadata.preservedMessages.uuids if (node := graph.node(uuid)) != NO_NODE]
    segment = metadata.preservedSegment
    if segment is None:
        return []
    head = graph.node(segment.headUuid)
    chain = graph.chain(graph.node(segment.tailUuid))
    return chain[chain.index(head) :] if head in chain else []


def _branches(scan: Scan, main_nodes: set[int], main: set[int]) -> list[AbandonedMessages]:
    branches: dict[int, AbandonedMessages] = {}
    heads: dict[int, int] = {}
    done: set[int] = set()
    for node, index in enumerate(scan.draft_of):
        if index == NO_DRAFT or index in main or index in done:
            continue
        done.add(index)
        head = _head(scan, node, main_nodes, main, heads)
        branches.setdefault(head, AbandonedMessages(scan.graph.uuids[head], [])).messages.append(index)
    return [branches[head] for head in sorted(branches)]


def _head(scan: Scan, node: int, main_nodes: set[int], main: set[int], heads: dict[int, int]) -> int:
    """The first line of the branch that a line lies on."""
    path: dict[int, None] = {}
    while node not in heads:
        path[node] = None
        parent = scan.graph.logical_parent(node)
        if parent == NO_NODE or parent in main_nodes or parent in path or scan.draft_of[parent] in main:
            heads[node] = node
            break
        node = parent
    head = heads[node]
    heads.update(dict.fromkeys(path, head))
    return head
