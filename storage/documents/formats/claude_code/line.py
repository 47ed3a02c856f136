"""A line of a transcript, as far as the scan needs it."""

from collections.abc import Mapping
from typing import Any, TypeVar, get_args, get_origin

import msgspec

from storage.documents.formats.json_values import parse_json

_T = TypeVar("_T", bound=msgspec.Struct)


class LineBlock(msgspec.Struct, gc=False):
    """A content block: its kind, the ids of calls and results, and its text."""

    type: str = ""
    id: str = ""
    tool_use_id: str = ""
    text: str = ""


Content = list[LineBlock] | str | None


class OutputDetails(msgspec.Struct, gc=False):
    """The parts of the output tokens of a reply."""

    thinking_tokens: int = 0


class Usage(msgspec.Struct, gc=False):
    """Tokens of a reply. `input_tokens` leaves out the cache, `output_tokens` has the reasoning in it."""

    input_tokens: int = 0
    cache_creation_input_tokens: int = 0
    cache_read_input_tokens: int = 0
    output_tokens: int = 0
    output_tokens_details: OutputDetails | None = None


class LineMessage(msgspec.Struct, gc=False):
    """The message of a user's or an assistant's line. The lines of one reply share the `id`."""

    id: str | None = None
    model: str | None = None
    usage: Usage | None = None
    content: Content = None


class Attachment(msgspec.Struct, gc=False):
    """Something attached to the conversation.

    The prompt of a `queued_command` is the person's, unless it is marked as meta. That of a hook names the call before
    or after which it ran.
    """

    type: str = ""
    prompt: Content = None
    commandMode: str | None = None  # noqa: N815 # The agent's name.
    isMeta: bool = False  # noqa: N815 # The agent's name.
    toolUseID: str | None = None  # noqa: N815 # The agent's name.


class ForkOrigin(msgspec.Struct, gc=False):
    """Where a copied line comes from."""

    sessionId: str | None = None  # noqa: N815 # The agent's name.


class PreservedMessages(msgspec.Struct, gc=False):
    """Lines that a compaction leaves to the model beside the summary, and the line behind which they are sent."""

    uuids: list[str] = []
    anchorUuid: str | None = None  # noqa: N815 # The agent's name.


class PreservedSegment(msgspec.Struct, gc=False):
    """The same in older versions, as the two ends of a chain."""

    headUuid: str | None = None  # noqa: N815 # The agent's name.
    tailUuid: str | None = None  # noqa: N815 # The agent's name.
    anchorUuid: str | None = None  # noqa: N815 # The agent's name.


class CompactMetadata(msgspec.Struct, gc=False):
    """The record of a compaction."""

    trigger: str | None = None
    preTokens: int | None = None  # noqa: N815 # The agent's name.
    postTokens: int | None = None  # noqa: N815 # The agent's name.
    preservedMessages: PreservedMessages | None = None  # noqa: N815 # The agent's name.
    preservedSegment: PreservedSegment | None = None  # noqa: N815 # The agent's name.


class ModelUsage(msgspec.Struct, gc=False):
    """The tokens of a model, reasoning included."""

    outputTokens: int = 0  # noqa: N815 # The agent's name.


class TranscriptLine(msgspec.Struct, gc=False, rename="camel"):
    """A line of any type. A line of the conversation has a `uuid`, and names the line before it by `parent_uuid`."""

    type: str = ""
    uuid: str | None = None
    parent_uuid: str | None = None
    logical_parent_uuid: str | None = None
    session_id: str | None = None
    timestamp: str | int | float | None = None
    subtype: str | None = None
    cwd: str | None = None
    relocated_cwd: str | None = None
    git_branch: str | None = None
    version: str | None = None
    entrypoint: str | None = None
    session_kind: str | None = None
    team_name: str | None = None
    permission_mode: str | None = None
    prompt_source: str | None = None
    is_sidechain: bool = False
    is_meta: bool = False
    is_compact_summary: bool = False
    is_visible_in_transcript_only: bool = False
    is_api_error_message: bool = False
    request_id: str | None = None
    request_session_id: str | None = None
    forked_from: ForkOrigin | None = None
    api_block_index: int | None = None
    message: LineMessage | None = None
    attachment: Attachment | None = None
    compact_metadata: CompactMetadata | None = None
    content: Any = None
    leaf_uuid: str | None = None
    custom_title: str | None = None
    ai_title: str | None = None
    summary: str | None = None
    total_cost: float | None = msgspec.field(default=None, name="totalCostUSD")
    start_time: int | float | None = None
    model_usage: dict[str, ModelUsage] | None = None
    tool_use_result: msgspec.Raw = msgspec.Raw()


_decode = msgspec.json.Decoder(TranscriptLine).decode


def read_line(data: bytes) -> TranscriptLine | None:
    """The line; None when it is not a JSON object. Fields of another type than expected count as missing."""
    try:
        return _decode(data)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        value = parse_json(data)
    return lenient(TranscriptLine, value) if isinstance(value, dict) else None


def lenient(kind: type[_T], value: Mapping[str, Any]) -> _T:
    """A value of the type with the fields of an object that have the right types."""
    fields: dict[str, Any] = {}
    for field in msgspec.structs.fields(kind):
        if field.encode_name in value:
            converted = _converted(field.type, value[field.encode_name])
            if converted is not msgspec.UNSET:
                fields[field.name] = converted
    return kind(**fields)


def _converted(kind: Any, value: object) -> Any:
    """The value as the type; UNSET when it is of another."""
    if kind is msgspec.Raw:
        return msgspec.Raw(msgspec.json.encode(value))
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError:
        pass
    for option in get_args(kind) or (kind,):
        if isinstance(value, dict) and isinstance(option, type) and issubclass(option, msgspec.Struct):
            return lenient(option, value)
        if isinstance(value, list) and get_origin(option) is list:
            (item_type,) = get_args(option)
            return [_converted_item(item_type, item) for item in value]
    return msgspec.UNSET


def _converted_item(kind: Any, item: object) -> Any:
    converted = _converted(kind, item)
    return kind() if converted is msgspec.UNSET else converted
