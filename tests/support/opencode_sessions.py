"""OpenCode's sessions in the form of its export, and what is derived of them."""

from pathlib import Path
from typing import Any

from storage.documents.derived_session import DerivedSession
from storage.documents.formats.opencode.opencode_format import OpenCodeFormat
from tests.support.format_checks import check
from tests.support.stored_transcript import StoredTranscript

FORMAT = OpenCodeFormat()


def stored(home: Path) -> list[StoredTranscript]:
    return [StoredTranscript.found(found) for found in FORMAT.find(home).transcripts]


def text(text: str, **fields: Any) -> dict[str, Any]:
    return {"type": "text", "text": text, **fields}


def tool(call_id: str, status: str, tool_name: str = "bash", **state: Any) -> dict[str, Any]:
    values = {"status": status, "input": {"command": "ls"}, **state}
    return {"type": "tool", "tool": tool_name, "callID": call_id, "state": values}


def user(message_id: str, *parts: dict[str, Any], **info: Any) -> dict[str, Any]:
    values = {"role": "user", "time": {"created": 1795847040000}, "agent": "plan", "id": message_id, **info}
    return {"info": values, "parts": list(parts)}


def assistant(message_id: str, *parts: dict[str, Any], **info: Any) -> dict[str, Any]:
    values = {
        "role": "assistant",
        "time": {"created": 1795847041000},
        "modelID": "m",
        "providerID": "p",
        "finish": "stop",
        "id": message_id,
        **info,
    }
    return {"info": values, "parts": list(parts)}


def derive(*messages: dict[str, Any], **info: Any) -> DerivedSession:
    values = {"id": "ses_1", "title": "Tea", "directory": "/home/dev/shop", "time": {"created": 1795847040000}, **info}
    session = FORMAT.derive([StoredTranscript.of("opencode.db/ses_1", {"info": values, "messages": list(messages)})])
    check(session)
    assert session is not None
    return session


def live(session: DerivedSession) -> list[str]:
    return [
        str(block.get("text") or block.get("summary") or block["type"])
        for index in session.live
        for block in session.messages[index].build()
    ]
