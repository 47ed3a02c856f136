"""Whatever comes in over a websocket, the server closes it with a code that says why, and stays well."""

import json
from collections.abc import Iterator
from contextlib import suppress
from socket import SHUT_WR
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.support.clients import samples
from tests.support.endurance import Endurance, check_errors
from tests.support.fuzz import broken, operations, values, well_formed
from tests.support.spawned import Spawned
from tests.support.strategies import texts

pytestmark = pytest.mark.slow

PATIENCE = 60
PROBE = {"type": "ping", "payload": {"probe": True}}
ECHO = {"type": "pong", "payload": {"probe": True}}
# Of the protocol and of RFC 6455: never a lost connection (1006) or a fault in the server (1011).
CODES = {1000, 1002, 1003, 1007, 1009, 4400, 4401, 4403, 4406, 4408, 4409, 4429}
KINDS = {"connection_ack", "ping", "pong", "next", "error", "complete"}

Frame = str | bytes


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spawned]:
    with samples(tmp_path_factory.mktemp("fuzz"), seed=False) as server:
        yield server


@pytest.fixture(scope="module")
def endurance(server: Spawned) -> Iterator[Endurance]:
    endurance = Endurance(server)
    yield endurance
    endurance.check()


def messages() -> SearchStrategy[Any]:
    """Messages of graphql-transport-ws, with anything in any of their parts."""
    ids = st.one_of(*[st.sampled_from("123")] * 6, values())
    right: SearchStrategy[dict[str, Any]] = st.one_of(
        st.just({"type": "connection_init"}),
        st.fixed_dictionaries({"type": st.just("connection_init"), "payload": values()}),
        st.fixed_dictionaries({"type": st.sampled_from(["ping", "pong"])}, optional={"payload": values()}),
        st.fixed_dictionaries({"type": st.just("subscribe"), "id": ids, "payload": well_formed()}),
        st.fixed_dictionaries({"type": st.just("subscribe"), "id": ids, "payload": operations()}),
        st.fixed_dictionaries({"type": st.just("complete"), "id": ids}),
    )
    strange = st.dictionaries(st.sampled_from(["type", "id", "payload"]) | texts(max_size=6), values(), max_size=3)
    return st.one_of(*[right] * 6, st.builds(dict.__or__, right, strange), strange, values())


def frames() -> SearchStrategy[Frame]:
    written = messages().map(json.dumps)
    cut = written.map(str.encode).flatmap(broken)
    mangled = cut.map(lambda content: content.decode(errors="replace"))
    return st.one_of(*[written] * 12, mangled, texts(), st.binary(max_size=40), cut)


@given(asked=st.lists(well_formed(), max_size=6))
def test_each_operation_gets_an_answer_and_the_socket_stays(
    server: Spawned, endurance: Endurance, asked: list[dict[str, Any]]
) -> None:
    with opened(server) as socket:
        socket.send('{"type": "connection_init"}')
        assert json.loads(socket.recv(PATIENCE)) == {"type": "connection_ack"}
        for id, operation in enumerate(asked):
            socket.send(json.dumps({"type": "subscribe", "id": str(id), "payload": operation}))
        unanswered = {str(id) for id in range(len(asked))}
        while unanswered:
            message = json.loads(socket.recv(PATIENCE))
            check(message)
            if message["type"] != "next":
                unanswered.remove(message["id"])
    endurance.check_log()


@given(is_greeted=st.booleans(), sent=st.lists(frames(), max_size=8))
def test_any_frames_leave_the_socket_open_or_closed_with_a_reason(
    server: Spawned, endurance: Endurance, is_greeted: bool, sent: list[Frame]
) -> None:
    with opened(server) as socket, suppress(ConnectionClosed):
        if is_greeted:
            socket.send('{"type": "connection_init"}')
        for frame in sent:
            socket.send(frame)
        socket.send(json.dumps(PROBE))
        read_until_probed(socket)
    assert socket.close_code in CODES, socket.close_reason
    endurance.check_log()


@given(
    content=st.one_of(
        st.binary(min_size=1, max_size=100),
        # Frames with every opcode and length, masked with zeros.
        st.builds(
            lambda first, length, payload: bytes([first, 0x80 | length]) + bytes(4) + payload,
            st.integers(0, 255),
            st.integers(0, 127),
            st.binary(max_size=130),
        ),
    )
)
def test_any_bytes_on_a_websocket_do_no_harm(server: Spawned, endurance: Endurance, content: bytes) -> None:
    with opened(server) as socket:
        socket.send('{"type": "connection_init"}')
        assert json.loads(socket.recv(PATIENCE)) == {"type": "connection_ack"}
        with suppress(OSError, ConnectionClosed):
            socket.socket.sendall(content)
            # Nothing more comes, which ends what is incomplete too.
            socket.socket.shutdown(SHUT_WR)
            while True:
                socket.recv(PATIENCE)
    endurance.check_log()


def opened(server: Spawned) -> ClientConnection:
    return connect(
        server.url.replace("http", "ws"),
        subprotocols=[Subprotocol("graphql-transport-ws")],
        compression=None,
        max_size=None,
        open_timeout=PATIENCE,
        close_timeout=PATIENCE,
        proxy=None,
    )


def read_until_probed(socket: ClientConnection) -> None:
    """Reads until the probe is answered."""
    while (message := json.loads(socket.recv(PATIENCE))) != ECHO:
        check(message)


def check(message: dict[str, Any]) -> None:
    """Asserts that a message is one of the protocol, and that errors in it are coded."""
    assert message["type"] in KINDS
    if message["type"] == "next":
        check_errors(message["payload"])
    if message["type"] == "error":
        check_errors({"errors": message["payload"]})
