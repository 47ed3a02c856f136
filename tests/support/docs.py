"""The documentation as tests read it, and its generated part: `python -m tests.support.docs` writes that again."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from pydantic.fields import FieldInfo

from server.settings import Settings
from tests.support.handoff_tables import carried, changes

ROOT = Path(__file__).parents[2]
README, CONTRIBUTING, SECURITY = (ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md"))
API, ARCHITECTURE, HANDOFF, OPERATE, SEARCH = (
    ROOT / "docs" / name for name in ("api.md", "architecture.md", "handoff.md", "operate.md", "search.md")
)
DOCUMENTS = (README, CONTRIBUTING, SECURITY, *sorted((ROOT / "docs").glob("*.md")))
ON_POSTGRESQL = "on PostgreSQL"
NOT_RUN = "not run: "
COMMANDS, PROGRAM, COMPONENT, PYTHON, OPERATION = "sh", "js", "jsx", "python", "graphql"
OUTPUTS = {"json", "text"}
CONFIGURATION = {"caddy", "mermaid", "nginx", "yaml"}
"""Languages of programs that the tests do not have."""
_BLOCK = re.compile(r"(?:^<!-- ([^\n]*) -->\n\n)?^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_COMMENT = re.compile(r" +# .*$", re.MULTILINE)
_CURL = re.compile(r"query=((?:query [^{]*)?\{.*?\n\})", re.DOTALL)
_INLINE = re.compile(r"`(sessions\([^`]*\})`")
_SETTINGS = re.compile(
    r"(?<=<!-- settings: written by `python -m tests\.support\.docs` -->\n).*(?=<!-- end of settings)", re.DOTALL
)


_WRITTEN = r"(?<=<!-- {0}: written by `python -m tests\.support\.docs` -->\n).*(?=<!-- end of {0})"


class Block(NamedTuple):
    """A fenced block. `remark` is the HTML comment right above it, which says how the tests treat it."""

    language: str
    text: str
    remark: str


def blocks(document: Path) -> Iterator[Block]:
    """The fenced blocks of a document in order."""
    for remark, language, text in _BLOCK.findall(document.read_text(encoding="utf-8")):
        yield Block(language, text, remark)


def examples(document: Path, language: str) -> list[tuple[Block, str]]:
    """Each block of a language with the output that stands below it, empty where none does."""
    found: list[tuple[Block, str]] = []
    previous = ""
    for block in blocks(document):
        if block.language == language:
            found.append((block, ""))
        elif block.language in OUTPUTS and previous == language:
            found[-1] = (found[-1][0], block.text)
        previous = block.language
    return found


def commands(text: str) -> list[str]:
    """The lines of a block of commands, without the comments after them."""
    return _COMMENT.sub("", text).splitlines()


def curl_queries(document: Path) -> list[str]:
    """The queries that the document's commands send by GET."""
    return [query for block in blocks(document) if block.language == "sh" for query in _CURL.findall(block.text)]


def inline_queries(document: Path) -> list[str]:
    """The queries in the document's text, which begin with the field `sessions`."""
    return [f"{{ {query} }}" for query in _INLINE.findall(document.read_text(encoding="utf-8"))]


def graphql_blocks(document: Path) -> list[str]:
    """The operations that stand in blocks of their own."""
    return [block.text for block in blocks(document) if block.language == "graphql"]


def settings_block() -> str:
    """The text between the marks in docs/operate.md."""
    found = _SETTINGS.search(OPERATE.read_text(encoding="utf-8"))
    assert found is not None, "docs/operate.md has no marks for the settings"
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


def handoff_tables() -> dict[str, str]:
    """The tables of docs/handoff.md by the names in their marks."""
    return {name: f"\n{table()}\n\n" for name, table in (("carried", carried), ("changes", changes))}


def handoff_block(name: str) -> str:
    """The text between the marks of a name in docs/handoff.md."""
    found = re.search(_WRITTEN.format(name), HANDOFF.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None, f"docs/handoff.md has no marks for {name}"
    return found[0]


def _filled(text: str, name: str, table: str) -> str:
    return re.sub(_WRITTEN.format(name), lambda _: table, text, flags=re.DOTALL)


def main() -> None:
    text = OPERATE.read_text(encoding="utf-8")
    handoff = HANDOFF.read_text(encoding="utf-8")
    for name, table in handoff_tables().items():
        handoff = _filled(handoff, name, table)
    HANDOFF.write_text(handoff, encoding="utf-8")
    OPERATE.write_text(_SETTINGS.sub(lambda _: settings_table(), text), encoding="utf-8")


if __name__ == "__main__":
    main()
