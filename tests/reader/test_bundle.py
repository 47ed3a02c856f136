"""The size of the reader, without a browser."""

from pathlib import Path

import pytest

from tests.support.clients import ROOT

BUILT = ROOT / "server" / "reader" / "assets"
# Loaded when the first code block is shown.
LATER = "highlighter"


def scripts() -> dict[str, Path]:
    """The scripts of the build by their names; skips the test without a build."""
    found = {path.name: path for path in BUILT.glob("*.js.gz")}
    if not found:
        pytest.skip("the reader is not built (`make reader` does that)")
    return found


def test_the_scripts_are_at_most_250_kilobytes_without_the_highlighter() -> None:
    sizes = {name: path.stat().st_size for name, path in scripts().items() if not name.startswith(LATER)}

    assert sum(sizes.values()) <= 250_000, sizes


def test_the_list_loads_nothing_of_the_session_page() -> None:
    names = list(scripts())
    page = (BUILT.parent / "index.html").read_text(encoding="utf-8")

    assert [name for name in names if name.removesuffix(".gz") in page] == [
        name for name in names if name.startswith("index-")
    ]
