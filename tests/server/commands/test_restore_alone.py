"""`reprise restore` of a session whose file was imported alone, such as a backup: its agent finds it again."""

import re
import shutil
from pathlib import Path

import pytest

from tests.server.commands.test_handoff import reprise
from tests.support.handoffs import FIXTURES

PLACES = {
    "claude_code/projects/*/6aed4a66-*.jsonl": r"\.claude/projects/-[\w-]+/6aed4a66-6c6a-4e3e-8134-555cbf44514c\.jsonl",
    "codex/home/**/rollout-*fc8c*.jsonl": r"\.codex/sessions/2026/11/28/rollout-2026-11-28T[\w-]+fc8c[\w-]*\.jsonl",
    "gemini/home/**/session-*7aecce86.jsonl": r"\.gemini/tmp/shop/chats/session-2026-11-2\dT\d\d-\d\d-7aecce86\.jsonl",
    "qwen/home/**/*.jsonl": r"\.qwen/projects/-home-dev-shop/chats/[\w-]+\.jsonl",
    "pi/home/**/*.jsonl": r"\.pi/agent/sessions/--home-dev-shop--/[\w-]+\.jsonl",
}


@pytest.mark.parametrize("is_renamed", [False, True])
@pytest.mark.parametrize("sample", PLACES)
def test_a_file_that_was_imported_alone_is_restored_to_where_its_agent_looks(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sample: str, is_renamed: bool
) -> None:
    monkeypatch.setenv("REPRISE_DATABASE_URL", database_url)
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    original = sorted(FIXTURES.glob(sample))[0]
    backup = Path(shutil.copy(original, tmp_path / ("saved.jsonl" if is_renamed else original.name)))
    assert reprise("import", backup).exit_code == 0
    found = re.search(r'"(?:sessionId|id)":\s*"([0-9a-f-]{36})"', original.read_text(encoding="utf-8"))
    assert found is not None
    id = found[1]

    result = reprise("restore", id)

    assert result.exit_code == 0, result.output
    [restored] = (tmp_path / "user").rglob("*.jsonl")
    assert re.fullmatch(PLACES[sample], restored.relative_to(tmp_path / "user").as_posix())
    assert restored.read_bytes() == original.read_bytes()
    assert result.output.splitlines()[-1].endswith(f" {id}")
    again = reprise("import", "--all")
    assert "0 created, 0 updated, 1 unchanged" in again.output
