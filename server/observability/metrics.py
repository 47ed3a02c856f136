"""Prometheus metrics. Label values come from fixed sets, so that clients cannot create series."""

import platform
from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Histogram, Info, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector
from starlette.responses import Response

from resolvers.readiness import DatabaseStatus, SeedTally
from schema.observation import ObservedOperation
from server.observability.observation import ObservedRequest
from server.open_streams import OpenStreams

PATHS = frozenset({"/graphql", "/healthz", "/readyz", "/metrics"})
METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})
KINDS = ("query", "mutation", "subscription", "none")
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """An observer that counts requests and operations in its own registry. `labels` are added to every sample."""

    def __init__(
        self, version: str, streams: OpenStreams, tally: SeedTally, status: DatabaseStatus, labels: Mapping[str, str]
    ) -> None:
        self._status = status
        self._labels = labels
        self._registry = registry = CollectorRegistry()
        self._gauges = _Gauges(streams, tally)
        registry.register(self._gauges)
        ProcessCollector(registry=registry)
        Info("reprise_build", "The running version.", registry=registry).info(
            {"version": version, "python": platform.python_version()}
        )
        # Looking up a child by its labels takes longer than incrementing it.
        self._counters: dict[tuple[str, str, int], Counter] = {}
        self._requests = Counter(
            "reprise_http_requests", "HTTP requests.", ["method", "path", "status"], registry=registry
        )
        self._errors = Counter("reprise_errors", "Errors sent to clients.", ["code"], registry=registry)
        operations = Counter(
            "reprise_operations",
            "Operations over HTTP and websockets; kind `none`: not a valid operation.",
            ["kind", "transport", "outcome"],
            registry=registry,
        )
        seconds = Histogram(
            "reprise_operation_seconds",
            "Time from the arrival of an operation to the end of its response.",
            ["kind"],
            buckets=SECONDS,
            registry=registry,
        )
        self._operations = {
            (kind, is_socket, is_ok): operations.labels(
                kind, "websocket" if is_socket else "http", "ok" if is_ok else "error"
            )
            for kind in KINDS
            for is_socket in (False, True)
            for is_ok in (False, True)
        }
        self._cached = Counter(
            "reprise_cached_responses", "Responses that were sent from the cache.", registry=registry
        )
        # The duration of a subscription depends on its client only.
        self._seconds = {kind: seconds.labels(kind) for kind in ("query", "mutation")}

    async def endpoint(self, _: object) -> Response:
        """All metrics. Those of the resume queue are missing when the database does not answer."""
        self._gauges.queue_lengths = await self._status.queue_lengths()
        return Response(generate_latest(_Labelled(self._registry, self._labels)), media_type=CONTENT_TYPE_PLAIN_0_0_4)

    def request_began(self, request: ObservedRequest) -> None:
        """Counts nothing."""

    def request_ended(self, request: ObservedRequest, operation: ObservedOperation) -> None:
        if request.is_socket:
            return
        labels = (
            request.method if request.method in METHODS else "other",
            request.path if request.path in PATHS else "other",
            request.status,
        )
        counter = self._counters.get(labels)
        if counter is None:
            counter = self._counters[labels] = self._requests.labels(*labels)
        counter.inc()

    def operation_runs(self, operation: ObservedOperation) -> None:
        """Counts nothing."""

    def operation_ended(self, operation: ObservedOperation) -> None:
        if operation.request.path == "/graphql":
            self._operations[operation.kind, operation.request.is_socket, not operation.codes].inc()
        if operation.is_cached:
            self._cached.inc()
        for code, count in operation.codes.items():
            self._errors.labels(code).inc(count)
        if histogram := self._seconds.get(operation.kind):
            histogram.observe(operation.ended - operation.began)


class _Labelled(Collector):
    """The metrics of another collector with additional labels."""

    def __init__(self, collector: Collector, labels: Mapping[str, str]) -> None:
        self._collector = collector
        self._labels = labels

    def collect(self) -> Iterator[Metric]:
        for metric in self._collector.collect():
            metric.samples = [sample._replace(labels={**sample.labels, **self._labels}) for sample in metric.samples]
            yield metric


class _Gauges(Collector):
    """Values that other objects count, collected at each scrape."""

    def __init__(self, streams: OpenStreams, tally: SeedTally) -> None:
        self._streams = streams
        self._tally = tally
        self.queue_lengths: dict[str, int] | None = None

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily("reprise_open_sockets", "Open websockets and streamed responses.", self._streams.open)
        yield GaugeMetricFamily("reprise_subscriptions", "Running subscriptions.", self._streams.subscriptions)
        yield GaugeMetricFamily(
            "reprise_database_up", "Whether the database answered this scrape.", int(self.queue_lengths is not None)
        )
        if self.queue_lengths is not None:
            queue = GaugeMetricFamily("reprise_resume_tasks", "Unfinished resume tasks.", labels=["state"])
            for state, count in self.queue_lengths.items():
                queue.add_metric([state], count)
            yield queue
        tally = self._tally
        yield CounterMetricFamily("reprise_seeded_items", "Items written into threads.", tally.items)
        yield CounterMetricFamily("reprise_seeded_messages", "Messages read while seeding.", tally.messages)
        yield CounterMetricFamily("reprise_seeded_bytes", "Bytes of these messages.", tally.bytes)
        yield CounterMetricFamily("reprise_seed_batches", "Seeding transactions.", tally.batches)
        yield CounterMetricFamily("reprise_seed_batch_seconds", "Duration of the seeding transactions.", tally.seconds)
        ended = CounterMetricFamily(
            "reprise_resumes_ended", "Resume tasks that this process ended.", labels=["outcome"]
        )
        for outcome, count in tally.ended.items():
            ended.add_metric([outcome], count)
        yield ended
