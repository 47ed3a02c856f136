"""The ids of pi's sessions, which a person may choose: such an id is one of a directory, and others have it as well."""

import re
from hashlib import blake2b
from pathlib import PureWindowsPath

from storage.documents.formats.blocks import Block
from storage.documents.formats.json_values import as_id, as_text

NAME = re.compile(r"\d{4}-\d\d-\d\dT[\d-]+Z_([\w.-]+)\.jsonl")
"""The name of a session's file: the time at which it began, and its id."""

_MADE = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""An id that the program made."""
_SEPARATOR = re.compile(r"[/\\:]")
_FOLDER = re.compile(r"--.*--")
_CHOSEN_LENGTH = 150


def session_id_of(header: Block) -> str | None:
    """The id of the session with a header. One that a person chose is extended by a hash of it and of its directory."""
    return _unique(as_text(header.get("id")).strip(), _folder_of(as_text(header.get("cwd"))))


def parent_id_of(header: Block) -> str | None:
    """The id of the session whose file the header of a fork or a subagent names.

    oh-my-pi may name the session of a fork by its id, and keeps the files of subagents in a folder beside the session.
    """
    # A path of Windows may have either kind of slash.
    path = PureWindowsPath(as_text(header.get("parentSession")))
    # In a folder of the person's own are the sessions of all directories.
    folder = path.parent.name if _FOLDER.fullmatch(path.parent.name) else _folder_of(as_text(header.get("cwd")))
    id = path.name if _MADE.fullmatch(path.name) else id_in_name(path.name)
    above = (id_in_name(f"{name}.jsonl") for name in reversed(path.parts[:-1]))
    return _unique(id or next(filter(None, above), ""), folder)


def id_in_name(name: str) -> str:
    """The id by which the program finds a session, from the name of its file; empty where that is another one."""
    named = NAME.fullmatch(name)
    return "" if named is None else named[1]


def default_place(name: str, directory: str) -> str:
    """The path below the home at which the program finds a session of a directory that lay in a folder of its own."""
    return name if "/" in name else f"sessions/{_folder_of(directory)}/{name}"


def _folder_of(directory: str) -> str:
    """The folder in which the program keeps the sessions of a directory."""
    below = directory[1:] if directory.startswith(("/", "\\")) else directory
    return f"--{_SEPARATOR.sub('-', below)}--"


def _unique(id: str, folder: str) -> str | None:
    valid = as_id(id)
    if valid is None or _MADE.fullmatch(id):
        return valid
    return f"{valid[:_CHOSEN_LENGTH]}-{blake2b(f'{folder}/{id}'.encode(), digest_size=4).hexdigest()}"
