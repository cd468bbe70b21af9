"""A model's part in topics: it judges messages near a threshold, recognises duplicate topics, and finds the words.

A question is bounded: the messages that represent a topic, few and short. What an answer may change is decided by
checks: on the text of the answer here, on duplicate topics in duplicates.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from tg_parser.domain.progress import ReportProgress
from tg_parser.llm.fencing import Fence
from tg_parser.llm.prompts import Prompts
from tg_parser.llm.question import Answer, Asker, Prompt, Purpose, Question
from tg_parser.topics.answers import SUMMARY_CHARS, Belonging, SameTopic, ShownTexts, TopicWords, distinct, one_line
from tg_parser.topics.duplicates import GroupPair
from tg_parser.topics.finalizing import Edit, unique_titles
from tg_parser.topics.grouping.border import BorderPair, border_pairs
from tg_parser.topics.grouping.groups import Grouping, PreparedCorpus
from tg_parser.topics.grouping.known_topics import near_threshold
from tg_parser.topics.grouping.texts import Corpus
from tg_parser.topics.llm_session import LlmSession
from tg_parser.topics.model import Group, KnownTopic, WantedTopic
from tg_parser.topics.representatives import Representative, dated_texts, fingerprint, representatives, shown_text
from tg_parser.topics.verdicts import Membership, Verdicts
from tg_parser.topics.wording.cards import Draft

PROMPTS = ("topic", "topic_match", "topic_merge")
_EVENT = "topic_event"
_JUDGED_CHARS = 1500
_OF_A_PAIR = 4
_SCOPE_IN, _SCOPE_OUT, _TAGS = 4, 3, 6


class TopicEditor:
    """Asks `llm`, `concurrency` questions at a time. `id` changes with what it asks.

    With `judges_events`, it is also asked about messages near the border of an event.
    """

    def __init__(
        self,
        llm: Asker,
        prompts: Prompts,
        concurrency: int,
        shutdown_wait: float = 30.0,
        *,
        judges_events: bool = False,
    ) -> None:
        self._llm = llm
        self._prompts = prompts
        self._concurrency = concurrency
        self._shutdown_wait = shutdown_wait
        self._judges_events = judges_events
        self.id = " ".join(prompts[name].id for name in (*PROMPTS, *[_EVENT] * judges_events))

    def session(self, channel_ids: Sequence[str], report: ReportProgress) -> LlmSession:
        """The questions of one run over `channel_ids`."""
        channel = channel_ids[0] if len(channel_ids) == 1 else None
        return LlmSession(self._llm, self._concurrency, Purpose("topics", channel), self._shutdown_wait, report)

    def unworded(self, matched: Mapping[int, KnownTopic], *, force: bool) -> list[int]:
        """The places of earlier topics that have no words of this prompt; with `force`, of all."""
        prompt_id = self._prompts["topic"].id
        return [
            place
            for place, topic in matched.items()
            if force or topic.card.metadata.get("wording", {}).get("prompt_id") != prompt_id
        ]

    async def judge(
        self, prepared: PreparedCorpus, said: Verdicts, session: LlmSession
    ) -> dict[tuple[int, int], Membership]:
        """Ask which messages near the threshold of a wanted topic belong to it, except those answered in `said`."""
        near = [pair for pair in near_threshold(prepared.fits, prepared.options) if pair not in said]
        asked = [self._belonging(prepared, place, row, session.purpose) for place, row in near]
        answers = await session.ask_all("judge messages", asked)
        return {
            pair: Membership(answer.output.belongs, one_line(answer.output.why))
            for pair, answer in zip(near, answers, strict=True)
            if answer is not None
        }

    async def same_events(
        self, prepared: PreparedCorpus, known: Sequence[KnownTopic], session: LlmSession
    ) -> dict[BorderPair, bool]:
        """Whether messages near the border of an event belong to it, for the pairs with a good answer."""
        if not self._judges_events:
            return {}
        pairs = await asyncio.to_thread(border_pairs, prepared.items, prepared.corpus, known, prepared.options)
        asked = [self._one_event(prepared.corpus, pair, session.purpose) for pair in pairs]
        answers = await session.ask_all("compare events", asked)
        return {pair: answer.output.same for pair, answer in zip(pairs, answers, strict=True) if answer is not None}

    async def duplicates(self, grouping: Grouping, session: LlmSession) -> dict[GroupPair, str]:
        """The pairs of groups that are one topic, each with the reason."""
        pairs = grouping.pairs_to_compare()
        if self._judges_events:
            pairs = [pair for pair in pairs if not _are_events(grouping, pair)]
        asked = [self._same(grouping, pair, session.purpose) for pair in pairs]
        answers = await session.ask_all("compare topics", asked)
        return {
            pair: one_line(answer.output.reason)
            for pair, answer in zip(pairs, answers, strict=True)
            if answer is not None and answer.output.same
        }

    async def word(
        self, drafts: Sequence[Draft], corpus: Corpus, kept: Mapping[str, Edit], session: LlmSession, *, force: bool
    ) -> dict[str, Edit]:
        """Words, by id, for every draft without any or whose prompt has changed; with `force`, for every draft."""
        prompt_id = self._prompts["topic"].id
        unworded = [one for one in drafts if force or _made_by(kept.get(one.card.id)) != prompt_id]
        fresh = await self._worded("name topics", unworded, corpus, {}, session)
        fresh = {id_: _unless_same(edit, kept.get(id_)) for id_, edit in fresh.items()}
        edits = {**kept, **fresh}
        wished = {id_: edit.title for id_, edit in edits.items()}
        given = unique_titles(drafts, kept.keys() - fresh.keys(), wished)
        taken = {id_: wished[id_] for id_ in fresh if given[id_] != wished[id_]}
        again = [one for one in unworded if one.card.id in taken and one.given_title is None]
        return fresh | await self._worded("tell topics apart", again, corpus, taken, session)

    async def _worded(
        self, step: str, drafts: Sequence[Draft], corpus: Corpus, taken: Mapping[str, str], session: LlmSession
    ) -> dict[str, Edit]:
        shown = [representatives(draft.named.group, corpus) for draft in drafts]
        asked = [
            self._words(draft, own, corpus, taken.get(draft.card.id), session.purpose)
            for draft, own in zip(drafts, shown, strict=True)
        ]
        answers = await session.ask_all(step, asked)
        return {
            draft.card.id: edit_of(answer, own, question.prompt, draft.named.group.wanted)
            for draft, own, question, answer in zip(drafts, shown, asked, answers, strict=True)
            if answer is not None
        }

    def _words(
        self, draft: Draft, shown: Sequence[Representative], corpus: Corpus, taken: str | None, purpose: Purpose
    ) -> Question[TopicWords]:
        wanted, language = draft.named.group.wanted, corpus.language_of(draft.named.group.rows)
        given = [("TOPIC", wanted.text)] if wanted else [("TAKEN", taken)] if taken else []
        texts = [one.text for one in shown]
        fence = Fence.around([*texts, *(text for _, text in given)])
        prompt = self._prompts.filled(
            "topic",
            language=language or "that of the messages",
            given="\n".join(fence.block(label, text) for label, text in given),
            messages=_blocks(fence, "MESSAGE", texts),
        )
        grounds = ShownTexts([*texts, *(text for _, text in given)], language, prompt.system)
        check = partial(grounds.check_words, taken=taken, is_named=wanted is not None)
        return Question(prompt, TopicWords, purpose, check)

    def _same(self, grouping: Grouping, pair: GroupPair, purpose: Purpose) -> Question[SameTopic]:
        corpus = grouping.prepared.corpus
        groups = [grouping.groups[place] for place in (pair.first, pair.second)]
        first, second = ([one.text for one in representatives(group, corpus, _OF_A_PAIR)] for group in groups)
        fence = Fence.around([*first, *second])
        prompt = self._prompts.filled(
            "topic_merge", first=_blocks(fence, "FIRST", first), second=_blocks(fence, "SECOND", second)
        )
        grounds = ShownTexts([*first, *second], _language(groups, corpus), prompt.system)
        return Question(prompt, SameTopic, purpose, lambda said: grounds.check_text(said.reason))

    def _one_event(self, corpus: Corpus, pair: BorderPair, purpose: Purpose) -> Question[SameTopic]:
        first, second = (dated_texts(rows, corpus, _OF_A_PAIR) for rows in (pair.first, pair.second))
        fence = Fence.around([*first, *second])
        prompt = self._prompts.filled(
            _EVENT, first=_blocks(fence, "FIRST", first), second=_blocks(fence, "SECOND", second)
        )
        grounds = ShownTexts([*first, *second], corpus.language_of([*pair.first, *pair.second]), prompt.system)
        return Question(prompt, SameTopic, purpose, lambda said: grounds.check_text(said.reason))

    def _belonging(self, prepared: PreparedCorpus, place: int, row: int, purpose: Purpose) -> Question[Belonging]:
        topic = prepared.options.wanted[place].text
        message = shown_text(prepared.corpus.documents[row].text, _JUDGED_CHARS)
        fence = Fence.around([topic, message])
        prompt = self._prompts.filled(
            "topic_match", topic=fence.block("TOPIC", topic), message=fence.block("MESSAGE", message)
        )
        grounds = ShownTexts([topic, message], prepared.corpus.languages[row], prompt.system)
        return Question(prompt, Belonging, purpose, lambda said: grounds.check_text(said.why))


def edit_of(
    answer: Answer[TopicWords], shown: Sequence[Representative], prompt: Prompt, wanted: WantedTopic | None
) -> Edit:
    """The words of an answer that passed its checks, limited in length, and how they were made."""
    said = answer.output
    described = (wanted.description,) if wanted and wanted.description else ()
    return Edit(
        title=one_line(said.title).rstrip("."),
        summary=one_line(said.summary, SUMMARY_CHARS),
        scope_in=(*described, *distinct(said.scope_in, _SCOPE_IN)),
        scope_out=distinct(said.scope_out, _SCOPE_OUT),
        tags=distinct([tag.strip("# ") for tag in said.tags], _TAGS),
        justifications=dict(_justifications(said, shown)),
        made={
            "fingerprint": fingerprint(tuple(shown), wanted.text if wanted else ""),
            "provider": answer.provider,
            "model_id": answer.model_id,
            "prompt_id": prompt.id,
            "prompt_name": prompt.name,
            "parameters": answer.parameters,
            "input_tokens": answer.input_tokens,
            "output_tokens": answer.output_tokens,
            "cost_usd": answer.cost_usd,
        },
    )


def _justifications(said: TopicWords, shown: Sequence[Representative]) -> Iterator[tuple[str, str]]:
    for one in said.justifications:
        if 1 <= one.message <= len(shown) and one.why.strip() and not shown[one.message - 1].is_anchor:
            yield shown[one.message - 1].ref, one_line(one.why)


def _blocks(fence: Fence, label: str, texts: Sequence[str]) -> str:
    return "\n".join(fence.block(f"{label} {number}", text) for number, text in enumerate(texts, 1))


def _are_events(grouping: Grouping, pair: GroupPair) -> bool:
    """Whether both are events, which were compared already while they were found."""
    return all(grouping.groups[place].level == "event" for place in (pair.first, pair.second))


def _language(groups: Sequence[Group], corpus: Corpus) -> str:
    return corpus.language_of([row for group in groups for row in group.rows])


def _made_by(edit: Edit | None) -> Any:
    return edit.made["prompt_id"] if edit else None


def _unless_same(edit: Edit, before: Edit | None) -> Edit:
    """`before` if it says the same, to keep the record of what its words cost."""
    same = before is not None and replace(edit, made={}) == replace(before, made={})
    return before if before is not None and same and _made_by(edit) == _made_by(before) else edit
