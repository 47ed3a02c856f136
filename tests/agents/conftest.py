from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, TypeVar

import pytest

from tests.agents.isolation import Isolation, isolated
from tests.agents.model_server.server import ModelServer
from tests.agents.programs.program import Program, need
from tests.agents.recording import Recording, record, shop

P = TypeVar("P", bound=Program)


class Prepare(Protocol):
    """Gives a program with a new home. Skips the test where it is not installed."""

    def __call__(self, program: type[P]) -> P: ...


@pytest.fixture(scope="session")
def isolation() -> Iterator[Isolation]:
    with isolated() as isolation:
        yield isolation


@pytest.fixture(scope="session")
def model_server(isolation: Isolation) -> Iterator[ModelServer]:
    with ModelServer(isolation.listener()).running() as server:
        yield server


@pytest.fixture
def models(model_server: ModelServer) -> Iterator[ModelServer]:
    """The model server, with an empty script. Fails the test when programs asked for less or more than was scripted."""
    model_server.reset()
    yield model_server
    assert (model_server.remaining, model_server.unscripted) == (0, [])


@pytest.fixture
def cwd(tmp_path: Path) -> Path:
    """A directory to work in."""
    return shop(tmp_path)


@pytest.fixture
def prepare(tmp_path: Path, isolation: Isolation, model_server: ModelServer) -> Iterator[Prepare]:
    def prepared(program: type[P]) -> P:
        need(program)
        return program(tmp_path / program.name, isolation, model_server.url)

    yield prepared
    isolation.kill_all()


@pytest.fixture(scope="module")
def recording(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    isolation: Isolation,
    model_server: ModelServer,
) -> Recording:
    """A session of the program that the module names as PROGRAM, written once for all its tests."""
    program: type[Program] = request.module.PROGRAM
    need(program)
    model_server.reset()
    folder = tmp_path_factory.mktemp(program.name)
    try:
        return record(program(folder / "program", isolation, model_server.url), model_server, shop(folder))
    finally:
        isolation.kill_all()
