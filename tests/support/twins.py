"""Two servers on one database, one with prepared operations and one without, which must answer alike."""

import asyncio
import json
import random
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, nullcontext
from typing import Any, NamedTuple

import pytest
from httpx2 import Response

from server.settings import Settings
from tests.support.operations.request import Request
from tests.support.server import Served, serving

_ERROR_ID = re.compile(rb'(?<="errorId":")[0-9a-f]{32}(?=")')
# What is of this one answer, not of what was asked.
_OWN_HEADERS = ("date", "x-request-id")
_TRIES = 60


class Answer(NamedTuple):
    """A response; ids of masked errors are taken out of its body."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def value(self) -> Any:
        """The body's JSON value; None where a broken row was passed on in it."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @property
    def orderly(self) -> object:
        """The answer with its errors in order of the fields that they are of; of one field, as they came.

        Which of several fields fails first is a matter of the database's timing.
        """
        value = self.value
        if not isinstance(value, dict) or "errors" not in value:
            return self
        errors = sorted(value["errors"], key=_field)
        # Text: the order of an object's members counts.
        return self.status, self.headers, json.dumps({**value, "errors": errors})


class Twins(NamedTuple):
    """Both servers."""

    prepared: Served
    plain: Served
    names: Mapping[str, str]


def _field(error: Mapping[str, Any]) -> list[str]:
    """The path of an error without its places in lists."""
    return [step for step in error.get("path", ()) if isinstance(step, str)]


@asynccontextmanager
async def twins(database_url: str, names: Mapping[str, str], **settings: Any) -> AsyncIterator[Twins]:
    """Serves a database by both ways; nothing is seeded meanwhile.

    `names` are those that stand for its ids and cursors in requests, `settings` fields of Settings for both.
    """
    # Until there is the setting, the two are the same.
    has_setting = "prepared" in Settings.model_fields
    plain = {"prepared": False} if has_setting else {}
    async with (
        serving(database_url, seed=False, **settings) as first,
        serving(database_url, seed=False, **settings, **plain) as second,
    ):
        yield Twins(first, second, names)


async def asked(server: Served, request: Request, variables: Any, names: Mapping[str, str]) -> Answer:
    """What a server answers to a request with some of its variables."""
    http, headers, body = server.client.http, {"accept": request.accept}, request.body(variables, names)
    if request.method == "POST":
        headers["content-type"] = "application/json"
        return answer_of(await http.post("/graphql", content=json.dumps(body), headers=headers))
    parameters = {name: value if isinstance(value, str) else json.dumps(value) for name, value in body.items()}
    return answer_of(await http.get("/graphql", params=parameters, headers=headers))


def answer_of(response: Response) -> Answer:
    headers = [(name, value) for name, value in response.headers.items() if name not in _OWN_HEADERS]
    return Answer(response.status_code, tuple(headers), _ERROR_ID.sub(b"", response.content))


async def check(twins: Twins, request: Request) -> list[Answer]:
    """Asserts that both answer alike, the first time and again, and with other variables.

    The answers of the plain one, to each of the request's variables.
    """
    answers = []
    for number, variables in enumerate(request.variables):
        expected = await asked(twins.plain, request, variables, twins.names)
        for _ in range(2 if number == 0 else 1):
            await _check_alike(twins, request, variables, expected)
        answers.append(expected)
    return answers


async def _check_alike(twins: Twins, request: Request, variables: Any, expected: Answer) -> None:
    answer = await asked(twins.prepared, request, variables, twins.names)
    if answer.orderly == expected.orderly:
        return
    for number in range(_TRIES):
        with _shaken(twins.plain) if number % 2 else nullcontext():
            other = await asked(twins.plain, request, variables, twins.names)
        if answer.orderly == other.orderly:
            # Of fields that make the same thing null, the first to fail is told of: here that was chance.
            return
    assert answer == expected, f"{request} with {variables}"


@contextmanager
def _shaken(server: Served) -> Iterator[None]:
    """Reads of a server take more time, each its own: whichever of several can come first does now and then."""
    database = server.app.state.database
    read, rows = database.read, database.rows

    async def wait() -> None:
        await asyncio.sleep(random.choice([0, 0, 0.001, 0.004]))

    @asynccontextmanager
    async def late_read() -> AsyncIterator[Any]:
        await wait()
        async with read() as connection:
            yield connection

    async def late_rows(*arguments: Any, **values: Any) -> Any:
        await wait()
        return await rows(*arguments, **values)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "read", late_read)
        patch.setattr(database, "rows", late_rows)
        yield
