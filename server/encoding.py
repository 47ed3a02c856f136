"""JSON text of responses."""

import json
from collections.abc import Mapping
from typing import Any

import orjson

AS_SCALARS = orjson.OPT_UTC_Z
"""orjson option that writes datetimes as the DateTime scalar does."""


def encoded(message: Mapping[str, Any]) -> str:
    """`message` as JSON text. Raises TypeError for values that JSON lacks, RecursionError for deep nesting."""
    try:
        return orjson.dumps(message, option=AS_SCALARS).decode()
    except TypeError:
        # orjson refuses lone surrogates and integers of more than 64 bits, which a client may have sent.
        return json.dumps(message)
