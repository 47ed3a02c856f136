"""The index of the names that people gave to threads: a line a change, of which the last counts."""

from pathlib import Path

from storage.documents.formats.json_values import as_object, as_text, parse_json

INDEX = "session_index.jsonl"


def index_lines(path: Path) -> dict[str, bytes]:
    """The last line of each thread in the index, by the thread's id; half a line is left out. Raises OSError."""
    lines: dict[str, bytes] = {}
    with path.open("rb") as file:
        for line in file:
            if line.endswith(b"\n") and (thread_id := _thread_id(line)):
                lines[thread_id.lower()] = line
    return lines


def thread_name(index: bytes | None, thread_id: str) -> str | None:
    """The name of a thread by lines of the index; None without one."""
    name = None
    for line in (index or b"").splitlines():
        entry = as_object(parse_json(line))
        if as_text(entry.get("id")).lower() == thread_id.lower():
            name = as_text(entry.get("thread_name")).strip() or None
    return name


def _thread_id(line: bytes) -> str:
    return as_text(as_object(parse_json(line)).get("id"))
