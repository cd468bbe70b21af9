"""All metrics with their labels. Label values come from small sets: routes, kinds, states, classes, chosen models."""

from __future__ import annotations

from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, ProcessCollector

from tg_parser import __version__

_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_CALLS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 60.0, 120.0)
_JOBS = (0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 14_400.0)


class Instruments:
    """The instruments of this process. `labels` holds the label names of each metric."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self.labels: dict[str, tuple[str, ...]] = {}
        ProcessCollector(registry=registry)
        Info("tg_parser_build", "The running version.", registry=registry).info({"version": __version__})
        self._make_those_of_stages()
        self._make_those_of_models()
        self._make_those_of_jobs()
        self._make_those_of_webhooks()
        self._make_those_of_http()

    def _make_those_of_stages(self) -> None:
        self.messages = self._counter("messages", "Messages handled by a stage, by outcome.", "stage", "outcome")
        self.failures = self._counter(
            "failures",
            "Failures by error class: of messages (process), attempts to collect a source (collect), jobs (job).",
            "stage",
            "error",
        )
        self.retries = self._counter("retries", "Repeated calls, by error class.", "error")
        self.waits = self._counter("flood_waits", "Waits requested by another service.", "asked_by")
        self.waited = self._counter(
            "flood_wait_seconds", "Total seconds of waits requested by another service.", "asked_by"
        )

    def _make_those_of_models(self) -> None:
        model = "provider", "model"
        self.llm_requests = self._counter(
            "llm_requests", "Requests to language models, answered or failed.", *model, "outcome"
        )
        self.llm_seconds = self._histogram("llm_request_seconds", "Response time of language models.", _CALLS, *model)
        self.llm_tokens = self._counter("llm_tokens", "Tokens by direction (input, output).", *model, "direction")
        self.llm_cost = self._counter("llm_cost_dollars", "Cost of answers with a known price.", *model)

    def _make_those_of_jobs(self) -> None:
        self.jobs_ended = self._counter("jobs_ended", "Jobs that ended in this process.", "kind", "state")
        self.jobs_put_back = self._counter(
            "jobs_put_back", "Jobs started by this process and put back for another attempt.", "kind"
        )
        self.job_seconds = self._histogram("job_seconds", "Duration of jobs.", _JOBS, "kind")
        self.takeovers = self._counter("jobs_taken_over", "Jobs of dead workers taken over by this process.", "kind")

    def _make_those_of_webhooks(self) -> None:
        self.deliveries = self._counter(
            "webhook_attempts", "Attempts to deliver webhooks, by resulting state of the delivery.", "state"
        )
        self.delivery_seconds = self._histogram("webhook_attempt_seconds", "Response time of receivers.", _FAST)

    def _make_those_of_http(self) -> None:
        self.http_requests = self._counter("http_requests", "Answered requests.", "method", "route", "status")
        self.http_seconds = self._histogram(
            "http_request_seconds", "Response time, without event streams.", _FAST, "method", "route"
        )
        self.http_in_flight = self._gauge("http_requests_in_flight", "Requests in progress.")
        self.event_streams = self._gauge("event_streams_open", "Open event streams.")

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(self._named(name, labels), meaning, labels, registry=self.registry)

    def _gauge(self, name: str, meaning: str, *labels: str) -> Gauge:
        return Gauge(self._named(name, labels), meaning, labels, registry=self.registry)

    def _histogram(self, name: str, meaning: str, buckets: Sequence[float], *labels: str) -> Histogram:
        return Histogram(self._named(name, labels), meaning, labels, registry=self.registry, buckets=buckets)

    def _named(self, name: str, labels: tuple[str, ...]) -> str:
        whole = f"tg_parser_{name}"
        self.labels[whole] = labels
        return whole
