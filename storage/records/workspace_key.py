"""Directories as filters compare them: one key for all spellings of a directory."""

import re
import unicodedata

_DRIVE = re.compile(r"(?://[?.]/)?([A-Za-z]:)")


def workspace_key(workspace: str) -> str:
    """The form that is equal for equal directories: composed letters, `/` between names and none at the end.

    Drive letters are in lower case. Nothing else is changed: names differ by case on most file systems.
    """
    path = unicodedata.normalize("NFC", workspace).replace("\\", "/")
    if drive := _DRIVE.match(path):
        path = drive[1].lower() + path[drive.end() :]
    # Two slashes in front precede the name of a server in Windows.
    root = "//" if path.startswith("//") and not path.startswith("///") else "/" if path.startswith("/") else ""
    return root + "/".join(name for name in path.split("/") if name not in ("", "."))
