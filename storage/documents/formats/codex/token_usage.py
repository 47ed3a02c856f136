"""Token usage as Codex writes it: the cache is a part of the input, and reasoning a part of the output."""

import msgspec

from storage.documents.formats.codex.rollout_line import TokenNumbers, read_token_numbers
from storage.documents.formats.json_values import as_count
from storage.records.token_usage import TokenUsage

_SMALL = 2**40


def read_usage(raw: msgspec.Raw) -> TokenUsage | None:
    """Usage in classes that do not overlap; None when there is none."""
    return usage_of(read_token_numbers(raw))


def usage_of(numbers: TokenNumbers | None) -> TokenUsage | None:
    """Usage in classes that do not overlap; None for none."""
    if numbers is None:
        return None
    sent, said = _count(numbers.input_tokens), _count(numbers.output_tokens)
    cache_read = min(_count(numbers.cached_input_tokens), sent)
    cache_write = min(_count(numbers.cache_write_input_tokens), sent - cache_read)
    reasoning = min(_count(numbers.reasoning_output_tokens), said)
    return TokenUsage(sent - cache_read - cache_write, cache_read, cache_write, said - reasoning, reasoning)


def _count(value: object) -> int:
    # Nearly all are small whole numbers.
    return value if type(value) is int and 0 <= value < _SMALL else as_count(value)


def growth(total: TokenUsage, earlier: TokenUsage | None) -> TokenUsage:
    """How much a total grew; all of it when there was none, or when it was reset."""
    if earlier is None or any(now < before for now, before in zip(total, earlier, strict=True)):
        return total
    return TokenUsage(*(now - before for now, before in zip(total, earlier, strict=True)))
