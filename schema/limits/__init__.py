"""What one request, one socket and one process may ask for."""

from collections.abc import Container
from dataclasses import dataclass

IMPORT_TIMES = 6
"""How many times as long as another request `importSession` may take."""


@dataclass(frozen=True)
class Limits:
    """Bounds; what goes beyond one is refused with a coded error."""

    tokens: int = 2_000
    depth: int = 12
    aliases: int = 30
    directives: int = 50
    cost: int = 5_000
    errors: int = 5
    body_bytes: int = 1024 * 1024
    import_bytes: int = 64 * 1024 * 1024
    request_seconds: float = 10.0
    socket_operations: int = 20
    sockets: int = 2_000
    init_seconds: float = 10.0

    def seconds(self, root_fields: Container[str]) -> float:
        """For an operation that asks these of its root: an import, of documents so much longer, has more time."""
        return self.request_seconds * (IMPORT_TIMES if "importSession" in root_fields else 1)
