"""Lines of Qwen Code's transcripts, and what is derived of them."""

from typing import Any

from storage.documents.derived_session import DerivedSession
from storage.documents.formats.qwen.qwen_format import QwenFormat
from tests.support.format_checks import check
from tests.support.stored_transcript import StoredTranscript

FORMAT = QwenFormat()
SESSION_ID = "7520e01e-306c-49d0-8180-c12ac79498db"
NAME = f"projects/-home-dev-shop/chats/{SESSION_ID}.jsonl"


class Lines:
    """Lines of a transcript, each a child of the one before unless a parent is named."""

    def __init__(self) -> None:
        self.records: list[dict[str, Any]] = []
        self._last: str | None = None

    def add(self, kind: str, uuid: str, parts: list[Any] | None = None, **fields: Any) -> "Lines":
        record: dict[str, Any] = {
            "uuid": uuid,
            "parentUuid": self._last,
            "sessionId": SESSION_ID,
            "timestamp": f"2026-11-28T06:00:{len(self.records):02}.000Z",
            "type": kind,
            "cwd": "/home/dev/shop",
            "version": "0.24.4",
        }
        if parts is not None:
            record["message"] = {"role": "model" if kind == "assistant" else "user", "parts": parts}
        self.records.append({**record, **fields})
        self._last = uuid
        return self

    def system(self, uuid: str, subtype: str, payload: Any = None, **fields: Any) -> "Lines":
        return self.add("system", uuid, subtype=subtype, systemPayload=payload, **fields)

    def transcript(self, name: str = NAME, **companions: bytes) -> StoredTranscript:
        return StoredTranscript.of(name, *self.records, **companions)

    def session(self, name: str = NAME) -> DerivedSession:
        session = FORMAT.derive([self.transcript(name)])
        check(session)
        assert session is not None
        return session


def text(words: str, **fields: Any) -> dict[str, Any]:
    return {"text": words, **fields}


def call(call_id: str) -> dict[str, Any]:
    return {"functionCall": {"id": call_id, "name": "glob", "args": {"pattern": "*"}}}


def response(call_id: str, output: str = "out") -> dict[str, Any]:
    return {"functionResponse": {"id": call_id, "name": "glob", "response": {"output": output}}}


def live(session: DerivedSession) -> list[str]:
    return [
        str(block.get("text") or block.get("summary") or block["type"])
        for index in session.live
        for block in session.messages[index].build()
    ]
