"""What models cost: before anything is sent, and afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import TYPE_CHECKING

import orjson
from pydantic import BaseModel

from tg_parser.config.settings import Settings
from tg_parser.domain.spending import Spending, dollars
from tg_parser.domain.times import utc_now
from tg_parser.llm.choice import model_chain
from tg_parser.llm.prompts import load_prompts
from tg_parser.llm.spending.token_counts import TextSize, size_of
from tg_parser.processing.llm_analyzer import SHORT_CHARS
from tg_parser.processing.reading import Reading, Readings
from tg_parser.storage.stores.due_texts import DueTexts, DueTextStorage
from tg_parser.storage.stores.llm_spending import Grouping, SpendingStorage

if TYPE_CHECKING:
    from tg_parser.processing.processor import ProcessOptions

_ANSWER_SHARE, _ANSWER_REST = 1.4, 80
"""Tokens of an answer: the text again, a summary and names that grow with it, and the rest. Measured on 750 posts."""
_CONTEXT_CHARS = 1_500
"""Of the post and the comment before it, at most, that a comment is sent with."""
_BLOCK_TOKENS = 30
"""Of the fence around a message."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What processing would take, roughly; the price is null where nobody knows it, and nothing is asked offline.

    Answers that are refused and asked for again, and what a model thinks before it answers, come on top; answers that
    are kept from earlier runs come off.
    """

    messages: int
    model: str
    calls: int
    input_tokens: int
    output_tokens: int
    cost_usd: float | None


@dataclass(frozen=True, slots=True)
class CostLine:
    """The spending under one label; `cost_usd` is null where no call has a known price."""

    label: str
    calls: int
    input_tokens: int
    output_tokens: int
    cost_usd: float | None
    unknown_usage_calls: int
    unknown_price_calls: int
    cached_answers: int


@dataclass(frozen=True, slots=True)
class CostReport:
    """Spending by label, its sum, and this month against LLM_MONTHLY_BUDGET."""

    by: Grouping
    lines: list[CostLine]
    total: CostLine
    month: str
    month_usd: float
    month_budget_usd: float | None


class CostService:
    """Reads the books and the due texts."""

    def __init__(self, settings: Settings, book: SpendingStorage, due: DueTextStorage) -> None:
        self._settings = settings
        self._book = book
        self._due = due

    async def report(self, by: Grouping, since: datetime | None = None) -> CostReport:
        """What was spent since a day of UTC, or ever."""
        totals = await self._book.totals(by, since.date().isoformat() if since else None)
        month = f"{utc_now():%Y-%m}"
        return CostReport(
            by=by,
            lines=[cost_line(label, spent) for label, spent in totals.items()],
            total=cost_line("total", sum(totals.values(), Spending())),
            month=month,
            month_usd=dollars(await self._book.month_nanousd(month)),
            month_budget_usd=self._settings.llm_money.monthly_budget,
        )

    async def estimate(self, channel_ids: Sequence[str], options: ProcessOptions) -> Estimate:
        """What `process` with these options would ask. Raises ProviderError, SettingsError as `process` would."""
        llm = self._settings.llm
        found = [
            await self._due.sizes(
                channel_id,
                short_chars=SHORT_CHARS,
                max_chars=llm.max_input_chars,
                force=options.force,
                retry_failed=options.retry_failed,
            )
            for channel_id in channel_ids
        ]
        messages = sum(each.messages for each in found)
        chain = model_chain(llm, "processing")
        if not chain:
            return Estimate(messages, "local", 0, 0, 0, 0.0)
        # Of the optional extra, and most of a second to load.
        from tg_parser.llm.spending.prices import price_of_calls, tariff  # noqa: PLC0415

        calls, sent, answered = self._tokens(found)
        first = chain[0]
        price = tariff(first.provider, first.model, first.base_url, self._settings.llm_money)
        nano = price_of_calls(price, calls, sent, answered)
        return Estimate(messages, chain[0].label, calls, sent, answered, None if nano is None else dollars(nano))

    def _tokens(self, found: Sequence[DueTexts]) -> tuple[int, int, int]:
        """Calls, and the tokens sent and answered."""
        batch, prompts = self._settings.llm.batch_size, load_prompts(self._settings.prompts)
        alone, shared = (
            size_of(prompts[name].system + prompts[name].user).tokens + _shape_tokens(shape)
            for name, shape in (("processing", Reading), ("processing_batch", Readings))
        )
        calls, sent, answered = 0, 0.0, 0.0
        for each in found:
            shared_calls = ceil(each.short / batch) if batch > 1 else 0
            single_calls = each.with_text - (each.short if batch > 1 else 0)
            text = TextSize(each.chars, each.utf8_bytes).tokens
            calls += shared_calls + single_calls
            sent += single_calls * alone + shared_calls * shared
            sent += text + each.with_text * _BLOCK_TOKENS + _context_tokens(each, text)
            answered += _ANSWER_SHARE * text + _ANSWER_REST * each.with_text
        return calls, round(sent), round(answered)


def _shape_tokens(shape: type[BaseModel]) -> float:
    return size_of(orjson.dumps(shape.model_json_schema()).decode()).tokens


def _context_tokens(due: DueTexts, text_tokens: float) -> float:
    """Of what comments are sent with: as long as the texts are on average, up to what is sent of it."""
    if not due.comments or not due.chars:
        return 0.0
    average = due.chars / due.with_text
    return due.comments * min(2 * average, _CONTEXT_CHARS) * text_tokens / due.chars


def cost_line(label: str, spent: Spending) -> CostLine:
    """Spending as people read it."""
    priced = spent.calls - spent.unknown_price_calls
    return CostLine(
        label=label,
        calls=spent.calls,
        input_tokens=spent.input_tokens,
        output_tokens=spent.output_tokens,
        cost_usd=dollars(spent.cost_nanousd) if priced or not spent.calls else None,
        unknown_usage_calls=spent.unknown_usage_calls,
        unknown_price_calls=spent.unknown_price_calls,
        cached_answers=spent.cached_answers,
    )
