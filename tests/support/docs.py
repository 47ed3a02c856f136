"""README.md as tests read it, and its generated part: `python -m tests.support.readme` writes that anew."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from pydantic.fields import FieldInfo

from server.settings import Settings

README = Path(__file__).parents[2] / "README.md"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SETTINGS = re.compile(
    r"(?<=<!-- settings: written by `python -m tests\.support\.readme` -->\n).*(?=<!-- end of settings)", re.DOTALL
)


class Block(NamedTuple):
    """A fenced block of the README."""

    language: str
    text: str


def blocks() -> Iterator[Block]:
    """The fenced blocks in order."""
    for found in _BLOCK.finditer(README.read_text(encoding="utf-8")):
        yield Block(found[1], found[2])


def settings_block() -> str:
    """What stands between the README's marks."""
    found = _SETTINGS.search(README.read_text(encoding="utf-8"))
    assert found is not None, "README.md has no marks for the settings"
    return found[0]


def settings_table() -> str:
    """The environment variables as lines of a table."""
    lines = ["| variable | default | meaning |", "| --- | --- | --- |"]
    for name, field in Settings.model_fields.items():
        lines.append(f"| `REPRISE_{name.upper()}` | {_default(field)} | {field.description}{_range(name)} |")
    return "\n".join(["", *lines, "", ""])


def _default(field: FieldInfo) -> str:
    if field.default_factory is not None:
        text = (field.default_factory.__doc__ or "").rstrip(".")
        return text[:1].lower() + text[1:]
    match field.default:
        case None | ():
            return "none"
        case bool():
            return f"`{str(field.default).lower()}`"
        case tuple():
            return f"`{','.join(field.default)}`"
    return f"`{field.default}`"


def _range(name: str) -> str:
    property = Settings.model_json_schema()["properties"][name]
    schema = property | property.get("anyOf", [{}])[0]
    bounds = [
        f"{words} {schema[key]:,.0f}"
        for key, words in (("minimum", "at least"), ("exclusiveMinimum", "more than"), ("maximum", "at most"))
        if key in schema
    ]
    return f" {', '.join(bounds).capitalize()}." if bounds else ""


def main() -> None:
    text = README.read_text(encoding="utf-8")
    README.write_text(_SETTINGS.sub(lambda _: settings_table(), text), encoding="utf-8")


if __name__ == "__main__":
    main()
