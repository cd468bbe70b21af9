"""The work of each kind of job: a separate run with the models and the spending limit of the job."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from tg_parser.domain.errors import TgParserError
from tg_parser.domain.jobs import WEBHOOK, Job, JsonObject
from tg_parser.domain.progress import ReportProgress
from tg_parser.domain.sources import Recheck
from tg_parser.domain.utc_time import utc_now
from tg_parser.jobs.execution import JobFunction
from tg_parser.services import job_requests as asked
from tg_parser.services.documents import ProcessReport
from tg_parser.services.exports import ExportRequest
from tg_parser.services.ingestion import IngestOutcome, IngestRequest
from tg_parser.services.job_files import JobFiles
from tg_parser.services.jobs import JobService
from tg_parser.services.runs import RunRequest
from tg_parser.services.sentiment import ToneFilter
from tg_parser.services.views.agents import HistoryCleanup
from tg_parser.services.views.collecting import IngestResult
from tg_parser.services.views.jobs import CleanupResult
from tg_parser.services.views.runs import ExportResult, ProcessResult, RunResult, TopicizeResult
from tg_parser.services.views.spending import RunSpending
from tg_parser.services.views.upkeep import CreatedBackup
from tg_parser.services.webhook_delivery import WebhookDelivery
from tg_parser.wiring.backups import backup_service
from tg_parser.wiring.context import RunContext
from tg_parser.wiring.shared_processing import SharedProcessing

if TYPE_CHECKING:
    from pydantic import BaseModel

    from tg_parser.wiring.app import App
    from tg_parser.wiring.run import Run

P = TypeVar("P", bound=asked.JobParameters)


class JobWork:
    """Runs all kinds of jobs for one application."""

    def __init__(self, app: App, jobs: JobService, files: JobFiles, webhooks: WebhookDelivery) -> None:
        self._app = app
        self._jobs = jobs
        self._files = files
        self._webhooks = webhooks
        self._shared = SharedProcessing(jobs)

    def by_kind(self) -> dict[str, JobFunction]:
        """Return the functions by kind of job."""
        return {
            "ingest": _typed(asked.IngestParameters, self._ingest),
            "recheck": _typed(asked.RecheckParameters, self._recheck),
            "process": _typed(asked.SharedProcessParameters, self._process),
            "topicize": _typed(asked.TopicizeParameters, self._topicize),
            "export": _typed(asked.ExportParameters, self._export),
            "run": _typed(asked.RunParameters, self._run),
            "sentiment": _typed(asked.SentimentParameters, self._sentiment),
            "backup": _typed(asked.BackupParameters, self._backup),
            "cleanup": _typed(asked.CleanupParameters, self._cleanup),
            WEBHOOK: self._webhook,
        }

    async def _ingest(self, job: Job, wanted: asked.IngestParameters, report: ReportProgress) -> BaseModel:
        return await self._collected(job, wanted.source, IngestRequest(mode=wanted.mode, limit=wanted.limit), report)

    async def _recheck(self, job: Job, wanted: asked.RecheckParameters, report: ReportProgress) -> BaseModel:
        span = Recheck.parsed(wanted.span, utc_now())
        return await self._collected(job, wanted.source, IngestRequest(recheck=span), report)

    async def _collected(self, job: Job, source_id: str, request: IngestRequest, report: ReportProgress) -> BaseModel:
        source = await self._app.sources.get(source_id)
        async with self._app.new_run(RunContext(report=report, run_id=job.job_id)) as run:
            outcome = await run.collect.collect(source, request, report)
        return IngestResult.of([_succeeded(outcome)], _own_hint)

    async def _process(self, job: Job, wanted: asked.SharedProcessParameters, report: ReportProgress) -> BaseModel:
        channels = [(await self._app.sources.get(wanted.source)).channel_id]
        async with self._run_of(job, wanted, report) as run:
            options = run.process_options(
                concurrency=wanted.concurrency, force=wanted.force, retry_failed=wanted.retry_failed
            )
            if wanted.multi_agent:
                ran = await run.agents.process(channels, options, report)
                done = ran.report.processed or ProcessReport()
                return ProcessResult.of(run.models.provider, done, _spending(run), ran.steps)
            if self._may_be_shared(run, wanted):
                done = await self._shared.process(job, run, channels, options, report)
            else:
                done = await run.documents.process(channels, options, report)
            return ProcessResult.of(run.models.provider, done, _spending(run))

    def _may_be_shared(self, run: Run, wanted: asked.SharedProcessParameters) -> bool:
        """Return whether other workers could help: on SQLite one process runs all jobs, and a cost limit is per run."""
        is_capped = run.settings.llm_money.max_cost is not None and not run.models.is_offline
        on_server = run.settings.database.type == "postgresql"
        return on_server and not (wanted.force or wanted.retry_failed or is_capped)

    async def _topicize(self, job: Job, wanted: asked.TopicizeParameters, report: ReportProgress) -> BaseModel:
        channels = [(await self._app.sources.get(wanted.source)).channel_id]
        async with self._run_of(job, wanted, report) as run:
            options = run.topic_options(max_topics=wanted.max_topics)
            done = await run.topics.topicize(channels, options, force=wanted.force, report=report)
            return TopicizeResult.of(done, _spending(run))

    async def _export(self, job: Job, wanted: asked.ExportParameters, report: ReportProgress) -> BaseModel:
        sources = [await self._app.sources.get(each) for each in wanted.sources]
        if not wanted.sources:
            sources = [each for each in await self._app.sources.list() if each.status != "paused"]
        request = ExportRequest(
            out=self._files.of(job.job_id),
            channel_ids=list(dict.fromkeys(each.channel_id for each in sources)),
            topic_id=wanted.topic_id,
            date_from=wanted.date_from,
            date_to=wanted.date_to,
            include_supporting=wanted.include_supporting,
            pretty=wanted.pretty,
            replace=True,
            own_topics=bool(wanted.sources) if wanted.own_topics is None else wanted.own_topics,
        )
        return ExportResult.copied_from(await self._app.exports.export(request, report))

    async def _run(self, job: Job, wanted: asked.RunParameters, report: ReportProgress) -> BaseModel:
        source = await self._app.sources.get(wanted.source)
        async with self._run_of(job, wanted, report) as run:
            request = RunRequest(
                out=self._files.of(job.job_id),
                source=source,
                ingest=IngestRequest(mode=wanted.mode, limit=wanted.limit),
                process=run.process_options(
                    concurrency=wanted.concurrency, force=wanted.force, retry_failed=wanted.retry_failed
                ),
                topics=run.topic_options(max_topics=wanted.max_topics),
                force=wanted.force,
                pretty=wanted.pretty,
                replace=True,
                own_topics=wanted.own_topics is not False,
                skip=frozenset(wanted.skip),
            )
            if wanted.multi_agent:
                ran = await run.agents.run(request, report)
                return RunResult.of(ran.report, _own_hint, ran.steps, spending=_spending(run))
            return RunResult.of(await run.runs.run(request, report), _own_hint, spending=_spending(run))

    async def _sentiment(self, _: Job, wanted: asked.SentimentParameters, __: ReportProgress) -> BaseModel:
        source = await self._app.sources.get(wanted.source)
        return await self._app.sentiment.report(
            ToneFilter(channel_id=source.channel_id, of=wanted.of), wanted.by, limit=wanted.limit
        )

    async def _backup(self, _: Job, __: asked.BackupParameters, report: ReportProgress) -> BaseModel:
        service = backup_service(self._app.settings)
        made = await service.create(report)
        return CreatedBackup.of(made, await service.prune())

    async def _cleanup(self, _: Job, __: asked.CleanupParameters, ___: ReportProgress) -> BaseModel:
        done = await self._app.agent_history.cleanup()
        history = HistoryCleanup(archived=done.archived, made=done.made, resumed=done.resumed, dry_run=False)
        days = self._app.settings.jobs.retention_days
        deleted = await self._jobs.delete_old(days)
        await self._app.keyed_requests.delete_old(days)
        folders, deliveries = await self._files.delete_of_deleted_jobs(), await self._webhooks.delete_old(days)
        return CleanupResult(history=history, jobs=deleted, folders=folders, deliveries=deliveries)

    async def _webhook(self, job: Job, _: ReportProgress) -> JsonObject:
        return {"state": await self._webhooks.deliver(job)}

    @asynccontextmanager
    async def _run_of(self, job: Job, wanted: asked.WithModel, report: ReportProgress) -> AsyncIterator[Run]:
        context = RunContext(
            provider=wanted.provider,
            model=wanted.model,
            max_cost=wanted.max_cost,
            fresh=wanted.fresh,
            report=report,
            run_id=job.job_id,
        )
        async with self._app.new_run(context) as run:
            yield run


def _typed(parameters: type[P], work: Callable[[Job, P, ReportProgress], Awaitable[BaseModel]]) -> JobFunction:
    async def do(job: Job, report: ReportProgress) -> JsonObject:
        result = await work(job, parameters.model_validate(job.parameters), report)
        told: dict[str, Any] = result.model_dump(mode="json")
        return told

    return do


def _succeeded(outcome: IngestOutcome) -> IngestOutcome:
    """Return the outcome of one source, or raise its error, which becomes the job's."""
    if isinstance(outcome.error, TgParserError):
        raise outcome.error
    return outcome


def _spending(run: Run) -> RunSpending | None:
    return None if run.models.is_offline else RunSpending.of(run.models.ledger.spent)


def _own_hint(error: TgParserError) -> str | None:
    """Return only the error's own hint; interfaces add theirs when they show a job."""
    return error.hint
