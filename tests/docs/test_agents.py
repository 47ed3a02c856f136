"""The table of agents in the documentation names each format, and the version whose files were tried."""

from storage.documents.formats.registry import FORMATS
from tests.support.docs import ROOT


def test_the_documentation_lists_every_format_and_its_tried_version() -> None:
    rows = [line for line in (ROOT / "docs/agents.md").read_text(encoding="utf-8").splitlines() if line[:2] == "| "]

    for source, format in FORMATS.items():
        [row] = [row for row in rows if f"| `{source}` |" in row]
        assert row.startswith(f"| {format.agent} |")
        assert row.endswith(f"| {format.tried_version} |")
