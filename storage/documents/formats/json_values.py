"""Lenient reading of the JSON that agents write: no value is an error, and every result can be stored and written."""

import codecs
import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import blake2b

import orjson

from storage.documents.derived_session import DIGEST_SIZE
from storage.errors import InvalidDocument
from storage.json_codec import canonical, load, storable
from storage.records.identifier import is_id
from storage.records.timestamp import parse_timestamp
from storage.records.token_usage import MAX_TOKENS

MAX_DEPTH = 200
"""Levels of nesting that are kept as values. A block adds some of its own."""

_ORJSON_DEPTH = 254
"""Levels of nesting that orjson writes at most."""

_MAX_AMOUNT = 1e12
"""US dollars. Sums of larger values may be infinite, and no session costs as much."""

_UNSTORABLE_ESCAPE = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_FOREIGN_TO_IDS = re.compile(r"[^A-Za-z0-9_-]")
_MAX_ID_LENGTH = 200


def parse_json(data: bytes) -> object:
    """The value of JSON text, None when it is not JSON.

    Invalid UTF-8 and characters that cannot be stored are replaced; NaN and infinities become their names; what is
    nested too deeply becomes its JSON text. A byte order mark is left out.
    """
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        value: object = load(data)
        is_storable = b"\\u" not in data or _UNSTORABLE_ESCAPE.search(data) is None
    except ValueError:
        try:
            value = json.loads(data.decode(errors="replace"), parse_constant=str, parse_float=_finite)
        except (ValueError, RecursionError):
            return None
        is_storable = False
    if data.count(b"[") + data.count(b"{") > MAX_DEPTH and _may_be_deep(value):
        value = _shallow(value, MAX_DEPTH)
    return value if is_storable else storable(value)


def _may_be_deep(value: object) -> bool:
    """Whether orjson cannot write the value with some levels more around it: it finds out in far less time."""
    for _ in range(_ORJSON_DEPTH - MAX_DEPTH):
        value = [value]
    try:
        orjson.dumps(value)
    except TypeError:
        return True
    return False


def _finite(text: str) -> object:
    value = float(text)
    return value if math.isfinite(value) else text


def _shallow(value: object, depth: int) -> object:
    if not isinstance(value, dict | list):
        return value
    if depth == 0:
        try:
            return json.dumps(value, ensure_ascii=False)
        except RecursionError:
            return "nested too deeply"
    if isinstance(value, dict):
        return {key: _shallow(item, depth - 1) for key, item in value.items()}
    return [_shallow(item, depth - 1) for item in value]


def as_object(value: object) -> dict[str, object]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[object]:
    """The value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def as_text(value: object) -> str:
    """The value if it is a string, else an empty one."""
    return value if isinstance(value, str) else ""


def as_count(value: object) -> int:
    """The value as a number of tokens: 0 for anything that is not one."""
    if isinstance(value, str):
        value = int(value) if re.fullmatch("[0-9]{1,16}", value) else 0
    if isinstance(value, float):
        value = int(value) if math.isfinite(value) else 0
    if not isinstance(value, int) or isinstance(value, bool):
        return 0
    return min(max(value, 0), MAX_TOKENS)


def as_amount(value: object) -> float | None:
    """The value as an amount of money; None for anything that is not one."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        amount = float(value)
    except OverflowError:
        return None
    return amount if 0 <= amount <= _MAX_AMOUNT else None


def as_time(value: object) -> datetime | None:
    """The moment of an RFC 3339 text or of milliseconds since 1970; None for anything else."""
    try:
        if isinstance(value, str):
            return parse_timestamp(value)
        if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
            return datetime.fromtimestamp(value / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return None


def as_id(value: object) -> str | None:
    """The value as an id: characters that an id may not have are replaced; None without any text."""
    text = as_text(value).strip()
    if not text:
        return None
    return text if is_id(text) else _FOREIGN_TO_IDS.sub("_", text)[:_MAX_ID_LENGTH]


def json_text(value: object) -> str:
    """The value as compact JSON text."""
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        # An integer beyond 64 bits.
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def digest_of(*values: object) -> bytes:
    """The digest of JSON values, equal for equal ones."""
    try:
        data = canonical(list(values))
    except InvalidDocument:
        data = repr(values).encode(errors="replace")
    return blake2b(data, digest_size=DIGEST_SIZE).digest()


def without(values: Mapping[str, object], *keys: str) -> dict[str, object]:
    """The object without some keys and without null values."""
    return {key: value for key, value in values.items() if key not in keys and value is not None}
