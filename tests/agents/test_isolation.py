"""Programs reach the model server and nothing else, and all of them are killed."""

import socket
import subprocess
import sys

import pytest

from tests.agents.isolation import Isolation
from tests.agents.model_server.server import ModelServer

_CONNECT = "import socket, sys; socket.create_connection(('127.0.0.1', int(sys.argv[1])), 10).close()"


@pytest.fixture
def namespace(isolation: Isolation) -> Isolation:
    if isolation.name is None:
        pytest.skip("the system permits no network namespaces")
    return isolation


def connects(namespace: Isolation, port: int) -> bool:
    command = [*namespace.within, sys.executable, "-c", _CONNECT, str(port)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0 or "ConnectionRefusedError" in run.stderr, run.stderr
    return run.returncode == 0


def test_a_program_reaches_the_model_server_alone(namespace: Isolation, model_server: ModelServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as outside:
        assert connects(namespace, int(model_server.url.rpartition(":")[2]))
        assert not connects(namespace, outside.getsockname()[1])


def test_all_processes_are_killed_also_those_of_another_group(namespace: Isolation) -> None:
    starts = "import subprocess; subprocess.Popen(['sleep', '300'], start_new_session=True)"
    subprocess.run([*namespace.within, sys.executable, "-c", starts], check=True, timeout=60)
    assert len(namespace.processes()) == 1

    namespace.kill_all()

    assert namespace.processes() == []
