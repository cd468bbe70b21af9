"""The dashboard of jobs and webhooks."""

from __future__ import annotations

from boards.parts import Board, graph, number, quantile, rate

BOARD = Board(
    "tg-parser-jobs",
    "TG_parser: jobs and webhooks",
    "What waits, what runs, what became of it, and who was told.",
    {
        "Now": (
            number("Queued", "short", "Jobs that wait.", 'sum(tg_parser_jobs{state="queued"}) or vector(0)'),
            number("Running", "short", "Jobs at work.", 'sum(tg_parser_jobs{state="running"}) or vector(0)'),
            number(
                "Longest wait", "s", "Of a job that is ready.", 'max(tg_parser_jobs_oldest_seconds{state="queued"})'
            ),
            number(
                "Last look for dead workers",
                "s",
                "Ago; more than five minutes means that no worker runs.",
                "time() - max(tg_parser_last_takeover_timestamp_seconds)",
            ),
        ),
        "Jobs": (
            graph(
                "Jobs by state",
                "short",
                "As they stand in the database.",
                ("sum by (kind, state) (tg_parser_jobs)", "{{kind}} {{state}}"),
            ),
            graph(
                "Ended jobs",
                "ops",
                "By kind and result.",
                (rate("tg_parser_jobs_ended_total", "kind", "state"), "{{kind}} {{state}}"),
            ),
            graph(
                "Time of a job",
                "s",
                "95 of 100 jobs of a kind were faster.",
                (quantile(0.95, "tg_parser_job_seconds", "kind"), "{{kind}}"),
            ),
            graph(
                "Another attempt",
                "ops",
                "Jobs that were put back, and jobs of dead workers that were taken over.",
                (rate("tg_parser_jobs_put_back_total", "kind"), "put back {{kind}}"),
                (rate("tg_parser_jobs_taken_over_total", "kind"), "taken over {{kind}}"),
            ),
        ),
        "Webhooks": (
            graph(
                "Deliveries",
                "ops",
                "Attempts, by how the delivery stands then.",
                (rate("tg_parser_webhook_attempts_total", "state"), "{{state}}"),
            ),
            graph(
                "Time of a receiver",
                "s",
                "95 of 100 attempts were faster.",
                (quantile(0.95, "tg_parser_webhook_attempt_seconds"), "95 %"),
            ),
        ),
    },
)
