"""`reprise import` of transcripts: from the homes of all agents, from folders of them, and from single files."""

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import storage.documents.readers
from app import main
from tests.support.documents import user, zagens

FORMATS = Path(__file__).parents[2] / "storage" / "documents" / "formats"
SESSION = "cd1f8e7a-ade0-4067-9b9b-42658dcd3bdf"


@pytest.fixture(autouse=True)
def user_home(database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A home folder with sessions of several agents, and with what must not be read."""
    home = tmp_path / "user"
    shutil.copytree(FORMATS / "claude_code" / "projects", home / ".claude" / "projects")
    (home / ".claude" / ".credentials.json").write_text("secret")
    os.mkfifo(home / ".claude" / "projects" / "pipe.jsonl")
    (home / ".claude" / "projects" / "link").symlink_to(FORMATS)
    shutil.copytree(FORMATS / "codex" / "home", home / ".codex")
    (home / ".codex" / "auth.json").write_text("secret")
    for name in ("CLAUDE_CONFIG_DIR", "CODEX_HOME", "CODEWHALE_HOME", "XDG_DATA_HOME", "GEMINI_CLI_HOME", "QWEN_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("REPRISE_DATABASE_URL", database_url)
    return home


def reprise(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def summary(result: Result) -> dict[str, dict[str, int]]:
    """The counts that a run printed, by agent."""
    found = {}
    for row in result.stdout.splitlines():
        agent, _, counts = row.rpartition(": ")
        found[agent] = {words: int(count) for count, words in re.findall(r"(\d+) ([a-z ]+)", counts)}
    return found


def test_all_homes_are_imported_and_a_second_run_reads_nothing(user_home: Path) -> None:
    plan = reprise("import", "--all", "--dry-run")
    first = reprise("import", "--all")
    second = reprise("import", "--all")

    assert plan.exit_code == first.exit_code == second.exit_code == 0, (plan.output, first.output, second.output)
    assert re.search(r"Claude Code: 5 new, 0 changed, 0 unchanged.* MB to read", plan.stdout)
    counts = summary(first)
    assert counts["Claude Code"]["created"] == 5
    assert counts["Codex"]["created"] > 1
    again = summary(second)
    assert again["Claude Code"] | {"passed over": 0} == {
        "created": 0,
        "updated": 0,
        "unchanged": 5,
        "refused": 0,
        "passed over": 0,
    }
    assert again["Codex"]["created"] == again["Codex"]["updated"] == 0


def test_the_sessions_of_all_agents_are_read_by_the_same_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage.documents.readers, "_POOL_BYTES", 0)
    pools = []

    class CountedPool(ProcessPoolExecutor):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            pools.append(self)
            super().__init__(*arguments, **options)

    monkeypatch.setattr(storage.documents.readers, "ProcessPoolExecutor", CountedPool)
    counts = summary(reprise("import", "--all"))

    assert counts["Claude Code"]["created"] == 5
    assert counts["Codex"]["created"] > 1
    assert len(pools) == 1


def test_one_agent_alone_and_only_files_that_changed_lately(user_home: Path) -> None:
    for path in (user_home / ".claude").rglob("*.jsonl"):
        if path.stem != SESSION and not path.is_fifo():
            os.utime(path, (0, 0))
    result = reprise("import", "--all", "--source", "CLAUDE_CODE", "--since", "7d")
    assert result.exit_code == 0, result.output
    assert summary(result)["Claude Code"]["created"] == 1
    assert reprise("import", "--all", "--since", "yesterday").exit_code == 2


def test_folders_and_single_files_are_recognized(user_home: Path, tmp_path: Path) -> None:
    projects = user_home / ".claude" / "projects"
    result = reprise("import", projects / "-home-dev-shop" / f"{SESSION}.jsonl")
    assert (result.exit_code, summary(result)["Claude Code"]["created"]) == (0, 1), result.output

    rollout = next((user_home / ".codex").rglob("rollout-*.jsonl"))
    loose = tmp_path / "copied.jsonl"
    shutil.copy(rollout, loose)
    result = reprise("import", loose, projects)
    assert result.exit_code == 0, result.output
    counts = summary(result)
    assert counts["Codex"]["created"] == 1
    assert (counts["Claude Code"]["created"], counts["Claude Code"]["unchanged"]) == (4, 1)


def test_a_qwen_transcript_among_projects_is_no_transcript_of_claude_code(tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    shutil.copytree(FORMATS / "qwen" / "home", folder)
    result = reprise("import", folder)
    assert result.exit_code == 0, result.output
    assert list(summary(result)) == ["Qwen Code"]
    assert summary(result)["Qwen Code"]["created"] > 0


def test_exports_in_one_folder_belong_to_the_agents_that_wrote_them(tmp_path: Path) -> None:
    folder = tmp_path / "exports"
    folder.mkdir()
    shutil.copy(FORMATS / "claude_code" / "projects" / "-home-dev-shop" / f"{SESSION}.jsonl", folder)
    samples = (
        file for agent in ("codex", "gemini", "pi", "qwen") for file in (FORMATS / agent / "home").rglob("*-*.jsonl")
    )
    for number, file in enumerate(samples):
        shutil.copy(file, folder / f"{number:08}-0000-4000-8000-000000000000.jsonl")
    (folder / "document.json").write_text(json.dumps(zagens("document", messages=[user("x")])), "utf-8")
    (folder / "other.json").write_text("{}", "utf-8")

    result = reprise("import", folder)

    assert result.exit_code == 0, result.output
    assert {agent: counts["created"] for agent, counts in summary(result).items()} == {
        "Claude Code": 1,
        "Codex": 5,
        "Documents": 1,
        "Gemini CLI": 2,
        "Qwen Code": 1,
        "pi": 1,
    }


def test_nothing_below_a_home_is_written_and_no_credentials_are_opened(
    user_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in [user_home, *user_home.rglob("*")]:
        if path.is_dir() and not path.is_symlink():
            path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    before = {path: path.lstat().st_mtime_ns for path in user_home.rglob("*")}
    opened: list[str] = []
    real_open = os.open

    def watch(path: str, *arguments: int, **options: int) -> int:
        opened.append(str(path))
        return real_open(path, *arguments, **options)

    monkeypatch.setattr(os, "open", watch)
    assert reprise("import", "--all").exit_code == 0
    assert reprise("import", user_home / ".codex", user_home / ".claude").exit_code == 0
    monkeypatch.undo()
    assert not [path for path in opened if path.endswith(("auth.json", ".credentials.json", "pipe.jsonl"))]
    assert {path: path.lstat().st_mtime_ns for path in user_home.rglob("*")} == before


@pytest.mark.parametrize(
    ("agent", "folder", "sample"),
    [
        ("Claude Code", ".claude/projects", "claude_code/projects"),
        ("Codex", ".codex/sessions", "codex/home/sessions"),
        ("Gemini CLI", ".gemini/tmp", "gemini/home/tmp"),
        ("Qwen Code", ".qwen/projects", "qwen/home/projects"),
        ("pi", ".pi/agent/sessions", "pi/home/sessions"),
    ],
)
def test_a_linked_folder_of_transcripts_is_refused_by_name_and_imported_if_it_is_named(
    user_home: Path, agent: str, folder: str, sample: str
) -> None:
    link = user_home / folder
    if link.exists():
        shutil.rmtree(link)
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(FORMATS / sample)

    for arguments in (("--all",), (link.parent,)):
        result = reprise("import", *arguments)
        assert result.exit_code == 1, result.output
        assert result.stderr.count(f"{link}: A link to a folder, which is not followed.") == 1, result.stderr
        assert summary(result).get(agent, {"created": 0})["created"] <= (1 if agent == "Codex" else 0)
    result = reprise("import", link)
    assert result.exit_code == 0, result.output
    assert summary(result)[agent]["created"] > 0


def test_paths_or_all_must_be_given() -> None:
    assert reprise("import").exit_code == 2
    assert reprise("import", "--all", ".").exit_code == 2


def test_a_copy_under_another_name_is_the_same_session(user_home: Path, tmp_path: Path) -> None:
    [path] = user_home.rglob(f"{SESSION}.jsonl")
    [subagent] = (path.parent / SESSION / "subagents").glob("*.jsonl")
    for original in (path, subagent):
        copy = shutil.copy(original, tmp_path / f"copy of {original.stem}.jsonl")
        assert summary(reprise("import", original))["Claude Code"]["created"] == 1
        assert summary(reprise("import", copy))["Claude Code"]["unchanged"] == 1


def test_a_run_that_finds_nothing_new_loads_no_database_layer_and_prints_the_same(
    user_home: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not database_url.startswith("sqlite"):
        pytest.skip("SQLite's own module reads no other database")
    reprise("import", "--all")
    program = (
        "import sys; from app import main; main(['import', '--all'], standalone_mode=False); "
        "print({'sqlalchemy', 'numpy', 'pydantic'} & set(sys.modules), file=sys.stderr)"
    )

    quick = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert quick.stderr.splitlines()[-1] == "set()"
    monkeypatch.setenv("REPRISE_LOG_FORMAT", "json")
    assert reprise("import", "--all").stdout == quick.stdout
    assert "created" in quick.stdout
