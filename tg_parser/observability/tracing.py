"""Traces: what a request led to, in whichever process. Silent unless switched on.

A span has names, kinds, ids and counts. It never has a message, a prompt, an answer, a query, a parameter of a
statement, or the text of an error: all of these may hold what is nobody else's business.
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
    """A span that is told what became known meanwhile."""

    def tell(self, **facts: Fact | None) -> None:
        """Add facts; those that are None are not known. A `_` in a name stands for a dot."""
        ...

    def rename(self, name: str) -> None:
        """Give it a better name."""
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
    """A span for the length of the block, inside the one around it or the `parent` of another process.

    A `part` alone, without a span around it, is nothing that anybody looks for.
    """
    if not _on:
        return _NOBODY
    spans = _on[0]
    return _NOBODY if part and not spans.inside_one() else spans.span(name, kind, parent, facts)


def traceparent() -> str | None:
    """The present span as other processes know it (W3C Trace Context); None outside of one."""
    return _on[0].traceparent() if _on else None


@contextmanager
def traced(endpoint: str | None, service: str) -> Iterator[None]:
    """For the length of the block, spans are made and sent to the collector at `endpoint`, where one is named.

    Raises SettingsError where the packages for it are not installed.
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
        # An optional extra, which takes a while to load.
        from tg_parser.observability.spans import Spans  # noqa: PLC0415
    except ImportError as error:
        raise SettingsError(
            "OTEL_EXPORTER_OTLP_ENDPOINT: traces need packages that are not installed.",
            "Run make install in the folder of TG_parser, or pip install 'FOLDER[otel]' with that folder or its wheel.",
        ) from error
    return Spans(endpoint, service)
