"""The model's replies: which lines belong to one, which calls it made, and which model it was."""

from storage.documents.formats.claude_code.draft import LineDraft
from storage.documents.formats.claude_code.line import LineMessage
from storage.documents.formats.claude_code.usage import SYNTHETIC, ReplyUsage
from storage.json_codec import storable_text

_CALLS = {"tool_use", "server_tool_use", "mcp_tool_use"}
_THINKING = {"thinking", "redacted_thinking"}


class Replies:
    """The drafts of replies by the ids of their messages and of their calls.

    `last_model` is the model of the last line of a reply, those of subagents left out.
    """

    def __init__(self) -> None:
        self.last_model = ""
        self._by_id: dict[str, int] = {}
        self._by_call: dict[str, int] = {}
        # The names of models, shared by the drafts: each line has a copy of its own.
        self._models: dict[str, str] = {}

    def by_id(self, message_id: str | None) -> int | None:
        """The draft that the lines of a message id belong to."""
        return None if message_id is None else self._by_id.get(message_id)

    def by_call(self, call_id: str) -> int | None:
        """The draft of the last reply that made a call of this id."""
        return self._by_call.get(call_id)

    def take_in(
        self, message: LineMessage, request_id: str | None, index: int, draft: LineDraft, is_sidechain: bool
    ) -> None:
        """Take in a line of the reply that is the draft at `index`."""
        if message.id is not None:
            self._by_id[message.id] = index
        if message.model != SYNTHETIC:
            if message.model is not None:
                self._take_model(message.model, draft, is_sidechain)
            if message.usage is not None:
                if draft.usage is None:
                    draft.usage = ReplyUsage(request_id, message.usage)
                else:
                    draft.usage.add(request_id, message.usage)
        if not isinstance(message.content, list):
            draft.has_only_thinking = False
            return
        for block in message.content:
            if block.type in _CALLS:
                self._by_call[block.id] = index
            if block.type not in _THINKING:
                draft.has_only_thinking = False

    def _take_model(self, name: str, draft: LineDraft, is_sidechain: bool) -> None:
        model = self._models.get(name)
        if model is None:
            model = self._models[name] = storable_text(name)
        draft.model = draft.model or model
        if not is_sidechain:
            self.last_model = model
