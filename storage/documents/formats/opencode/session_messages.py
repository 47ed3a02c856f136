"""The messages of OpenCode's newer API, which a table of its own has, in the form of the program's export.

A prompt that is sent to `/api/session/<id>/prompt`, and its answer, are rows of `session_message`. The program's own
export leaves them out, and so do its other commands.
"""

import sqlite3
from collections.abc import Iterator

from storage.documents.formats.json_values import as_list, as_object, as_text, parse_json, without

TABLE = "session_message"
COLUMNS = ("id", "session_id", "type", "seq", "data")

Row = dict[str, object]

_NO_TOKENS: Row = {"input": 0, "output": 0, "reasoning": 0, "cache": {"read": 0, "write": 0}}


def session_messages(connection: sqlite3.Connection, session: Row) -> Iterator[Row]:
    """The messages of a session in their order. The info of each has its `seq`, which those of the export do not have.

    They have the fields that the program's own import needs.
    """
    session_id = as_text(session.get("id"))
    statement = f"SELECT id, type, seq, data FROM {TABLE} WHERE session_id = ? ORDER BY seq"
    rows = [(row, as_object(_json(row["data"]))) for row in connection.execute(statement, (session_id,))]
    answers = [data for row, data in rows if row["type"] == "assistant"]
    prompt_id: object = None
    # Prompts do not name who answers them: that is the next reply's agent and model.
    next_answer = 0
    for row, data in rows:
        answer = answers[min(next_answer, len(answers) - 1)] if answers else {}
        next_answer += row["type"] == "assistant"
        ids = {"id": row["id"], "sessionID": session_id}
        common = {**ids, "seq": row["seq"], "time": data.get("time")}
        for info, parts in _messages(as_text(row["type"]), data):
            agent = as_text(answer.get("agent")) or as_text(session.get("agent")) or "build"
            if info["role"] == "user":
                prompt_id = common["id"]
                info = {"agent": agent, "model": _model(answer or session), **info}
            else:
                path = {"cwd": session.get("directory"), "root": "/"}
                usage = {"cost": 0, "tokens": _NO_TOKENS}
                info = {
                    "parentID": prompt_id,
                    "path": path,
                    "mode": agent,
                    "agent": agent,
                    **usage,
                    **_model(answer),
                    **info,
                }
            yield {"info": {**info, **common}, "parts": _numbered(as_text(common["id"]), session_id, parts)}
            # The summary of a compaction follows the request for it.
            common = {**common, "id": f"{row['id']}_summary"}


def _numbered(message_id: str, session_id: str, parts: list[Row]) -> list[Row]:
    # Parts are in the order of their ids.
    stem = "prt_" + message_id.removeprefix("msg_")
    return [
        {**part, "id": f"{stem}_{number:04}", "sessionID": session_id, "messageID": message_id}
        for number, part in enumerate(parts)
    ]


def _messages(kind: str, data: Row) -> Iterator[tuple[Row, list[Row]]]:
    rest = without(data, "time", "text", "files", "agents", "content", "model")
    match kind:
        case "user":
            files = [_file(as_object(file)) for file in as_list(data.get("files"))]
            agents = [{**as_object(agent), "type": "agent"} for agent in as_list(data.get("agents"))]
            yield {"role": "user", **rest}, [_text(data), *files, *agents]
        case "synthetic" | "system":
            yield {"role": "user", **rest}, [{**_text(data), "synthetic": True}]
        case "assistant":
            content = [_part(as_object(part)) for part in as_list(data.get("content"))]
            yield {"role": "assistant", **_model(data), **rest}, content
        case "shell":
            state: Row = {
                "status": "completed",
                "input": {"command": data.get("command")},
                "output": data.get("output"),
            }
            call = {"type": "tool", "tool": "bash", "callID": data.get("callID"), "state": state}
            yield {"role": "assistant", **without(rest, "command", "output", "callID")}, [call]
        case "compaction":
            auto = {"type": "compaction", "auto": data.get("reason") == "auto"}
            yield {"role": "user", **without(rest, "summary", "recent", "reason")}, [auto]
            texts = [text for name in ("summary", "recent") if (text := as_text(data.get(name)))]
            summary: list[Row] = [{"type": "text", "text": text} for text in texts]
            yield {"role": "assistant", "summary": True, "finish": "stop"}, summary
        case "agent-switched" | "model-switched":
            # Each reply names its own.
            return
        case _:
            yield {"role": "user", **rest}, [{**data, "type": kind}]


def _json(data: object) -> object:
    return parse_json(as_text(data).encode(errors="replace"))


def _text(data: Row) -> Row:
    return {"type": "text", "text": as_text(data.get("text"))}


def _file(file: Row) -> Row:
    return {**without(file, "uri", "name"), "type": "file", "url": file.get("uri"), "filename": file.get("name")}


def _model(data: Row) -> Row:
    model = as_object(data.get("model"))
    return {"modelID": model.get("id"), "providerID": model.get("providerID")}


def _span(time: Row) -> Row:
    start = time.get("ran", time.get("created"))
    return {"start": start, "end": time.get("completed", start)}


def _part(part: Row) -> Row:
    time, state = as_object(part.get("time")), as_object(part.get("state"))
    if part.get("type") == "reasoning":
        return {**part, "time": _span(time)}
    if part.get("type") != "tool" or not state:
        return part
    texts, files = [], []
    for one in map(as_object, as_list(state.get("content"))):
        if one.get("type") == "text":
            texts.append(as_text(one.get("text")))
        else:
            files.append(_file(one))
    files += [_file(as_object(file)) for file in as_list(state.get("attachments"))]
    made: Row = {
        **without(state, "content", "structured", "attachments"),
        "title": "",
        "metadata": as_object(state.get("structured")),
        "time": _span(time),
    }
    if isinstance(state.get("input"), str):
        # While the arguments come in, they are the text so far.
        made |= {"input": {}, "raw": state["input"]}
    match state.get("status"):
        case "completed":
            made["output"] = "\n".join(texts)
            made["attachments"] = files
        case "error":
            error = as_text(as_object(state.get("error")).get("message"))
            made["error"] = "\n".join(filter(None, [*texts, error]))
    return {**without(part, "name", "id", "time"), "tool": part.get("name"), "callID": part.get("id"), "state": made}
