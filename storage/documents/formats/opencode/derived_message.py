"""The messages of a session of OpenCode in the form of its export."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from storage.documents.derived_session import DerivedMessage
from storage.documents.formats.blocks import Block
from storage.documents.formats.derived_values import total_usage
from storage.documents.formats.json_values import (
    as_amount,
    as_count,
    as_list,
    as_object,
    as_text,
    as_time,
    digest_of,
)
from storage.documents.formats.named_files import Companion
from storage.documents.formats.opencode.part_blocks import is_summary, message_blocks
from storage.records.token_usage import TokenUsage


def derived_message(message: Block, blocks: list[Block], companion: Companion, is_copy: bool) -> DerivedMessage:
    """A message with these blocks; one that `is_copy` was copied by a fork, and counts no tokens."""
    info = as_object(message.get("info"))
    role = {"user": "USER", "assistant": "ASSISTANT"}.get(as_text(info.get("role")), "SYSTEM")
    model = as_object(info.get("model")) or info
    texts = [block for block in blocks if block["type"] == "text"]
    # A request for a compaction has no words of anybody.
    only_injected = all(block.get("is_injected") for block in texts) if texts else _asks_for_compaction(blocks)
    return DerivedMessage(
        role=role,
        digest=digest_of(role, blocks),
        build=partial(message_blocks, message, companion),
        created_at=_created_at(message),
        model=model_name(model) if role == "ASSISTANT" else None,
        usage=usage_of(message) if role == "ASSISTANT" and not is_copy else None,
        is_injected=(role == "USER" and only_injected) or is_summary(info),
        cost=None if is_copy else as_amount(info.get("cost")),
    )


def _created_at(message: Block) -> datetime | None:
    return as_time(as_object(as_object(message.get("info")).get("time")).get("created"))


def is_older(message: Block, started_at: datetime | None) -> bool:
    """Whether a message was written before its session began."""
    created_at = _created_at(message)
    return started_at is not None and created_at is not None and created_at < started_at


def _asks_for_compaction(blocks: Sequence[Block]) -> bool:
    return bool(blocks) and all(block["type"] == "compaction_part" for block in blocks)


def model_name(model: Block) -> str | None:
    """The model as the program takes it on its command line: provider and model."""
    name = as_text(model.get("modelID")) or as_text(model.get("id"))
    provider = as_text(model.get("providerID"))
    return f"{provider}/{name}" if provider and name else name or None


def usage_of(message: Block) -> TokenUsage | None:
    """The tokens of a reply: the sum over its steps, because the message itself has those of the last step only."""
    parts = map(as_object, as_list(message.get("parts")))
    steps = [as_object(part.get("tokens")) for part in parts if part.get("type") == "step-finish"]
    own = as_object(as_object(message.get("info")).get("tokens"))
    tokens = [step for step in steps if step] or ([own] if own else [])
    return total_usage(map(_tokens, tokens)) if tokens else None


def _tokens(tokens: Block) -> TokenUsage:
    cache = as_object(tokens.get("cache"))
    return TokenUsage(
        input=as_count(tokens.get("input")),
        cache_read=as_count(cache.get("read")),
        cache_write=as_count(cache.get("write")),
        output=as_count(tokens.get("output")),
        reasoning=as_count(tokens.get("reasoning")),
    )
