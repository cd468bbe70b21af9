"""The dashboard of cost of language models."""

from __future__ import annotations

from boards.parts import Board, graph, number, quantile, rate

BOARD = Board(
    "tg-parser-cost",
    "TG_parser: cost of language models",
    "What models are asked, how they answer, and what that costs.",
    {
        "This month": (
            number("Spent", "currencyUSD", "This month, in UTC.", "max(tg_parser_llm_month_cost_dollars)"),
            number(
                "Left of the budget",
                "currencyUSD",
                "Of LLM_MONTHLY_BUDGET; empty if that is not set.",
                "min(tg_parser_llm_budget_left_dollars)",
            ),
            number(
                "Share of the budget",
                "percentunit",
                "Spent so far.",
                "max(tg_parser_llm_month_cost_dollars) / (max(tg_parser_llm_month_cost_dollars) + "
                "min(tg_parser_llm_budget_left_dollars))",
            ),
            number(
                "Dollars an hour",
                "currencyUSD",
                "As of late.",
                "sum(rate(tg_parser_llm_cost_dollars_total[15m])) * 3600",
            ),
        ),
        "Calls": (
            graph(
                "Cost by model",
                "currencyUSD",
                "Dollars an hour.",
                (f"3600 * {rate('tg_parser_llm_cost_dollars_total', 'provider', 'model')}", "{{provider}} {{model}}"),
            ),
            graph(
                "Tokens by model",
                "short",
                "Tokens a second, sent and answered.",
                (rate("tg_parser_llm_tokens_total", "model", "direction"), "{{model}} {{direction}}"),
            ),
            graph(
                "Requests",
                "reqps",
                "Answered, or failed.",
                (rate("tg_parser_llm_requests_total", "model", "outcome"), "{{model}} {{outcome}}"),
            ),
            graph(
                "Time of an answer",
                "s",
                "Half of the answers, and 95 of 100, were faster.",
                (quantile(0.5, "tg_parser_llm_request_seconds", "model"), "{{model}} median"),
                (quantile(0.95, "tg_parser_llm_request_seconds", "model"), "{{model}} 95 %"),
            ),
        ),
    },
)
