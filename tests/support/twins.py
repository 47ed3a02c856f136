"""Servers on one database, with prepared operations and without, which must answer alike.

An answer without errors must be the same byte for byte. Where several fields make one object null, GraphQL leaves it to
the server which of their errors it reports, and which one comes first depends on the timing of the database. So a third
server, in whose schema every field is nullable, reports the error of each field: errors of the others must be among
those, and must explain the same nulls.
"""

import json
import re
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest
from graphql import GraphQLInterfaceType, GraphQLList, GraphQLNonNull, GraphQLObjectType
from httpx2 import Response

import schema.build
import storage.handoff.handoff
from schema.build import create_schema
from schema.coded_schema import CodedSchema
from tests.support.operations.request import Request
from tests.support.server import Served, serving

_ERROR_ID = re.compile(rb'(?<="errorId":")[0-9a-f]{32}(?=")')
_ID_AND_TIME = uuid.UUID(int=7), datetime(2026, 11, 28, tzinfo=UTC)
# Headers that belong to a single response.
_OWN_HEADERS = ("date", "x-request-id")


class Answer(NamedTuple):
    """A response; ids of masked errors are removed from its body."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def value(self) -> Any:
        """The body's JSON value; None where the body is broken, since it holds a damaged row."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @property
    def errors(self) -> list[dict[str, Any]]:
        value = self.value
        return value.get("errors", []) if isinstance(value, dict) else []

    @property
    def without_errors(self) -> object:
        """Whatever errors there are: the status, the headers and the text of all else."""
        value = self.value
        if not isinstance(value, dict):
            return self
        headers = [header for header in self.headers if header[0] != "content-length"]
        # Text, since the order of an object's members counts.
        return self.status, headers, json.dumps({name: part for name, part in value.items() if name != "errors"})


class Twins(NamedTuple):
    """The servers: `nullable` has no prepared operations either, and a schema without non-null fields."""

    prepared: Served
    plain: Served
    nullable: Served
    names: Mapping[str, str]


@asynccontextmanager
async def twins(database_url: str, names: Mapping[str, str], **settings: Any) -> AsyncIterator[Twins]:
    """Serve a database with prepared operations and without; nothing is seeded meanwhile.

    `names` are those that stand for its ids and cursors in requests, `settings` fields of Settings for all servers.
    """
    unprepared = {"prepared": False, **settings}
    async with AsyncExitStack() as servers:
        prepared = await servers.enter_async_context(serving(database_url, seed=False, **settings))
        plain = await servers.enter_async_context(serving(database_url, seed=False, **unprepared))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(schema.build, "create_schema", _nullable_schema)
            nullable = await servers.enter_async_context(serving(database_url, seed=False, **unprepared))
        # Each handoff has an id and a time of its own.
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(storage.handoff.handoff, "new_id_and_time", lambda: _ID_AND_TIME)
            yield Twins(prepared, plain, nullable, names)


def _nullable_schema(*arguments: Any, **options: Any) -> CodedSchema:
    """The schema with all fields, and all items of lists, nullable: no error makes any other field null."""
    made = create_schema(*arguments, **options)
    for kind in made._schema.type_map.values():
        if isinstance(kind, (GraphQLObjectType, GraphQLInterfaceType)) and not kind.name.startswith("__"):
            for field in kind.fields.values():
                field.type = _nullable(field.type)
    return made


def _nullable(kind: Any) -> Any:
    if isinstance(kind, GraphQLNonNull):
        return _nullable(kind.of_type)
    return GraphQLList(_nullable(kind.of_type)) if isinstance(kind, GraphQLList) else kind


async def asked(server: Served, request: Request, variables: Any, names: Mapping[str, str]) -> Answer:
    """A server's answer to a request with one set of its variables."""
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
    """Assert that both servers answer alike, the first time and again, and with other variables.

    Returns the answers of the plain one, to each of the request's variables.
    """
    answers = []
    for number, variables in enumerate(request.variables):
        expected = await asked(twins.plain, request, variables, twins.names)
        for _ in range(4 if number == 0 else 1):
            answer = await asked(twins.prepared, request, variables, twins.names)
            if answer != expected:
                nullable = await asked(twins.nullable, request, variables, twins.names)
                # Broken content that is passed on hides which errors there can be.
                possible = answer.errors + expected.errors if nullable.value is None else nullable.errors
                check_alike(answer, expected, possible)
        answers.append(expected)
    return answers


def check_alike(answer: Answer, expected: Answer, possible: list[dict[str, Any]]) -> None:
    """Assert that two answers differ at most in which of the possible errors they report."""
    assert answer.without_errors == expected.without_errors
    # Errors of a request as a whole have no path, and nothing to choose from.
    assert all("path" in error for error in answer.errors + expected.errors), (answer, expected)
    assert _nulls(answer) == _nulls(expected)
    for errors in (answer.errors, expected.errors):
        assert [error for error in errors if error not in possible] == []
        assert len({json.dumps(error["path"]) for error in errors}) == len(errors)


def _nulls(answer: Answer) -> set[tuple[str | int, ...]]:
    """The paths of the nulls that the errors of an answer explain."""
    return {_null(answer.value["data"], error["path"]) for error in answer.errors}


def _null(value: Any, path: list[str | int]) -> tuple[str | int, ...]:
    """The place on the path of an error where the answer has null."""
    for length, step in enumerate(path):
        if value is None:
            return tuple(path[:length])
        value = value[step]
    assert value is None, path
    return tuple(path)
