import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import NamedTuple

import pytest

from tests.support.databases import PostgresDatabases, SqliteDatabases
from tests.support.operations.database import fill
from tests.support.twins import Twins, twins


class Filled(NamedTuple):
    """A database with objects of every type, which tests only read."""

    url: str
    names: Mapping[str, str]


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def filled(request: pytest.FixtureRequest) -> Iterator[Filled]:
    name = {"sqlite": "sqlite_databases", "postgresql": "postgres_databases"}[request.param]
    databases: SqliteDatabases | PostgresDatabases = request.getfixturevalue(name)
    with databases.copy() as url:
        yield Filled(url, asyncio.run(fill(url)))


@pytest.fixture(scope="module")
async def both(filled: Filled) -> AsyncIterator[Twins]:
    """Servers with prepared operations and without. The many errors that they mask are not logged."""
    logging.disable(logging.ERROR)
    async with twins(filled.url, filled.names) as pair:
        yield pair
    logging.disable(logging.NOTSET)


@pytest.fixture(scope="module")
def collected() -> Iterator[None]:
    """Collects the garbage of a module's tests at their end.

    In a collection in the middle of a named tuple's constructor, CPython cannot warn of a dropped coroutine, and fails
    with a KeyError that no filter of warnings ignores.
    """
    gc.disable()
    yield
    gc.collect()
    gc.enable()
