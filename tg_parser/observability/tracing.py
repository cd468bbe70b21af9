"""Traces: what a request led to, in all processes. Off by default.

A span has names, kinds, ids and counts. It never contains messages, prompts, answers, queries, statement parameters or
error texts, all of which may be private.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Literal, Protocol

from tg_parser.domain.errors import SettingsError

if TYPE_CHECKING:
    from tg_parser.observability.spans import Spans

SpanRole = Literal["internal", "server", "consumer", "client"]
Fact = str | int | float | bool


class Told(Protocol):
    """A span that facts can be added to."""

    def tell(self, **facts: Fact | None) -> None:
        """Add facts, ignoring None. A `_` in a name stands for a dot."""
        ...

    def rename(self, name: str) -> None:
        """Change its name."""
        ...


class _Nobody:
    def tell(self, **_: Fact | None) -> None:
        pass

    def rename(self, _: str) -> None:
        pass


_NOBODY: AbstractContextManager[Told] = nullcontext(_Nobody())
_on: list[Spans] = []


def span(
    name: str, kind: SpanRole = "internal", *, parent: str | None = None, part: bool = False, **facts: Fact | None
) -> AbstractContextManager[Told]:
    """Open a span for the duration of the block, inside the current one or the `parent` of another process.

    A `part` is only recorded inside another span, as it means nothing by itself.
    """
    if not _on:
        return _NOBODY
    spans = _on[0]
    return _NOBODY if part and not spans.inside_one() else spans.span(name, kind, parent, facts)


def traceparent() -> str | None:
    """Return the current span in W3C Trace Context format for other processes, or None."""
    return _on[0].traceparent() if _on else None


@contextmanager
def traced(endpoint: str | None, service: str) -> Iterator[None]:
    """For the duration of the block, create spans and send them to the collector at `endpoint`, if one is given.

    Raises SettingsError if the required packages are not installed.
    """
    if endpoint is None:
        yield
        return
    _on.append(_spans_to(endpoint, service))
    try:
        yield
    finally:
        _on.pop().close()


def _spans_to(endpoint: str, service: str) -> Spans:
    try:
        # An optional extra that takes a while to load.
        from tg_parser.observability.spans import Spans  # noqa: PLC0415
    except ImportError as error:
        raise SettingsError(
            "OTEL_EXPORTER_OTLP_ENDPOINT: traces need packages that are not installed.",
            "Run make install in the folder of TG_parser, or pip install 'FOLDER[otel]' with that folder or its wheel.",
        ) from error
    return Spans(endpoint, service)
