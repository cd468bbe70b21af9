"""What a model is sent besides the text (pure): settings and prompt adapted to what this model accepts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast

from pydantic_ai.profiles import ModelProfile, merge_profile
from pydantic_ai.settings import ModelSettings

from tg_parser.config.llm_settings import LlmSettings
from tg_parser.llm.choice import ModelChoice

_OPENAI_NAME = re.compile(r"gpt-(?!oss)|chatgpt|o\d")
_RESPONSES_NAME = re.compile(r"gpt-(?:[5-9]|\d\d)")
_SAMPLING = ("temperature", "top_p")


def is_openai_model(choice: ModelChoice) -> bool:
    """Whether OpenAI made the model; at other addresses, other models may merely speak the same format."""
    return choice.provider == "openai" and (choice.base_url is None or bool(_OPENAI_NAME.match(choice.model)))


def speaks_responses(choice: ModelChoice) -> bool:
    """Whether the model is asked through the Responses API: gpt-5 and later."""
    return is_openai_model(choice) and bool(_RESPONSES_NAME.match(choice.model))


def output_mode(llm: LlmSettings, choice: ModelChoice) -> str:
    """How an answer with a schema is requested. Every server understands words; some can be held to a schema."""
    if llm.output_mode != "auto":
        return llm.output_mode
    if choice.provider == "anthropic":
        return "tool"
    return "prompted" if choice.provider == "openai" and not is_openai_model(choice) else "native"


def parameters_for(
    llm: LlmSettings, prompt: Mapping[str, Any], choice: ModelChoice, profile: Mapping[str, Any]
) -> dict[str, Any]:
    """Temperature, longest answer and so on, by our names: the prompt's own over the settings, without anything
    that the model would reject.
    """
    wanted: dict[str, Any] = {
        "temperature": llm.temperature,
        "max_tokens": llm.max_tokens,
        "reasoning_effort": llm.reasoning_effort if _can_think(profile) else None,
        "verbosity": llm.verbosity if speaks_responses(choice) else None,
        **prompt,
    }
    kept = {name: value for name, value in wanted.items() if value is not None}
    if not _takes_sampling(llm, choice, profile):
        kept = {name: value for name, value in kept.items() if name not in _SAMPLING}
    return kept


def model_settings(parameters: Mapping[str, Any], choice: ModelChoice) -> ModelSettings:
    """The same by pydantic-ai's names, and that OpenAI stores nothing of what it is sent."""
    settings = dict(parameters)
    effort = settings.pop("reasoning_effort", None)
    verbosity = settings.pop("verbosity", None)
    if effort is not None:
        settings["thinking"] = False if effort == "none" else effort
    if verbosity is not None:
        settings["openai_text_verbosity"] = verbosity
    if is_openai_model(choice):
        settings["openai_store"] = False
    return cast(ModelSettings, settings)


def profile_of(llm: LlmSettings, choice: ModelChoice, known: ModelProfile | None) -> ModelProfile:
    """All that is known about a model: from its provider's package, and from us."""
    return merge_profile(known, profile_for(llm, choice))


def profile_for(llm: LlmSettings, choice: ModelChoice) -> ModelProfile:
    """What the provider's own profile does not know about a model, or what we want otherwise."""
    profile: dict[str, Any] = {"default_structured_output_mode": output_mode(llm, choice)}
    if choice.provider == "openai" and is_openai_model(choice):
        # A single question does not need the reasoning behind the last answer.
        profile |= {
            "openai_supports_encrypted_reasoning_content": False,
            "openai_responses_supports_reasoning_context": False,
        }
    elif choice.provider == "openai":
        profile |= {
            "supports_json_object_output": False,
            "openai_chat_supports_max_completion_tokens": False,
            "openai_supports_strict_tool_definition": False,
        }
    return cast(ModelProfile, profile)


def _can_think(profile: Mapping[str, Any]) -> bool:
    return bool(profile.get("supports_thinking") or profile.get("thinking_always_enabled"))


def _takes_sampling(llm: LlmSettings, choice: ModelChoice, profile: Mapping[str, Any]) -> bool:
    """Whether the model accepts a temperature: most reasoning models do not while they reason."""
    if choice.provider not in {"openai", "anthropic"}:
        return True
    if profile.get("anthropic_disallows_sampling_settings"):
        return False
    if profile.get("openai_supports_reasoning") and not profile.get("openai_supports_reasoning_effort_none"):
        return False
    return not _thinks(llm, profile)


def _thinks(llm: LlmSettings, profile: Mapping[str, Any]) -> bool:
    if llm.reasoning_effort is None or not _can_think(profile):
        return bool(profile.get("thinking_enabled_by_default") or profile.get("thinking_always_enabled"))
    return llm.reasoning_effort != "none" or bool(profile.get("thinking_always_enabled"))
