"""Entries of events: what is shown while the program runs, and what it notes beside the conversation."""

from storage.documents.formats.codex.entries import (
    Entry,
    ItemKind,
    LinePlace,
    Rollback,
    Shown,
    TokenCount,
    ToolEvent,
    TurnEnd,
    TurnStart,
    Unknown,
)
from storage.documents.formats.codex.item_entries import hashes
from storage.documents.formats.codex.rollout_line import (
    LinePayload,
    RolloutLine,
    read_item,
    read_parts,
    read_text,
    read_token_info,
    value_of,
)
from storage.documents.formats.codex.token_usage import usage_of
from storage.documents.formats.json_values import as_count, as_list, as_text

_FAILURES = {"failed", "declined"}
_FINISHED_CALLS = {"patch_apply_end", "mcp_tool_call_end", "exec_command_end"}
_CALL_ITEMS = {"CommandExecution", "FileChange", "McpToolCall", "CollabAgentToolCall", "DynamicToolCall"}
_FULLER_ITEMS = {"CommandExecution", "McpToolCall"}
"""Those of _CALL_ITEMS that may have more of an output than the model got."""
_BY_PERSON = "user_shell"
"""The source of a command that a person ran by `!`. The model gets a text about it, which holds 40,000 characters."""
_WHOLLY_TOLD = 30_000
"""Bytes of an event below which that text has all of it."""
# They repeat what items say, or are about progress.
_HIDDEN_ITEMS = {
    "ContextCompaction",
    "EnteredReviewMode",
    "ExitedReviewMode",
    "FunctionCallOutput",
    "HookPrompt",
    "ImageGeneration",
    "ImageView",
    "Plan",
    "SubAgentActivity",
    "WebSearch",
}
_HIDDEN_EVENTS = {
    "background_event",
    "context_compacted",
    "entered_review_mode",
    "exec_command_begin",
    "exec_command_output_delta",
    "exited_review_mode",
    "item_started",
    "mcp_tool_call_begin",
    "patch_apply_begin",
    "plan_update",
    "session_configured",
    "sub_agent_activity",
    "thread_goal_updated",
    "thread_name_updated",
    "thread_settings_applied",
    "turn_diff",
    "view_image_tool_call",
    "web_search_begin",
    "web_search_end",
}
# Older versions also wrote events of what the program put in, with other kinds.
_PERSONS_KINDS = (None, "plain")
_HIDDEN_PREFIXES = ("collab_", "hook_", "image_generation_")


def event_entry(payload: LinePayload, line: RolloutLine, place: LinePlace) -> Entry | None:
    """The entry of an event; None for one that only repeats other lines."""
    kind = payload.type if isinstance(payload.type, str) else ""
    if kind == "item_completed":
        return _completed_item(payload, place)
    if kind == "token_count":
        info = read_token_info(payload.info)
        return TokenCount(place, usage_of(info.last_token_usage), usage_of(info.total_token_usage))
    if kind == "user_message":
        if payload.kind not in _PERSONS_KINDS:
            return None
        return Shown(place, ItemKind.USER, "", hashes((read_text(payload.message),)))
    if kind == "agent_message":
        return Shown(place, ItemKind.TEXT, "", hashes((read_text(payload.message),)))
    if kind == "agent_reasoning" or kind == "agent_reasoning_raw_content":
        return Shown(place, ItemKind.REASONING, "", hashes((read_text(payload.text),)))
    if kind == "task_started" or kind == "turn_started":
        return TurnStart(place, as_text(payload.turn_id))
    if kind == "task_complete" or kind == "turn_complete" or kind == "turn_aborted":
        return TurnEnd(place) if payload.error is None else Unknown(place)
    if kind == "thread_rolled_back":
        return Rollback(place, as_count(payload.num_turns))
    if kind in _FINISHED_CALLS:
        return ToolEvent(place, as_text(payload.call_id), payload.success is False)
    return None if kind in _HIDDEN_EVENTS or kind.startswith(_HIDDEN_PREFIXES) else Unknown(place)


def _completed_item(payload: LinePayload, place: LinePlace) -> Entry | None:
    item = read_item(payload.item)
    kind, item_id = as_text(item.type), as_text(item.id)
    if kind == "UserMessage" or kind == "AgentMessage":
        texts = [part.text for part in read_parts(item.content) if isinstance(part.text, str)]
        is_person = kind == "UserMessage"
        # The id of a person's message is not that of its item.
        said_by = ItemKind.USER if is_person else ItemKind.TEXT
        return Shown(place, said_by, "" if is_person else item_id, hashes(("\n".join(texts),)))
    if kind == "Reasoning":
        parts = (part for raw in (item.summary_text, item.raw_content) for part in as_list(value_of(raw)))
        return Shown(place, ItemKind.REASONING, item_id, hashes(parts))
    if kind in _CALL_ITEMS:
        is_failure = as_text(item.status) in _FAILURES
        command = value_of(item.command) if kind == "CommandExecution" else None
        is_told = item.source == _BY_PERSON and memoryview(payload.item).nbytes < _WHOLLY_TOLD
        return ToolEvent(place, item_id, is_failure, kind in _FULLER_ITEMS, is_shown=not is_told, command=command)
    return None if kind in _HIDDEN_ITEMS else Unknown(place)
