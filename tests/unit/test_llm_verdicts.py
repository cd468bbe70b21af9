"""Failures told apart by the types of their errors."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from pydantic_ai.exceptions import (
    ContentFilterError,
    ModelAPIError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelContextWindowExceededError,
    ModelHTTPError,
    ModelNotFoundError,
    ModelOverloadedError,
    ModelQuotaExceededError,
    ModelRequestRejectedError,
    ModelServerError,
    ModelTimeoutError,
    ModelUnavailableError,
    UnexpectedModelBehavior,
    UserError,
)

from tg_parser.llm.failures import FailureAction, asked_wait, hint, masked, reason, verdict


def http(category: Any, status: int, body: object = None, **more: Any) -> ModelHTTPError:
    return ModelHTTPError.for_category(category, status_code=status, model_name="m", body=body, **more)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (http(ModelServerError, 500), FailureAction.AGAIN),
        (http(ModelUnavailableError, 503), FailureAction.AGAIN),
        (http(ModelOverloadedError, 529), FailureAction.AGAIN),
        (ModelConnectionError("m", "gone"), FailureAction.AGAIN),
        (ModelTimeoutError("m", "late"), FailureAction.AGAIN),
        (ModelAPIError("m", "HTML"), FailureAction.AGAIN),
        (UnexpectedModelBehavior("HTML"), FailureAction.AGAIN),
        (httpx2.ReadError("cut"), FailureAction.AGAIN),
        (TimeoutError(), FailureAction.AGAIN),
        (ConnectionResetError(), FailureAction.AGAIN),
        (ModelHTTPError(408, "m"), FailureAction.AGAIN),
        (ModelHTTPError(425, "m"), FailureAction.AGAIN),
        (http(ModelQuotaExceededError, 429), FailureAction.FINAL),
        (http(ModelQuotaExceededError, 402), FailureAction.FINAL),
        (http(ModelAuthenticationError, 401), FailureAction.FINAL),
        (http(ModelNotFoundError, 404), FailureAction.FINAL),
        (UserError("no such mode"), FailureAction.FINAL),
        (httpx2.InvalidURL("x"), FailureAction.FINAL),
        (http(ModelRequestRejectedError, 400), FailureAction.REJECTED),
        (ModelHTTPError(413, "m"), FailureAction.REJECTED),
        (http(ModelContextWindowExceededError, 400), FailureAction.MESSAGE),
        (ContentFilterError("no"), FailureAction.MESSAGE),
    ],
)
def test_the_type_decides(error: Any, expected: FailureAction) -> None:
    """Each kind of failure has one verdict, whatever its text says."""
    assert verdict(error) is expected


def test_texts_decide_nothing() -> None:
    """A server error that talks of keys and quotas is a server error."""
    body = {"error": {"message": "invalid api key, insufficient_quota, model not found"}}
    assert verdict(http(ModelServerError, 500, body)) is FailureAction.AGAIN


def test_the_providers_own_words_are_repeated_without_the_key_and_on_one_line() -> None:
    """What the provider says is cut, joined and masked; a page is not repeated at all."""
    body = {"error": {"message": "Wrong key\n sk-1234.  " + "x" * 500}}
    assert reason(http(ModelAuthenticationError, 401, body), "sk-1234").startswith("status 401: Wrong key ***. xxx")
    assert len(reason(http(ModelAuthenticationError, 401, body), "sk-1234")) == 201
    page = ModelAPIError("m", "Expected a JSON response, got: '<html>'")
    assert reason(page, "") == "what it sent is not an answer of a language model"
    assert reason(TimeoutError(), "") == "no answer in time"
    assert reason(http(ModelServerError, 502, "<html>bad gateway</html>"), "") == "status 502"


def test_without_a_key_nothing_is_masked() -> None:
    """An empty key is not found everywhere."""
    assert masked("a b", "") == "a b"


def test_the_reason_below_a_vague_one_is_told() -> None:
    """ "Connection error" says nothing; what caused it does."""
    error = ModelConnectionError("m", "Connection error.")
    error.__cause__ = httpx2.ConnectError("Name or service not known")
    assert reason(error, "") == "Name or service not known"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after-ms": "250", "retry-after": "7"}, 0.25),
        ({"retry-after": "0"}, None),
        ({"retry-after": "soon"}, None),
        ({}, None),
    ],
)
def test_the_wait_a_provider_asks_for(headers: dict[str, str], seconds: float | None) -> None:
    """Seconds or milliseconds; nothing, nonsense and 0 are no wait that was asked for."""
    assert asked_wait(http(ModelOverloadedError, 529, headers=headers)) == seconds


def test_hints_name_the_variable_to_look_at() -> None:
    """A wrong key names its variable, a missing model its own, a wrong setting the mode."""
    assert "ANTHROPIC_API_KEY" in hint(http(ModelAuthenticationError, 401), "anthropic")
    assert "LLM_MODEL" in hint(http(ModelNotFoundError, 404), "openai")
    assert "Top up" in hint(http(ModelQuotaExceededError, 402), "gemini")
    assert "OLLAMA_BASE_URL" in hint(http(ModelNotFoundError, 404), "ollama")
    assert "LLM_OUTPUT_MODE" in hint(UserError("x"), "openai")
