from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from topic_samples import DOLLAR, ODD, SNOW, START, ZOO, channel_posts, post

from tg_parser.nlp.embeddings import SentenceEncoder
from tg_parser.topics.discovery import TopicReport, TopicsFound, find_topics
from tg_parser.topics.finalizing import Topic
from tg_parser.topics.grouping.groups import prepare
from tg_parser.topics.grouping.singletons import strength
from tg_parser.topics.model import KnownTopic, TopicDocument, TopicOptions

LATER = datetime(2025, 1, 1, tzinfo=UTC)
ENCODER = SentenceEncoder()
LONG = (
    "Музей строится возле залива, инженер привёз гранит. Причал чинят напротив моста, архитектор выбрал бетон. "
    "Вокзал закрыт около кладбища, историк нашёл мозаику. Стадион красят позади холма, депутат одобрил смету. "
    "Тоннель копают внутри горы, геолог встретил плывун. Бассейн осушили ради плитки, тренер увёз команду. "
    "Маяк зажгли посреди озера, моряк поднял флаг. Театр готовит оперу, режиссёр отобрал хор."
)


def found_in(
    documents: list[TopicDocument],
    known: Sequence[KnownTopic] = (),
    now: datetime = START,
    **options: Any,
) -> TopicsFound:
    vectors = ENCODER.embed([document.text for document in documents])
    return find_topics(prepare(documents, vectors, TopicOptions(**options)), known, now)


def every(found: TopicsFound) -> list[Topic]:
    """The topics that changed and those that did not, by id."""
    return sorted([*found.topics, *found.standing], key=lambda one: one[0].id)


def as_known(found: TopicsFound) -> list[KnownTopic]:
    return [KnownTopic(card, bundle) for card, bundle in every(found)]


def bytes_of(found: TopicsFound) -> list[str]:
    return [card.model_dump_json() + bundle.model_dump_json() for card, bundle in every(found)]


SNOW_TITLE = "Синоптики: сильный снег и метель накроют Москву в выходные"
DOLLAR_TITLE = "Курс доллара превысил 107 рублей на бирже"
ZOO_TITLE = "В Московском зоопарке родился детёныш панды"
CHANNEL = channel_posts(*SNOW, *DOLLAR, *ZOO, ODD)


@pytest.fixture(scope="module")
def found() -> TopicsFound:
    return found_in(CHANNEL)


def test_a_channel_of_three_subjects_has_three_topics(found: TopicsFound) -> None:
    """Each with its title, its messages, and the odd post outside."""
    members = {card.title: sorted(int(item.message_id) for item in bundle.items) for card, bundle in found.topics}
    assert members == {
        SNOW_TITLE: [1, 2, 3, 4],
        DOLLAR_TITLE: [5, 6, 7, 8],
        ZOO_TITLE: [9, 10, 11, 12],
    }


def test_the_report_counts_topics_and_messages(found: TopicsFound) -> None:
    """Twelve of thirteen messages are covered by three clusters."""
    report = found.report
    assert (report.documents, report.topics, report.singletons, report.clusters) == (13, 3, 0, 3)
    assert (report.bundles, report.in_a_topic, report.in_no_topic) == (3, 12, 1)


def test_cards_say_true_things(found: TopicsFound) -> None:
    """Scope counts messages as they are; thresholds, anchors and sources are on the card."""
    card = next(card for card, _ in found.topics if card.title == DOLLAR_TITLE)
    assert card.scope_in[0] == "«курс доллара»: в сообщениях — 4 из 4"
    assert card.scope_out
    assert card.type == "cluster"
    assert card.sources == ("-1001",)
    assert (card.level, card.parent_id) == ("event", None)
    assert card.metadata["thresholds"]["anchor_min_score"] == 0.6
    assert [anchor.score for anchor in card.anchors] == sorted((anchor.score for anchor in card.anchors), reverse=True)
    assert card.id == f"topic:{card.anchors[0].anchor_ref}"


def test_topics_are_sorted_by_id(found: TopicsFound) -> None:
    """The order of the topics is the order of their ids."""
    ids = [card.id for card, _ in found.topics]
    assert ids == sorted(ids)


def test_the_order_of_the_input_does_not_matter(found: TopicsFound) -> None:
    """Shuffled documents give the same bytes."""
    for seed in (1, 2, 3):
        order = np.random.default_rng(seed).permutation(len(CHANNEL))
        assert bytes_of(found_in([CHANNEL[place] for place in order])) == bytes_of(found)


