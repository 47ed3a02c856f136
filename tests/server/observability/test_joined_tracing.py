"""Traces where a program such as opentelemetry-instrument has set OpenTelemetry up in the process of the server."""

import json
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.collector import Collector, collecting
from tests.support.spawned import spawned

PATIENCE = 60
# As opentelemetry-instrument: it traces commands of click and applications of Starlette.
PROGRAM = """
import app
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from starlette.applications import Starlette

provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter()))
trace.set_tracer_provider(provider)
tracer = trace.get_tracer("program")
answer = Starlette.__call__

async def traced(self, scope, receive, send):
    if scope["type"] != "http" or not TRACES_REQUESTS:
        return await answer(self, scope, receive, send)
    with tracer.start_as_current_span("request of the program"):
        await answer(self, scope, receive, send)

Starlette.__call__ = traced
with tracer.start_as_current_span("command"):
    app.main()
"""
BODY = json.dumps({"query": "query Titles { sessions { totalCount } }"}).encode()
CALLER = "a" * 32


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as collector:
        yield collector


def ask(collector: Collector, folder: Path, *, traces_requests: bool, times: int = 1) -> None:
    """Send a server under PROGRAM `times` requests at once, and wait until it has ended."""
    environment = {
        **os.environ,
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        # opentelemetry-instrument sets it by default. Reprise's own exporter supports http/protobuf only.
        "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
        # A proxy of the machine does not lead to the loopback.
        "NO_PROXY": "127.0.0.1",
        "REPRISE_DATABASE_URL": f"sqlite:///{folder / 'reprise.db'}",
        "REPRISE_PORT": "0",
    }
    code = f"TRACES_REQUESTS = {traces_requests}\n{PROGRAM}"
    with spawned([sys.executable, "-c", code, "serve"], environment) as address:
        port = int(address.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
            client.sendall(b"".join([request()] * (times - 1) + [request("connection: close")]))
            received = b""
            while data := client.recv(2**16):
                received += data
    assert received.count(b'{"totalCount":0}') == times


def request(*headers: str) -> bytes:
    lines = ("POST /graphql HTTP/1.1", "host: 127.0.0.1", "content-type: application/json", *headers)
    caller = f"traceparent: 00-{CALLER}-{'b' * 16}-01"
    return "\r\n".join((*lines, caller, f"content-length: {len(BODY)}", "", "")).encode() + BODY


def test_a_program_gets_the_spans_within_its_own_of_the_request(collector: Collector, tmp_path: Path) -> None:
    ask(collector, tmp_path, traces_requests=True, times=3)

    outer = {span.id: span for span in collector.named("request of the program")}
    inner = collector.named("POST /graphql")
    assert sorted(span.parent for span in inner) == sorted(outer)
    assert all(span.trace == outer[span.parent].trace for span in inner)
    assert [span.parent for span in collector.named("query")] == [span.id for span in inner]


def test_neither_the_command_that_serves_nor_a_request_has_another_request_in_its_trace(
    collector: Collector, tmp_path: Path
) -> None:
    ask(collector, tmp_path, traces_requests=True, times=3)

    requests = collector.named("request of the program")
    assert [span.parent for span in requests] == ["", "", ""]
    assert len({span.trace for span in requests}) == 3
    [command] = collector.named("command")
    assert [span.name for span in collector.spans if span.trace == command.trace] == ["command"]


def test_a_request_that_the_program_does_not_trace_continues_its_caller(collector: Collector, tmp_path: Path) -> None:
    ask(collector, tmp_path, traces_requests=False)

    [request] = collector.named("POST /graphql")
    assert (request.trace, request.parent) == (CALLER, "b" * 16)
