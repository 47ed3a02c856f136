"""JSON text of responses."""

import json
from collections.abc import Mapping
from typing import Any

import orjson


def encoded(message: Mapping[str, Any]) -> str:
    """`message` as JSON text. Raises TypeError for values that JSON lacks, RecursionError for deep nesting."""
    try:
        return orjson.dumps(message).decode()
    except TypeError:
        # orjson refuses lone surrogates and integers of more than 64 bits, which a client may have sent.
        return json.dumps(message, default=_fragment_value)


def _fragment_value(value: object) -> object:
    """The value of a part of a response that is JSON text already. Raises TypeError for anything else."""
    return json.loads(orjson.dumps(value))
