"""Parsing and writing of JSON, without loss and with only such text as both databases can store.

orjson handles the common case. It turns integers beyond 64 bits into floats and rejects lone surrogates, so that texts
that may contain either are handled by the standard library.
"""

import json
import math
import re
from datetime import datetime
from typing import Any, NoReturn

import orjson

from storage.cancellation import check_cancelled
from storage.errors import InvalidDocument

_TYPE_NAMES = {dict: "object", list: "list", str: "string", bool: "boolean", int: "number", float: "number"}

_DIGITS = bytes(0x30 if 0x30 <= byte <= 0x39 else 0x20 for byte in range(256))
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_UNSTORABLE_ESCAPE = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
REPLACEMENT = "\ufffd"
_UTF_16_BOMS = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}


def type_name(value: object) -> str:
    """The name of the JSON type of a value."""
    return _TYPE_NAMES.get(type(value), "null")


def parse_document(data: bytes) -> object:
    """The value of a JSON document in UTF-8, or in UTF-16 with a BOM, with unstorable characters replaced.

    Raises InvalidDocument, with the line and column, when it is not JSON.
    """
    data = _as_utf_8(data)
    try:
        value = load(data)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data" and error.colno == 1:
            raise InvalidDocument("JSON Lines, but not a transcript of an agent that can be read.") from None
        raise InvalidDocument(f"Not JSON: {error.msg} at line {error.lineno}, column {error.colno}.") from None
    except ValueError as error:
        raise InvalidDocument(f"Not JSON: {error}.") from None
    return storable(value) if b"\\u" in data and _UNSTORABLE_ESCAPE.search(data) else value


def load(text: str | bytes) -> Any:
    """The value of JSON text; bytes are UTF-8. Raises ValueError for anything else, NaN and Infinity included."""
    data = text.encode() if isinstance(text, str) else text
    if not _has_nineteen_digits(data):
        try:
            return orjson.loads(data)
        except orjson.JSONDecodeError:
            # It refuses lone surrogates, which are valid JSON.
            return _load_slowly(data.decode())
    return _load_slowly(data.decode())


def _as_utf_8(data: bytes) -> bytes:
    """The text in UTF-8 without a BOM. Raises InvalidDocument when it is not in the encoding that its BOM states."""
    encoding = next((name for bom, name in _UTF_16_BOMS.items() if data.startswith(bom)), None)
    try:
        if encoding is not None:
            return data[2:].decode(encoding).encode()
        data = data.removeprefix(b"\xef\xbb\xbf")
        data.decode()
    except UnicodeDecodeError as error:
        name = "UTF-8" if encoding is None else "UTF-16"
        raise InvalidDocument(f"Not {name}: {error.reason} at byte {error.start}.") from None
    return data


def _load_slowly(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON value")


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"{text[:40]} is out of range")
    return value


def storable_text(text: str) -> str:
    """`text` with U+0000 and lone surrogates replaced by U+FFFD."""
    if text.isascii() and "\0" not in text:
        return text
    return _UNSTORABLE.sub(REPLACEMENT, text)


def storable(value: object) -> object:
    """A copy of a JSON value whose strings and keys both databases can store.

    Raises InvalidDocument for NaN and infinities, and for nesting that is too deep to be stored. Raises WorkCancelled.
    """
    try:
        return _storable(value)
    except RecursionError:
        raise InvalidDocument("The document is nested too deeply.") from None


def _storable(value: object) -> object:
    if isinstance(value, str):
        return storable_text(value)
    if isinstance(value, dict):
        check_cancelled()
        return {storable_text(key): _storable(item) for key, item in value.items()}
    if isinstance(value, list):
        check_cancelled()
        return [_storable(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise InvalidDocument(f"{value} is not a JSON value.")
    return value


def dump(value: object) -> str:
    """Compact JSON text with the keys in their order. Raises InvalidDocument for nesting too deep to be stored."""
    return _dump(value, 0).decode()


def canonical(value: object) -> bytes:
    """JSON text with sorted keys, which is equal for equal values; it may have moments. For hashing only."""
    return _dump(value, orjson.OPT_SORT_KEYS)


def _dump(value: object, option: int) -> bytes:
    try:
        return orjson.dumps(value, option=option)
    except TypeError as error:
        if "Integer exceeds" not in str(error):
            raise InvalidDocument("The document is nested too deeply.") from None
    try:
        text = json.dumps(
            value,
            ensure_ascii=False,
            separators=(",", ":"),
            allow_nan=False,
            sort_keys=option == orjson.OPT_SORT_KEYS,
            default=_moment,
        )
    except RecursionError:
        raise InvalidDocument("The document is nested too deeply.") from None
    return text.encode()


def _moment(value: object) -> str:
    """The text that orjson writes for a moment."""
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is no JSON value")


def _has_nineteen_digits(data: bytes) -> bool:
    """Whether `data` has 19 digits in a row, which a 64-bit integer may not hold."""
    # Among every sixth byte, 19 digits in a row leave at least three in a row: most texts have none. `find` is used
    # since `in` would first try to convert the bytes to a number.
    return data[::6].translate(_DIGITS).find(b"000") >= 0 and data.translate(_DIGITS).find(b"0" * 19) >= 0
