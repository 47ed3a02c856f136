"""Where agents have their homes."""

from collections.abc import Mapping
from pathlib import Path

from storage.documents.formats.agent_json import CODEWHALE, ZAGENS
from storage.documents.formats.registry import FORMATS


def home_of(source: str, environment: Mapping[str, str], user_home: Path) -> Path:
    """The home of an agent, by its environment variables or the user's home folder; the first of several."""
    if source == ZAGENS:
        return user_home / ".zagens"
    if source == CODEWHALE:
        return Path(environment.get("CODEWHALE_HOME") or user_home / ".codewhale")
    if source == "PI":
        # A folder of sessions that is named by a variable of its own is no home: names begin with `sessions`.
        environment = {name: value for name, value in environment.items() if name != "PI_CODING_AGENT_SESSION_DIR"}
    return FORMATS[source].homes(environment, user_home)[0]
