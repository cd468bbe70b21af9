"""The card of a topic that a person split off, in the words of its messages; the next run finds better ones (pure)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from tg_parser.domain.topics import BundleItem, TopicBundle, TopicCard, TopicLevel
from tg_parser.topics.bundles import anchor_of
from tg_parser.topics.by_hand.members import with_members
from tg_parser.topics.finalizing import Topic
from tg_parser.topics.grouping.texts import corpus_of
from tg_parser.topics.matching import assign_ids
from tg_parser.topics.model import FOUND, METHOD, Group, Member, TopicDocument, TopicOptions
from tg_parser.topics.wording.phrases import shared_phrases
from tg_parser.topics.wording.scope import scope_in, scope_out
from tg_parser.topics.wording.summaries import summary_of
from tg_parser.topics.wording.titles import Named, titles_of


def described(
    items: Sequence[BundleItem],
    level: TopicLevel,
    documents: Sequence[TopicDocument],
    *,
    taken: Collection[str],
    titles: Collection[str],
    now: datetime,
) -> Topic:
    """A new topic of messages, whose `documents` are given; its id and title are none of those `taken`."""
    corpus = corpus_of(sorted(documents, key=lambda document: document.source_ref))
    rows = {document.source_ref: row for row, document in enumerate(corpus.documents)}
    best = sorted(items, key=lambda item: (-(item.score or 0.0), item.source_ref))
    members = tuple(Member(rows[item.source_ref], item.score or 0.0, 0.0) for item in best)
    group = Group(members, members[: TopicOptions().max_anchors], level=level)
    (id_,) = assign_ids([[item.source_ref for item in best]], {}, taken)
    phrases = shared_phrases(group, corpus)
    title = next(one for one in titles_of(group, corpus, phrases) if one.casefold() not in titles)
    language = corpus.language_of(group.rows)
    named = Named(id_, title, group, phrases)
    card = TopicCard(
        id=id_,
        title=title,
        summary=summary_of(group, corpus),
        scope_in=scope_in(named, "", corpus, language),
        scope_out=scope_out((), (), language, TopicOptions()),
        type="cluster",
        level=level,
        anchors=(anchor_of(best[0]),),
        sources=(best[0].channel_id,),
        updated_at=now,
        metadata={"method": METHOD, "origin": FOUND},
    )
    bundle = TopicBundle(topic_id=id_, items=tuple(best), updated_at=now)
    return with_members((card, bundle), best, {one.source_ref: one.date for one in documents}, now)
