"""The sessions of OpenCode's older versions: a JSON file for each session, message and part."""

from collections.abc import Iterator
from pathlib import Path

from storage.documents.formats.file_walk import FileWalk, sorted_entries
from storage.documents.formats.json_values import as_count, as_object, as_text, parse_json
from storage.json_codec import dump

SESSIONS = "storage/session"


def session_files(home: Path, walk: FileWalk) -> Iterator[Path]:
    """The files of the sessions, by project."""
    for path in walk.files(home / SESSIONS, 1):
        if path.suffix == ".json":
            yield path


def state(home: Path, session: Path) -> tuple[str, float]:
    """A text that differs when a file of the session was added, changed or removed, and the time of the last change.

    Raises OSError.
    """
    files = [session, *_message_files(home, session.stem)]
    for message in files[1:]:
        files.extend(_part_files(home, message.stem))
    states = [path.stat() for path in files]
    changed_ns = max(state.st_mtime_ns for state in states)
    return f"{len(states)}.{changed_ns}.{sum(state.st_size for state in states)}", changed_ns / 1e9


def export_files(home: Path, session: Path) -> bytes:
    """The session in the form of `opencode export`, as one line of JSON. Raises OSError."""
    messages = [(_read(path), path.stem) for path in _message_files(home, session.stem)]
    messages.sort(key=lambda message: (_created(message[0]), message[1]))
    recorded = [{"info": _named(name, info), "parts": _parts(home, name)} for info, name in messages]
    return dump({"info": _named(session.stem, _read(session)), "messages": recorded}).encode()


def _parts(home: Path, message_id: str) -> list[dict[str, object]]:
    return [_named(path.stem, _read(path)) for path in _part_files(home, message_id)]


def _named(name: str, values: dict[str, object]) -> dict[str, object]:
    return {"id": name, **values}


def _message_files(home: Path, session_id: str) -> list[Path]:
    return _json_files(home / "storage" / "message" / session_id)


def _part_files(home: Path, message_id: str) -> list[Path]:
    return _json_files(home / "storage" / "part" / message_id)


def _json_files(folder: Path) -> list[Path]:
    """The JSON files in a folder, which may be missing: but if it cannot be read, neither can the session."""
    try:
        entries = sorted_entries(folder)
    except FileNotFoundError:
        return []
    return [Path(one.path) for one in entries if one.name.endswith(".json") and one.is_file(follow_symlinks=False)]


def _read(path: Path) -> dict[str, object]:
    data = path.read_bytes()
    value = parse_json(data)
    return (
        as_object(value)
        if isinstance(value, dict)
        else {"type": "data", "data": as_text(data.decode(errors="replace"))}
    )


def _created(info: dict[str, object]) -> int:
    return as_count(as_object(info.get("time")).get("created"))
