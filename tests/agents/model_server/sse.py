"""Server-sent events."""

import json
from typing import Any, NamedTuple


class Event(NamedTuple):
    """An event with data: a value for JSON, or a string as it is."""

    data: Any
    name: str = ""

    def encode(self) -> bytes:
        data = self.data if isinstance(self.data, str) else json.dumps(self.data, ensure_ascii=False)
        head = f"event: {self.name}\n" if self.name else ""
        return f"{head}data: {data}\n\n".encode()
