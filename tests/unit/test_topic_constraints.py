"""What people did to topics as rules for a run: who is at home where, and what a run may not do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from topic_samples import DOLLAR, SNOW, START, ZOO, channel_posts, post

from tg_parser.domain.topics import TopicEdit, TopicEditKind
from tg_parser.nlp.embeddings import SentenceEncoder
from tg_parser.topics.discovery import TopicsFound, find_topics
from tg_parser.topics.finalizing import Edit, finalize
from tg_parser.topics.grouping.constraints import by_hand, with_edits
from tg_parser.topics.grouping.groups import group_documents, prepare
from tg_parser.topics.model import KnownTopic, TopicDocument, TopicOptions
from tg_parser.topics.wording.cards import draft_topics

ENCODER = SentenceEncoder()
A, B, C, D = (f"topic:tg:-1001:post:{number}" for number in (1, 5, 9, 20))
EVENTS = dict.fromkeys((A, B, C, D), "event")


def edit(kind: TopicEditKind, topic: str, number: int = 1, **more: Any) -> TopicEdit:
    return TopicEdit(number=number, at=START, by="anna", kind=kind, topic_id=topic, **more)


def refs(*numbers: int) -> tuple[str, ...]:
    return tuple(f"tg:-1001:post:{number}" for number in numbers)


def found_in(
    documents: list[TopicDocument], known: Sequence[KnownTopic] = (), edits: Sequence[TopicEdit] = (), **options: Any
) -> TopicsFound:
    vectors = ENCODER.embed([document.text for document in documents])
    return find_topics(prepare(documents, vectors, TopicOptions(**options)), with_edits(known, edits), START)


def known_of(found: TopicsFound, *moved: tuple[str, str, tuple[str, ...]]) -> list[KnownTopic]:
    """The topics that a run left behind, after messages were moved from one to another."""
    topics = {card.id: KnownTopic(card, bundle) for card, bundle in (*found.topics, *found.standing)}
    for old, new, gone in moved:
        source, target = topics[old].bundle, topics[new].bundle
        assert source is not None
        assert target is not None
        came = tuple(item for item in source.items if item.source_ref in gone)
        left = tuple(item for item in source.items if item.source_ref not in gone)
        topics[old] = replace(topics[old], bundle=source.model_copy(update={"items": left}))
        topics[new] = replace(topics[new], bundle=target.model_copy(update={"items": target.items + came}))
    return list(topics.values())


def members(found: TopicsFound) -> dict[str, set[str]]:
    return {
        card.id: {item.source_ref for item in bundle.items}
        for card, bundle in (*found.topics, *found.standing)
        if card.level == "event"
    }


def settled(documents: list[TopicDocument]) -> list[TopicDocument]:
    return [replace(document, is_new=False) for document in documents]


def test_what_was_said_last_counts() -> None:
    """A message that was split off and then moved back is at home where it was moved, and barred where it was."""
    split = edit("split", A, other_id=D, messages=refs(1), before={A: refs(1, 2)})
    back = edit("move", A, 2, messages=refs(1), before={D: refs(1)})
    said = by_hand([split, back], EVENTS)
    assert said[A].own == set(refs(1))
    assert said[A].barred == set()
    assert said[D].own == set()
    assert said[D].barred == set(refs(1, 2))


def test_what_is_undone_says_nothing() -> None:
    """Of two edits only the one that still holds is a rule."""
    gone = edit("pin", A, undone_at=START)
    named = edit("rename", B, 2, title="Деньги")
    assert set(by_hand([gone, named], EVENTS)) == {B}
    assert by_hand([gone, named], EVENTS)[B].title == "Деньги"


def test_levels_do_not_disturb_each_other() -> None:
    """A message may be at home in an event and in a story."""
    said = by_hand(
        [edit("move", A, messages=refs(1), before={B: refs(1)}), edit("move", C, 2, messages=refs(1))],
        {A: "event", B: "event", C: "story"},
    )
    assert said[A].own == said[C].own == set(refs(1))


def test_what_a_topic_was_kept_from_it_takes_along() -> None:
    """Who merges a topic that messages were split off from keeps them apart from the whole."""
    split = edit("split", B, other_id=D, messages=refs(5), before={B: refs(5, 6)})
    moved = edit("move", B, 2, messages=refs(6), before={C: refs(6)})
    merge = edit("merge", A, 3, other_id=B, messages=refs(1, 6), before={B: refs(6)})
    said = by_hand([split, moved, merge], EVENTS)
    assert said[B].own == set()
    assert said[A].barred == set(refs(5))
    assert said[A].own == set(refs(1, 6))


def test_a_rebuild_keeps_what_was_merged_and_what_was_moved() -> None:
    """Found anew, the dollar and the snow stay one topic, and a snow post stays in the zoo."""
    documents = channel_posts(*SNOW, *DOLLAR, *ZOO)
    first = found_in(documents)
    own = members(first)
    snow, dollar, zoo = (next(id_ for id_, each in own.items() if refs(number)[0] in each) for number in (1, 5, 9))
    moved = next(iter(sorted(own[snow])))
    known = [one for one in known_of(first, (dollar, snow, tuple(own[dollar])), (snow, zoo, (moved,)))
             if one.card.id != dollar]  # fmt: skip
    edits = [
        edit(
            "merge", snow, other_id=dollar, messages=tuple(own[snow] | own[dollar]), before={dollar: tuple(own[dollar])}
        ),
        edit("move", zoo, 2, messages=(moved,), before={snow: (moved,)}),
    ]
    again = members(found_in(settled(documents), known, edits, rebuild=True))
    assert again[snow] == (own[snow] | own[dollar]) - {moved}
    assert again[zoo] == own[zoo] | {moved}
    without = members(found_in(settled(documents), known, rebuild=True))
    assert not any(own[snow] | own[dollar] <= refs | {moved} for refs in without.values())


def split_snow(documents: list[TopicDocument]) -> tuple[list[KnownTopic], TopicEdit]:
    """The topics after two of four posts about the snow were split off, and the edit that did it."""
    first = found_in(documents)
    card, bundle = next(
        (card, bundle) for card, bundle in first.topics if refs(1)[0] in members(first).get(card.id, ())
    )
    part = tuple(item for item in bundle.items if item.source_ref in refs(3, 4))
    rest = tuple(item for item in bundle.items if item.source_ref not in refs(3, 4))
    known = [
        KnownTopic(card.model_copy(update={"id": D}), bundle.model_copy(update={"items": part, "topic_id": D})),
        KnownTopic(card, bundle.model_copy(update={"items": rest})),
    ]
    known = [replace(one, card=one.card.model_copy(update={"anchors": anchors(one)})) for one in known]
    return known, edit("split", card.id, other_id=D, messages=refs(3, 4), before={card.id: refs(1, 2, 3, 4)})


def test_what_was_split_off_stays_apart_in_a_rebuild() -> None:
    """Two of four posts about the snow stay a topic, and the others do not come to them."""
    documents = channel_posts(*SNOW, *DOLLAR)
    known, split = split_snow(documents)
    again = members(found_in(settled(documents), known, [split], rebuild=True))
    assert again[D] == set(refs(3, 4))
    assert any(own == set(refs(1, 2)) for own in again.values())
    without = members(found_in(settled(documents), known, rebuild=True))
    assert any(set(refs(1, 3)) <= own for own in without.values())


def anchors(topic: KnownTopic) -> tuple[Any, ...]:
    assert topic.bundle is not None
    own = {item.source_ref for item in topic.bundle.items}
    kept = tuple(anchor for anchor in topic.card.anchors if anchor.anchor_ref in own)
    first = topic.bundle.items[0]
    return kept or (
        topic.card.anchors[0].model_copy(update={"anchor_ref": first.source_ref, "message_id": first.message_id}),
    )


def test_a_title_given_by_a_person_stays_when_the_centre_moves() -> None:
    """The topic has more than twice the messages and other anchors: its title is the given one all the same."""
    documents = channel_posts(*SNOW[:2], *DOLLAR)
    first = found_in(documents)
    snow = next(id_ for id_, own in members(first).items() if refs(1)[0] in own)
    more = [post(30 + number, text, days=1 + number / 24) for number, text in enumerate((*SNOW, *SNOW[:2]))]
    known = known_of(first)
    named = [edit("rename", snow, title="Погода")]
    titles = {card.id: card.title for card, _ in found_in(settled(documents) + more, known, named).topics}
    assert titles[snow] == "Погода"
    assert {card.id: card.title for card, _ in found_in(settled(documents) + more, known).topics}[snow] != "Погода"


def test_a_pinned_topic_of_one_weak_message_does_not_end() -> None:
    """All but one of its messages are gone, and that one says little: unpinned the topic would be over."""
    documents = channel_posts(*SNOW, *DOLLAR)
    first = found_in(documents)
    snow = next(id_ for id_, own in members(first).items() if refs(1)[0] in own)
    left = [one for one in settled(documents) if one.source_ref not in refs(2, 3, 4)]
    assert snow in members(found_in(left, known_of(first), [edit("pin", snow)]))
    assert snow in found_in(left, known_of(first)).retired


def test_hidden_topics_are_not_named_by_others_and_stay_hidden() -> None:
    """After a rebuild the topic is hidden still, and the card of one that is much like it does not point at it."""
    documents = channel_posts(*SNOW, *DOLLAR)
    known, split = split_snow(documents)
    hidden = [replace(one, card=one.card.model_copy(update={"hidden": one.card.id == D})) for one in known]
    cards = [
        {card.id: card for card, _ in found_in(settled(documents), topics, [split], rebuild=True).topics}
        for topics in (known, hidden)
    ]
    assert [any(D in card.related_topics for card in each.values()) for each in cards] == [True, False]
    assert [each[D].hidden for each in cards] == [False, True]


def test_cards_stop_naming_a_topic_that_is_hidden() -> None:
    """In the next run, though nothing else has happened; then they are left alone, and nothing is recorded."""
    documents = channel_posts(*SNOW, *DOLLAR)
    known, split = split_snow(documents)
    told = known_of(found_in(settled(documents), known, [split], rebuild=True))
    (title,) = (one.card.title for one in told if one.card.id == D)
    assert any(title in line for one in told for line in one.card.scope_out)
    hidden = [replace(one, card=one.card.model_copy(update={"hidden": one.card.id == D})) for one in told]
    after = found_in(settled(documents), hidden, [split])
    cards = [card for card, _ in (*after.topics, *after.standing) if card.id != D]
    assert not any(title in line for card in cards for line in card.scope_out)
    assert not any(D in card.related_topics for card in cards)
    assert len(cards) == len(told) - 1
    assert after.changes == []
    again = found_in(settled(documents), known_of(after), [split])
    assert again.topics == []


def test_what_is_held_keeps_its_id_where_another_topic_joins_it() -> None:
    """In a rebuild the three posts of another topic come to the pinned one of one post, whose id stays."""
    documents = channel_posts(*SNOW, *DOLLAR)
    known, _ = split_snow(documents)
    alone, rest = refs(4), refs(1, 2, 3)
    pinned, other = (
        known_with(topic, [item for one in known for item in (one.bundle.items if one.bundle else ())], own)
        for topic, own in zip(known, (alone, rest), strict=True)
    )
    again = found_in(settled(documents), [pinned, other], [edit("pin", D)], rebuild=True)
    assert members(again)[D] >= {*alone, *rest}
    assert again.retired == [other.card.id]


def known_with(topic: KnownTopic, items: Sequence[Any], own: Sequence[str]) -> KnownTopic:
    """A known topic with other messages."""
    assert topic.bundle is not None
    mine = tuple(item for item in items if item.source_ref in own)
    topic = replace(topic, bundle=topic.bundle.model_copy(update={"items": mine}))
    return replace(topic, card=topic.card.model_copy(update={"anchors": anchors(topic)}))


def test_a_model_does_not_rename_what_a_person_has_named() -> None:
    """A model gives a title to every topic; the one that a person has named keeps its own."""
    documents = channel_posts(*SNOW, *DOLLAR)
    first = found_in(documents)
    snow = next(id_ for id_, own in members(first).items() if refs(1)[0] in own)
    known = with_edits(known_of(first), [edit("rename", snow, title="Погода")])
    vectors = ENCODER.embed([document.text for document in documents])
    grouping = group_documents(prepare(settled(documents), vectors, TopicOptions()), known)
    drafts = draft_topics(grouping.also_touching(range(len(grouping.groups))), START)
    said = {
        draft.card.id: Edit(f"Модель {place}", "Да.", ("в",), ("вне",), (), {}) for place, draft in enumerate(drafts)
    }
    titles = {card.id: card.title for card, _ in finalize(drafts, {}, said, TopicOptions())}
    assert titles.pop(snow) == "Погода"
    assert all(title.startswith("Модель") for title in titles.values())
