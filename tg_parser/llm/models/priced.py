"""A model whose every call is checked against the budget and counted, even if the answer is rejected later."""

from __future__ import annotations

import time

from pydantic_ai.messages import ModelMessage, ModelResponse
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.settings import ModelSettings

from tg_parser.domain.spending import Spending, nanousd
from tg_parser.llm.models.layer import Layer
from tg_parser.llm.models.response_metadata import CallRecord, purpose_of, with_record
from tg_parser.llm.spending.budget import require_price
from tg_parser.llm.spending.ledger import Ledger
from tg_parser.llm.spending.prices import Tariff
from tg_parser.observability import metrics
from tg_parser.observability.tracing import span


class Priced(Layer):
    """Wraps the model of one provider. Raises BudgetError at once if a cap is set and its price is unknown."""

    def __init__(self, wrapped: Model, *, provider: str, tariff: Tariff, ledger: Ledger) -> None:
        super().__init__(wrapped)
        require_price(ledger.caps, provider, wrapped.model_name, known=tariff.known)
        self._provider_name = provider
        self._tariff = tariff
        self._ledger = ledger

    async def respond(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """The answer with its call record. Raises BudgetError before anything is sent."""
        await self._ledger.admit()
        began = time.perf_counter()
        provider, model = self._provider_name, self.wrapped.model_name
        with span(f"chat {model}", "client", gen__ai_provider_name=provider, gen__ai_request_model=model) as told:
            try:
                response = await self.wrapped.request(messages, model_settings, model_request_parameters)
            except Exception:
                metrics.count_no_answer(provider, model)
                raise
            record = self._record(response)
            told.tell(
                gen__ai_usage_input__tokens=record.input_tokens, gen__ai_usage_output__tokens=record.output_tokens
            )
        spending = _spending(record)
        self._ledger.book(purpose_of(messages), record.provider, record.model, spending)
        metrics.count_answer(record.provider, record.model, spending, time.perf_counter() - began)
        return with_record(response, record)

    def _record(self, response: ModelResponse) -> CallRecord:
        usage = response.usage
        if not usage.input_tokens and not usage.output_tokens:
            return CallRecord(self._provider_name, self.wrapped.model_name)
        reported = None if usage.cost is None else nanousd(usage.cost)
        cost = self._tariff.price(usage) if reported is None else reported
        return CallRecord(self._provider_name, self.wrapped.model_name, usage.input_tokens, usage.output_tokens, cost)


def _spending(record: CallRecord) -> Spending:
    return Spending(
        calls=1,
        input_tokens=record.input_tokens or 0,
        output_tokens=record.output_tokens or 0,
        cost_nanousd=record.cost_nanousd or 0,
        unknown_usage_calls=record.input_tokens is None,
        unknown_price_calls=record.cost_nanousd is None,
    )
