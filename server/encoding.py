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
        return json.dumps(message)
