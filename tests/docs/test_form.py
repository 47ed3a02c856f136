"""The documentation is whole: links, paths, tables and commands are of what there is."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from tests.support.docs import (
    ARCHITECTURE,
    COMMANDS,
    COMPONENT,
    CONFIGURATION,
    DOCUMENTS,
    NOT_RUN,
    ON_POSTGRESQL,
    OPERATION,
    OUTPUTS,
    PROGRAM,
    PYTHON,
    README,
    ROOT,
    blocks,
    commands,
    examples,
    handoff_block,
    handoff_tables,
    settings_block,
    settings_table,
)

# What prints something.
RUN = {COMMANDS, PROGRAM, PYTHON}
_LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_PATH = re.compile(r"`((?:app\.py|(?:docs|resolvers|schema|server|storage|tests)/[\w./-]*))`")
_TARGET = re.compile(r"^([a-z-]+):.*## ", re.MULTILINE)

each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=[path.name for path in DOCUMENTS])


def test_every_make_command_is_one_of_the_makefile() -> None:
    targets = _TARGET.findall((ROOT / "Makefile").read_text(encoding="utf-8"))
    shown = {
        line.removeprefix("make ")
        for document in DOCUMENTS
        for block, _ in examples(document, COMMANDS)
        for line in commands(block.text)
        if line.startswith("make ")
    }

    assert targets
    assert shown <= set(targets)


@each_document
def test_every_block_is_run_or_says_why_not(document: Path) -> None:
    found = list(blocks(document))

    assert {block.language for block in found} <= {*RUN, OPERATION, COMPONENT, *OUTPUTS, *CONFIGURATION}
    assert all(before.language in RUN for before, block in pairwise(found) if block.language in OUTPUTS)
    assert all(block.remark == ON_POSTGRESQL or block.remark.startswith(NOT_RUN) for block in found if block.remark)
    assert len(found) == document.read_text(encoding="utf-8").count("\n```") // 2


@each_document
def test_every_link_leads_somewhere(document: Path) -> None:
    for path, anchor in _LINK.findall(document.read_text(encoding="utf-8")):
        target = document.parent / path if path else document
        assert target.exists(), path
        if anchor:
            assert anchor in anchors(target), f"{path}#{anchor}"


@each_document
def test_every_folder_and_file_that_is_named_is_there(document: Path) -> None:
    missing = [path for path in _PATH.findall(document.read_text(encoding="utf-8")) if not (ROOT / path).exists()]

    assert not missing


def test_the_architecture_names_every_folder_of_the_product() -> None:
    text = ARCHITECTURE.read_text(encoding="utf-8")
    packages = {
        path.parent
        for top in ("resolvers", "schema", "server", "storage")
        for path in ROOT.glob(f"{top}/*/__init__.py")
    }

    assert packages
    assert [path for path in packages if f"`{path.relative_to(ROOT).as_posix()}/" not in text] == []


def test_the_table_of_settings_is_what_the_code_says() -> None:
    assert settings_block() == settings_table(), "run `python -m tests.support.docs`"


@pytest.mark.parametrize("name", ["carried", "changes"])
def test_the_tables_of_handoffs_are_what_the_code_does(name: str) -> None:
    assert handoff_block(name) == handoff_tables()[name], "run `python -m tests.support.docs`"


def test_the_readme_can_be_read_in_one_go() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 150


def anchors(document: Path) -> set[str]:
    """Of a document's headings, as GitHub makes them."""
    headings = _HEADING.findall(document.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
