"""The dashboard of database and API."""

from __future__ import annotations

from boards.parts import Board, graph, number, quantile, rate

BOARD = Board(
    "tg-parser-database",
    "TG_parser: database and API",
    "Whether the database answers, how its connections are used, and how the API answers.",
    {
        "Now": (
            number("Database", "none", "1 if the database answers.", "min(tg_parser_database_up)"),
            number(
                "Requests a second", "reqps", "Answered by the API.", "sum(rate(tg_parser_http_requests_total[5m]))"
            ),
            number(
                "Share of server errors",
                "percentunit",
                "Answers with a status of 500 or above.",
                'sum(rate(tg_parser_http_requests_total{status=~"5.."}[5m])) '
                "/ sum(rate(tg_parser_http_requests_total[5m]))",
            ),
            number("Latest backup", "s", "Its age.", "time() - max(tg_parser_last_backup_timestamp_seconds)"),
        ),
        "Connections": (
            graph(
                "Connections in use",
                "short",
                "Of each process. At the limit, requests wait.",
                ("sum by (instance, pool) (tg_parser_pool_checked_out)", "{{instance}} {{pool}}"),
                ("sum by (instance, pool) (tg_parser_pool_limit)", "limit {{instance}} {{pool}}"),
            ),
            graph(
                "Open connections",
                "short",
                "Opened by each process, used or not.",
                ("sum by (instance, pool) (tg_parser_pool_open)", "{{instance}} {{pool}}"),
            ),
            graph(
                "Waiting for a connection",
                "s",
                "Seconds of waiting per second; above 1, at least one request waits all the time.",
                (rate("tg_parser_pool_wait_seconds_total", "instance"), "{{instance}}"),
            ),
            graph(
                "Waits and refusals",
                "ops",
                "Requests that waited for a connection, and those that got none.",
                (rate("tg_parser_pool_waits_total", "instance"), "waited {{instance}}"),
                (rate("tg_parser_pool_refused_total", "instance"), "refused {{instance}}"),
            ),
        ),
        "API": (
            graph(
                "Requests by status",
                "reqps",
                "What the API answered.",
                (rate("tg_parser_http_requests_total", "status"), "{{status}}"),
            ),
            graph(
                "Time of an answer",
                "s",
                "95 of 100 answers of a route were faster.",
                (quantile(0.95, "tg_parser_http_request_seconds", "route"), "{{route}}"),
            ),
            graph(
                "Requests being answered",
                "short",
                "Requests in flight, and open streams of events.",
                ("sum by (instance) (tg_parser_http_requests_in_flight)", "requests {{instance}}"),
                ("sum by (instance) (tg_parser_event_streams_open)", "streams {{instance}}"),
            ),
            graph(
                "Memory",
                "bytes",
                "Resident memory of each process.",
                ("process_resident_memory_bytes", "{{job}} {{instance}}"),
            ),
        ),
    },
)
