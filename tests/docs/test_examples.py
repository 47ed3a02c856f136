"""The documentation's commands, queries and programs run as written, and print what the documentation shows."""

import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Container, Iterator
from pathlib import Path
from typing import Any

import graphql
import pytest
from graphql import OperationDefinitionNode, OperationType
from websockets.sync.client import connect

from tests.support.clients import MODULES, node, samples
from tests.support.databases import PostgresDatabases, postgres_programs
from tests.support.docs import (
    COMMANDS,
    DOCUMENTS,
    ON_POSTGRESQL,
    OPERATE,
    PROGRAM,
    PYTHON,
    README,
    ROOT,
    Block,
    commands,
    examples,
    graphql_blocks,
)
from tests.support.documents import FILES
from tests.support.spawned import spawned

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
ADDRESS = "127.0.0.1:8000"
# Seconds until a command that hangs fails its test.
PATIENCE = 120
# These run the tests, take minutes or write into the project; what `make serve` starts is started here.
MAKE = "make "
SERVE = ("reprise", "serve", "--samples")
SESSION = "3ad8132f-0e23-47c3-a546-4623b5847c5c"
LONG_SESSION = "6a0f2d1e-58b7-4c39-9f62-1d7e03c4ab90"
MARK = "=== the next block ==="
_THREAD_ID = re.compile("thr_[0-9a-f]{32}")
_METRIC = re.compile(r"^# TYPE (reprise_\w+) ", re.MULTILINE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that stands for the project's and for a home with saved sessions."""
    (tmp_path / ".venv").symlink_to(sys.prefix, target_is_directory=True)
    (tmp_path / "node_modules").symlink_to(MODULES, target_is_directory=True)
    for agent in ("zagens", "codewhale"):
        shutil.copytree(FILES / agent, tmp_path / f".{agent}" / "sessions")
    return tmp_path


@pytest.fixture
def environment(folder: Path) -> dict[str, str]:
    return {
        **os.environ,
        "HOME": str(folder),
        "REPRISE_DATABASE_URL": f"sqlite:///{folder / '.local' / 'share' / 'reprise' / 'reprise.db'}",
        "REPRISE_PORT": "0",
        "no_proxy": "127.0.0.1",
    }


@pytest.fixture
def address(folder: Path, environment: dict[str, str]) -> Iterator[str]:
    """The HOST:PORT of a server that was started as `make serve` does."""
    assert f"\n\t$(BIN)/{' '.join(SERVE)}\n" in MAKEFILE
    with spawned([folder / ".venv" / "bin" / SERVE[0], *SERVE[1:]], environment, folder) as address:
        yield address


@pytest.fixture(scope="module")
def shared_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The HOST:PORT of a server for tests that do not mind each other."""
    with samples(tmp_path_factory.mktemp("shared")) as server:
        yield server.address


@pytest.fixture(scope="module")
def thread_id(shared_address: str) -> str:
    """The id of a thread into which the long sample session is being resumed."""
    query = "mutation ($input: ResumeSessionInput!) { resumeSession(input: $input) { resumeTask { threadId } } }"
    data = posted(shared_address, query, {"input": {"sessionId": LONG_SESSION}})
    return str(data["resumeSession"]["resumeTask"]["threadId"])


def is_run(block: Block) -> bool:
    """Whether a block of commands runs beside the sample server."""
    return not block.remark and not all(command.startswith(MAKE) for command in commands(block.text))


def each_of(*documents: Path, slow: Container[Path] = ()) -> pytest.MarkDecorator:
    """Runs a test once for each of these documents; `make test` leaves out those that are `slow`."""
    marks = {True: [pytest.mark.slow], False: []}
    return pytest.mark.parametrize(
        "document", [pytest.param(path, id=path.name, marks=marks[path in slow]) for path in documents]
    )


WITH_COMMANDS = [path for path in DOCUMENTS if any(is_run(block) for block, _ in examples(path, COMMANDS))]


# Each command starts a process, and each document a server.
@pytest.mark.slow
@each_of(*WITH_COMMANDS, slow={path for path in WITH_COMMANDS if path != README})
def test_every_command_runs_as_written(document: Path, address: str, environment: dict[str, str], folder: Path) -> None:
    shown = [(block.text, promised) for block, promised in examples(document, COMMANDS) if is_run(block)]

    outputs = ran([text.replace(ADDRESS, address) for text, _ in shown], environment, folder)

    for output, (_, promised) in zip(outputs, shown, strict=True):
        assert comparable(output, promised) == comparable(promised, promised)
    if (folder / "session.json").is_file():
        exported = json.loads((folder / "session.json").read_text(encoding="utf-8"))
        assert exported["metadata"]["title"] == "Split customer.name without downtime"


@each_of(OPERATE, slow={OPERATE})
def test_every_command_for_postgresql_runs_as_written(
    document: Path, postgres_databases: PostgresDatabases, environment: dict[str, str], folder: Path
) -> None:
    if "TEST_DATABASE_URL" in os.environ:
        pytest.skip("pg_dump is here in the version of the tests' own PostgreSQL alone")
    shown = [block.text for block, _ in examples(document, COMMANDS) if block.remark == ON_POSTGRESQL]
    with postgres_databases.copy() as full, postgres_databases.empty() as restored:
        path = f"{postgres_programs()}{os.pathsep}{environment['PATH']}"
        given = {**environment, "PATH": path, "REPRISE_DATABASE_URL": full, "DATABASE": full, "RESTORED": restored}
        ran([".venv/bin/reprise import ~/.zagens/sessions"], given, folder)

        ran(shown, given, folder)

        rows = 'psql --csv --command "SELECT * FROM message ORDER BY session_id, position"'
        dumped, again = ran([f'{rows} "$DATABASE"', f'{rows} "$RESTORED"'], given, folder)
        assert dumped.count("\n") > 2
        assert dumped.strip() == again.strip()


@pytest.mark.slow
@each_of(*(path for path in DOCUMENTS if examples(path, PROGRAM)))
def test_every_program_prints_what_is_shown(
    document: Path, shared_address: str, thread_id: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THREAD_ID", thread_id)
    for block, promised in examples(document, PROGRAM):
        (folder / "program.mjs").write_text(block.text.replace(ADDRESS, shared_address), encoding="utf-8")

        run = node(folder / "program.mjs", folder=folder)

        assert run.returncode == 0, run.stderr
        assert run.stdout == promised


@pytest.mark.slow
@each_of(*(path for path in DOCUMENTS if examples(path, PYTHON)))
def test_every_python_program_prints_what_is_shown(document: Path, shared_address: str, folder: Path) -> None:
    for block, promised in examples(document, PYTHON):
        (folder / "program.py").write_text(block.text.replace(ADDRESS, shared_address), encoding="utf-8")

        run = subprocess.run(
            [sys.executable, "-W", "error", folder / "program.py"], capture_output=True, text=True, timeout=PATIENCE
        )

        assert run.returncode == 0, run.stderr
        assert run.stdout == promised


@each_of(*(path for path in DOCUMENTS if graphql_blocks(path)))
def test_every_operation_is_answered_without_errors(document: Path, shared_address: str, thread_id: str) -> None:
    values = {"sessionId": SESSION, "threadId": thread_id, "sinceSeq": 0, "since": 0}
    for text in graphql_blocks(document):
        [definition] = graphql.parse(text).definitions
        assert isinstance(definition, OperationDefinitionNode)
        names = [variable.variable.name.value for variable in definition.variable_definitions or ()]
        variables = {name: values[name] for name in names}
        is_subscription = definition.operation is OperationType.SUBSCRIPTION
        data = (first_of if is_subscription else posted)(shared_address, text, variables)
        assert all(value is not None for value in data.values())


def test_the_table_of_metrics_is_what_the_server_counts(shared_address: str) -> None:
    with urllib.request.urlopen(f"http://{shared_address}/metrics", timeout=PATIENCE) as response:
        counted = {name for name in _METRIC.findall(response.read().decode()) if not name.endswith("_created")}
    shown = set(re.findall(r"^\| `(reprise_\w+)` \|", OPERATE.read_text(encoding="utf-8"), re.MULTILINE))

    assert shown == counted


def ran(scripts: list[str], environment: dict[str, str], folder: Path) -> list[str]:
    """The output of each script; all run in one shell, so they share variables."""
    run = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(f"{text}\necho; echo '{MARK}'" for text in scripts)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert run.returncode == 0, f"{run.stdout}\n{run.stderr}"
    return run.stdout.split(MARK)[:-1]


def posted(address: str, query: str, variables: dict[str, Any]) -> dict[str, Any]:
    """The data of an operation's answer, which must hold no errors."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    request = urllib.request.Request(f"http://{address}/graphql", body, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=PATIENCE) as response:
        answer: dict[str, Any] = json.load(response)
    assert "errors" not in answer, answer
    data: dict[str, Any] = answer["data"]
    return data


def first_of(address: str, query: str, variables: dict[str, Any]) -> dict[str, Any]:
    """The data of a subscription's first answer, which must hold no errors."""
    with connect(f"ws://{address}/graphql", subprotocols=["graphql-transport-ws"]) as socket:  # type: ignore[list-item] # Subprotocol is a NewType of str
        socket.send(json.dumps({"type": "connection_init"}))
        assert json.loads(socket.recv(PATIENCE))["type"] == "connection_ack"
        payload = {"query": query, "variables": variables}
        socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
        message = json.loads(socket.recv(PATIENCE))
    assert message["type"] == "next", message
    data: dict[str, Any] = message["payload"]["data"]
    return data


def comparable(output: str, promised: str) -> object:
    """The part of an output that is compared: the JSON value, or the last line of text. Thread ids differ each time."""
    if promised.startswith("{\n"):
        return json.loads(_THREAD_ID.sub("thr_", output))
    return output.strip().splitlines()[-1:] if promised else None
