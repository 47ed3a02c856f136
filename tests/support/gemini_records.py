"""Records of Gemini CLI's transcripts, and what is derived of them."""

from typing import Any

from storage.documents.derived_session import DerivedSession
from storage.documents.formats.gemini.gemini_format import GeminiFormat
from tests.support.format_checks import check
from tests.support.stored_transcript import StoredTranscript

FORMAT = GeminiFormat()
NAME = "tmp/shop/chats/session-2026-11-28T06-23-5e551011.jsonl"
HEADER = {
    "sessionId": "5e551011-0000-4000-8000-000000000001",
    "projectHash": "e828acfc792e3bbcd2a6c6c35323cb44b7b438741c168c8ec59aefe347f193bb",
    "startTime": "2026-11-28T06:00:00.000Z",
    "lastUpdated": "2026-11-28T06:00:00.000Z",
    "kind": "main",
}


def user(record_id: str, content: Any, **fields: Any) -> dict[str, Any]:
    return {"id": record_id, "timestamp": "2026-11-28T06:00:01.000Z", "type": "user", "content": content, **fields}


def model(record_id: str, content: Any = "", **fields: Any) -> dict[str, Any]:
    return {"id": record_id, "timestamp": "2026-11-28T06:00:02.000Z", "type": "gemini", "content": content, **fields}


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def call(call_id: str, output: Any = None, status: str = "success", **fields: Any) -> dict[str, Any]:
    result = None if output is None else [response(call_id, output)]
    return {"id": call_id, "name": "read_file", "args": {"path": "a"}, "status": status, "result": result, **fields}


def response(call_id: str, output: Any) -> dict[str, Any]:
    value = output if isinstance(output, dict) else {"output": output}
    return {"functionResponse": {"id": call_id, "name": "read_file", "response": value}}


def derive(*records: Any, name: str = NAME, **companions: bytes) -> DerivedSession:
    session = FORMAT.derive([StoredTranscript.of(name, HEADER, *records, **companions)])
    check(session)
    assert session is not None
    return session


def live(session: DerivedSession) -> list[str]:
    texts = []
    for index in session.live:
        texts += [str(block.get("text", block["type"])) for block in session.messages[index].build()]
    return texts


TALK = [
    user("c", "<session_context>here</session_context>"),
    user("u1", "One"),
    model("g1", "First", toolCalls=[call("c1", "out")], model="gemini-3", tokens={"input": 5, "output": 2}),
    user("r1", [response("c1", "out")]),
    model("g2", "Second", model="gemini-3", tokens={"input": 5, "output": 2}),
    user("u2", "Two"),
    model("g3", "Third", model="gemini-3", tokens={"input": 5, "output": 2}),
]
