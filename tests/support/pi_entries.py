"""Entries of pi's transcripts, and what is derived of them."""

from typing import Any

from storage.documents.derived_session import DerivedSession
from storage.documents.formats.pi.pi_format import PiFormat
from tests.support.format_checks import check
from tests.support.stored_transcript import StoredTranscript

FORMAT = PiFormat()
SESSION_ID = "01a220d3-0ca2-766b-bf88-dd02e0985b63"
NAME = f"sessions/--home-dev-shop--/2026-11-28T06-23-51-970Z_{SESSION_ID}.jsonl"
STARTED = "2026-11-28T06:00:00.000Z"


class Entries:
    """Entries of a transcript, each a child of the one before unless a parent is named."""

    def __init__(self, version: int = 3, **header: Any) -> None:
        self._version = version
        head = {"type": "session", "version": version, "id": "s1", "timestamp": STARTED, "cwd": "/home/dev/shop"}
        self.records: list[dict[str, Any]] = [{**head, **header}]
        self._last: str | None = None

    def add(self, kind: str, entry_id: str, **fields: Any) -> "Entries":
        entry: dict[str, Any] = {"type": kind, "timestamp": f"2026-11-28T06:00:{len(self.records):02}.000Z"}
        if self._version > 1:
            entry.update(id=entry_id, parentId=self._last)
        self.records.append({**entry, **fields})
        self._last = entry_id
        return self

    def say(self, role: str, entry_id: str, content: Any = None, parent: str | None = None, **fields: Any) -> "Entries":
        place = {"parentId": parent} if parent else {}
        return self.add("message", entry_id, message={"role": role, "content": content, **fields}, **place)

    def session(self) -> DerivedSession:
        session = FORMAT.derive([StoredTranscript.of(NAME, *self.records)])
        check(session)
        assert session is not None
        return session


def call(call_id: str) -> dict[str, Any]:
    return {"type": "toolCall", "id": call_id, "name": "bash", "arguments": {"command": "ls"}}


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def usage(cost: float, **tokens: int) -> dict[str, Any]:
    return {"input": 10, "output": 5, "cacheRead": 3, "cacheWrite": 2, **tokens, "cost": {"total": cost}}


def live(session: DerivedSession) -> list[str]:
    return [
        str(block.get("text") or block.get("summary") or block["type"])
        for index in session.live
        for block in session.messages[index].build()
    ]
