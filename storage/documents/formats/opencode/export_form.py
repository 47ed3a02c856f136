"""A session of OpenCode's database in the form that `opencode export` writes: `{info, messages: [{info, parts}]}`."""

import heapq
import sqlite3
from functools import partial
from pathlib import Path

from storage.documents.formats.json_values import as_object, parse_json
from storage.documents.formats.opencode.database import columns, has_session_messages, read_database
from storage.documents.formats.opencode.session_messages import session_messages
from storage.json_codec import dump

Row = dict[str, object]

_INFO = {
    "id": "id",
    "slug": "slug",
    "projectID": "project_id",
    "workspaceID": "workspace_id",
    "directory": "directory",
    "path": "path",
    "parentID": "parent_id",
    "title": "title",
    "agent": "agent",
}
_JSON = {"metadata": "metadata", "revert": "revert", "permission": "permission"}
_SUMMARY = {"additions": "summary_additions", "deletions": "summary_deletions", "files": "summary_files"}
_TIMES = {
    "created": "time_created",
    "updated": "time_updated",
    "compacting": "time_compacting",
    "archived": "time_archived",
}


def export_session(path: Path, session_id: str) -> bytes:
    """The session as one line of JSON. A session that is gone by now has no messages and no title."""
    return dump(read_database(path, partial(_session, session_id))).encode()


def _session(session_id: str, connection: sqlite3.Connection) -> Row:
    row = connection.execute("SELECT * FROM session WHERE id = ?", (session_id,)).fetchone()
    info: Row = session_info(dict(row)) if row is not None else {"id": session_id}
    messages = _messages(connection, session_id)
    if has_session_messages(connection):
        newer = session_messages(connection, info)
        messages = list(heapq.merge(messages, newer, key=_created))
    return {"info": info, "messages": messages}


def _created(message: Row) -> float:
    created = as_object(as_object(message["info"]).get("time")).get("created")
    return created if isinstance(created, int | float) else 0


def session_info(row: Row) -> Row:
    """The program's own values of a session."""
    summary = {key: row.get(column) for key, column in _SUMMARY.items()}
    diffs = _json(row.get("summary_diffs"))
    info: Row = {key: row.get(column) for key, column in _INFO.items()}
    info["model"] = _json(row.get("model"))
    info["version"] = row.get("version")
    if any(value is not None for value in summary.values()):
        info["summary"] = {**{key: value or 0 for key, value in summary.items()}, **_present(diffs=diffs)}
    if "cost" in row:
        info["cost"] = _whole(row["cost"])
    if "tokens_input" in row:
        info["tokens"] = _tokens(row)
    info["share"] = _present(url=row.get("share_url")) or None
    info.update({key: _json(row.get(column)) for key, column in _JSON.items()})
    info["time"] = _present(**{key: row.get(column) for key, column in _TIMES.items()})
    return _present(**info)


def _tokens(row: Row) -> Row:
    return {
        "input": row.get("tokens_input"),
        "output": row.get("tokens_output"),
        "reasoning": row.get("tokens_reasoning"),
        "cache": {"read": row.get("tokens_cache_read"), "write": row.get("tokens_cache_write")},
    }


def _messages(connection: sqlite3.Connection, session_id: str) -> list[Row]:
    parts: dict[object, list[Row]] = {}
    part_order = "message_id, id" if "id" in columns(connection, "part") else "message_id, rowid"
    statement = f"SELECT * FROM part WHERE session_id = ? ORDER BY {part_order}"
    for row in connection.execute(statement, (session_id,)):
        values = dict(row)
        names = {"id": values.get("id"), "sessionID": session_id, "messageID": values["message_id"]}
        parts.setdefault(values["message_id"], []).append({**_data(values), **names})
    order = "time_created, id" if "time_created" in columns(connection, "message") else "id"
    statement = f"SELECT * FROM message WHERE session_id = ? ORDER BY {order}"
    return [
        {"info": {**_data(dict(row)), "id": row["id"], "sessionID": session_id}, "parts": parts.get(row["id"], [])}
        for row in connection.execute(statement, (session_id,))
    ]


def _data(row: Row) -> Row:
    value = _json(row.get("data"))
    return as_object(value) if isinstance(value, dict) else {"type": "data", "data": row.get("data")}


def _json(value: object) -> object:
    """The value of a column that holds JSON; what is not JSON as it is."""
    if isinstance(value, bytes):
        value = value.decode(errors="replace")
    if not isinstance(value, str):
        return value
    parsed = parse_json(value.encode(errors="replace"))
    return value if parsed is None and value != "null" else parsed


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _present(**values: object) -> Row:
    return {key: value for key, value in values.items() if value is not None}
