"""worker: run jobs until stopped."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING, Annotated

import typer

from tg_parser.cli.execution import execute
from tg_parser.cli.stderr import say
from tg_parser.domain.errors import UsageError
from tg_parser.domain.jobs import QUEUES

if TYPE_CHECKING:
    from tg_parser.wiring.app import App

Concurrency = Annotated[
    int | None,
    typer.Option("--concurrency", "-c", min=1, max=100, help="Jobs run at the same time. [WORKER_CONCURRENCY]"),
]
QueueNames = Annotated[
    str | None,
    typer.Option("--queues", help="Kinds of jobs to run, separated by commas. [default: all]"),
]

MetricsPort = Annotated[
    int | None,
    typer.Option(
        "--metrics-port", min=0, max=65_535, help="Serve this worker's metrics on this port; 0 takes a free one."
    ),
]
MetricsHost = Annotated[str, typer.Option("--metrics-host", help="Address to serve the metrics on.")]


def worker(
    concurrency: Concurrency = None,
    queues: QueueNames = None,
    metrics_port: MetricsPort = None,
    metrics_host: MetricsHost = "127.0.0.1",
) -> None:
    """Run waiting jobs until Ctrl-C or SIGTERM; running jobs are given time to finish."""
    kinds = [each.strip() for each in (queues or "").split(",") if each.strip()]
    if unknown := sorted(set(kinds) - set(QUEUES)):
        raise UsageError(f"Unknown kind of job: {unknown[0]!r}.", f"Choose from: {', '.join(QUEUES)}.")

    async def work(app: App) -> None:
        from tg_parser.wiring.jobs import jobs_over, schedule_kept
        from tg_parser.wiring.observability import metrics_of_worker, traces_of

        jobs = jobs_over(app, concurrency=concurrency, queues=kinds)
        stop = asyncio.Event()
        for each in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(each, stop.set)
        with traces_of(app), metrics_of_worker(app, metrics_host, metrics_port) as port:
            served = "" if port is None else f" Its metrics are at http://{metrics_host}:{port}/metrics."
            say(f"Worker {jobs.executor.worker} is waiting for jobs.{served}")
            async with schedule_kept(app, jobs.service):
                await jobs.runner.run(stop)
        say("Stopped. Unfinished jobs wait for the next worker.")

    execute(work, begin=True)
