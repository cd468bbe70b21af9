"""A collector of traces on this machine: it takes OTLP over HTTP and keeps the spans."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True)
class Span:
    """A span as it arrived; ids in hex, `parent` empty for a root."""

    name: str
    kind: int
    trace_id: str
    span_id: str
    parent: str
    facts: dict[str, Any]
    failed: bool
    events: int


class Receiver:
    """What arrived: spans, and all bytes."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.services: set[str] = set()
        self.bodies: list[bytes] = []
        self.paths: set[str] = set()
        self.url = ""

    def take(self, path: str, body: bytes) -> None:
        """One export."""
        self.paths.add(path)
        self.bodies.append(body)
        request = ExportTraceServiceRequest.FromString(body)
        for resource in request.resource_spans:
            self.services.add(_facts(resource.resource.attributes)["service.name"])
            self.spans += [_span(each) for scope in resource.scope_spans for each in scope.spans]

    def named(self, name: str) -> list[Span]:
        """The spans of a name."""
        return [each for each in self.spans if each.name == name]

    def inside(self, span: Span, outer: Span) -> bool:
        """Whether a span is a part of another one, however deep."""
        parents = {each.span_id: each.parent for each in self.spans}
        above = span.parent
        while above and above != outer.span_id:
            above = parents.get(above, "")
        return above == outer.span_id


def _span(sent: Any) -> Span:
    return Span(
        name=sent.name,
        kind=sent.kind,
        trace_id=sent.trace_id.hex(),
        span_id=sent.span_id.hex(),
        parent=sent.parent_span_id.hex(),
        facts=_facts(sent.attributes),
        failed=sent.status.code == 2,
        events=len(sent.events),
    )


def _facts(attributes: Any) -> dict[str, Any]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in attributes}


class _Server(ThreadingHTTPServer):
    receiver: Receiver


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        self.server.receiver.take(self.path, body)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def collecting() -> Iterator[Receiver]:
    """A receiver for the length of the block."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.receiver = Receiver()
    server.receiver.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
