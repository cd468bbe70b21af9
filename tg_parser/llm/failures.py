"""What a failed call means, by the type of its error: ask again, give up one message, or stop.

No text is parsed to decide. A provider's message is only shown to people: shortened, on one line, without the key.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Any

import httpx2
from pydantic_ai.exceptions import (
    AgentRunError,
    ContentFilterError,
    ModelAPIError,
    ModelAuthenticationError,
    ModelContextWindowExceededError,
    ModelHTTPError,
    ModelNotFoundError,
    ModelQuotaExceededError,
    ModelRequestRejectedError,
    UnexpectedModelBehavior,
    UserError,
)

from tg_parser.llm.choice import KEY_VARIABLES, address_variable

_SHOWN_CHARS = 200
_AGAIN_STATUSES = frozenset({408, 409, 425})


class FailureAction(Enum):
    """How to react to a failed call."""

    AGAIN = "again"
    """Network, timeout, overload, server error, a response that is not an answer: asked again, a few times."""
    FINAL = "final"
    """Key, model, credit, a setting: every other message would meet it too."""
    REJECTED = "rejected"
    """The request as such is rejected: because of this message, or of all."""
    MESSAGE = "message"
    """This message alone: too long for the model, or filtered."""


_BY_TYPE: tuple[tuple[type[Exception], FailureAction], ...] = (
    (ModelQuotaExceededError, FailureAction.FINAL),
    (ModelAuthenticationError, FailureAction.FINAL),
    (ModelNotFoundError, FailureAction.FINAL),
    (ModelContextWindowExceededError, FailureAction.MESSAGE),
    (ContentFilterError, FailureAction.MESSAGE),
    (ModelRequestRejectedError, FailureAction.REJECTED),
    (UserError, FailureAction.FINAL),
    (httpx2.InvalidURL, FailureAction.FINAL),
)
PROVIDER_ERRORS = (AgentRunError, UserError, httpx2.HTTPError, httpx2.InvalidURL, TimeoutError, ConnectionError)
"""The errors a call to a provider can end with; anything else is a bug of ours and passes through."""


def verdict(error: Exception) -> FailureAction:
    """What to do about one of PROVIDER_ERRORS."""
    found = next((verdict for kind, verdict in _BY_TYPE if isinstance(error, kind)), None)
    if _is_of_the_proxy(error):
        return FailureAction.FINAL
    if found is not None:
        return found
    if isinstance(error, ModelHTTPError) and 400 <= error.status_code < 500:
        return FailureAction.AGAIN if error.status_code in _AGAIN_STATUSES else FailureAction.REJECTED
    return FailureAction.AGAIN


def asked_wait(error: Exception) -> float | None:
    """The seconds that the provider asks to wait, if any."""
    return getattr(error, "retry_after", None) or None


def reason(error: Exception, key: str) -> str:
    """The failure in words for people: the provider's own if it gave any, else the kind."""
    message = _provider_message(error)
    status = f"status {error.status_code}" if isinstance(error, ModelHTTPError) else ""
    return masked(": ".join(filter(None, (status, message))) or _kind(error), key)


def masked(text: str, key: str) -> str:
    """`text` on one line, shortened, with the key removed."""
    line = " ".join((text.replace(key, "***") if key else text).split()).rstrip(".")
    return line if len(line) <= _SHOWN_CHARS else f"{line[:_SHOWN_CHARS]}…"


def hint(error: Exception, provider: str) -> str:
    """What a person can do about a final failure."""
    if _is_of_the_proxy(error):
        return "Check LLM_PROXY: the proxy wants another user or password."
    variable, address = KEY_VARIABLES.get(provider), address_variable(provider)
    if isinstance(error, ModelAuthenticationError):
        return f"Check {variable}, and that it may use this model." if variable else f"Check {address} and its key."
    if isinstance(error, ModelNotFoundError):
        return f"Check LLM_MODEL (--model) and {address}; with Ollama, pull the model first."
    if isinstance(error, ModelQuotaExceededError):
        return "Top up the account or raise its limit there, then run the same command again: nothing is paid twice."
    return "Check LLM_MODEL and LLM_OUTPUT_MODE; not every model takes every setting."


def _is_of_the_proxy(error: Exception) -> bool:
    """Whether a proxy on the way refused, not the provider."""
    return isinstance(error, ModelHTTPError) and error.status_code == httpx2.codes.PROXY_AUTHENTICATION_REQUIRED


def _provider_message(error: Exception) -> str:
    """The message in a provider's error body; its place differs."""
    body: Any = getattr(error, "body", None)
    if isinstance(body, dict):
        inner = body.get("error", body)
        message = inner.get("message") if isinstance(inner, dict) else inner
        return message if isinstance(message, str) else ""
    return ""


def _kind(error: Exception) -> str:
    """The failure in a word or two; an error without an HTTP answer has its own message, but may quote a whole page."""
    causes = list(_causes(error))
    if any(isinstance(cause, TimeoutError | httpx2.TimeoutException) for cause in causes):
        return "no answer in time"
    if type(error) is ModelAPIError or isinstance(error, UnexpectedModelBehavior):
        return "what it sent is not an answer of a language model"
    # The packages of some providers only say "Connection error"; the cause below it says more.
    return next((str(cause) for cause in reversed(causes) if str(cause)), type(error).__name__)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__
