"""Every metric with its labels. Label values come from small sets: routes, kinds, states, classes, chosen models."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, ProcessCollector

from tg_parser import __version__

_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_CALLS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 60.0, 120.0)
_JOBS = (0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 14_400.0)


class Instruments:
    """What happens in this process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        ProcessCollector(registry=registry)
        Info("tg_parser_build", "The version that runs.", registry=registry).info({"version": __version__})
        self._stages(registry)
        self._models(registry)
        self._jobs(registry)
        self._http(registry)

    def _stages(self, registry: CollectorRegistry) -> None:
        self.messages = Counter(
            "tg_parser_messages",
            "Messages that a stage has handled, by what came of them.",
            ["stage", "outcome"],
            registry=registry,
        )
        self.failures = Counter(
            "tg_parser_failures",
            "Failures by class: of messages (process), of attempts to collect a source (collect), of jobs (job).",
            ["stage", "error"],
            registry=registry,
        )
        self.retries = Counter(
            "tg_parser_retries", "Calls that were tried again, by the class of the error.", ["error"], registry=registry
        )
        self.waits = Counter(
            "tg_parser_flood_waits", "How often another side asked to wait.", ["asked_by"], registry=registry
        )
        self.waited = Counter(
            "tg_parser_flood_wait_seconds",
            "Seconds that another side asked to wait, in all.",
            ["asked_by"],
            registry=registry,
        )

    def _models(self, registry: CollectorRegistry) -> None:
        labels = ["provider", "model"]
        self.llm_requests = Counter(
            "tg_parser_llm_requests",
            "Requests to language models: answered, or failed.",
            [*labels, "outcome"],
            registry=registry,
        )
        self.llm_seconds = Histogram(
            "tg_parser_llm_request_seconds", "How long answers took.", labels, registry=registry, buckets=_CALLS
        )
        self.llm_tokens = Counter(
            "tg_parser_llm_tokens",
            "Tokens sent (input) and answered (output).",
            [*labels, "direction"],
            registry=registry,
        )
        self.llm_cost = Counter(
            "tg_parser_llm_cost_dollars", "What answers have cost, where the price is known.", labels, registry=registry
        )

    def _jobs(self, registry: CollectorRegistry) -> None:
        self.jobs_ended = Counter(
            "tg_parser_jobs_ended", "Jobs that this process has ended.", ["kind", "state"], registry=registry
        )
        self.jobs_put_back = Counter(
            "tg_parser_jobs_put_back",
            "Jobs that this process has begun and that wait for another attempt.",
            ["kind"],
            registry=registry,
        )
        self.job_seconds = Histogram(
            "tg_parser_job_seconds", "How long jobs ran.", ["kind"], registry=registry, buckets=_JOBS
        )
        self.takeovers = Counter(
            "tg_parser_jobs_taken_over",
            "Jobs of dead workers that this process took over.",
            ["kind"],
            registry=registry,
        )

    def _http(self, registry: CollectorRegistry) -> None:
        self.http_requests = Counter(
            "tg_parser_http_requests",
            "Requests that were answered.",
            ["method", "route", "status"],
            registry=registry,
        )
        self.http_seconds = Histogram(
            "tg_parser_http_request_seconds",
            "How long answers took, event streams left out.",
            ["method", "route"],
            registry=registry,
            buckets=_FAST,
        )
        self.http_in_flight = Gauge(
            "tg_parser_http_requests_in_flight", "Requests that are being answered.", registry=registry
        )
        self.event_streams = Gauge("tg_parser_event_streams_open", "Open streams of events.", registry=registry)


class StateGauges:
    """What is in the databases; the same whichever process looks, so one of them exports it."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry

        def gauge(name: str, meaning: str, *labels: str) -> Gauge:
            return Gauge(f"tg_parser_{name}", meaning, labels, registry=registry)

        self.up = gauge("database_up", "1 where the database answered, else 0; then the others are left out.")
        self.collected = gauge("state_timestamp_seconds", "When the figures from the database were read.")
        self.sources = gauge("sources", "Sources by status.", "status")
        self.backlog = gauge("backlog_messages", "Messages that wait to be processed.", "source")
        self.oldest = gauge("backlog_oldest_seconds", "Age of the oldest message that waits.", "source")
        self.lag = gauge(
            "ingestion_lag_seconds", "Time since a source was last collected, or since it was added.", "source"
        )
        self.failed_messages = gauge("failed_messages", "Messages in the failure ledger.", "source")
        self.failed_attempts = gauge("failed_attempts", "Attempts to collect that failed in a row.", "source")
        self.jobs = gauge("jobs", "Jobs by kind and state.", "kind", "state")
        self.oldest_job = gauge(
            "jobs_oldest_seconds", "For how long the oldest job has been ready, or has run.", "kind", "state"
        )
        self.month_cost = gauge("llm_month_cost_dollars", "What models have cost this month, in UTC.")
        self.budget_left = gauge(
            "llm_budget_left_dollars", "What is left of LLM_MONTHLY_BUDGET; absent without one.", "of"
        )
        self.last_backup = gauge("last_backup_timestamp_seconds", "When the newest backup was made; 0 for none.")
        self.last_takeover = gauge(
            "last_takeover_timestamp_seconds", "When a worker last looked for jobs of dead workers; 0 for never."
        )
