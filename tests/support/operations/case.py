"""Operations written by hand, each with the kind of answer that it must have."""

from typing import Any, NamedTuple

from tests.support.operations.request import Request

DATA, BOTH, ERRORS, BROKEN = "data", "data and errors", "errors", "no JSON"
RICH = 'session(id: "every-kind")'
_FIELDS = {
    "RICH": RICH,
    "THREAD": 'thread(id: "<thread every-kind>")',
    "MARKED": 'thread(id: "<thread marked>")',
    "ASLEEP": 'thread(id: "<thread unknown-status>")',
}
_FRAGMENTS = {
    "...Block": "fragment Block on ContentBlock { __typename position ... on TextBlock { text } "
    "... on ThinkingBlock { thinking } ... on ToolUseBlock { toolUseId name input } "
    "... on ToolResultBlock { toolUseId text isError } ... on ImageBlock { url } "
    "... on CompactionBlock { summary } ... on OtherBlock { blockKind raw } }",
    "...Item": "fragment Item on ThreadItem { __typename id position status summary ... on UserMessageItem { text } "
    "... on AgentMessageItem { text } ... on ReasoningItem { text } "
    "... on ToolCallItem { kind name toolUseId input output } ... on OtherItem { blockKind raw } }",
}


class Case(NamedTuple):
    """What is asked, what each of the answers has, and values for its variables.

    RICH, THREAD, MARKED and ASLEEP stand for fields with their argument; ...Block and ...Item need no definition.
    """

    written: str
    has: str = DATA
    variables: tuple[Any, ...] = (None,)
    operation_name: str | None = None

    @property
    def query(self) -> str:
        """The GraphQL document."""
        text = self.written
        for word, field in _FIELDS.items():
            text = text.replace(f"{word} {{", f"{field} {{")
        return " ".join([text, *(fragment for spread, fragment in _FRAGMENTS.items() if spread in text)])

    def request(self, **how: Any) -> Request:
        """The request; `how` are other fields of Request."""
        return Request(self.query, self.variables, self.operation_name, **how)
