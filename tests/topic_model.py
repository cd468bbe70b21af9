"""A model for the tests of topics: it answers from the messages that it is shown, as the test wants it."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable
from typing import Any

from pydantic_ai.messages import ModelResponse, TextPart
from pydantic_ai.models.function import FunctionModel

from tg_parser.config.llm_settings import PromptSettings
from tg_parser.llm.asking import Llm
from tg_parser.llm.models.response_metadata import CallRecord, with_record
from tg_parser.llm.prompts import load_prompts
from tg_parser.topics.editor import TopicEditor

Answering = Callable[["Shown"], Any]
_BLOCK = re.compile(r"<<<([A-Z]+)(?: (\d+))? ([0-9a-f]{8})\n(.*?)\n\1(?: \2)? \3>>>", re.DOTALL)


class Shown:
    """A question as the model gets it: which prompt, and the texts by label."""

    def __init__(self, system: str, user: str) -> None:
        self.system, self.user = system, user
        self.chars = len(self.system) + len(self.user)
        self.texts: dict[str, list[str]] = {}
        for label, _, _, text in _BLOCK.findall(self.user):
            self.texts.setdefault(label, []).append(text)
        self.prompt = "match" if "MESSAGE" in self.texts and "belongs: true" in self.system else "words"
        self.prompt = "merge" if "FIRST" in self.texts else self.prompt


def words(shown: Shown, **changes: Any) -> dict[str, Any]:
    """Good words for a topic: the title is the first words of its first message."""
    texts = shown.texts["MESSAGE"]
    return {
        "title": " ".join(re.findall(r"\w+", texts[0])[:4]),
        "summary": texts[0],
        "scope_in": ["о чём говорят сообщения"],
        "scope_out": ["о чём они молчат"],
        "tags": re.findall(r"\w+", texts[0])[:2],
        "justifications": [
            {"message": number, "why": f"Сообщение о том же: {text[:20]}"} for number, text in enumerate(texts, 1)
        ],
        **changes,
    }


def usual(shown: Shown) -> dict[str, Any]:
    """No two topics are one, no doubtful message belongs, words are good."""
    if shown.prompt == "merge":
        return {"same": False, "reason": "Разные темы."}
    return {"belongs": False, "why": "О другом."} if shown.prompt == "match" else words(shown)


def reply(system: str, user: str) -> dict[str, Any]:
    """The usual answer to a question as it goes over the wire."""
    return usual(Shown(system, user))


class TopicModel:
    """Answers as `answer` says (JSON, an error to raise, or either to wait for); remembers what it was shown.

    `cached` answers were paid for earlier.
    """

    def __init__(self, answer: Answering = usual, *, cached: bool = False) -> None:
        self.answer = answer
        self.record = CallRecord("ollama", "m", input_tokens=100, output_tokens=10, cached=cached)
        self.asked: list[Shown] = []

    async def __call__(self, messages: list[Any], _: Any) -> ModelResponse:
        shown = Shown(*(part.content for part in messages[0].parts))
        self.asked.append(shown)
        answer = self.answer(shown)
        if inspect.isawaitable(answer):
            answer = await answer
        if isinstance(answer, Exception):
            raise answer
        response = ModelResponse(parts=[TextPart(json.dumps(answer, ensure_ascii=False))])
        return with_record(response, self.record)

    def of(self, prompt: str) -> list[Shown]:
        """The questions of one kind: `words`, `merge` or `match`."""
        return [shown for shown in self.asked if shown.prompt == prompt]

    def editor(
        self, concurrency: int = 4, attempts: int = 2, shutdown_wait: float = 10, *, judges_events: bool = False
    ) -> TopicEditor:
        """An editor that asks this model, with the prompts of the package."""
        llm = Llm(FunctionModel(self, model_name="m"), attempts)
        prompts = load_prompts(PromptSettings(_env_file=None))
        return TopicEditor(llm, prompts, concurrency, shutdown_wait, judges_events=judges_events)
