"""Makes cards in the words of the messages: what each topic is about, what it is not, and which topics are near it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import log
from typing import Any

from tg_parser.domain.topics import Anchor, TopicBundle, TopicCard
from tg_parser.nlp.embeddings import text_hash
from tg_parser.nlp.sentences import sentences
from tg_parser.topics.bundles import bundle_of
from tg_parser.topics.grouping.groups import Grouping, PreparedCorpus, near_groups
from tg_parser.topics.grouping.known_topics import judged_from
from tg_parser.topics.grouping.texts import Corpus, stems_of
from tg_parser.topics.model import (
    FOUND,
    KNOWN,
    METHOD,
    Group,
    KnownTopic,
    Member,
    TopicDocument,
    TopicOptions,
    WantedTopic,
)
from tg_parser.topics.verdicts import record
from tg_parser.topics.wording.phrases import NOT_WORDS, telling
from tg_parser.topics.wording.titles import Named, named_topics, opening, trimmed

WORDING = "phrases:2"
_DIGEST = 16
_SCOPE_PHRASES = 4
_TAGS = 5
_COUNTED_MESSAGES = 200
_SENTENCES = 2
_SHORTEST, _LONGEST = 40, 320
_READ_CHARS = 6000
_RUSSIAN = {
    "held": "«{phrase}»: в сообщениях — {count} из {size}",
    "about": "«{phrase}»",
    "same": "Сообщения, близкие по смыслу к опорным",
    "near": "Отдельная близкая тема: «{title}»",
    "far": "Сообщения, чья оценка в этой теме ниже {least:g}",
}
_ENGLISH = {
    "held": "“{phrase}”: in {count} of {size} messages",
    "about": "“{phrase}”",
    "same": "Messages close in meaning to the anchors",
    "near": "A near topic of its own: “{title}”",
    "far": "Messages whose score in this topic is below {least:g}",
}


@dataclass(frozen=True, slots=True)
class Draft:
    """A topic described by its messages alone, in a `language`; `apart` are the ids of the near topics its card
    excludes, `before` is what it was in an earlier run.
    """

    card: TopicCard
    bundle: TopicBundle
    named: Named
    apart: tuple[str, ...]
    language: str
    before: KnownTopic | None


def draft_topics(grouping: Grouping, now: datetime) -> list[Draft]:
    """The topics of a grouping that are not as they were, by id."""
    prepared, drafts = grouping.prepared, []
    topics, places = named_topics(grouping), sorted(grouping.touched)
    for place, nearest in zip(places, near_groups(grouping.groups, prepared.items, places), strict=True):
        topic, near = topics[place], [topics[other] for other in nearest]
        language = prepared.corpus.language_of(topic.group.rows)
        apart = [other for other in near if not _overlap(topic.group, other.group)]
        out = scope_out((), [other.title for other in apart], language, prepared.options)
        card = _card(topic, near, out, prepared, now)
        story = grouping.parents.get(place)
        more = {**card.metadata, **_history(grouping, place), "titled": _titled(card, topic.group, prepared.corpus)}
        card = card.model_copy(update={"metadata": more, "parent_id": None if story is None else topics[story].id})
        bundle = bundle_of(topic, prepared.corpus.documents, language, now)
        ids = tuple(other.id for other in apart)
        drafts.append(Draft(card, bundle, topic, ids, language, grouping.matched.get(place)))
    return sorted(drafts, key=lambda draft: draft.card.id)


def _titled(card: TopicCard, group: Group, corpus: Corpus) -> dict[str, Any]:
    """What the title was made from: the anchors with digests of their texts, and the number of messages."""
    texts = {corpus.documents[member.row].source_ref: corpus.documents[member.row].text for member in group.anchors}
    return {
        "anchors": {anchor.anchor_ref: text_hash(texts[anchor.anchor_ref])[:_DIGEST] for anchor in card.anchors},
        "messages": len(group.members),
    }


def scope_out(said: Sequence[str], near: Sequence[str], language: str, options: TopicOptions) -> tuple[str, ...]:
    """What a topic is not: what was `said` about it, then the titles of topics near it."""
    say = _sentences_in(language)
    apart = (say["near"].format(title=title) for title in near)
    return (*said, *apart) or (say["far"].format(least=options.supporting_min_score),)


def _card(
    named: Named, near: Sequence[Named], out: tuple[str, ...], prepared: PreparedCorpus, now: datetime
) -> TopicCard:
    """The card of a topic whose neighbours are `near`, nearest first; `out` is what it is not."""
    group, corpus = named.group, prepared.corpus
    best = telling(named.phrases, max(_SCOPE_PHRASES, _TAGS))
    asked = group.wanted or WantedTopic("")
    tags = dict.fromkeys((*asked.keywords, *(phrase.text for phrase in best)))
    return TopicCard(
        id=named.id,
        title=named.title,
        summary=summary_of(group, corpus),
        scope_in=_scope_in(named, asked.description, corpus.language_of(group.rows)),
        scope_out=out,
        type="singleton" if group.is_singleton else "cluster",
        level=group.level,
        anchors=tuple(_anchor(corpus.documents[member.row], member) for member in group.anchors),
        sources=tuple(sorted({corpus.documents[member.row].channel_id for member in group.members})),
        updated_at=now,
        tags=tuple(tags)[: max(_TAGS, len(asked.keywords))],
        related_topics=tuple(other.id for other in near),
        metadata=_metadata(group, prepared.options),
    )


def _scope_in(named: Named, description: str, language: str) -> tuple[str, ...]:
    """What a user said the topic is about, and how many of its messages contain its phrases."""
    size = len(named.group.members)
    say = _sentences_in(language)
    held = say["held" if size > 1 else "about"]
    phrases = telling(named.phrases, _SCOPE_PHRASES)
    found = (held.format(phrase=phrase.text, count=len(phrase.rows), size=size) for phrase in phrases)
    return (*((description,) if description else ()), *found) or (say["same"],)


def _sentences_in(language: str) -> dict[str, str]:
    return _RUSSIAN if language == "ru" else _ENGLISH


def _overlap(group: Group, other: Group) -> bool:
    """Whether one of two groups is mostly part of the other, so that nothing tells them apart."""
    rows, others = ({member.row for member in one.members} for one in (group, other))
    return 2 * len(rows & others) >= min(len(rows), len(others))


def summary_of(group: Group, corpus: Corpus) -> str:
    """The sentences of the anchors that represent the group best, at most one per message."""
    rows = [member.row for member in group.members[:_COUNTED_MESSAGES]]
    shared = Counter(root for row in rows for root in set(corpus.stems[row]))
    best: list[tuple[float, str, frozenset[str]]] = []
    for anchor in group.anchors:
        scored = [_scored(text, corpus, anchor.row, shared) for text in _sentences_of(corpus, anchor.row)]
        best += [max(scored, key=lambda one: one[0])] if scored else []
    best.sort(key=lambda one: -one[0])
    chosen: list[tuple[float, str, frozenset[str]]] = []
    for one in best:
        if len(chosen) < _SENTENCES and all(2 * len(one[2] & other[2]) <= len(one[2]) for other in chosen):
            chosen.append(one)
    return " ".join(text for _, text, _ in chosen) or opening(corpus.documents[group.anchors[0].row].text, _LONGEST)


def _sentences_of(corpus: Corpus, row: int) -> list[str]:
    text = corpus.documents[row].text[:_READ_CHARS]
    found = (trimmed(one) for one in sentences(text, corpus.languages[row]))
    return [one for one in found if _SHORTEST <= len(one) <= _LONGEST and not NOT_WORDS.search(one)]


def _scored(text: str, corpus: Corpus, row: int, shared: Counter[str]) -> tuple[float, str, frozenset[str]]:
    own = frozenset(stems_of(text, corpus.languages[row]))
    total = len(corpus.documents)
    central = sum(shared[root] * log((1 + total) / (1 + corpus.frequency[root]) + 1) for root in sorted(own))
    return round(central / (len(own) + 4) ** 0.75, 6), text, own


def _anchor(document: TopicDocument, member: Member) -> Anchor:
    return Anchor(
        channel_id=document.channel_id,
        message_id=document.message_id,
        message_type=document.message_type,
        anchor_ref=document.source_ref,
        score=member.score,
        parent_message_id=document.parent_message_id,
        thread_id=document.thread_id,
    )


def _metadata(group: Group, options: TopicOptions) -> dict[str, Any]:
    thresholds: dict[str, Any] = {
        "singleton_min_chars": options.singleton_min_chars,
        "singleton_min_score": options.singleton_min_score,
        "anchor_min_score": options.anchor_min_score,
        "supporting_min_score": options.supporting_min_score,
        "max_anchors": options.max_anchors,
    }
    if group.half is not None:
        thresholds |= {"similarity_of_score_half": group.half, "judged_from_score": judged_from(options)}
    return {
        "method": METHOD,
        "origin": FOUND if group.wanted is None else KNOWN,
        "messages": len(group.members),
        "thresholds": thresholds,
    }


def _history(grouping: Grouping, place: int) -> dict[str, Any]:
    """What a model has decided about a topic so far: which topics were merged into it, and which messages belong."""
    before, wanted = grouping.matched.get(place), grouping.groups[place].wanted
    history: dict[str, Any] = {}
    merged = {**(before.card.metadata.get("merged", {}) if before else {}), **grouping.merged.get(place, {})}
    if merged:
        history["merged"] = merged
    if wanted is not None:
        asked = grouping.prepared.options.wanted.index(wanted)
        verdicts = {row: verdict for (at, row), verdict in grouping.verdicts.items() if at == asked}
        if verdicts:
            history["judged"] = record(wanted, verdicts, grouping.prepared.corpus)
    return history
