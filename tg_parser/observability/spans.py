"""OpenTelemetry spans, sent over OTLP/HTTP. Only this module uses its packages."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from tg_parser import __version__
from tg_parser.observability.tracing import Fact, SpanRole, Told

_KINDS = {
    "internal": SpanKind.INTERNAL,
    "server": SpanKind.SERVER,
    "consumer": SpanKind.CONSUMER,
    "client": SpanKind.CLIENT,
}
_PROPAGATOR = TraceContextTextMapPropagator()
_SEND_SECONDS = 3.0


class Spans:
    """Has its own tracer provider, so that other libraries do not add their spans, which include contents."""

    def __init__(self, endpoint: str, service: str) -> None:
        resource = Resource.create({"service.name": service, "service.version": __version__})
        exporter = OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces", timeout=_SEND_SECONDS)
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("tg_parser", __version__)

    def inside_one(self) -> bool:
        """Return whether there is a current span."""
        return trace.get_current_span().is_recording()

    def traceparent(self) -> str | None:
        """Return the current span in W3C Trace Context format."""
        carrier: dict[str, str] = {}
        _PROPAGATOR.inject(carrier)
        return carrier.get("traceparent")

    @contextmanager
    def span(self, name: str, kind: SpanRole, parent: str | None, facts: Mapping[str, Fact | None]) -> Iterator[Told]:
        """Open a span for the duration of the block; an error is recorded by the name of its class."""
        context = _PROPAGATOR.extract({"traceparent": parent}) if parent else None
        with self._tracer.start_as_current_span(
            name, context, _KINDS[kind], record_exception=False, set_status_on_exception=False
        ) as span:
            told = _Told(span)
            told.tell(**facts)
            try:
                yield told
            except (Exception, asyncio.CancelledError) as error:
                span.set_attribute("error.type", type(error).__name__)
                span.set_status(Status(StatusCode.ERROR))
                raise

    def close(self) -> None:
        """Send the remaining spans."""
        self._provider.shutdown()


class _Told:
    def __init__(self, span: Span) -> None:
        self._span = span

    def tell(self, **facts: Fact | None) -> None:
        for name, value in facts.items():
            if value is not None:
                self._span.set_attribute(name.replace("__", "\0").replace("_", ".").replace("\0", "_"), value)

    def rename(self, name: str) -> None:
        self._span.update_name(name)
