"""Makes cards in the words of the messages: what each topic is about, what it is not, and which topics are near it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from tg_parser.domain.topics import TopicBundle, TopicCard
from tg_parser.nlp.embeddings import text_hash
from tg_parser.topics.bundles import anchor_of, bundle_of
from tg_parser.topics.grouping.groups import Grouping, PreparedCorpus
from tg_parser.topics.grouping.known_topics import judged_from
from tg_parser.topics.grouping.near import near_groups
from tg_parser.topics.grouping.texts import Corpus, stems_of
from tg_parser.topics.model import (
    FOUND,
    KNOWN,
    METHOD,
    Group,
    KnownTopic,
    TopicOptions,
    WantedTopic,
)
from tg_parser.topics.verdicts import record
from tg_parser.topics.wording.phrases import SharedPhrase, telling
from tg_parser.topics.wording.scope import difference, scope_in, scope_out
from tg_parser.topics.wording.summaries import summary_of
from tg_parser.topics.wording.titles import Named
from tg_parser.topics.wording.words import Words, unworded, words_of

__all__ = ["WORDING", "Draft", "draft_topics", "scope_out", "summary_of"]

WORDING = "headlines:2"
_DIGEST = 16
_TAGS = 5


@dataclass(frozen=True, slots=True)
class Draft:
    """A topic described by its messages alone, in a `language`; `apart` are the ids of the near topics its card
    excludes and `reasons` what tells each from it, `before` is what it was in an earlier run.
    """

    card: TopicCard
    bundle: TopicBundle
    named: Named
    apart: tuple[str, ...]
    language: str
    before: KnownTopic | None
    reasons: tuple[str, ...] = ()

    @property
    def given_title(self) -> str | None:
        """The title that a user gave, if one did."""
        asked = self.named.group.wanted
        return asked.title if asked else self.before.by_hand.title if self.before else None


def draft_topics(grouping: Grouping, now: datetime, words: Sequence[Words] | None = None) -> list[Draft]:
    """The topics of a grouping that are not as they were, by id; `words` are those of its unworded groups, if they were
    found already.
    """
    prepared, drafts, places = grouping.prepared, [], sorted(grouping.touched)
    words_at = dict(zip(places, words or words_of(unworded(grouping)), strict=True))
    topics = _named_topics(grouping, words_at)
    hidden = {place for place, topic in grouping.matched.items() if topic.card.hidden}
    near_each = near_groups(grouping.groups, prepared.items, prepared.corpus, places)
    for place, nearest in zip(places, near_each, strict=True):
        topic = topics[place]
        near = [_as_known(topics[other], other, grouping) for other in nearest if other not in hidden]
        language = prepared.corpus.language_of(topic.group.rows)
        apart = [other for other in near if not _overlap(topic.group, other.group)]
        reasons = tuple(difference(topic, other, prepared.corpus, language) for other in apart)
        out = scope_out((), [other.title for other in apart], language, prepared.options, reasons)
        bundle = bundle_of(topic, prepared.corpus.documents, language, now)
        card = _card(topic, bundle, near, prepared, out=out, summary=words_at[place].summary)
        story = grouping.parents.get(place)
        more = {**card.metadata, **_history(grouping, place), "titled": _titled(card, topic.group, prepared.corpus)}
        before = grouping.matched.get(place)
        kept = {mark: getattr(before.card, mark) for mark in ("hidden", "pinned", "dormant")} if before else {}
        parent = None if story is None else topics[story].id
        card = card.model_copy(update={**kept, "metadata": more, "parent_id": parent})
        ids = tuple(other.id for other in apart)
        drafts.append(Draft(card, bundle, topic, ids, language, before, reasons))
    return sorted(drafts, key=lambda draft: draft.card.id)


def _named_topics(grouping: Grouping, words: Mapping[int, Words]) -> list[Named]:
    """Topics that have a title keep it; of the others, earlier ones choose theirs first."""
    corpus, given = grouping.prepared.corpus, grouping.given_titles
    taken = {title.casefold() for title in given.values()}
    named = []
    for place, (id_, group) in enumerate(zip(grouping.ids, grouping.groups, strict=True)):
        title = given.get(place)
        if title is None:
            titles = words[place].titles.without_end(group, corpus)
            title = next(one for one in titles if one.casefold() not in taken)
        taken.add(title.casefold())
        named.append(Named(id_, title, group, words[place].phrases if place in words else ()))
    return named


def _as_known(named: Named, place: int, grouping: Grouping) -> Named:
    """A topic that nothing happened to has the tags of its card for phrases: finding them again would cost too much."""
    before = grouping.matched.get(place)
    if place in grouping.touched or before is None:
        return named
    language = grouping.prepared.corpus.language_of(named.group.rows)
    phrases = [SharedPhrase(tag, stems_of(tag, language), frozenset(), 0.0) for tag in before.card.tags]
    return replace(named, phrases=phrases)


def _titled(card: TopicCard, group: Group, corpus: Corpus) -> dict[str, Any]:
    """What the title was made from, and how: the anchors with digests of their texts, and the number of messages."""
    texts = {corpus.documents[member.row].source_ref: corpus.documents[member.row].text for member in group.anchors}
    return {
        "anchors": {anchor.anchor_ref: text_hash(texts[anchor.anchor_ref])[:_DIGEST] for anchor in card.anchors},
        "messages": len(group.members),
        "method": WORDING,
    }


def _card(
    named: Named,
    bundle: TopicBundle,
    near: Sequence[Named],
    prepared: PreparedCorpus,
    *,
    out: tuple[str, ...],
    summary: str,
) -> TopicCard:
    """The card of a topic whose neighbours are `near`, nearest first; `out` is what it is not."""
    group, corpus = named.group, prepared.corpus
    best = telling(named.phrases, _TAGS)
    asked = group.wanted or WantedTopic("")
    tags = dict.fromkeys((*asked.keywords, *(phrase.text for phrase in best)))
    return TopicCard(
        id=named.id,
        title=named.title,
        summary=summary,
        scope_in=scope_in(named, asked.description, corpus, corpus.language_of(group.rows)),
        scope_out=out,
        type="singleton" if group.is_singleton else "cluster",
        level=group.level,
        anchors=tuple(anchor_of(item) for item in bundle.items if item.role == "anchor"),
        sources=bundle.channels,
        updated_at=bundle.updated_at,
        tags=tuple(tags)[: max(_TAGS, len(asked.keywords))],
        related_topics=tuple(other.id for other in near),
        metadata=_metadata(group, prepared.options),
    )


def _overlap(group: Group, other: Group) -> bool:
    """Whether one of two groups is mostly part of the other, so that nothing tells them apart."""
    rows, others = ({member.row for member in one.members} for one in (group, other))
    return 2 * len(rows & others) >= min(len(rows), len(others))


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
