"""Work for clients that stay and for clients that leave."""

import asyncio
from typing import Any

import pytest

from schema.limits.deadline import SharedTimer
from server.http.body import Disconnected
from server.http.disconnect import GRACE_SECONDS, while_connected

GONE = {"type": "http.disconnect"}
MORE = {"type": "http.request", "body": b"", "more_body": False}


class Client:
    """Answers `receive`, and counts how often it is asked."""

    def __init__(self, message: dict[str, Any], seconds: float = 0.0) -> None:
        self._message = message
        self._seconds = seconds
        self.asked = 0

    async def receive(self) -> dict[str, Any]:
        self.asked += 1
        if self._seconds:
            await asyncio.sleep(self._seconds)
        return self._message


def timer() -> SharedTimer:
    return SharedTimer(GRACE_SECONDS)


class Work:
    """Takes so long; knows whether it was cancelled."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.was_cancelled = False

    async def run(self) -> str:
        try:
            await asyncio.sleep(self._seconds)
        except asyncio.CancelledError:
            await asyncio.sleep(0.01)
            self.was_cancelled = True
            raise
        return "done"


async def test_short_work_is_done_for_whomever() -> None:
    client = Client(GONE)

    assert await while_connected(client.receive, Work(0).run(), timer()) == "done"
    assert client.asked == 0


@pytest.mark.parametrize("seconds", [0.0, 2 * GRACE_SECONDS])
async def test_long_work_is_cancelled_when_its_client_leaves_and_has_ended_then(seconds: float) -> None:
    work = Work(60)

    async with asyncio.timeout(5):
        with pytest.raises(Disconnected):
            await while_connected(Client(GONE, seconds).receive, work.run(), timer())

    assert work.was_cancelled
    await asyncio.sleep(0)


async def test_long_work_is_done_for_a_client_that_stays() -> None:
    assert await while_connected(Client(GONE, 60).receive, Work(3 * GRACE_SECONDS).run(), timer()) == "done"


async def test_a_server_that_says_the_same_again_is_seldom_asked() -> None:
    client = Client(MORE)

    assert await while_connected(client.receive, Work(6 * GRACE_SECONDS).run(), timer()) == "done"
    assert 1 <= client.asked <= 6


async def test_what_fails_fails_as_it_did() -> None:
    async def failing() -> None:
        await asyncio.sleep(2 * GRACE_SECONDS)
        raise TimeoutError("of its own")

    with pytest.raises(TimeoutError, match="of its own"):
        await while_connected(Client(GONE, 60).receive, failing(), timer())


async def test_work_is_cancelled_with_its_request() -> None:
    work = Work(60)
    request = asyncio.create_task(while_connected(Client(GONE, 60).receive, work.run(), timer()))
    await asyncio.sleep(2 * GRACE_SECONDS)
    request.cancel()

    with pytest.raises(asyncio.CancelledError):
        await request
    assert work.was_cancelled