def test_equals_are_ordered_by_their_refs() -> None:
    """Of copies posted at one moment the lowest refs are anchors, in whatever order they come in."""
    copies = [post(number, "Снег выпал в Москве", days=1) for number in (31, 12, 25, 14)]
    anchors = found_in(copies).topics[0][0].anchors
    assert [anchor.message_id for anchor in anchors] == ["12", "14", "25"]


def test_a_second_run_changes_nothing(found: TopicsFound) -> None:
    """With the topics known, a later run gives the same bytes, times included, and retires none."""
    again = found_in(CHANNEL, as_known(found), LATER)
    assert bytes_of(again) == bytes_of(found)
    assert (again.topics, again.retired, again.changes) == ([], [], [])


def test_a_new_message_joins_its_topic_and_all_ids_stay(found: TopicsFound) -> None:
    """A post on snow is in the old topic on snow; no topic is bred or retired."""
    more = found_in(
        [*CHANNEL, post(20, "Снег и метель снова накроют Москву, сообщили синоптики")], as_known(found), LATER
    )
    snow = next(bundle for card, bundle in more.topics if card.title == SNOW_TITLE)
    assert "tg:-1001:post:20" in {item.source_ref for item in snow.items}
    assert snow.updated_at == LATER
    assert [card.id for card, _ in every(more)] == [card.id for card, _ in found.topics]
    assert more.retired == []
    assert [(one.kind, one.messages) for one in more.changes] == [("grew", ("tg:-1001:post:20",))]


def test_a_topic_whose_messages_are_gone_is_retired_and_comes_back(found: TopicsFound) -> None:
    """Without its posts a topic is retired; when they return it is found under its old id."""
    zoo = next(card.id for card, _ in found.topics if card.title == ZOO_TITLE)
    without = found_in(CHANNEL[:8], as_known(found), LATER)
    assert without.retired == [zoo]
    known = [
        replace(one, card=one.card.model_copy(update={"status": "retired"})) if one.card.id == zoo else one
        for one in as_known(found)
    ]
    back = found_in(CHANNEL, known, LATER)
    assert zoo in {card.id for card, _ in back.topics}
    assert all(card.status == "active" for card, _ in back.topics)
    assert [(one.topic_id, one.kind) for one in without.changes] == [(zoo, "retired")]
    assert [(one.topic_id, one.kind) for one in back.changes] == [(zoo, "revived")]


def test_copies_of_a_post_are_one_topic() -> None:
    """Fifty reposts are one cluster with three anchors, not fifty topics."""
    found = found_in(channel_posts(*["Снег выпал в Москве сегодня ночью"] * 50))
    assert found.report.topics == 1
    card, bundle = found.topics[0]
    assert (card.title, len(card.anchors), len(bundle.items)) == ("Снег выпал в Москве сегодня ночью", 3, 50)


def test_a_long_message_apart_is_a_singleton() -> None:
    """One strong message is a topic of its own, with the score that it earns."""
    found = found_in([*CHANNEL, post(30, LONG)])
    single = [(card, bundle) for card, bundle in found.topics if card.type == "singleton"]
    assert len(single) == 1
    card, bundle = single[0]
    assert [anchor.message_id for anchor in card.anchors] == ["30"]
    assert len(bundle.items) == 1
    assert card.anchors[0].score >= 0.75
    assert card.scope_in
    assert card.scope_out


def test_a_short_or_poor_message_is_no_singleton() -> None:
    """Under 300 characters, or long with little to say, a message stays outside."""
    assert found_in([post(1, LONG[:299])]).report.topics == 0
    assert found_in([post(1, "Шахматный турнир перенесли. " * 40)]).report.topics == 0


def test_strength_grows_with_the_words_that_say_something() -> None:
    """0.5 at 15 different stems and 0.75 at 45; repeating a word adds nothing."""
    assert strength(["слово"] * 100) == 0.0625
    assert strength([str(number) for number in range(15)]) == 0.5
    assert strength([str(number) for number in range(45)]) == 0.75


def test_the_greatest_topics_stay_under_a_limit() -> None:
    """`max_topics` keeps the biggest."""
    found = found_in([*CHANNEL, post(20, "Снег и метель снова накроют Москву, сообщили синоптики")], max_topics=1)
    assert [card.title for card, _ in found.topics] == ["Снег и метель снова накроют Москву"]


