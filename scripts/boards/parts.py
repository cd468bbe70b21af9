"""The parts of a dashboard, and the PromQL that several of them need."""

from __future__ import annotations

from typing import NamedTuple


class Query(NamedTuple):
    """A PromQL expression, and what each line is called."""

    expression: str
    legend: str


class Panel(NamedTuple):
    """A graph, or with `is_number` one large number; `unit` is Grafana's name of a unit."""

    title: str
    unit: str
    description: str
    queries: tuple[Query, ...]
    is_number: bool = False


class Board(NamedTuple):
    """A dashboard: rows of panels, by the title of the row."""

    uid: str
    title: str
    description: str
    rows: dict[str, tuple[Panel, ...]]


def graph(title: str, unit: str, description: str, *queries: tuple[str, str]) -> Panel:
    """Return a graph of `queries`, each a PromQL expression with the legend of its lines."""
    return Panel(title, unit, description, tuple(Query(*each) for each in queries))


def number(title: str, unit: str, description: str, expression: str) -> Panel:
    """Return one large number."""
    return Panel(title, unit, description, (Query(expression, ""),), is_number=True)


def rate(counter: str, *by: str) -> str:
    """Return the PromQL of the rate of a `counter`, summed by these labels."""
    return f"sum by ({', '.join(by)}) (rate({counter}[$__rate_interval]))"


def quantile(share: float, histogram: str, *by: str) -> str:
    """Return the PromQL of a quantile of a `histogram`, by these labels."""
    return (
        f"histogram_quantile({share}, sum by ({', '.join(('le', *by))}) (rate({histogram}_bucket[$__rate_interval])))"
    )
