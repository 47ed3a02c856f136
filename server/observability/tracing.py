"""OpenTelemetry traces, enabled by its environment variables, or by a program that set OpenTelemetry up earlier,
such as opentelemetry-instrument. Without either OpenTelemetry is not imported.

Spans contain the names of operations, the verbs and tables of SQL statements, and thread ids; no texts or values.
"""

import contextlib
import importlib.util
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from schema.observation import ObservedOperation, RequestInfo
from server.observability.logs import PROBES
from server.observability.observation import ObservedRequest

if TYPE_CHECKING:
    import opentelemetry.sdk.trace
    from opentelemetry.trace import TracerProvider

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
PROTOCOLS = ("OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL")
EXPORTER = "OTEL_TRACES_EXPORTER"
INTERNAL_ERROR = "INTERNAL_SERVER_ERROR"


class TracingRefused(Exception):
    """The OpenTelemetry variables ask for a configuration that is not supported."""


def tracing(environment: Mapping[str, str], version: str) -> "Tracing | None":
    """Tracing as configured by `environment` or by who set OpenTelemetry up in this process, or None if it is disabled.

    Raises TracingRefused.
    """
    exporter = environment.get(EXPORTER, "").strip().lower()
    if exporter == "none" or environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return None
    # Its exporters are those that the variables name, so they need not be ours.
    if provider := _provider_of_process():
        return Tracing(provider)
    if not exporter and not any(environment.get(name) for name in ENDPOINTS):
        return None
    if exporter not in ("", "otlp", "console"):
        raise TracingRefused(f"{EXPORTER}: {exporter} is not one of otlp, console, none")
    for name in PROTOCOLS:
        if environment.get(name, "http/protobuf") != "http/protobuf":
            raise TracingRefused(f"{name}: only http/protobuf is supported")
    if importlib.util.find_spec("opentelemetry") is None or importlib.util.find_spec("opentelemetry.sdk") is None:
        raise TracingRefused("OpenTelemetry is configured but not installed: install reprise[otel]")
    provider = _own_provider(exporter, version)
    return Tracing(provider, provider.shutdown)


def _provider_of_process() -> "TracerProvider | None":
    """The provider that another program has set for all code of this process."""
    if "opentelemetry.trace" not in sys.modules:
        return None
    from opentelemetry.trace import ProxyTracerProvider, get_tracer_provider

    provider = get_tracer_provider()
    return None if isinstance(provider, ProxyTracerProvider) else provider


def _own_provider(exporter: str, version: str) -> "opentelemetry.sdk.trace.TracerProvider":
    from opentelemetry.sdk.resources import OTELResourceDetector, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SpanExporter

    span_exporter: SpanExporter
    if exporter == "console":
        span_exporter = ConsoleSpanExporter()
    else:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        span_exporter = OTLPSpanExporter()
    own = Resource.create({"service.name": "reprise", "service.version": version})
    # OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES take precedence over our values.
    provider = TracerProvider(resource=own.merge(OTELResourceDetector().detect()), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(span_exporter))
    return provider


class Tracing:
    """An observer that makes spans of requests, operations, SQL statements and batches of seeding.

    A websocket has no span, since it may stay open for days; each of its operations begins a trace.
    """

    def __init__(self, provider: "TracerProvider", shut_down: Callable[[], object] | None = None) -> None:
        from opentelemetry import context, trace
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._shut_down = shut_down
        self._tracer = provider.get_tracer("reprise")
        self._context = context
        self._trace = trace
        self._propagator = TraceContextTextMapPropagator()

    def close(self) -> None:
        """Send pending spans, unless another program does. Blocks for OTEL_EXPORTER_OTLP_TIMEOUT at most."""
        if self._shut_down is not None:
            self._shut_down()

    def request_began(self, request: ObservedRequest) -> None:
        if request.is_socket or request.path in PROBES:
            return
        # Another program's span of this request: a request begins without a context, see server_config.
        is_traced = self._trace.get_current_span().get_span_context().is_valid
        parent = self._context.get_current() if is_traced else self._caller(request)
        request.span = self._tracer.start_span(
            f"{request.method} /graphql" if request.path == "/graphql" else request.method,
            parent,
            self._trace.SpanKind.INTERNAL if is_traced else self._trace.SpanKind.SERVER,
            {"http.request.method": request.method, "url.path": request.path, "reprise.request_id": request.id},
        )
        self._enter(request.span, parent)

    def request_ended(self, request: ObservedRequest, operation: ObservedOperation) -> None:
        if request.span is not None:
            request.span.set_attribute("http.response.status_code", request.status)
            self._finish(request.span, str(request.status) if request.status >= 500 else None)

    def operation_runs(self, operation: ObservedOperation) -> None:
        request = operation.request
        parent = self._context.get_current()
        if request.is_socket:
            parent = self._caller(request)
        operation.span = self._tracer.start_span(
            operation.kind,
            parent,
            self._trace.SpanKind.SERVER if request.is_socket else self._trace.SpanKind.INTERNAL,
            {"graphql.operation.type": operation.kind, "reprise.request_id": operation.id},
        )
        if operation.name:
            operation.span.set_attribute("graphql.operation.name", operation.name)
        self._enter(operation.span, parent)

    def operation_ended(self, operation: ObservedOperation) -> None:
        if operation.span is not None:
            if operation.codes:
                operation.span.set_attribute("reprise.error_codes", sorted(operation.codes))
            self._finish(operation.span, INTERNAL_ERROR if INTERNAL_ERROR in operation.codes else None)

    def statement_began(self, system: str, verb: str, tables: list[str]) -> Any:
        """The span of an SQL statement, or None outside of a trace."""
        if not self._trace.get_current_span().is_recording():
            return None
        return self._tracer.start_span(
            " ".join([verb, *tables[:1]]),
            kind=self._trace.SpanKind.CLIENT,
            attributes={"db.system.name": system, "db.operation.name": verb, "db.collection.name": ",".join(tables)},
        )

    def statement_ended(self, span: Any, error: BaseException | None) -> None:
        """End the span of a statement."""
        self._finish(span, None if error is None else type(error).__name__)

    @contextlib.contextmanager
    def around_batch(self, thread_id: str) -> Iterator[None]:
        """Records a batch of seeding as a trace."""
        span = self._tracer.start_span(
            "seed batch", self._context.Context(), attributes={"reprise.thread_id": thread_id}
        )
        error = None
        with self._trace.use_span(span, record_exception=False, set_status_on_exception=False):
            try:
                yield
            except BaseException as exception:
                error = type(exception).__name__
                raise
            finally:
                self._finish(span, error)

    def _caller(self, request: RequestInfo) -> Any:
        """The context that the headers of `request` name, or an empty one."""
        return self._propagator.extract(_carrier(request), self._context.Context())

    def _enter(self, span: Any, parent: Any) -> None:
        # Never detached: the context ends with the task.
        self._context.attach(self._trace.set_span_in_context(span, parent))

    def _finish(self, span: Any, error: str | None) -> None:
        if error is not None:
            span.set_status(self._trace.StatusCode.ERROR)
            span.set_attribute("error.type", error)
        span.end()


def _carrier(request: RequestInfo) -> dict[str, str]:
    names = (b"traceparent", b"tracestate")
    return {name.decode(): value.decode("latin-1") for name, value in request.headers if name in names}
