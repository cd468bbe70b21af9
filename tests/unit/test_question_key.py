"""The key of a question stays what it is, or answers that are paid for are not found; and all of a question counts."""

from __future__ import annotations

from pydantic_ai.messages import ModelRequest, SystemPromptPart, UserPromptPart
from pydantic_ai.models import ModelRequestParameters

from tg_parser.llm.models.cached import question_key


def key(said: str) -> str:
    request = ModelRequest(parts=[SystemPromptPart("Describe it."), UserPromptPart(said)])
    return question_key("openai:m", [request], None, ModelRequestParameters())


def test_questions_that_differ_at_their_end_have_different_keys() -> None:
    """However long they are."""
    assert len({key("a" * length + end) for length in (1, 1_900, 2_000, 10_000) for end in "xyz"}) == 12


def test_keys_are_those_of_earlier_versions() -> None:
    """Of a short question and of a long one."""
    assert key("Снег") == "5dc5a9491134ac304b0d478758e1ae80d369463c795f5ff2a657bf7acce774df"
    assert key("Снег " * 2_000) == "3831c519e4a9f69db7aa2e2f02d4fd3cf6756118fa9cc3e42616ce77d067f843"
