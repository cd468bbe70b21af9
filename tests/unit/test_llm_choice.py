"""Which models answer, from settings alone."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from tg_parser.config.llm_settings import LlmSettings
from tg_parser.domain.errors import ProviderError
from tg_parser.llm.choice import chosen_provider, model_chain


def llm(**variables: Any) -> LlmSettings:
    return LlmSettings(_env_file=None, **variables)


@pytest.mark.parametrize(
    ("variables", "provider"),
    [
        ({}, "local"),
        ({"GEMINI_API_KEY": "g"}, "gemini"),
        ({"GEMINI_API_KEY": "g", "ANTHROPIC_API_KEY": "a"}, "anthropic"),
        ({"GEMINI_API_KEY": "g", "ANTHROPIC_API_KEY": "a", "OPENAI_API_KEY": "o"}, "openai"),
        ({"LLM_BASE_URL": "http://localhost:8000/v1"}, "openai"),
        ({"LLM_BASE_URL": "http://localhost:8000", "ANTHROPIC_API_KEY": "a"}, "anthropic"),
        ({"LLM_PROVIDER": "Local", "OPENAI_API_KEY": "o"}, "local"),
        ({"LLM_PROVIDER": "ollama"}, "ollama"),
    ],
)
def test_who_answers_follows_from_what_is_set(variables: dict[str, str], provider: str) -> None:
    """A named provider counts, then the first key there is, then an address; else the work is done offline."""
    assert chosen_provider(llm(**variables)) == provider


def test_every_stage_has_its_model() -> None:
    """LLM_MODEL is for all stages, a stage's own comes before it, and agents work with the one for messages."""
    settings = llm(OPENAI_API_KEY="o", LLM_MODEL="m", LLM_MODEL_TOPICS="t")
    assert [model_chain(settings, stage)[0].model for stage in ("processing", "topics", "agents")] == ["m", "t", "m"]


def test_a_model_of_each_provider_is_known() -> None:
    """Without LLM_MODEL each provider has a fitting one."""
    keys = {"OPENAI_API_KEY": "o", "ANTHROPIC_API_KEY": "a", "GEMINI_API_KEY": "g"}
    labels = [
        model_chain(llm(LLM_PROVIDER=provider, **keys), "processing")[0].label
        for provider in ("openai", "anthropic", "gemini", "ollama")
    ]
    assert labels == [
        "openai:gpt-6-luna",
        "anthropic:claude-haiku-5-5",
        "gemini:gemini-3.1-flash-lite",
        "ollama:qwen3:8b at http://localhost:11434/v1",
    ]


def test_stand_ins_come_in_their_order_and_at_their_own_addresses() -> None:
    """LLM_FALLBACK names provider:model; LLM_BASE_URL is the chosen provider's and nobody else's."""
    settings = llm(
        OPENAI_API_KEY="o",
        ANTHROPIC_API_KEY="a",
        LLM_MODEL="m",
        LLM_BASE_URL="http://h/v1/",
        LLM_FALLBACK="anthropic:c, ollama:qwen3:8b ,openai:n",
    )
    assert [(choice.provider, choice.model, choice.base_url) for choice in model_chain(settings, "topics")] == [
        ("openai", "m", "http://h/v1"),
        ("anthropic", "c", None),
        ("ollama", "qwen3:8b", "http://localhost:11434/v1"),
        ("openai", "n", "http://h/v1"),
    ]


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"LLM_PROVIDER": "openai"}, "OPENAI_API_KEY is not set"),
        ({"LLM_PROVIDER": "anthropic"}, "ANTHROPIC_API_KEY is not set"),
        ({"LLM_PROVIDER": "gemini"}, "GEMINI_API_KEY is not set"),
        ({"OPENAI_API_KEY": "o", "LLM_FALLBACK": "anthropic:c"}, "ANTHROPIC_API_KEY is not set"),
        ({"OPENAI_API_KEY": "o", "LLM_FALLBACK": "gpt-5"}, "LLM_FALLBACK: 'gpt-5' is not a model."),
        ({"OPENAI_API_KEY": "o", "LLM_FALLBACK": "local:x"}, "LLM_FALLBACK: 'local:x' is not a model."),
        ({"LLM_BASE_URL": "http://user:secret@h/v1"}, "the models are unknown at http://h/v1."),
        ({"OPENAI_API_KEY": "sk-a\u200bb"}, "OPENAI_API_KEY contains characters that cannot be part of a key."),
        ({"OPENAI_API_KEY": "two words"}, "OPENAI_API_KEY contains characters that cannot be part of a key."),
    ],
)
def test_what_cannot_work_is_refused_by_the_name_of_its_variable(variables: dict[str, str], said: str) -> None:
    """Missing keys, stand-ins and models, and keys that were copied wrongly, are errors before anything is sent."""
    with pytest.raises(ProviderError) as caught:
        model_chain(llm(**variables), "processing")
    assert said in caught.value.message
    assert "secret" not in caught.value.message


def test_a_key_is_not_shown() -> None:
    """A choice does not show its key; white space around a key is no part of it."""
    [choice] = model_chain(llm(OPENAI_API_KEY=" sk-secret\n", LLM_MODEL="m"), "processing")
    assert choice.key == "sk-secret"
    assert "sk-secret" not in repr(choice)


def test_without_the_extra_the_error_says_what_to_install() -> None:
    """Where the packages are missing, nothing is imported and the hint is the command that installs them."""
    code = (
        "import sys; sys.modules['pydantic_ai'] = None\n"
        "from tg_parser.domain.errors import ProviderError\n"
        "from tg_parser.llm.choice import require_extra\n"
        "try: require_extra()\n"
        "except ProviderError as error: print(error.message, error.hint)\n"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "not installed: pydantic_ai." in said
    assert "make install" in said
    assert "pip install 'FOLDER[llm]'" in said
