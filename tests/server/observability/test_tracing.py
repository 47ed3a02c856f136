"""Traces as a collector gets them, when OpenTelemetry's environment variables ask for them."""

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

import resolvers.session
from server.observability.tracing import TracingRefused, tracing
from tests.conftest import Serve
from tests.support.collector import Collector, collecting
from tests.support.documents import assistant, user, zagens
from tests.support.resumes import follow, resumed, save
from tests.support.server import serving

SECRET = "xyzzy-hunter2"
DOCUMENT = zagens("s1", messages=[user(f"One {SECRET}"), assistant("Two"), user("Three")])


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    with collecting() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test")
        # A proxy of the machine does not lead to the loopback.
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        yield collector


async def test_a_request_an_operation_and_its_statements_make_one_trace(
    database_url: str, collector: Collector
) -> None:
    async with serving(database_url, seed=False) as server:
        response = await server.client.http.post(
            "/graphql",
            json={"query": "query Titles { sessions { totalCount } }"},
            headers={"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"},
        )

    [request] = collector.named("POST /graphql")
    [operation] = collector.named("query")
    statements = [span for span in collector.spans if span.name.startswith("SELECT")]
    assert set(collector.paths) == {"/v1/traces"}
    assert (request.trace, request.parent) == ("a" * 32, "b" * 16)
    assert request.attributes == {
        "http.request.method": "POST",
        "url.path": "/graphql",
        "reprise.request_id": response.headers["x-request-id"],
        "http.response.status_code": 200,
    }
    assert (operation.trace, operation.parent) == (request.trace, request.id)
    assert operation.attributes["graphql.operation.type"] == "query"
    assert operation.attributes["graphql.operation.name"] == "Titles"
    assert {(span.trace, span.parent) for span in statements} == {(request.trace, operation.id)}
    # An empty page is read again after the number of the last change.
    tables = {name for span in statements for name in str(span.attributes["db.collection.name"]).split(",")}
    assert tables == {"session", "change_counter"}
    assert {span.attributes["db.system.name"] for span in statements} == {database_url.partition(":")[0]}
    assert request.resource["service.name"] == "reprise"
    assert request.resource["deployment.environment.name"] == "test"


async def test_requests_on_one_connection_make_a_trace_each(serve: Serve, collector: Collector) -> None:
    server = await serve(seed=False)
    for _ in range(3):
        await server.client.data("{ sessions { totalCount } }")
    server.app.state.traces.close()

    requests = collector.named("POST /graphql")
    assert [span.parent for span in requests] == ["", "", ""]
    assert len({span.trace for span in requests}) == 3
    assert {span.trace for span in collector.spans} == {span.trace for span in requests}


async def test_an_operation_of_a_websocket_makes_a_trace_of_its_own(serve: Serve, collector: Collector) -> None:
    server = await serve()
    task = await resumed(server.client, await save(server.client, DOCUMENT))
    await follow(server.client, task["threadId"])
    await follow(server.client, task["threadId"])
    server.app.state.traces.close()

    subscriptions = collector.named("subscription")
    assert [span.parent for span in subscriptions] == ["", ""]
    assert len({span.trace for span in subscriptions}) == 2
    assert [span for span in collector.spans if span.parent == subscriptions[1].id] != []


async def test_each_batch_of_seeding_makes_a_trace(serve: Serve, collector: Collector) -> None:
    server = await serve(seed_batch=1)
    task = await resumed(server.client, await save(server.client, DOCUMENT))
    await follow(server.client, task["threadId"])
    server.app.state.traces.close()

    batches = collector.named("seed batch")
    assert [(span.parent, span.attributes, span.is_error) for span in batches] == [
        ("", {"reprise.thread_id": task["threadId"]}, False)
    ] * 3
    assert [span for span in collector.spans if span.parent == batches[0].id] != []


async def test_errors_are_counted_by_their_codes(
    serve: Serve, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await serve(seed=False)

    async def broken(*_args: object, **_kwargs: object) -> object:
        raise RuntimeError(SECRET)

    await server.client.execute("{ sessions(first: -1) { totalCount } }")
    monkeypatch.setattr(resolvers.session, "session_page", broken)
    await server.client.execute("{ sessions { totalCount } }")
    server.app.state.traces.close()

    statuses = [(span.attributes["reprise.error_codes"], span.is_error) for span in collector.named("query")]
    assert statuses == [(["BAD_USER_INPUT"], False), (["INTERNAL_SERVER_ERROR"], True)]


async def test_nothing_that_anybody_wrote_is_traced(serve: Serve, collector: Collector) -> None:
    server = await serve()
    task = await resumed(server.client, await save(server.client, DOCUMENT))
    await follow(server.client, task["threadId"])
    await server.client.data("query ($q: String!) { search(query: $q) { totalCount } }", q=SECRET)
    await server.client.data(f'{{ session(id: "{SECRET}") {{ id }} }}')
    await server.client.http.get("/graphql", params={"query": f'{{ session(id: "{SECRET}") {{ id }} }}'})
    server.app.state.traces.close()

    assert len(collector.spans) > 10
    assert [span.text for span in collector.spans if "xyzzy" in span.text] == []


async def test_probes_are_not_traced(serve: Serve, collector: Collector) -> None:
    server = await serve(seed=False)
    for path in ("/healthz", "/readyz", "/metrics"):
        await server.client.http.get(path)
    server.app.state.traces.close()

    assert collector.spans == []


async def test_a_collector_that_is_away_keeps_nobody_waiting(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = await serve(seed=False)

    assert await server.client.data("{ sessions { totalCount } }") == {"sessions": {"totalCount": 0}}


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"OTEL_SERVICE_NAME": "x"},
        {"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"},
        {"OTEL_SDK_DISABLED": "true", "OTEL_TRACES_EXPORTER": "otlp"},
    ],
    ids=str,
)
def test_nothing_is_traced_unless_it_is_asked_for(environment: dict[str, str]) -> None:
    assert tracing(environment, "1") is None


@pytest.mark.parametrize(
    ("environment", "complaint"),
    [
        ({"OTEL_TRACES_EXPORTER": "zipkin"}, "OTEL_TRACES_EXPORTER: zipkin is not one of otlp, console, none"),
        (
            {"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
            "OTEL_EXPORTER_OTLP_PROTOCOL: only http/protobuf is supported",
        ),
    ],
)
def test_what_cannot_be_exported_is_refused(environment: dict[str, str], complaint: str) -> None:
    with pytest.raises(TracingRefused, match=complaint):
        tracing(environment, "1")


async def test_traces_without_their_packages_are_refused_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str, *_: Any) -> None:
        assert name.startswith("opentelemetry")

    monkeypatch.setattr(importlib.util, "find_spec", absent)
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "otlp")

    with pytest.raises(TracingRefused, match=r"install reprise\[otel\]"):
        async with serving("sqlite:////nowhere/at/all/reprise.db"):
            pass


@pytest.mark.slow
def test_opentelemetry_is_not_imported_unless_it_is_asked_for() -> None:
    code = (
        "import sys; from app import create_app; from server.settings import Settings; create_app(Settings()); "
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"
