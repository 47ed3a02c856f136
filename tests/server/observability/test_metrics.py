"""`/metrics`, read as Prometheus reads it."""

import asyncio
import re
from contextlib import aclosing

import pytest
from prometheus_client.parser import text_string_to_metric_families
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

from tests.conftest import Serve
from tests.support.client import PATIENCE, Client, SubscriptionError
from tests.support.documents import assistant, user, zagens
from tests.support.resumes import WATCH, cancel, follow, resumed, save
from tests.support.server import serving

DOCUMENT = zagens("s1", messages=[user("One é"), assistant("Two"), user("Three")])
AWAY = ["sqlite:////nowhere/at/all/reprise.db", "postgresql://reprise@127.0.0.1:1/reprise"]
Samples = dict[tuple[str, ...], float]


async def scraped(client: Client) -> Samples:
    """Values by name and the labels' values, those in the order of the labels' names."""
    response = await client.http.get("/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
        if not sample.name.endswith("_created")
    }


def grown(before: Samples, after: Samples, name: str) -> dict[tuple[str, ...], float]:
    """By how much the samples of one name grew, by their labels' values."""
    by = {key[1:]: value - before.get(key, 0) for key, value in after.items() if key[0] == name}
    return {labels: growth for labels, growth in by.items() if growth}


async def test_operations_are_counted_by_kind_outcome_and_transport(serve: Serve) -> None:
    client = (await serve(seed=False)).client
    before = await scraped(client)

    await client.data("query A { __typename }")
    await client.data("{ sessions { totalCount } }")
    session_id = await save(client, DOCUMENT)
    await client.execute("{ sessions(first: -1) { totalCount } b: sessions(after: 1) { totalCount } }")
    await client.execute("{ a: sessions(first: -1) { totalCount } b: sessions(first: -1) { totalCount } }")
    await client.execute("{")
    with pytest.raises(SubscriptionError):
        async for _ in client.subscribe(WATCH, {"threadId": "thr_0"}):
            pass
    async for _ in client.subscribe("query ($id: ID!) { session(id: $id) { id } }", {"id": session_id}):
        pass
    after = await scraped(client)

    # Sorted by the labels' names: kind, outcome, transport.
    assert grown(before, after, "reprise_operations_total") == {
        ("query", "ok", "http"): 2,
        ("mutation", "ok", "http"): 1,
        ("query", "error", "http"): 2,
        ("none", "error", "http"): 1,
        ("subscription", "error", "websocket"): 1,
        ("query", "ok", "websocket"): 1,
    }
    assert grown(before, after, "reprise_errors_total") == {
        ("BAD_USER_INPUT",): 2,
        ("GRAPHQL_VALIDATION_FAILED",): 1,
        ("GRAPHQL_PARSE_FAILED",): 1,
        ("NOT_FOUND",): 1,
    }
    assert grown(before, after, "reprise_operation_seconds_count") == {("query",): 5, ("mutation",): 1}
    assert grown(before, after, "reprise_http_requests_total")["POST", "/graphql", "200"] == 6


async def test_responses_from_the_cache_are_counted(serve: Serve) -> None:
    client = (await serve(seed=False)).client
    before = await scraped(client)

    for _ in range(5):
        await client.data("{ sessions { totalCount } }")
    after = await scraped(client)

    # The first request has no plan yet; the cache notes the second one and stores the third.
    assert grown(before, after, "reprise_cached_responses_total") == {(): 2}


async def test_refusals_are_counted_by_status_and_code(serve: Serve) -> None:
    http = (server := await serve(seed=False)).client.http
    before = await scraped(server.client)

    await http.put("/graphql")
    await http.post("/graphql", content=b"x", headers={"content-type": "text/plain"})
    await http.get("/nowhere/secret")
    await http.get("/somewhere/else")
    after = await scraped(server.client)

    requests = grown(before, after, "reprise_http_requests_total")
    assert requests.pop(("GET", "/metrics", "200")) == 1
    assert requests == {("other", "/graphql", "405"): 1, ("POST", "/graphql", "415"): 1, ("GET", "other", "404"): 2}
    assert grown(before, after, "reprise_errors_total") == {("BAD_REQUEST",): 2, ("NOT_FOUND",): 2}
    assert grown(before, after, "reprise_operations_total") == {("none", "error", "http"): 2}


