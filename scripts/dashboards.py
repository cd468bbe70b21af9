"""The Grafana dashboards: tables of panels here, JSON in deploy/grafana/dashboards/ through `make docs`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import NamedTuple, TypeVar

from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import (
    BigValueGraphMode,
    LegendDisplayMode,
    LegendPlacement,
    TooltipDisplayMode,
)
from grafana_foundation_sdk.models.dashboard import DataSourceRef

SOURCE = DataSourceRef(type_val="prometheus", uid="prometheus")
"""The data source of deploy/grafana/provisioning/datasources."""
_HEIGHT, _WIDTH, _SMALL = 8, 12, 6


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


def _graph(title: str, unit: str, description: str, *queries: tuple[str, str]) -> Panel:
    return Panel(title, unit, description, tuple(Query(*each) for each in queries))


def _number(title: str, unit: str, description: str, expression: str) -> Panel:
    return Panel(title, unit, description, (Query(expression, ""),), is_number=True)


def _rate(counter: str, *by: str) -> str:
    return f"sum by ({', '.join(by)}) (rate({counter}[$__rate_interval]))"


def _quantile(share: float, histogram: str, *by: str) -> str:
    return (
        f"histogram_quantile({share}, sum by ({', '.join(('le', *by))}) (rate({histogram}_bucket[$__rate_interval])))"
    )


DATABASE = Board(
    "tg-parser-database",
    "TG_parser: database and API",
    "Whether the database answers, how its connections are used, and how the API answers.",
    {
        "Now": (
            _number("Database", "none", "1 if the database answers.", "min(tg_parser_database_up)"),
            _number(
                "Requests a second", "reqps", "Answered by the API.", "sum(rate(tg_parser_http_requests_total[5m]))"
            ),
            _number(
                "Share of server errors",
                "percentunit",
                "Answers with a status of 500 or above.",
                'sum(rate(tg_parser_http_requests_total{status=~"5.."}[5m])) '
                "/ sum(rate(tg_parser_http_requests_total[5m]))",
            ),
            _number("Latest backup", "s", "Its age.", "time() - max(tg_parser_last_backup_timestamp_seconds)"),
        ),
        "Connections": (
            _graph(
                "Connections in use",
                "short",
                "Of each process. At the limit, requests wait.",
                ("sum by (instance, pool) (tg_parser_pool_checked_out)", "{{instance}} {{pool}}"),
                ("sum by (instance, pool) (tg_parser_pool_limit)", "limit {{instance}} {{pool}}"),
            ),
            _graph(
                "Open connections",
                "short",
                "Opened by each process, used or not.",
                ("sum by (instance, pool) (tg_parser_pool_open)", "{{instance}} {{pool}}"),
            ),
            _graph(
                "Waiting for a connection",
                "s",
                "Seconds of waiting per second; above 1, at least one request waits all the time.",
                (_rate("tg_parser_pool_wait_seconds_total", "instance"), "{{instance}}"),
            ),
            _graph(
                "Waits and refusals",
                "ops",
                "Requests that waited for a connection, and those that got none.",
                (_rate("tg_parser_pool_waits_total", "instance"), "waited {{instance}}"),
                (_rate("tg_parser_pool_refused_total", "instance"), "refused {{instance}}"),
            ),
        ),
        "API": (
            _graph(
                "Requests by status",
                "reqps",
                "What the API answered.",
                (_rate("tg_parser_http_requests_total", "status"), "{{status}}"),
            ),
            _graph(
                "Time of an answer",
                "s",
                "95 of 100 answers of a route were faster.",
                (_quantile(0.95, "tg_parser_http_request_seconds", "route"), "{{route}}"),
            ),
            _graph(
                "Requests being answered",
                "short",
                "Requests in flight, and open streams of events.",
                ("sum by (instance) (tg_parser_http_requests_in_flight)", "requests {{instance}}"),
                ("sum by (instance) (tg_parser_event_streams_open)", "streams {{instance}}"),
            ),
            _graph(
                "Memory",
                "bytes",
                "Resident memory of each process.",
                ("process_resident_memory_bytes", "{{job}} {{instance}}"),
            ),
        ),
    },
)

PIPELINE = Board(
    "tg-parser-pipeline",
    "TG_parser: pipeline",
    "Messages on their way from the channel to the knowledge base.",
    {
        "Now": (
            _number("Waiting messages", "short", "Not processed yet.", "sum(tg_parser_backlog_messages) or vector(0)"),
            _number(
                "Failed messages", "short", "In the failure ledger.", "sum(tg_parser_failed_messages) or vector(0)"
            ),
            _number("Oldest waiting message", "s", "Its age.", "max(tg_parser_backlog_oldest_seconds)"),
            _number("Messages a second", "ops", "Handled by all stages.", "sum(rate(tg_parser_messages_total[5m]))"),
        ),
        "Stages": (
            _graph(
                "Messages by stage",
                "ops",
                "What each stage did with messages.",
                (_rate("tg_parser_messages_total", "stage", "outcome"), "{{stage}} {{outcome}}"),
            ),
            _graph(
                "Failures by class",
                "ops",
                "Of messages, of attempts to collect a source, of jobs.",
                (_rate("tg_parser_failures_total", "stage", "error"), "{{stage}} {{error}}"),
            ),
            _graph(
                "Retries",
                "ops",
                "Calls that were repeated, by the class of their error.",
                (_rate("tg_parser_retries_total", "error"), "{{error}}"),
            ),
            _graph(
                "Waits that others asked for",
                "s",
                "Seconds of waiting per second: rate limits of Telegram, of the web preview, of models.",
                (_rate("tg_parser_flood_wait_seconds_total", "asked_by"), "{{asked_by}}"),
                (_rate("tg_parser_flood_waits_total", "asked_by"), "times {{asked_by}}"),
            ),
        ),
        "Backlog": (
            _graph(
                "Waiting messages by source",
                "short",
                "The ten sources with the most.",
                ("topk(10, tg_parser_backlog_messages)", "{{source}}"),
            ),
            _graph(
                "Oldest waiting message by source",
                "s",
                "The ten oldest.",
                ("topk(10, tg_parser_backlog_oldest_seconds)", "{{source}}"),
            ),
        ),
    },
)

COST = Board(
    "tg-parser-cost",
    "TG_parser: cost of language models",
    "What models are asked, how they answer, and what that costs.",
    {
        "This month": (
            _number("Spent", "currencyUSD", "This month, in UTC.", "max(tg_parser_llm_month_cost_dollars)"),
            _number(
                "Left of the budget",
                "currencyUSD",
                "Of LLM_MONTHLY_BUDGET; empty if that is not set.",
                "min(tg_parser_llm_budget_left_dollars)",
            ),
            _number(
                "Share of the budget",
                "percentunit",
                "Spent so far.",
                "max(tg_parser_llm_month_cost_dollars) / (max(tg_parser_llm_month_cost_dollars) + "
                "min(tg_parser_llm_budget_left_dollars))",
            ),
            _number(
                "Dollars an hour",
                "currencyUSD",
                "As of late.",
                "sum(rate(tg_parser_llm_cost_dollars_total[15m])) * 3600",
            ),
        ),
        "Calls": (
            _graph(
                "Cost by model",
                "currencyUSD",
                "Dollars an hour.",
                (f"3600 * {_rate('tg_parser_llm_cost_dollars_total', 'provider', 'model')}", "{{provider}} {{model}}"),
            ),
            _graph(
                "Tokens by model",
                "short",
                "Tokens a second, sent and answered.",
                (_rate("tg_parser_llm_tokens_total", "model", "direction"), "{{model}} {{direction}}"),
            ),
            _graph(
                "Requests",
                "reqps",
                "Answered, or failed.",
                (_rate("tg_parser_llm_requests_total", "model", "outcome"), "{{model}} {{outcome}}"),
            ),
            _graph(
                "Time of an answer",
                "s",
                "Half of the answers, and 95 of 100, were faster.",
                (_quantile(0.5, "tg_parser_llm_request_seconds", "model"), "{{model}} median"),
                (_quantile(0.95, "tg_parser_llm_request_seconds", "model"), "{{model}} 95 %"),
            ),
        ),
    },
)

JOBS = Board(
    "tg-parser-jobs",
    "TG_parser: jobs and webhooks",
    "What waits, what runs, what became of it, and who was told.",
    {
        "Now": (
            _number("Queued", "short", "Jobs that wait.", 'sum(tg_parser_jobs{state="queued"}) or vector(0)'),
            _number("Running", "short", "Jobs at work.", 'sum(tg_parser_jobs{state="running"}) or vector(0)'),
            _number(
                "Longest wait", "s", "Of a job that is ready.", 'max(tg_parser_jobs_oldest_seconds{state="queued"})'
            ),
            _number(
                "Last look for dead workers",
                "s",
                "Ago; more than five minutes means that no worker runs.",
                "time() - max(tg_parser_last_takeover_timestamp_seconds)",
            ),
        ),
        "Jobs": (
            _graph(
                "Jobs by state",
                "short",
                "As they stand in the database.",
                ("sum by (kind, state) (tg_parser_jobs)", "{{kind}} {{state}}"),
            ),
            _graph(
                "Ended jobs",
                "ops",
                "By kind and result.",
                (_rate("tg_parser_jobs_ended_total", "kind", "state"), "{{kind}} {{state}}"),
            ),
            _graph(
                "Time of a job",
                "s",
                "95 of 100 jobs of a kind were faster.",
                (_quantile(0.95, "tg_parser_job_seconds", "kind"), "{{kind}}"),
            ),
            _graph(
                "Another attempt",
                "ops",
                "Jobs that were put back, and jobs of dead workers that were taken over.",
                (_rate("tg_parser_jobs_put_back_total", "kind"), "put back {{kind}}"),
                (_rate("tg_parser_jobs_taken_over_total", "kind"), "taken over {{kind}}"),
            ),
        ),
        "Webhooks": (
            _graph(
                "Deliveries",
                "ops",
                "Attempts, by how the delivery stands then.",
                (_rate("tg_parser_webhook_attempts_total", "state"), "{{state}}"),
            ),
            _graph(
                "Time of a receiver",
                "s",
                "95 of 100 attempts were faster.",
                (_quantile(0.95, "tg_parser_webhook_attempt_seconds"), "95 %"),
            ),
        ),
    },
)

SOURCES = Board(
    "tg-parser-sources",
    "TG_parser: sources",
    "Which channels are collected, and which are not.",
    {
        "Now": (
            _number("Active", "short", "Sources.", 'sum(tg_parser_sources{status="active"}) or vector(0)'),
            _number(
                "In error",
                "short",
                "Sources that cannot be read.",
                'sum(tg_parser_sources{status="error"}) or vector(0)',
            ),
            _number("Longest without", "s", "Since a source was collected.", "max(tg_parser_ingestion_lag_seconds)"),
            _number(
                "Age of these figures",
                "s",
                "Read from the database.",
                "time() - max(tg_parser_state_timestamp_seconds)",
            ),
        ),
        "Sources": (
            _graph("Sources by status", "short", "All sources.", ("sum by (status) (tg_parser_sources)", "{{status}}")),
            _graph(
                "Time since a source was collected",
                "s",
                "The ten longest.",
                ("topk(10, tg_parser_ingestion_lag_seconds)", "{{source}}"),
            ),
            _graph(
                "Failed attempts in a row",
                "short",
                "The ten sources with the most.",
                ("topk(10, tg_parser_failed_attempts)", "{{source}}"),
            ),
            _graph(
                "Failed messages",
                "short",
                "The ten sources with the most.",
                ("topk(10, tg_parser_failed_messages)", "{{source}}"),
            ),
        ),
    },
)

BOARDS = (DATABASE, PIPELINE, COST, JOBS, SOURCES)


def dashboard_files() -> Iterator[tuple[str, str]]:
    """The name and text of each file."""
    for board in BOARDS:
        text = json.dumps(json.loads(JSONEncoder(sort_keys=True).encode(_built(board).build())), indent=1)
        yield f"{board.uid}.json", text + "\n"


def _built(board: Board) -> dashboard.Dashboard:
    made = (
        dashboard.Dashboard(board.title)
        .uid(board.uid)
        .description(board.description)
        .tags(["tg-parser"])
        .refresh("30s")
        .time("now-6h", "now")
        .timezone("browser")
    )
    for title, panels in board.rows.items():
        made = made.with_row(dashboard.Row(title))
        for panel in panels:
            made = made.with_panel(_number_panel(panel) if panel.is_number else _graph_panel(panel))
    return made


def _graph_panel(panel: Panel) -> timeseries.Panel:
    legend = common.VizLegendOptions().display_mode(LegendDisplayMode.LIST).placement(LegendPlacement.BOTTOM)
    made = timeseries.Panel().legend(legend.show_legend(True))
    made = made.tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI))
    return _described(made.span(_WIDTH).height(_HEIGHT).min(0), panel)


def _number_panel(panel: Panel) -> stat.Panel:
    latest = common.ReduceDataOptions().calcs(["lastNotNull"])
    made = stat.Panel().graph_mode(BigValueGraphMode.AREA).reduce_options(latest)
    return _described(made.span(_SMALL).height(_HEIGHT // 2), panel)


AnyPanel = TypeVar("AnyPanel", stat.Panel, timeseries.Panel)


def _described(made: AnyPanel, panel: Panel) -> AnyPanel:
    made = made.title(panel.title).description(panel.description).unit(panel.unit).datasource(SOURCE)
    for number, query in enumerate(panel.queries):
        target = prometheus.Dataquery().expr(query.expression).legend_format(query.legend or "__auto")
        made = made.with_target(target.ref_id(chr(ord("A") + number)))
    return made
