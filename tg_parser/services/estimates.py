"""Estimates what processing would cost before anything is sent."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import TYPE_CHECKING

import orjson
from pydantic import BaseModel

from tg_parser.config.settings import Settings
from tg_parser.domain.spending import dollars
from tg_parser.llm.choice import model_chain
from tg_parser.llm.prompts import load_prompts
from tg_parser.llm.spending.token_counts import TextSize, size_of
from tg_parser.processing.llm_analyzer import SHORT_CHARS
from tg_parser.processing.reading import Reading, Readings
from tg_parser.services.views.spending import Estimate
from tg_parser.storage.stores.waiting_texts import WaitingTexts, WaitingTextStorage

if TYPE_CHECKING:
    from tg_parser.processing.processor import ProcessOptions

_ANSWER_SHARE, _ANSWER_REST = 1.4, 80
"""Tokens of an answer: the text again, a summary and names that grow with it, and the rest. Measured on 750 posts."""
_CONTEXT_CHARS = 1_500
"""Maximum length of the post, and of the previous comment, sent as context of a comment."""
_BLOCK_TOKENS = 30
"""Tokens of the delimiters around a message."""


class EstimateService:
    """Counts the waiting texts and prices them by the settings of a run."""

    def __init__(self, settings: Settings, waiting: WaitingTextStorage) -> None:
        self._settings = settings
        self._waiting = waiting

    async def estimate(self, channel_ids: Sequence[str], options: ProcessOptions) -> Estimate:
        """Return what `process` would cost with these options. Raises ProviderError, SettingsError."""
        llm = self._settings.llm
        found = [
            await self._waiting.sizes(
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
            return Estimate(messages=messages, model="local", calls=0, input_tokens=0, output_tokens=0, cost_usd=0.0)
        # Part of the optional extra, and takes most of a second to load.
        from tg_parser.llm.spending.prices import price_of_calls, tariff  # noqa: PLC0415

        calls, sent, answered = self._tokens(found)
        first = chain[0]
        price = tariff(first.provider, first.model, first.base_url, self._settings.llm_money)
        nano = price_of_calls(price, calls, sent, answered)
        return Estimate(
            messages=messages,
            model=chain[0].label,
            calls=calls,
            input_tokens=sent,
            output_tokens=answered,
            cost_usd=None if nano is None else dollars(nano),
        )

    def _tokens(self, found: Sequence[WaitingTexts]) -> tuple[int, int, int]:
        """Return the number of calls and of input and output tokens."""
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


def _context_tokens(waiting: WaitingTexts, text_tokens: float) -> float:
    """Return the tokens of the context sent with comments, estimated from the average text length."""
    if not waiting.comments or not waiting.chars:
        return 0.0
    average = waiting.chars / waiting.with_text
    return waiting.comments * min(2 * average, _CONTEXT_CHARS) * text_tokens / waiting.chars
