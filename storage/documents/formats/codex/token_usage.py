"""Token usage as Codex writes it: the cache is a part of the input, and reasoning a part of the output."""

from storage.documents.formats.json_values import as_count
from storage.records.token_usage import TokenUsage


def read_usage(value: object) -> TokenUsage | None:
    """Usage in classes that do not overlap; None when it is not an object."""
    if not isinstance(value, dict):
        return None
    sent, said = as_count(value.get("input_tokens")), as_count(value.get("output_tokens"))
    cache_read = min(as_count(value.get("cached_input_tokens")), sent)
    cache_write = min(as_count(value.get("cache_write_input_tokens")), sent - cache_read)
    reasoning = min(as_count(value.get("reasoning_output_tokens")), said)
    return TokenUsage(sent - cache_read - cache_write, cache_read, cache_write, said - reasoning, reasoning)


def growth(total: TokenUsage, earlier: TokenUsage | None) -> TokenUsage:
    """How much a total grew; all of it when there was none, or when it was reset."""
    if earlier is None or any(now < before for now, before in zip(total, earlier, strict=True)):
        return total
    return TokenUsage(*(now - before for now, before in zip(total, earlier, strict=True)))
