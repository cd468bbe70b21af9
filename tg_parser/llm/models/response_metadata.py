"""Data attached to messages and never sent: what is paid for, what a call cost, which parameters the model got.

request.metadata  = paid_for(purpose)          set by the caller, on the first request of a dialogue
response.metadata = {"call": CallRecord}       set by Priced; Cached marks what it served
response.metadata = {"parameters": {...}}      set by Endpoint, for the provenance of a document
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic_ai.messages import ModelMessage, ModelResponse

from tg_parser.llm.question import Purpose

_PURPOSE = "purpose"
_CALL = "call"
_PARAMETERS = "parameters"
_UNSAID = Purpose("other")


@dataclass(frozen=True, slots=True)
class CallRecord:
    """What one call cost, null if unknown.

    The cache adds the `key` of the question, the `channel_id` it is asked for, and whether nothing was sent (`cached`).
    """

    provider: str
    model: str
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_nanousd: int | None = None
    key: str = ""
    channel_id: str = ""
    cached: bool = False


def paid_for(purpose: Purpose) -> dict[str, Any]:
    """The metadata of a request that says what its answer is for."""
    return {_PURPOSE: purpose}


def purpose_of(messages: Sequence[ModelMessage]) -> Purpose:
    """What a call is paid for, from the first request of its dialogue; the stage `other` if nothing was given."""
    found = (messages[0].metadata or {}).get(_PURPOSE) if messages else None
    return found if isinstance(found, Purpose) else _UNSAID


def record_of(response: ModelResponse) -> CallRecord | None:
    """The record of the call, if a Priced model made it."""
    found = (response.metadata or {}).get(_CALL)
    return found if isinstance(found, CallRecord) else None


def with_record(response: ModelResponse, record: CallRecord) -> ModelResponse:
    """The same response with its call record."""
    response.metadata = {**(response.metadata or {}), _CALL: record}
    return response


def parameters_of(response: ModelResponse) -> dict[str, Any]:
    """The parameters the model got (temperature, longest answer, …); empty if nothing was noted."""
    found = (response.metadata or {}).get(_PARAMETERS)
    return dict(found) if isinstance(found, dict) else {}


def with_parameters(response: ModelResponse, parameters: dict[str, Any]) -> ModelResponse:
    """The same response with the parameters the model got; plain JSON, so that it can be stored."""
    response.metadata = {**(response.metadata or {}), _PARAMETERS: parameters}
    return response
