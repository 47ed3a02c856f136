"""The ten sessions: written by the real programs, except for one of each program that holds what is easily lost."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from storage.documents.derived_session import DerivedSession
from storage.documents.formats.registry import FORMATS
from storage.handoff.conversation import Conversation
from tests.support.claude_code import Lines, call, result, text
from tests.support.handoffs import FIXTURES, PICTURE, conversation_of
from tests.support.rollouts import THREAD, event, header, item, rollout, said
from tests.support.stored_transcript import StoredTranscript

SHOP = "/home/dev/shop"
CLAUDE_FOLDER = FIXTURES / "claude_code" / "projects" / "-home-dev-shop"
CLAUDE_IDS = [
    "0ee3a9cb-03a5-440f-b154-502754eb10cc",
    "6aed4a66-6c6a-4e3e-8134-555cbf44514c",
    "bf003848-d0a4-481a-a07d-84746a6efb9d",
    "cd1f8e7a-ade0-4067-9b9b-42658dcd3bdf",
]
CODEX_FOLDER = FIXTURES / "codex"
CODEX_IDS = [
    "01a220d4-3cb0-7130-803d-c10009ff2376",
    "01a220d4-662a-7a40-87c7-7815d612fc8c",
    "01a220d4-67e4-7ba2-b57f-45505d20b13b",
    "01a2222b-f778-7140-959c-109422cb212b",
]
HARD_CLAUDE = "5e551000-0000-4000-8000-00000000000c"
HARD_CODEX = THREAD[:-1] + "7"
UNDONE_IN_CLAUDE = ["Name all the teas in French.", "Menthe, noir, vert."]
UNDONE_IN_CODEX = ["Paint it green.", "It is green now."]


@dataclass(frozen=True)
class Given:
    """A session that is handed over: its agent and id, its file below the agent's home, and what was said in it.

    `undone` has the texts of prompts that were taken back and of their answers, `injected` those of the program.
    """

    source: str
    id: str
    place: str
    data: bytes
    conversation: Conversation
    undone: Sequence[str]
    injected: list[str]


def sessions(workspace: Path) -> Iterator[Given]:
    """The sessions, as if they had been written in a directory."""
    folder = CLAUDE_FOLDER
    for id in CLAUDE_IDS:
        yield _given("CLAUDE_CODE", id, (folder / f"{id}.jsonl").read_bytes(), workspace)
    yield _given("CLAUDE_CODE", HARD_CLAUDE, hard_claude(), workspace, undone=UNDONE_IN_CLAUDE)
    for id in CODEX_IDS:
        [file] = CODEX_FOLDER.rglob(f"rollout-*-{id}.jsonl")
        yield _given("CODEX", id, file.read_bytes(), workspace, name=file.name)
    yield _given("CODEX", HARD_CODEX, hard_codex(), workspace, undone=UNDONE_IN_CODEX)


def _given(source: str, id: str, data: bytes, workspace: Path, *, name: str = "", undone: Sequence[str] = ()) -> Given:
    data = data.replace(SHOP.encode(), str(workspace).encode())
    name = name or (f"{id}.jsonl" if source == "CLAUDE_CODE" else f"rollout-2026-11-28T06-25-09-{id}.jsonl")
    place = (
        f"projects/{str(workspace).replace('/', '-')}/{name}"
        if source == "CLAUDE_CODE"
        else f"sessions/2026/11/28/{name}"
    )
    session = FORMATS[source].derive([StoredTranscript(place, data)])
    assert session is not None
    assert session.id == id, session.id
    injected = [
        words
        for index, message in enumerate(session.messages)
        if message.is_injected
        for words in _texts(session, index)
    ]
    conversation = conversation_of(session)
    return Given(source, id, place, data, conversation, undone, injected)


def _texts(session: DerivedSession, index: int) -> list[str]:
    blocks = session.messages[index].build()
    return [str(block["text"]) for block in blocks if block["type"] == "text"]


def hard_claude() -> bytes:
    """A transcript of Claude Code with a title, injected text, a picture, thinking, and calls of every outcome."""
    lines = Lines(HARD_CLAUDE)
    picture = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PICTURE}}
    reminder = "<system-reminder>\nThe shop opens at nine.\n</system-reminder>"
    lines.user([text(reminder), text("What is in this picture?"), picture])
    seen = lines.assistant(text("A red dot."), id="m1")
    lines.user("Name all the teas in French.")
    lines.assistant(text("Menthe, noir, vert."), id="m2")
    lines.user("What do mint and coal cost?", parentUuid=seen)
    lines.assistant({"type": "thinking", "thinking": "Ask the till twice.", "signature": "c2VhbGVk"}, id="m3")
    lines.assistant(text("I ask the till."), id="m3")
    lines.assistant(call("toolu_1", command="till mint"), id="m3")
    lines.assistant(call("toolu_2", command="till coal"), id="m3")
    lines.user([result("toolu_1", "mint: 2")])
    lines.user([{**result("toolu_2", "coal is not sold"), "is_error": True}])
    lines.assistant(text("Two, and coal is not sold. I clear the cups."), id="m4")
    lines.assistant(call("toolu_3", command="rm -rf cups"), id="m4")
    refusal = "The user doesn't want to proceed with this tool use. The tool use was rejected."
    lines.user([{**result("toolu_3", refusal), "is_error": True}])
    lines.user([text("[Request interrupted by user for tool use]")])
    lines.user("把价格改成三。")
    edit = {"file_path": f"{SHOP}/价格.txt", "old_string": "二", "new_string": "三"}
    lines.assistant(call("toolu_4", "Edit", **edit), id="m5")
    lines.user([result("toolu_4", "The file has been updated.")])
    lines.assistant(text("改好了。"), id="m6")
    lines.user("Wait for the kettle.")
    lines.assistant(text("I wait."), id="m7")
    lines.assistant(call("toolu_5", command="wait kettle"), id="m7")
    lines.meta(type="custom-title", customTitle="The red dot", sessionId=HARD_CLAUDE)
    return lines.data()


def hard_codex() -> bytes:
    """A rollout of Codex with a picture, reasoning, an applied patch, a failed command and a turn that was undone."""
    patch = "*** Begin Patch\n*** Add File: shelf.md\n+oil 4\n*** End Patch\n"
    picture = {"type": "input_image", "image_url": f"data:image/png;base64,{PICTURE}"}
    asked = item("message", role="user", content=[{"type": "input_text", "text": "Read the dot."}, picture])
    lines = [
        header(HARD_CODEX),
        said("developer", "Rules of the program."),
        said("user", "<environment_context>\n  <cwd>/home/dev/shop</cwd>\n</environment_context>"),
        asked,
        event("user_message", message="Read the dot."),
        item("reasoning", summary=[{"type": "summary_text", "text": "A small dot."}], encrypted_content="c2VhbGVk"),
        said("assistant", "It is red."),
        said("user", "Count the oil, and write it down."),
        event("user_message", message="Count the oil, and write it down."),
        item("function_call", name="exec_command", arguments=json.dumps({"cmd": "cat shelf"}), call_id="call_1"),
        item("function_call_output", call_id="call_1", output="Process exited with code 1\nOutput:\nno such shelf"),
        item("custom_tool_call", name="apply_patch", input=patch, call_id="call_2", status="completed"),
        item("custom_tool_call_output", call_id="call_2", output="Success. Updated the following files:\nA shelf.md\n"),
        said("assistant", "Written to shelf.md."),
        said("user", "Paint it green."),
        event("user_message", message="Paint it green."),
        said("assistant", "It is green now."),
        event("thread_rolled_back", num_turns=1),
    ]
    return rollout(*lines).data
