"""Serves the metrics of a process that has no API, such as a worker."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, start_http_server

from tg_parser.domain.errors import BusyError


@contextmanager
def metrics_served(registry: CollectorRegistry, host: str, port: int) -> Iterator[int]:
    """For the length of the block, from a thread of its own; the port, where any free one will do.

    Raises BusyError where the address cannot be used.
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
