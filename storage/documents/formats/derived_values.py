"""What a session has from its messages: its first prompt, model, times and usage."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from storage.documents.derived_session import MAX_FIRST_PROMPT_LENGTH, DerivedMessage
from storage.records.plain_text import strip_controls
from storage.records.token_usage import NO_TOKENS, TokenUsage


def first_prompt_of(
    messages: Iterable[DerivedMessage],
    is_command: Callable[[str], bool] = lambda text: False,
    typed: Callable[[str], str] = lambda text: text,
) -> str | None:
    """The person's first words. A command to the program counts only if the person said nothing else.

    `typed` gives what was typed for a text that the program has put in its place; `is_command` gets the text itself.
    """
    first_command: str | None = None
    for message in messages:
        if message.role != "USER" or message.is_injected:
            continue
        recorded = _own_text(message)
        text = typed(recorded)[:MAX_FIRST_PROMPT_LENGTH]
        if text and not is_command(recorded):
            return text
        first_command = first_command or text or None
    return first_command


def _own_text(message: DerivedMessage) -> str:
    texts = (
        str(block.get("text", ""))
        for block in message.build()
        if block.get("type") == "text" and not block.get("is_injected")
    )
    return strip_controls("\n".join(filter(None, texts))).strip()


def last_model(messages: Sequence[DerivedMessage]) -> str:
    """The model of the last reply, empty when none is known."""
    return next((message.model for message in reversed(messages) if message.model), "")


def total_usage(usages: Iterable[TokenUsage | None]) -> TokenUsage:
    """The sum of the usages that are known."""
    total = NO_TOKENS
    for usage in usages:
        if usage is not None:
            total = total.plus(usage)
    return total


def time_span(
    started_at: datetime | None, times: Iterable[datetime | None], modified_at: datetime
) -> tuple[datetime, datetime]:
    """When a session was created and when it was last changed; `modified_at` for one without any time."""
    known = [time for time in times if time is not None]
    created_at = started_at or min(known, default=modified_at)
    return created_at, max([created_at, *known])
