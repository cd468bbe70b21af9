"""Turns groups into topics without a model: titles, cards and bundles (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tg_parser.domain.topics import TopicBundle, TopicCard
from tg_parser.topics.bundles import bundle_of
from tg_parser.topics.grouping.groups import Grouping
from tg_parser.topics.grouping.texts import stems_of
from tg_parser.topics.model import KnownTopic
from tg_parser.topics.verdicts import record
from tg_parser.topics.wording.cards import apart, card_of, neighbours
from tg_parser.topics.wording.digest import fallback_titles
from tg_parser.topics.wording.naming import title_groups
from tg_parser.topics.wording.phrases import Named, shared_phrases
from tg_parser.topics.wording.sentences import Wording


@dataclass(frozen=True, slots=True)
class Draft:
    """A topic described by its messages alone; `apart` are the ids of the near topics its card excludes,
    `before` is what it was in an earlier run.
    """

    card: TopicCard
    bundle: TopicBundle
    named: Named
    apart: tuple[str, ...]
    wording: Wording
    before: KnownTopic | None


def draft_topics(grouping: Grouping, now: datetime) -> list[Draft]:
    """The topics of a grouping, by id."""
    prepared = grouping.prepared
    topics = _named(grouping)
    drafts = []
    for place, (topic, near) in enumerate(
        zip(topics, neighbours(topics, prepared.items, prepared.options), strict=True)
    ):
        wording = Wording(prepared.corpus.language_of(topic.group.rows))
        card = card_of(topic, near, prepared.corpus, prepared.options, now)
        before = grouping.matched.get(place)
        card = card.model_copy(update={"metadata": {**card.metadata, **_history(grouping, place)}})
        bundle = bundle_of(topic, prepared.corpus.documents, wording, now)
        drafts.append(Draft(card, bundle, topic, tuple(one.id for one in apart(topic, near)), wording, before))
    return sorted(drafts, key=lambda draft: draft.card.id)


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


def _named(grouping: Grouping) -> list[Named]:
    """Wanted topics keep the user's titles; the others are named by the phrases they share."""
    corpus, groups = grouping.prepared.corpus, grouping.groups
    language = corpus.language_of(range(len(corpus.documents)))
    avoid = frozenset(root for name in grouping.prepared.options.avoid for root in stems_of(name, language))
    phrases = [shared_phrases(group, corpus, avoid) for group in groups]
    free = [place for place, group in enumerate(groups) if group.wanted is None]
    asked = {group.wanted.title.casefold() for group in groups if group.wanted}
    found = title_groups([phrases[place] for place in free], [len(groups[place].members) for place in free])
    titles = {place: title for place, title in zip(free, found, strict=True) if title and title.casefold() not in asked}
    taken = asked | {title.casefold() for title in titles.values()}
    named = []
    for place, (id_, group) in enumerate(zip(grouping.ids, groups, strict=True)):
        title = group.wanted.title if group.wanted else titles.get(place)
        unique = title or next(one for one in fallback_titles(group, corpus) if one.casefold() not in taken)
        taken.add(unique.casefold())
        named.append(Named(id_, unique, group, phrases[place]))
    return named