async def test_a_websocket_that_is_refused_is_counted_by_its_code(serve: Serve) -> None:
    server = await serve(seed=False)
    before = await scraped(server.client)

    with pytest.raises(InvalidStatus):
        await connect(f"{server.url.replace('http', 'ws')}/graphql", origin=Origin("http://evil.example"), proxy=None)
    after = await scraped(server.client)

    assert grown(before, after, "reprise_errors_total") == {("FORBIDDEN",): 1}
    assert grown(before, after, "reprise_operations_total") == {("none", "error", "websocket"): 1}


async def test_no_label_takes_what_clients_send(serve: Serve) -> None:
    client = (await serve(seed=False)).client
    for n in range(3):
        await client.execute(f"query Xyzzy{n} {{ __typename }}")
        await client.http.get(f"/xyzzy{n}", headers={"x-request-id": f"xyzzy{n}"})
        await client.http.request(["LOCK", "PURGE", "TRACE"][n], "/graphql")

    text = (await client.http.get("/metrics")).text
    assert "yzzy" not in text
    assert re.findall("LOCK|PURGE|TRACE", text) == []


async def test_sockets_and_subscriptions_are_counted_while_they_are_open(serve: Serve) -> None:
    client = (await serve(seed=False)).client
    task = await resumed(client, await save(client, DOCUMENT))

    async def gauges() -> tuple[float, float]:
        samples = await scraped(client)
        return samples["reprise_open_sockets",], samples["reprise_subscriptions",]

    assert await gauges() == (0, 0)
    async with aclosing(client.subscribe(WATCH, {"threadId": task["threadId"]})) as states:
        await anext(states)
        assert await gauges() == (1, 1)
        await cancel(client, task["threadId"])
        async for _ in states:
            pass
    assert (await gauges())[1] == 0


async def test_the_queue_is_counted_by_state(serve: Serve) -> None:
    client = (await serve(seed=False)).client
    tasks = [await resumed(client, await save(client, zagens(f"s{n}", messages=[user("One")]))) for n in range(3)]
    await cancel(client, tasks[0]["threadId"])

    samples = await scraped(client)
    assert samples["reprise_resume_tasks", "QUEUED"] == 2
    assert samples["reprise_resume_tasks", "SEEDING"] == 0
    assert samples["reprise_database_up",] == 1


async def test_seeding_is_counted(serve: Serve) -> None:
    client = (await serve(seed_batch=1)).client
    task = await resumed(client, await save(client, DOCUMENT))
    await follow(client, task["threadId"])

    async with asyncio.timeout(PATIENCE):
        while ("reprise_resumes_ended_total", "READY") not in (samples := await scraped(client)):
            pass
    assert samples["reprise_resumes_ended_total", "READY"] == 1
    assert samples["reprise_seeded_items_total",] == task["itemsTotal"]
    assert samples["reprise_seeded_messages_total",] == 3
    assert samples["reprise_seed_batches_total",] == 3
    assert samples["reprise_seeded_bytes_total",] > 0
    assert samples["reprise_seed_batch_seconds_total",] > 0


@pytest.mark.parametrize("url", AWAY, ids=["sqlite", "postgresql"])
async def test_a_scrape_does_not_need_the_database(url: str) -> None:
    async with serving(url, seed=False) as server:
        samples = await scraped(server.client)

        assert samples["reprise_database_up",] == 0
        assert [key for key in samples if key[0] == "reprise_resume_tasks"] == []
        assert [key[0] for key in samples if key[0] == "reprise_build_info"] != []


async def test_metrics_of_the_process_and_its_build_are_there(serve: Serve) -> None:
    samples = await scraped((await serve(seed=False)).client)

    names = {key[0] for key in samples}
    assert {"process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds"} <= names
    assert [key for key in samples if key[0] == "reprise_build_info" and "0.1.0" in key] != []


async def test_metrics_need_the_token(serve: Serve) -> None:
    http = (await serve(seed=False, token="t0ken")).client.http

    refused = await http.get("/metrics", headers={"authorization": "Bearer wrong"})
    assert (refused.status_code, refused.json()["errors"][0]["extensions"]["code"]) == (401, "UNAUTHENTICATED")
    assert (await http.get("/metrics")).status_code == 200


async def test_servers_of_one_process_count_apart(serve: Serve) -> None:
    first, second = await serve(seed=False), await serve(seed=False)
    await first.client.data("{ __typename }")

    assert (await scraped(first.client))["reprise_operations_total", "query", "ok", "http"] == 1
    assert (await scraped(second.client))["reprise_operations_total", "query", "ok", "http"] == 0
