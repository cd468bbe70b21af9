"""What rides on messages beside their text: what a call is paid for, and what it cost. Neither is sent.

request.metadata  = paid_for(purpose)          set by whoever asks, on the first request of a dialogue
response.metadata = {..., RECEIPT: Receipt}    set by Priced; Cached marks what it served
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic_ai.messages import ModelMessage, ModelResponse

from tg_parser.llm.question import Purpose

_PURPOSE = "purpose"
_RECEIPT = "receipt"
_UNSAID = Purpose("other")


@dataclass(frozen=True, slots=True)
class Receipt:
    """What one call cost, null where unknown.

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
    """The metadata of a request that says what its answer is paid for."""
    return {_PURPOSE: purpose}


def purpose_of(messages: Sequence[ModelMessage]) -> Purpose:
    """What a call is paid for: told by the first request of its dialogue; the stage `other` where nobody said."""
    found = (messages[0].metadata or {}).get(_PURPOSE) if messages else None
    return found if isinstance(found, Purpose) else _UNSAID


def receipt_of(response: ModelResponse) -> Receipt | None:
    """What the call cost, where a Priced model made it."""
    found = (response.metadata or {}).get(_RECEIPT)
    return found if isinstance(found, Receipt) else None


def with_receipt(response: ModelResponse, receipt: Receipt) -> ModelResponse:
    """The same response with its receipt."""
    response.metadata = {**(response.metadata or {}), _RECEIPT: receipt}
    return response
