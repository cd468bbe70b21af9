"""Asks a model about proposals for topics. Its titles count only if their words occur in the messages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from pydantic import BaseModel, Field

from tg_parser.agents.curating import Proposal, TopicOutlook
from tg_parser.domain.errors import AnalysisError, TgParserError
from tg_parser.llm.fencing import Fence
from tg_parser.llm.prompts import Prompts
from tg_parser.llm.question import Asker, Prompt, Purpose, Question
from tg_parser.nlp.source_text import SourceText
from tg_parser.nlp.words import stop_words, words

STAGE = "agents"
MESSAGES_A_TOPIC, MESSAGE_CHARS = 6, 300
_TITLE_CHARS, _REASON_CHARS = 80, 300
_TITLES = {"merge": 1, "rename": 1, "split": 2}


class Opinion(BaseModel):
    """What a model says about a proposal."""

    agrees: bool
    titles: list[str] = Field(default_factory=list)
    reason: str = ""


class ModelCurator:
    """Asks a model about proposals, one question each; the size of a question does not grow with the topics."""

    def __init__(self, llm: Asker, prompts: Prompts) -> None:
        self._llm = llm
        self._prompts = prompts

    async def judged(
        self, proposals: Sequence[Proposal], topics: Mapping[str, TopicOutlook], channel_id: str
    ) -> list[Proposal]:
        """The proposals with a model's opinion, or without one if it gives none or can no longer be asked."""
        judged: list[Proposal] = []
        for place, proposal in enumerate(proposals):
            views = [topics[topic_id] for topic_id in proposal.topic_ids]
            question = Question(self._prompt(proposal, views), Opinion, Purpose(STAGE, channel_id))
            try:
                answer = await self._llm.ask(question)
            except AnalysisError:
                judged.append(proposal)
            except TgParserError as error:
                # Proposals are advice: a reached cap or a lost provider costs the opinions, not the run.
                return [
                    *judged,
                    *(replace(each, opinion=f"not asked: {type(error).__name__}") for each in proposals[place:]),
                ]
            else:
                judged.append(with_opinion(proposal, answer.output, views))
        return judged

    def _prompt(self, proposal: Proposal, views: Sequence[TopicOutlook]) -> Prompt:
        asked = "\n".join(_lines(proposal))
        texts = [text[:MESSAGE_CHARS] for view in views for text in view.texts[:MESSAGES_A_TOPIC]]
        fence = Fence.around((asked, *texts))
        shown = (fence.block(f"MESSAGE {number}", text) for number, text in enumerate(texts, 1))
        return self._prompts.filled("curate", proposal=fence.block("PROPOSAL", asked), messages="\n".join(shown))


def with_opinion(proposal: Proposal, opinion: Opinion, views: Sequence[TopicOutlook]) -> Proposal:
    """The proposal with an opinion; its titles replace the proposed ones if as many, and supported by the messages."""
    said = "agrees" if opinion.agrees else "disagrees"
    judged = replace(proposal, opinion=f"{said}: {opinion.reason[:_REASON_CHARS]}" if opinion.reason else said)
    titles = tuple(" ".join(title.split()) for title in opinion.titles)
    texts = SourceText("\n".join(text for view in views for text in view.texts), views[0].language)
    fit = len(titles) == _TITLES[proposal.kind] and all(_is_grounded(title, texts) for title in titles)
    return replace(judged, proposed=titles) if opinion.agrees and fit else judged


def _is_grounded(title: str, texts: SourceText) -> bool:
    telling = [word for word in words(title) if word not in stop_words(texts.language or "")]
    return 0 < len(title) <= _TITLE_CHARS and bool(telling) and texts.share_of(telling) == 1.0


def _lines(proposal: Proposal) -> Iterator[str]:
    yield f"{proposal.kind}: {' + '.join(proposal.titles)}"
    if proposal.proposed:
        yield f"into: {' + '.join(proposal.proposed)}"
    yield proposal.reason
