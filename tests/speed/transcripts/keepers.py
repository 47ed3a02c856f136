"""The programs that are compared: Reprise and agentsview, as commands, requests and answers."""

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

from tests.speed.transcripts.runs import Requests

PORT = 28_517
_LIST = """{ sessions(first: 50) { totalCount nodes {
  id title source workspace model mode messageCount totalTokens createdAt updatedAt gitBranch agentVersion firstPrompt
} } }"""
_MESSAGES = """query ($id: ID!) { session(id: $id) { messages(first: 100) { nodes { position role createdAt content {
  __typename ... on TextBlock { text } ... on ThinkingBlock { thinking } ... on ToolUseBlock { name input }
  ... on ToolResultBlock { text isError }
} } } } }"""
_LAST = "query ($id: ID!) { session(id: $id) { messages(last: 1) { nodes { text } } } }"
_SEARCH = "query ($query: String!) { search(query: $query, first: 100) { nodes { session { id } } } }"


class Keeper(Protocol):
    """A program that imports transcripts, serves and searches them."""

    name: str

    def environment(self, home: Path, data: Path) -> dict[str, str]:
        """The environment of its commands, with the agents' homes in `home` and its own data in `data`."""
        ...

    def import_command(self) -> Sequence[str | Path]:
        """Imports what is new, and ends."""
        ...

    def serve_command(self) -> Sequence[str | Path]:
        """Serves on PORT and watches the homes."""
        ...

    def count(self, requests: Requests) -> int:
        """How many sessions are listed."""
        ...

    def list_request(self) -> tuple[str, bytes | None]:
        """The newest 50 sessions."""
        ...

    def messages_request(self, session_id: str) -> tuple[str, bytes | None]:
        """The first 100 messages of a session."""
        ...

    def last_message(self, requests: Requests, session_id: str) -> bytes:
        """The last message of a session, as it is answered."""
        ...

    def search_request(self, query: str) -> tuple[str, bytes | None]:
        """A search, 100 hits at most."""
        ...

    def found(self, answer: bytes) -> set[str]:
        """The ids of the sessions in the answer of a search."""
        ...


class Reprise:
    """This project, with an embedded database."""

    name = "Reprise"

    def environment(self, home: Path, data: Path) -> dict[str, str]:
        return _environment(home) | {"REPRISE_DATABASE_URL": f"sqlite:///{data}/reprise.db"}

    def import_command(self) -> Sequence[str | Path]:
        return [Path(sys.prefix, "bin/reprise"), "import", "--all"]

    def serve_command(self) -> Sequence[str | Path]:
        return [Path(sys.prefix, "bin/reprise"), "serve", "--port", str(PORT), "--watch"]

    def count(self, requests: Requests) -> int:
        answer = requests.ask(*_operation("{ sessions(first: 1) { totalCount } }"))
        return int(json.loads(answer)["data"]["sessions"]["totalCount"])

    def list_request(self) -> tuple[str, bytes | None]:
        return _operation(_LIST)

    def messages_request(self, session_id: str) -> tuple[str, bytes | None]:
        return _operation(_MESSAGES, id=session_id)

    def last_message(self, requests: Requests, session_id: str) -> bytes:
        return requests.ask(*_operation(_LAST, id=session_id))

    def search_request(self, query: str) -> tuple[str, bytes | None]:
        return _operation(_SEARCH, query=query)

    def found(self, answer: bytes) -> set[str]:
        nodes = json.loads(answer)["data"]["search"]["nodes"]
        return {node["session"]["id"] for node in nodes}


class Agentsview:
    """agentsview, installed from PyPI into `prefix`."""

    name = "agentsview"
    _every = "include_one_shot=true&include_automated=true"

    def __init__(self, prefix: Path) -> None:
        [self._program] = prefix.glob("lib/python*/site-packages/agentsview/bin/agentsview")

    def environment(self, home: Path, data: Path) -> dict[str, str]:
        return _environment(home) | {"AGENTSVIEW_DATA_DIR": str(data), "AGENTSVIEW_NO_DAEMON": "1"}

    def import_command(self) -> Sequence[str | Path]:
        return [self._program, "sync"]

    def serve_command(self) -> Sequence[str | Path]:
        return [self._program, "serve", "--port", str(PORT), "--no-browser", "--no-update-check"]

    def count(self, requests: Requests) -> int:
        return int(json.loads(requests.ask(f"/api/v1/stats?{self._every}"))["session_count"])

    def list_request(self) -> tuple[str, bytes | None]:
        return f"/api/v1/sessions?limit=50&{self._every}", None

    def messages_request(self, session_id: str) -> tuple[str, bytes | None]:
        return f"/api/v1/sessions/{session_id}/messages?limit=100", None

    def last_message(self, requests: Requests, session_id: str) -> bytes:
        return requests.ask(f"/api/v1/sessions/{session_id}/messages?limit=1&direction=desc")

    def search_request(self, query: str) -> tuple[str, bytes | None]:
        return f"/api/v1/search?limit=100&q={quote(query, safe='')}", None

    def found(self, answer: bytes) -> set[str]:
        results: list[dict[str, Any]] = json.loads(answer)["results"] or []
        return {str(result["session_id"]).removeprefix("codex:") for result in results}


def _environment(home: Path) -> dict[str, str]:
    return {"HOME": str(home), "PATH": os.environ["PATH"]}


def _operation(text: str, /, **variables: str) -> tuple[str, bytes]:
    return "/graphql", json.dumps({"query": text, "variables": variables}).encode()
