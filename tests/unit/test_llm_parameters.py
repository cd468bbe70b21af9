"""What each model is told beside the words."""

from __future__ import annotations

from typing import Any

import pytest

from tg_parser.config.llm_settings import LlmSettings
from tg_parser.llm.choice import ModelChoice
from tg_parser.llm.models.parameters import (
    is_openai_model,
    model_settings,
    output_mode,
    parameters_for,
    speaks_responses,
)

PLAIN: dict[str, object] = {}
ALWAYS_THINKS = {"supports_thinking": True, "thinking_always_enabled": True, "openai_supports_reasoning": True}
MAY_THINK = {
    "supports_thinking": True,
    "openai_supports_reasoning": True,
    "openai_supports_reasoning_effort_none": True,
}
THINKS_UNLESS_TOLD = {**MAY_THINK, "thinking_enabled_by_default": True}
OPENAI = ModelChoice("openai", "gpt-6-luna")
CLAUDE = ModelChoice("anthropic", "claude-haiku-4-5")
GEMINI = ModelChoice("gemini", "gemini-3.1-flash-lite")


def llm(**variables: Any) -> LlmSettings:
    return LlmSettings(_env_file=None, **variables)


@pytest.mark.parametrize(
    ("choice", "profile", "effort", "told"),
    [
        (OPENAI, PLAIN, None, True),
        (OPENAI, ALWAYS_THINKS, None, False),
        (OPENAI, ALWAYS_THINKS, "none", False),
        (OPENAI, MAY_THINK, None, True),
        (OPENAI, MAY_THINK, "low", False),
        (OPENAI, THINKS_UNLESS_TOLD, None, False),
        (OPENAI, THINKS_UNLESS_TOLD, "none", True),
        (CLAUDE, {"supports_thinking": True}, None, True),
        (CLAUDE, {"supports_thinking": True}, "high", False),
        (CLAUDE, {"anthropic_disallows_sampling_settings": True}, None, False),
        (GEMINI, ALWAYS_THINKS, "high", True),
    ],
)
def test_a_model_that_refuses_a_temperature_is_told_none(
    choice: ModelChoice, profile: dict[str, bool], effort: str | None, told: bool
) -> None:
    """Models of OpenAI and Anthropic take no temperature while they think; all others always do."""
    parameters = parameters_for(llm(LLM_REASONING_EFFORT=effort), {}, choice, profile)
    assert ("temperature" in parameters) is told


def test_effort_is_for_models_that_think_and_verbosity_for_gpt_5() -> None:
    """Neither is sent to, or written down for, a model that knows nothing of it."""
    settings = llm(LLM_REASONING_EFFORT="low", LLM_VERBOSITY="low", LLM_MAX_TOKENS=100)
    assert parameters_for(settings, {}, OPENAI, ALWAYS_THINKS) == {
        "max_tokens": 100,
        "reasoning_effort": "low",
        "verbosity": "low",
    }
    assert parameters_for(settings, {}, CLAUDE, PLAIN) == {"temperature": 0.0, "max_tokens": 100}


def test_a_prompts_temperature_is_left_out_where_the_settings_would_be() -> None:
    """A prompt cannot make a model take what it refuses."""
    assert parameters_for(llm(), {"temperature": 1.0, "top_p": 0.5}, OPENAI, ALWAYS_THINKS) == {"max_tokens": 4096}


def test_names_are_translated() -> None:
    """Effort `none` switches thinking off; OpenAI's models, and only those, are told to store nothing."""
    told = {"temperature": 0.0, "reasoning_effort": "none", "verbosity": "low"}
    assert model_settings(told, OPENAI) == {
        "temperature": 0.0,
        "thinking": False,
        "openai_text_verbosity": "low",
        "openai_store": False,
    }
    assert model_settings({"reasoning_effort": "high"}, CLAUDE) == {"thinking": "high"}


@pytest.mark.parametrize(
    ("model", "address", "openai", "responses"),
    [
        ("gpt-4o-mini", None, True, False),
        ("gpt-5", None, True, True),
        ("gpt-5.4-nano-2026-03-01", None, True, True),
        ("gpt-6-luna", "http://proxy/v1", True, True),
        ("gpt-10", None, True, True),
        ("o3", None, True, False),
        ("ft:gpt-4o:me", None, True, False),
        ("gpt-oss-20b", "http://here/v1", False, False),
        ("mistral-small", "http://here/v1", False, False),
    ],
)
def test_who_made_a_model_decides_how_it_is_asked(
    model: str, address: str | None, openai: bool, responses: bool
) -> None:
    """gpt-5 and later speak the Responses API, at any address; open models at one's own address speak plain chat."""
    choice = ModelChoice("openai", model, address)
    assert (is_openai_model(choice), speaks_responses(choice)) == (openai, responses)


def test_a_chosen_way_of_asking_counts_everywhere() -> None:
    """LLM_OUTPUT_MODE comes before what suits a model."""
    assert output_mode(llm(), CLAUDE) == "tool"
    assert output_mode(llm(LLM_OUTPUT_MODE="native"), CLAUDE) == "native"
    assert output_mode(llm(), ModelChoice("openai", "mistral-small", "http://here/v1")) == "prompted"
