"""Serves the metrics of a process without an API, such as a worker."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, start_http_server

from tg_parser.domain.errors import BusyError


@contextmanager
def metrics_served(registry: CollectorRegistry, host: str, port: int) -> Iterator[int]:
    """Serve metrics from a separate thread for the duration of the block; yield the port, which may be a free one.

    Raises BusyError if the address cannot be used.
    """
    try:
        server, thread = start_http_server(port, host, registry)
    except (OSError, OverflowError) as error:
        raise BusyError(
            f"Metrics cannot be served at {host}:{port}: {getattr(error, 'strerror', None) or error}.",
            "Choose another --metrics-port or --metrics-host.",
        ) from error
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
