"""Counts what happens in this process. All functions do nothing unless metrics are switched on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Literal, Protocol

from stamina.instrumentation import RetryDetails, get_on_retry_hooks, set_on_retry_hooks

from tg_parser.domain.spending import NANO, Spending

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

    from tg_parser.observability.instruments import Instruments

StageLabel = Literal["collect", "process", "topicize", "export", "job"]
AskedBy = Literal["telegram", "web_preview", "provider"]

_on: list[Instruments] = []
"""The instruments, once they are switched on; until then their packages are not loaded."""


def switch_on() -> Instruments:
    """Start counting, including retries by stamina."""
    if not _on:
        from prometheus_client import CollectorRegistry  # noqa: PLC0415 - as above

        from tg_parser.observability.instruments import Instruments  # noqa: PLC0415 - as above

        _on.append(Instruments(CollectorRegistry()))
        set_on_retry_hooks((*get_on_retry_hooks(), _count_retry))
    return _on[0]


def switch_off() -> None:
    """Stop counting, and forget all counts."""
    _on.clear()
    set_on_retry_hooks(tuple(hook for hook in get_on_retry_hooks() if hook is not _count_retry))


def instruments() -> Instruments | None:
    """Return the instruments, or None if metrics are off."""
    return _on[0] if _on else None


def count_messages(stage: StageLabel, outcomes: Mapping[str, int] | Iterable[tuple[str, int]]) -> None:
    """Count messages handled by a stage, by outcome."""
    for each in _on:
        for outcome, number in dict(outcomes).items():
            if number:
                each.messages.labels(stage, outcome).inc(number)


def count_failure(stage: StageLabel, error: str, number: int = 1) -> None:
    """Count failures with an error of the class `error`."""
    for each in _on:
        each.failures.labels(stage, error).inc(number)


def _count_retry(details: RetryDetails) -> None:
    count_retry(details.caused_by)


def count_retry(error: BaseException) -> None:
    """Count a repeated call."""
    for each in _on:
        each.retries.labels(type(error).__name__).inc()


def count_wait(asked_by: AskedBy, seconds: float) -> None:
    """Count a wait requested by another service."""
    for each in _on:
        each.waits.labels(asked_by).inc()
        each.waited.labels(asked_by).inc(seconds)


def count_answer(provider: str, model: str, spent: Spending, seconds: float) -> None:
    """Count an answer of a language model."""
    for each in _on:
        each.llm_requests.labels(provider, model, "answered").inc()
        each.llm_seconds.labels(provider, model).observe(seconds)
        each.llm_tokens.labels(provider, model, "input").inc(spent.input_tokens)
        each.llm_tokens.labels(provider, model, "output").inc(spent.output_tokens)
        each.llm_cost.labels(provider, model).inc(spent.cost_nanousd / NANO)


def count_no_answer(provider: str, model: str) -> None:
    """Count a failed request to a language model."""
    for each in _on:
        each.llm_requests.labels(provider, model, "failed").inc()


def count_job(kind: str, state: str, seconds: float) -> None:
    """Count a job that ended in this process."""
    for each in _on:
        each.jobs_ended.labels(kind, state).inc()
        each.job_seconds.labels(kind).observe(seconds)


def count_job_put_back(kind: str) -> None:
    """Count a job that was put back for another attempt."""
    for each in _on:
        each.jobs_put_back.labels(kind).inc()


def count_takeover(kind: str) -> None:
    """Count a job taken over from a dead worker."""
    for each in _on:
        each.takeovers.labels(kind).inc()


def count_delivery(state: str, seconds: float) -> None:
    """Count an attempt to deliver a webhook; `state` is the resulting state of the delivery."""
    for each in _on:
        each.deliveries.labels(state).inc()
        each.delivery_seconds.observe(seconds)


class PoolNumbers(Protocol):
    """Current figures of a connection pool."""

    @property
    def limit(self) -> int: ...  # noqa: D102
    @property
    def open(self) -> int: ...  # noqa: D102
    @property
    def checked_out(self) -> int: ...  # noqa: D102
    @property
    def waits(self) -> int: ...  # noqa: D102
    @property
    def waited_seconds(self) -> float: ...  # noqa: D102
    @property
    def refused(self) -> int: ...  # noqa: D102


def watch_pools(pools: Callable[[], Mapping[str, PoolNumbers]]) -> None:
    """Export the connection pools of this process, read at each scrape."""
    from tg_parser.observability.pools import PoolCollector  # noqa: PLC0415 - as above

    for each in _on:
        PoolCollector(each.registry, pools)


def page(*registries: CollectorRegistry) -> bytes:
    """Return the metrics of this process and of further registries in Prometheus format."""
    from prometheus_client import generate_latest  # noqa: PLC0415 - as above

    return b"".join(generate_latest(each) for each in (*(each.registry for each in _on), *registries))
