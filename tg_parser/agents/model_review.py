"""A model compares an answer with its message. Its findings count only if the two texts support them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import BaseModel

from tg_parser.agents.reviewing import FaultKind, Objection, is_borne_out, is_copy
from tg_parser.domain.documents import Analysis
from tg_parser.llm.fencing import Fence
from tg_parser.llm.prompts import Prompts
from tg_parser.llm.question import Answer, Asker, Purpose, Question
from tg_parser.nlp.source_text import SourceText
from tg_parser.nlp.words import words
from tg_parser.processing.analyzer import Task

STAGE = "agents"
MOST_FINDINGS = 5


class Finding(BaseModel):
    """A problem, with the words it is about: from the answer, or from the message if something was left out."""

    kind: FaultKind
    quote: str


class ModelReport(BaseModel):
    """What a reviewer says about an answer; without findings it is good."""

    findings: list[Finding]


@dataclass(frozen=True, slots=True)
class ModelReview:
    """The confirmed objections, and the call they came from."""

    objections: tuple[Objection, ...]
    answer: Answer[ModelReport]


class ModelReviewer:
    """Asks a model about analyses of messages up to `max_chars`."""

    def __init__(self, llm: Asker, prompts: Prompts, max_chars: int) -> None:
        self._llm = llm
        self._prompts = prompts
        self.max_chars = max_chars

    async def review(self, task: Task, source: SourceText, analysis: Analysis) -> ModelReview:
        """A model's objections. Raises what Llm.ask raises."""
        answer_text = shown(analysis, with_text=not is_copy(source, analysis))
        fence = Fence.around((source.text, answer_text))
        prompt = self._prompts.filled(
            "review", message=fence.block("MESSAGE", source.text), answer=fence.block("ANSWER", answer_text)
        )
        answer = await self._llm.ask(Question(prompt, ModelReport, Purpose(STAGE, task.message.channel_id)))
        return ModelReview(tuple(holding(answer.output, source, analysis)), answer)


def shown(analysis: Analysis, *, with_text: bool = True) -> str:
    """An analysis as a reviewer sees it; a clean text known to equal the message need not be read twice."""
    named = ", ".join(entity.value for entity in analysis.entities if not entity.inferred)
    text = f"text_clean:\n{analysis.text_clean}\n\n" if with_text else ""
    topics = ", ".join(analysis.topics) or "-"
    return f"{text}summary:\n{analysis.summary or '-'}\n\ntopics:\n{topics}\n\nentities:\n{named or '-'}"


def holding(verdict: ModelReport, source: SourceText, analysis: Analysis) -> Iterator[Objection]:
    """The findings that quote correctly, and that the words of both texts do not disprove."""
    answer = shown(analysis)
    for finding in verdict.findings[:MOST_FINDINGS]:
        quote = finding.quote.strip()
        if not words(quote):
            continue
        if finding.kind == "left_out":
            if quote in source.text and not is_borne_out(SourceText(analysis.text_clean, source.language), quote):
                yield Objection("left_out", quote, proven=False)
        elif quote in answer and not (finding.kind == "invented" and source.share_of(words(quote)) == 1.0):
            yield Objection(finding.kind, quote, proven=finding.kind == "invented" and not is_borne_out(source, quote))
