"""The connection pools of this process as metrics, read at each scrape."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from tg_parser.observability.metrics import PoolNumbers


class PoolCollector(Collector):
    """Collects one series per pool."""

    def __init__(self, registry: CollectorRegistry, pools: Callable[[], Mapping[str, PoolNumbers]]) -> None:
        self._pools = pools
        registry.register(self)

    def collect(self) -> Iterable[Metric]:
        """Return the current figures."""
        limit = GaugeMetricFamily("tg_parser_pool_limit", "Maximum connections of a pool.", labels=["pool"])
        opened = GaugeMetricFamily("tg_parser_pool_open", "Open connections of a pool.", labels=["pool"])
        used = GaugeMetricFamily("tg_parser_pool_checked_out", "Connections in use.", labels=["pool"])
        waits = CounterMetricFamily("tg_parser_pool_waits", "Requests that waited for a connection.", labels=["pool"])
        waited = CounterMetricFamily("tg_parser_pool_wait_seconds", "Total time of these waits.", labels=["pool"])
        refused = CounterMetricFamily(
            "tg_parser_pool_refused", "Requests that got no connection in time.", labels=["pool"]
        )
        for name, figures in self._pools().items():
            limit.add_metric([name], figures.limit)
            opened.add_metric([name], figures.open)
            used.add_metric([name], figures.checked_out)
            waits.add_metric([name], figures.waits)
            waited.add_metric([name], figures.waited_seconds)
            refused.add_metric([name], figures.refused)
        return limit, opened, used, waits, waited, refused
