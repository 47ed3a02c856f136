"""The head of a response and the beginning of its body arrive together."""

import json
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.spawned import spawned

PATIENCE = 60
ROUNDS = 20
BODY = json.dumps({"query": "{ sessions(first: 5) { totalCount } }"}).encode()
HEAD_END = b"\r\n\r\n"


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a server in a process of its own: in this one, a client could not read between two writes."""
    database = Path(tmp_path_factory.mktemp("database"), "reprise.db")
    environment = {**os.environ, "REPRISE_DATABASE_URL": f"sqlite:///{database}", "REPRISE_PORT": "0"}
    with spawned([sys.executable, "-m", "app", "serve"], environment) as address:
        yield int(address.rpartition(":")[2])


def request(method: str, *headers: str, body: bytes = b"") -> bytes:
    lines = (f"{method} /graphql HTTP/1.1", "host: 127.0.0.1", "content-type: application/json", *headers)
    return "\r\n".join((*lines, f"content-length: {len(body)}", "", "")).encode() + body


def reads(port: int, *packets: bytes) -> list[bytes]:
    """What a client gets from each read of its socket, until the server closes the connection."""
    received = []
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
        for packet in packets:
            client.sendall(packet)
            received.append(client.recv(2**16))
        while data := client.recv(2**16):
            received.append(data)
    return received


def test_head_and_body_come_with_one_read(port: int) -> None:
    packets = [request("POST", body=BODY)] * ROUNDS + [request("POST", "connection: close", body=BODY)]
    received = reads(port, *packets)
    assert len(received) == ROUNDS + 1
    for data in received:
        head, _, body = data.partition(HEAD_END)
        assert head.startswith(b"HTTP/1.1 200 OK\r\n")
        assert json.loads(body)["data"] == {"sessions": {"totalCount": 0}}


def test_responses_without_a_body_are_sent(port: int) -> None:
    received = b"".join(reads(port, request("HEAD"), request("HEAD", "connection: close")))
    assert received.count(b"HTTP/1.1 ") == 2
    assert received.count(HEAD_END) == 2
    assert received.endswith(HEAD_END)


def test_pipelined_responses_keep_their_order(port: int) -> None:
    last = request("POST", "connection: close", body=b"[")
    received = b"".join(reads(port, request("HEAD") + request("POST", body=BODY) + request("HEAD") + last))
    assert [part[:3] for part in received.split(b"HTTP/1.1 ")[1:]] == [b"405", b"200", b"405", b"400"]
    assert received.count(b"totalCount") == 1


def test_client_is_told_to_continue(port: int) -> None:
    head = request("POST", "expect: 100-continue", "connection: close", body=BODY).removesuffix(BODY)
    received = reads(port, head, BODY)
    assert received[0] == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert b"".join(received[1:]).startswith(b"HTTP/1.1 200 OK\r\n")