@pytest.mark.parametrize(
    "texts",
    [[], ["Привет"], ["😀"], ["😀", "🔥", "😀"] * 10, [SNOW[0], DOLLAR[0]], ["", ""], ["#снег @погода https://t.me/a"]],
)
def test_where_there_is_nothing_to_group_there_are_no_topics(texts: list[str]) -> None:
    """Nothing, one word, emoji alone, two unrelated posts: no topics and no error."""
    report = found_in(channel_posts(*texts)).report
    assert (report.topics, report.documents, report.in_no_topic) == (0, len(texts), len(texts))


def test_a_pair_that_tells_one_event_is_a_topic() -> None:
    """Two posts are a channel too."""
    report = found_in(channel_posts(SNOW[0], SNOW[0] + " сегодня")).report
    assert (report.clusters, report.in_a_topic) == (1, 2)


def test_a_channel_of_one_subject_has_one_topic_with_a_true_scope() -> None:
    """With no neighbour to name, scope_out speaks of what scores too low."""
    found = found_in(channel_posts(*[f"Курс доллара вырос до {80 + number} рублей на бирже" for number in range(30)]))
    card, bundle = found.topics[0]
    assert (found.report.topics, card.title, len(bundle.items)) == (1, "Курс доллара вырос до 97 рублей на бирже", 30)
    assert card.scope_out == ("Сообщения, чья оценка в этой теме ниже 0.5",)


def test_comments_are_documents_like_others() -> None:
    """A comment is a member under its own ref, with its thread and parent."""
    comment = replace(
        post(5, "Снег растает к среде, говорят синоптики"),
        source_ref="tg:-1001:comment:5", message_type="comment", thread_id="1", parent_message_id="1",
    )  # fmt: skip
    found = found_in([*channel_posts(*SNOW), comment])
    item = next(item for item in found.topics[0][1].items if item.source_ref == "tg:-1001:comment:5")
    assert (item.message_type, item.thread_id, item.parent_message_id) == ("comment", "1", "1")


def test_channels_taken_together_share_topics() -> None:
    """Posts of two channels on one subject are one topic with both as sources."""
    documents = [
        *channel_posts(*SNOW[:2]),
        *(post(number, text, channel="-1002") for number, text in enumerate(SNOW[2:], 1)),
    ]
    found = found_in(documents)
    assert [card.sources for card, _ in found.topics] == [("-1001", "-1002")]


def test_mixed_languages_are_titled_in_their_own() -> None:
    """An English topic among Russian ones has English titles and sentences."""
    english = (
        "The rocket landed on a ship",
        "SpaceX landed its rocket on a ship again",
        "A rocket of SpaceX landed on the ship",
    )
    documents = [*CHANNEL, *(post(number, text, language="en") for number, text in enumerate(english, 40))]
    card = next(card for card, _ in found_in(documents).topics if card.anchors[0].message_id in ("40", "41", "42"))
    assert card.title.isascii()
    assert card.scope_in[0] == "Names: SpaceX"


def test_a_megabyte_of_text_is_taken_in_stride() -> None:
    """Only the first part of a huge message is read."""
    huge = post(50, "Снег выпал в Москве, синоптики ждут метель. " * 25_000)
    found = found_in([*CHANNEL, huge])
    assert huge.source_ref in {item.source_ref for _, bundle in found.topics for item in bundle.items}


def test_a_report_stored_by_the_preview_is_read() -> None:
    """3.1.0a1 called the messages in a topic `covered` and the others `outside`."""
    stored = {"documents": 13, "topics": 3, "singletons": 0, "clusters": 3, "bundles": 3, "covered": 12, "outside": 1}
    assert TopicReport.of(stored) == TopicReport(13, 3, 0, 3, 3, in_a_topic=12, in_no_topic=1)


def test_a_message_that_now_tells_something_else_leaves_its_topic_alone(found: TopicsFound) -> None:
    """Its topic loses it, with a record; no other topic changes."""
    edited = [replace(one, is_new=False) for one in CHANNEL]
    edited[2] = post(3, "Повар испёк пирог с вишней и мёдом")
    after = found_in(edited, as_known(found), LATER)
    assert [card.title for card, _ in after.topics] == [SNOW_TITLE]
    assert [(one.kind, one.messages) for one in after.changes] == [("lost", ("tg:-1001:post:3",))]
    assert len(after.standing) == 2


