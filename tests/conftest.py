import faulthandler
import gc
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from typing import Any

import hypothesis
import pytest
from _pytest.faulthandler import fault_handler_stderr_fd_key

from tests.support.databases import PostgresDatabases, SqliteDatabases, postgres_server, scratch_folder
from tests.support.server import Served, serving
from tests.support.sharing import Shares, is_long
from tests.support.watchdog import LoopWatchdog

Serve = Callable[..., Awaitable[Served]]
# Folders whose tests `make test` runs on SQLite alone where there are both: what differs is below, and is tested there.
SLOW_ON_POSTGRESQL = ("tests/schema/", "tests/server/")
# Folders and files whose tests `make test` leaves to `make test-faults` and `make test-agents`.
SLOW = ("tests/agents/", "tests/faults/", "tests/speed/", "tests/contract/test_schemathesis.py")

# For tests that take long and run the same code on both databases: `make test` runs them on SQLite alone.
postgresql_slow = pytest.mark.parametrize(
    "database_url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)], indirect=True
)

# Hypothesis profiles: `reprise` repeats the same examples in every run, `ci` (make test-faults) looks for new ones.
hypothesis.settings.register_profile(
    "reprise",
    # An example that touches a database takes as long as the machine makes it.
    deadline=None,
    derandomize=True,
    max_examples=10,
    print_blob=True,
    # A failure is reported at once: to shrink an example that waits takes longer than the limit of a test.
    phases=[hypothesis.Phase.explicit, hypothesis.Phase.reuse, hypothesis.Phase.generate],
    # The examples of a test share its database; each takes an id of its own.
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture],
)
# Not random: a failure of CI must be that of the change, not of a new example. `make soak` looks for new ones.
hypothesis.settings.register_profile("ci", hypothesis.settings.get_profile("reprise"), max_examples=150)
hypothesis.settings.register_profile(
    "soak",
    hypothesis.settings.get_profile("ci"),
    derandomize=False,
    max_examples=3_000,
    phases=list(hypothesis.Phase),
)
hypothesis.settings.load_profile("reprise")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    ids = {item.nodeid for item in items}
    for item in items:
        has_twin = "postgresql" in item.nodeid and item.nodeid.replace("postgresql", "sqlite") in ids
        if item.nodeid.startswith(SLOW) or (has_twin and item.nodeid.startswith(SLOW_ON_POSTGRESQL)):
            item.add_marker("slow")
    items.sort(key=lambda item: not is_long(item.nodeid))


def pytest_collection_finish() -> None:
    # The modules and items of all tests stay until the end: the garbage collector need not look through them each time.
    gc.collect()
    gc.freeze()
    # As `reprise serve` has it: most results are trees without cycles.
    gc.set_threshold(20_000, 20, 100)


def pytest_exception_interact(node: pytest.Item | pytest.Collector) -> None:
    """Limit the end of a failed test too: pytest ends its own limit with a failure, and a teardown may hang then."""
    seconds = float(node.config.getini("faulthandler_timeout"))
    if seconds > 0:
        faulthandler.dump_traceback_later(seconds, exit=True, file=node.config.stash[fault_handler_stderr_fd_key])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    return Shares(config, log) if config.getvalue("dist") == "loadgroup" else None


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, Any]]:
    """The loop the server runs on in production."""
    return "asyncio", {"use_uvloop": sys.platform != "win32"}


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.upper().startswith("REPRISE_")]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session", autouse=True)
def _shared_preparations() -> Iterator[None]:
    """Servers of one process share the schema's types, the validity of documents and compiled statements."""
    # Imported here: what needs no server is tested without the schema too.
    from tests.support import compiled_statements, schemas

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("schema.build.create_schema", schemas.create_schema)
        patch.setattr("storage.database.engines.create_async_engine", compiled_statements.create_engine)
        yield


@pytest.fixture(scope="session")
def sqlite_databases() -> Iterator[SqliteDatabases]:
    with scratch_folder() as folder:
        yield SqliteDatabases(folder)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A server on which databases can be created: TEST_DATABASE_URL, else one of the test run."""
    if url := os.environ.get("TEST_DATABASE_URL"):
        yield url
        return
    with scratch_folder() as folder, postgres_server(folder / "postgresql") as url:
        yield url


@pytest.fixture(scope="session")
def postgres_databases(postgres_url: str) -> Iterator[PostgresDatabases]:
    databases = PostgresDatabases(postgres_url)
    yield databases
    databases.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A migrated, empty database of the test's own."""
    # Asked for by name, so that tests on SQLite alone start no PostgreSQL.
    name = {"sqlite": "sqlite_databases", "postgresql": "postgres_databases"}[request.param]
    databases: SqliteDatabases | PostgresDatabases = request.getfixturevalue(name)
    with databases.copy() as url:
        yield url


@pytest.fixture
async def watchdog() -> AsyncIterator[LoopWatchdog]:
    """Fails the test when the event loop was held while it ran: for `usefixtures`, or to be asked for."""
    with LoopWatchdog() as running:
        yield running


@pytest.fixture
async def serve(database_url: str) -> AsyncIterator[Serve]:
    """Starts servers on the test's database: `await serve(seed=False)`, with any fields of server.settings.Settings."""
    async with AsyncExitStack() as servers:

        async def start(**settings: Any) -> Served:
            return await servers.enter_async_context(serving(database_url, **settings))

        yield start


@pytest.fixture
async def server(serve: Serve) -> Served:
    """A server with default settings on the test's database."""
    return await serve()
