"""A model that is not asked, or paid, twice for the same question: good answers are served again.

The key of a question is a digest of everything its answer depends on: the model, the messages, the parameters, the
schema of the answer. The caller reports good answers through `keep`; a rejected one is never served again.
"""

from __future__ import annotations

import asyncio
import copy
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

import orjson
from pydantic_ai.messages import ModelMessage, ModelRequest, ModelResponse, TextPart
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.settings import ModelSettings

from tg_parser.domain.spending import PaidAnswer, Spending
from tg_parser.domain.utc_time import utc_now
from tg_parser.llm.models.batching_loader import BatchingLoader
from tg_parser.llm.models.layer import Layer
from tg_parser.llm.models.response_metadata import (
    CallRecord,
    parameters_of,
    purpose_of,
    record_of,
    with_parameters,
    with_record,
)
from tg_parser.llm.spending.ledger import Ledger
from tg_parser.llm.structured import answer_text


class AnswerStore(Protocol):
    """Where good answers are kept."""

    async def find(self, keys: Sequence[str]) -> Mapping[str, PaidAnswer]:
        """The stored answers among them, by key."""
        ...


_HASHED_AT_A_TIME = 2_000
"""For more bytes at once, hashlib lets other threads run, and the event loop waits until it is its turn again."""


class Cached(Layer):
    """Wraps the whole chain of one stage; `identity` is the model asked first: provider, name, address, parameters.

    Of two equal questions at the same time one is asked. Without `read` every question is asked, and a good answer
    replaces the stored one; without `store` nothing is kept.
    """

    def __init__(
        self,
        wrapped: Model,
        *,
        identity: str,
        answers: AnswerStore,
        ledger: Ledger,
        read: bool = True,
        store: bool = True,
    ) -> None:
        super().__init__(wrapped)
        self._identity = identity
        self._ledger = ledger
        self._read = read
        self._store = store
        self._lookups = BatchingLoader(answers.find)
        self._running: dict[str, asyncio.Future[ModelResponse]] = {}

    async def respond(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """A stored answer or a new one; its call record says which, and under which key it is stored."""
        key = question_key(self._identity, messages, model_settings, model_request_parameters)
        while (running := self._running.get(key)) is not None:
            # The asking task may be cancelled; then the next one asks.
            await asyncio.wait([running])
            if not running.cancelled():
                return self._served(messages, copy.copy(running.result()))
        running = self._running[key] = asyncio.get_running_loop().create_future()
        try:
            response = await self._answer(key, messages, model_settings, model_request_parameters)
        except Exception as error:
            running.set_exception(error)
            running.exception()  # its exception is handled even if nobody else waits for it
            raise
        else:
            running.set_result(response)
            return response
        finally:
            running.cancel()
            del self._running[key]

    def keep(self, first: ModelResponse, accepted: ModelResponse) -> None:
        """Serve `accepted` when the question that first got `first` comes again; they differ after a rejection."""
        asked, paid = record_of(first), record_of(accepted)
        if not self._store or asked is None or paid is None or (accepted is first and paid.cached):
            return
        self._ledger.keep(
            PaidAnswer(
                key=asked.key,
                channel_id=asked.channel_id,
                provider=paid.provider,
                model=paid.model,
                response={"text": answer_text(accepted), "parameters": parameters_of(accepted)},
                input_tokens=paid.input_tokens,
                output_tokens=paid.output_tokens,
                cost_nanousd=paid.cost_nanousd,
                created_at=utc_now(),
            )
        )

    async def _answer(
        self,
        key: str,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        channel_id = purpose_of(messages).channel_id or ""
        if self._read:
            known = self._ledger.recent(key) or await self._lookups.get(key)
            if known is not None:
                record = CallRecord(known.provider, known.model, key=key, channel_id=channel_id)
                return self._served(messages, with_record(_response(known), record))
        response = await self.wrapped.request(messages, model_settings, model_request_parameters)
        record = record_of(response) or CallRecord(response.provider_name or self.system, self.model_name)
        return with_record(response, replace(record, key=key, channel_id=channel_id))

    def _served(self, messages: Sequence[ModelMessage], response: ModelResponse) -> ModelResponse:
        """The response, marked and counted as one that cost nothing."""
        record = record_of(response)
        if record is None:
            return response
        self._ledger.book(purpose_of(messages), record.provider, record.model, Spending(cached_answers=1))
        free = replace(record, input_tokens=None, output_tokens=None, cost_nanousd=None, cached=True)
        return with_record(response, free)


def question_key(
    identity: str,
    messages: Sequence[ModelMessage],
    model_settings: ModelSettings | None,
    parameters: ModelRequestParameters,
) -> str:
    """The digest that identifies a question; ids and times that differ from call to call are not part of it."""
    said = [[_part(part) for part in message.parts] for message in messages]
    instructions = [message.instructions for message in messages if isinstance(message, ModelRequest)]
    shape = [
        parameters.output_mode,
        parameters.output_object and parameters.output_object.json_schema,
        [[tool.name, tool.description, tool.parameters_json_schema] for tool in parameters.output_tools],
    ]
    content = orjson.dumps(
        [identity, said, instructions, dict(model_settings or {}), shape], option=orjson.OPT_SORT_KEYS, default=str
    )
    digest = hashlib.sha256()
    for start in range(0, len(content), _HASHED_AT_A_TIME):
        digest.update(content[start : start + _HASHED_AT_A_TIME])
    return digest.hexdigest()


def _part(part: Any) -> list[Any]:
    return [part.part_kind, getattr(part, "content", None), getattr(part, "args", None)]


def _response(known: PaidAnswer) -> ModelResponse:
    response = ModelResponse(parts=[TextPart(known.response["text"])], model_name=known.model)
    return with_parameters(response, known.response.get("parameters") or {})
