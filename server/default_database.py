"""The database that is used when no setting names one."""

import os
import sys
from pathlib import Path


def default_database_url() -> str:
    """A SQLite file in the user's data directory."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or str(Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = str(Path.home() / "Library" / "Application Support")
    else:
        base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return f"sqlite:///{Path(base, 'reprise', 'reprise.db')}"