def test_a_message_that_leaves_its_event_leaves_the_story_too() -> None:
    """An edited text is not kept in a story by what it said before."""
    follow_up = post(30, SNOW[0] + ", и снова метель", days=9)
    before = [*CHANNEL, follow_up, post(31, SNOW[1] + ", и снова метель", days=9.1)]
    found = found_in(before)
    story = next(card for card, _ in found.topics if card.level == "story")
    edited = [replace(one, is_new=False) for one in before]
    edited[2] = post(3, "Повар испёк пирог с вишней и мёдом")
    after = found_in(edited, as_known(found), LATER)
    lost = {one.topic_id for one in after.changes if one.kind == "lost" and one.messages == ("tg:-1001:post:3",)}
    events = {card.id for card, _ in every(found) if card.parent_id == story.id}
    assert story.id in lost
    assert len(lost & events) == 1
    assert all("tg:-1001:post:3" not in {item.source_ref for item in bundle.items} for _, bundle in every(after))


def test_all_is_grouped_anew_when_a_user_wants_it(found: TopicsFound) -> None:
    """The same messages make the same topics under their ids, even if an earlier run had put them together wrongly."""
    mixed = [topic for topic in as_known(found) if topic.card.title != ZOO_TITLE]
    first, second = mixed
    swapped = second.bundle.model_copy(update={"items": (*second.bundle.items, *first.bundle.items[:1])})
    wrong = [first, replace(second, bundle=swapped)]
    settled = [replace(one, is_new=False) for one in CHANNEL]
    kept, anew = found_in(settled, wrong, LATER), found_in(settled, wrong, LATER, rebuild=True)
    assert kept.topics == []
    members = {card.id: sorted(int(item.message_id) for item in bundle.items) for card, bundle in every(anew)}
    assert (members[first.card.id], members[second.card.id]) in (
        ([1, 2, 3, 4], [5, 6, 7, 8]),
        ([5, 6, 7, 8], [1, 2, 3, 4]),
    )
    assert sorted(one.kind for one in anew.changes) == ["born", "lost"]


def test_topics_of_an_earlier_method_are_found_anew(found: TopicsFound) -> None:
    """Once, without being asked; their ids stay where they share most messages, and what ends is recorded."""
    wide = as_known(found)[0]
    everything = tuple(item for _, bundle in found.topics for item in bundle.items)
    old = KnownTopic(
        wide.card.model_copy(update={"metadata": {**wide.card.metadata, "method": "an earlier one"}}),
        wide.bundle.model_copy(update={"items": everything}),
    )
    after = found_in([replace(one, is_new=False) for one in CHANNEL], [old], LATER)
    assert len(after.topics) == 3
    assert wide.card.id in {card.id for card, _ in after.topics}
    assert after.retired == []
    assert {one.kind for one in after.changes if one.topic_id == wide.card.id} >= {"lost"}


def test_a_topic_is_named_again_when_it_has_twice_as_many_messages(found: TopicsFound) -> None:
    """One more message leaves the title; four more may change it, and the change tells the old one."""
    settled = [replace(one, is_new=False) for one in CHANNEL]
    more = [
        post(20 + number, f"Первый снег парализовал Москву, дороги закрыты: день {number}", days=0.3)
        for number in range(1, 7)
    ]
    one = found_in([*settled, more[0]], as_known(found), LATER)
    assert [card.title for card, _ in one.topics] == [SNOW_TITLE]
    all_of_them = found_in([*settled, *more], as_known(found), LATER)
    (card, _), *_ = all_of_them.topics
    assert card.title != SNOW_TITLE
    renamed = [change for change in all_of_them.changes if change.kind == "renamed"]
    assert [change.reason for change in renamed] == [f"what the topic is about has moved; before: {SNOW_TITLE}"]


def test_a_title_of_an_earlier_method_is_made_again(found: TopicsFound) -> None:
    """When its topic is described again, though it has the same anchors."""
    topics = as_known(found)
    titled = {**topics[0].card.metadata["titled"], "method": "an earlier one"}
    old = topics[0].card.model_copy(update={"title": "Снег", "metadata": {**topics[0].card.metadata, "titled": titled}})
    known = [replace(topics[0], card=old), *topics[1:]]
    again = found_in([replace(one, is_new=False) for one in CHANNEL], known, LATER, rebuild=True)
    assert next(card.title for card, _ in again.topics if card.id == old.id) == topics[0].card.title
