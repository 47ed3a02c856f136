"""Limits on what one request, one websocket and one process may ask for."""

from collections.abc import Container
from dataclasses import dataclass

IMPORT_TIME_FACTOR = 6
"""How many times as long as another operation `importSession` may take."""


@dataclass(frozen=True)
class Limits:
    """The limits of one server; what goes beyond one is refused with a coded error."""

    tokens: int = 2_000
    depth: int = 12
    aliases: int = 30
    directives: int = 50
    cost: int = 5_000
    errors: int = 5
    answer_bytes: int = 32 * 1024 * 1024
    body_bytes: int = 1024 * 1024
    import_bytes: int = 64 * 1024 * 1024
    json_values: int = 1_000_000
    json_depth: int = 500
    pending_bytes: int = 256 * 1024 * 1024
    upload_rate: int = 32 * 1024
    request_seconds: float = 10.0
    socket_operations: int = 20
    sockets: int = 2_000
    init_seconds: float = 10.0

    def seconds(self, root_fields: Container[str]) -> float:
        """The time limit of an operation with these root fields. Imports get more, as their documents are large."""
        return self.request_seconds * (IMPORT_TIME_FACTOR if "importSession" in root_fields else 1)
