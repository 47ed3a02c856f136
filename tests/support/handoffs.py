"""Conversations to hand over: those of the fixtures of all formats, and checks of what is written of them."""

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from storage.documents.derived_session import DerivedSession
from storage.documents.document import Document
from storage.documents.formats import read_document
from storage.documents.formats.registry import FORMATS
from storage.documents.formats.transcript_format import FoundTranscript, TranscriptFormat
from storage.errors import InvalidDocument, InvalidId
from storage.handoff.conversation import Conversation, SaidMessage, live_messages
from storage.handoff.copy_check import difference, messages_of, read_copy
from storage.handoff.handoff import Handoff
from storage.json_codec import load, parse_document
from tests.support.stored_transcript import StoredTranscript

FIXTURES = Path(__file__).parents[1] / "storage" / "documents" / "formats"
HOMES = {
    "CLAUDE_CODE": ["claude_code"],
    "CODEX": ["codex/home", "codex/branched_home", "codex/migrated_home", "codex/agents_home"],
    "GEMINI": ["gemini/home"],
    "QWEN_CODE": ["qwen/home"],
    "PI": ["pi/home"],
}
DOCUMENTS = Path(__file__).parents[1] / "documents"


def fixture_conversations() -> Iterator[Conversation]:
    """The conversations of all fixtures that transcripts are imported from."""
    for source, homes in HOMES.items():
        for home in homes:
            yield from _of_home(FORMATS[source], FIXTURES / home)
    opencode = (FIXTURES / "opencode" / "export.json").read_bytes()
    session = FORMATS["OPENCODE"].derive([StoredTranscript("export.json", opencode)])
    assert session is not None
    yield conversation_of(session)
    for path in sorted(DOCUMENTS.rglob("*.json")):
        with contextlib.suppress(InvalidDocument, InvalidId):
            yield _of_document(read_document(parse_document(path.read_bytes())))


def _of_home(format: TranscriptFormat, home: Path) -> Iterator[Conversation]:
    found: dict[str, list[FoundTranscript]] = {}
    stored = {one.name: StoredTranscript.found(one) for one in format.find(home).transcripts}
    bases = {key: transcript for transcript in stored.values() for key in format.keys(transcript)}
    for one in format.find(home).transcripts:
        stored[one.name]._bases = bases
        session_id = format.session_id(stored[one.name])
        if session_id is not None:
            found.setdefault(session_id, []).append(one)
    for transcripts in found.values():
        session = format.derive([stored[one.name] for one in transcripts])
        if session is not None:
            yield conversation_of(session)


def conversation_of(session: DerivedSession) -> Conversation:
    """The conversation of a derived session."""
    said = [session.messages[index] for index in session.live]
    left = len([message for message in session.messages if not message.is_injected]) - len(
        [message for message in said if not message.is_injected]
    )
    return Conversation(
        session_id=session.id,
        source=session.source,
        title=session.title or session.first_prompt or "Untitled",
        workspace=session.workspace or "/home/dev/shop",
        created_at=session.created_at,
        updated_at=session.updated_at,
        messages=live_messages(
            [SaidMessage(one.role, one.build(), one.created_at, one.model, one.is_injected) for one in said]
        ),
        left_messages=left,
    )


def _of_document(document: Document) -> Conversation:
    said = [
        SaidMessage(message.role, load(message.content), message.created_at, message.model, message.is_injected)
        for message in document.transcript.messages
    ]
    return Conversation(
        session_id=document.id,
        source=document.source,
        title=document.title,
        workspace=document.workspace or "/home/dev/shop",
        created_at=document.created_at,
        updated_at=document.updated_at,
        messages=live_messages(said),
    )


def read_back(handoff: Handoff) -> DerivedSession:
    """The session that an import makes of what was written."""
    session = read_copy(handoff.to, handoff.files, handoff.written_at)
    assert session is not None
    assert session.id == handoff.session_id
    return session


def lost(handoff: Handoff) -> str | None:
    """How the copy that an import reads differs from what was to be handed over; None where it does not."""
    return difference(handoff.prepared.messages, messages_of(read_back(handoff)))


PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
"""One red dot."""


def hard_conversation(workspace: str = "/home/dev/shop", source: str = "ZAGENS") -> Conversation:
    """A conversation with everything that is easily lost."""
    began = datetime.now(UTC).replace(microsecond=0) - timedelta(days=2)
    image: dict[str, object] = {
        "type": "image",
        "source": {"type": "base64", "media_type": "image/png", "data": PICTURE},
    }
    said: list[tuple[str, list[dict[str, object]]]] = [
        ("USER", [_text("<turn_meta>today</turn_meta>", is_injected=True), _text("What is in this picture?"), image]),
        (
            "ASSISTANT",
            [
                {"type": "thinking", "thinking": "Two files may tell.", "signature": "c2VhbGVk"},
                _text("Let me look at both."),
                _call("call_0", "till_price", tea="mint"),
                _call("call_1", "till_price", tea="coal"),
            ],
        ),
        ("TOOL", [_result("call_1", "coal is not sold", is_error=True)]),
        ("TOOL", [_result("call_0", [_text("mint: 2"), image])]),
        ("ASSISTANT", [_text("A red dot."), _call("call_0", "bash", command="rm -rf cups")]),
        ("TOOL", [_result("call_0", "The user refused the call.", is_error=True)]),
        ("USER", [_text("Do not remove anything.")]),
        ("USER", [_text("把价格改成三。")]),
        ("ASSISTANT", [_call("call_2", "edit.file", path="价格.txt", old="二", new="三"), _text("改好了。")]),
        ("TOOL", [_result("call_2", "")]),
        ("ASSISTANT", [_call("call_3", "apply_patch")]),
        ("TOOL", [_result("call_3", "Done")]),
        ("ASSISTANT", [_text("Patched."), {"type": "strange", "value": 1}]),
        ("USER", [_text("Wait for the kettle.")]),
        ("ASSISTANT", [_call("call_4", "wait_for", kettle=True)]),
    ]
    messages = [
        SaidMessage(role, blocks, began + timedelta(seconds=number), "deepseek-chat" if role == "ASSISTANT" else None)
        for number, (role, blocks) in enumerate(said)
    ]
    return Conversation(
        session_id="5e551000-0000-4000-8000-00000000000a",
        source=source,
        title="The red dot",
        workspace=workspace,
        created_at=began,
        updated_at=began + timedelta(seconds=len(said)),
        messages=live_messages(messages),
        left_messages=2,
        earlier_messages=3,
    )


def _text(text: str, **more: object) -> dict[str, object]:
    return {"type": "text", "text": text, **more}


def _call(call_id: str, name: str, **given: object) -> dict[str, object]:
    patch = "*** Begin Patch\n*** Add File: cups.txt\n+3\n*** End Patch"
    return {"type": "tool_use", "id": call_id, "name": name, "input": given or patch}


def _result(call_id: str, content: object, *, is_error: bool = False) -> dict[str, object]:
    return {"type": "tool_result", "tool_use_id": call_id, "content": content, "is_error": is_error}


def with_summary(conversation: Conversation) -> Conversation:
    """The conversation with a summary of what was said before it."""
    summary = SaidMessage("SYSTEM", [{"type": "compaction", "summary": "The tea shop was opened."}], is_injected=True)
    return replace(conversation, messages=(*live_messages([summary]), *conversation.messages))
