"""Where Gemini CLI's sessions are found, and the directories that they worked in."""

import shutil
from pathlib import Path

import orjson

from tests.support.gemini_records import FORMAT, HEADER, NAME, derive, user
from tests.support.stored_transcript import StoredTranscript

HOME = Path(__file__).parent / "home"


def test_homes() -> None:
    assert FORMAT.homes({}, Path("/home/dev")) == [Path("/home/dev/.gemini")]
    assert FORMAT.homes({"GEMINI_CLI_HOME": "/srv"}, Path("/home/dev")) == [Path("/srv/.gemini")]


def test_finds_sessions_and_passes_over_all_else(tmp_path: Path) -> None:
    home = tmp_path / ".gemini"
    shutil.copytree(HOME, home)
    chats = home / "tmp" / "shop" / "chats"
    (chats / "7aecce86-f772-40ff-8f4e-42111096f6e0").mkdir()
    (chats / "7aecce86-f772-40ff-8f4e-42111096f6e0" / "agent-1.jsonl").write_text("{}\n")
    (chats / "session-2025-01-01T00-00-aaaaaaaa.json").write_text("{}")
    (chats / "notes.jsonl").write_text("{}\n")
    (home / "oauth_creds.json").write_text("{}")
    (home / "tmp" / "shop" / "logs.json").write_text("[]")
    (chats / "session-link.jsonl").symlink_to(home / "oauth_creds.json")
    (home / "tmp" / "linked").symlink_to(home / "tmp" / "shop")
    found = FORMAT.find(home)
    assert [(transcript.name[9:], transcript.is_rewritten) for transcript in found.transcripts] == [
        ("chats/7aecce86-f772-40ff-8f4e-42111096f6e0/agent-1.jsonl", False),
        ("chats/session-2025-01-01T00-00-aaaaaaaa.json", True),
        ("chats/session-2026-11-28T06-23-1c7d6b83.jsonl", False),
        ("chats/session-2026-11-28T06-23-7aecce86.jsonl", False),
    ]
    assert found.passed_over == 5
    assert list(found.transcripts[0].companions) == ["tmp/shop/.project_root"]
    assert found.transcripts[0].excerpts == {}
    part = FORMAT.find(home / "tmp" / "shop")
    assert part.transcripts == found.transcripts
    assert FORMAT.find(tmp_path / "none").transcripts == []
    (home / "tmp" / "shop" / ".project_root").unlink()
    (home / "projects.json").write_text('{"projects":{"/home/dev/shop":"shop","/home/dev/other":"other"}}')
    by_list = FORMAT.find(home).transcripts[2]
    assert (dict(by_list.companions), dict(by_list.excerpts)) == (
        {},
        {"projects.json": b'{"projects":{"/home/dev/shop":"shop"}}'},
    )
    session = FORMAT.derive([StoredTranscript.found(by_list)])
    assert session is not None
    assert session.workspace == "/home/dev/shop"


def test_workspace_by_the_list_of_projects_and_by_the_hash() -> None:
    assert derive(user("u1", "Hi")).workspace == ""
    transcript = StoredTranscript(
        NAME, orjson.dumps({**HEADER, "messages": [user("u1", "Hi")]}) + b"\n", {"projects.json": b""}
    )
    by_list = StoredTranscript(NAME, transcript.data, {"projects.json": b'{"projects":{"/srv/shop":"shop"}}'})
    session = FORMAT.derive([by_list])
    assert session is not None
    assert session.workspace == "/srv/shop"
    by_hash = StoredTranscript(
        NAME.replace("shop", str(HEADER["projectHash"])),
        transcript.data,
        {"projects.json": b'{"projects":{"/a":"a","/home/dev/shop":"shop-1"}}'},
    )
    session = FORMAT.derive([by_hash])
    assert session is not None
    assert session.workspace == "/home/dev/shop"
    context = "<session_context>\n- **Workspace Directories:**\n  - /tmp\n  - /home/dev/shop\n</session_context>"
    assert derive(user("c", context), user("u1", "Hi")).workspace == "/home/dev/shop"
