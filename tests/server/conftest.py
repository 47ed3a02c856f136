import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from server.observability.logs import configure

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """What was logged as JSON so far, by this process, the server in it included."""
    stream = io.StringIO()
    names = ("", "alembic", "uvicorn", "httpx2")
    levels = {name: logging.getLogger(name).level for name in names}
    before = logging.getLogger().handlers[:]
    configure("json", stream=stream)
    # The client of these tests says whole addresses.
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logging.getLogger().handlers[:] = before
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
