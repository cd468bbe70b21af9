from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from topic_samples import DOLLAR, ODD, SNOW, START, ZOO, channel_posts, directions, post

from tg_parser.nlp.embeddings import SentenceEncoder
from tg_parser.topics.discovery import TopicsFound, find_topics
from tg_parser.topics.finalizing import Topic
from tg_parser.topics.grouping.groups import PreparedCorpus, group_documents, prepare
from tg_parser.topics.grouping.known_topics import distinct_from, near_threshold
from tg_parser.topics.grouping.texts import corpus_of
from tg_parser.topics.model import Group, KnownTopic, Member, TopicDocument, TopicOptions, WantedTopic
from tg_parser.topics.verdicts import Membership, record, remembered

LATER = datetime(2025, 1, 1, tzinfo=UTC)
ENCODER = SentenceEncoder()
CHANNEL = channel_posts(*SNOW, *DOLLAR, *ZOO, ODD)
CURRENCY = WantedTopic("Валюта", "Доллар и евро на бирже", ("доллар",))
ANIMALS = WantedTopic("Животные", "Звери в зоопарках", ("панда", "зоопарк"))
BEES = WantedTopic("Пчеловодство", "Мёд и ульи", ("пчёлы",))


def found_in(
    documents: list[TopicDocument],
    wanted: tuple[Any, ...],
    known: Sequence[KnownTopic] = (),
    now: datetime = START,
    **options: Any,
) -> TopicsFound:
    vectors = ENCODER.embed([document.text for document in documents])
    asked = ENCODER.embed([one.text for one in wanted])
    chosen = TopicOptions(wanted=tuple(wanted), **options)
    return find_topics(prepare(documents, vectors, chosen, asked), known, now)


def every(found: TopicsFound) -> list[Topic]:
    return sorted([*found.topics, *found.standing], key=lambda one: one[0].id)


def as_known(found: TopicsFound) -> list[KnownTopic]:
    return [KnownTopic(card, bundle) for card, bundle in every(found)]


def group(*rows: int) -> Group:
    own = tuple(Member(row, 0.8, 0.3) for row in rows)
    return Group(own, own[:2])


def members(found: TopicsFound) -> dict[str, list[int]]:
    return {card.title: sorted(int(item.message_id) for item in bundle.items) for card, bundle in found.topics}


@pytest.fixture(scope="module")
def found() -> TopicsFound:
    return found_in(CHANNEL, (CURRENCY, ANIMALS, BEES))


def test_each_wanted_topic_gets_its_messages_beside_the_found_ones(found: TopicsFound) -> None:
    """The user's titles stand; what else there is, is found as ever; nothing is found twice."""
    assert members(found) == {
        "Синоптики: сильный снег и метель накроют Москву в выходные": [1, 2, 3, 4],
        "Валюта": [5, 6, 7, 8],
        "Животные": [9, 10, 11, 12],
    }


def test_a_topic_without_messages_is_reported_and_has_no_card(found: TopicsFound) -> None:
    """Two of three wanted topics have a bundle."""
    assert (found.report.known, found.report.missing) == (2, ("Пчеловодство",))
    assert (found.report.topics, found.report.clusters, found.report.in_a_topic) == (3, 3, 12)


def test_cards_say_where_a_topic_comes_from(found: TopicsFound) -> None:
    """Origin and thresholds in the metadata; the description is the first of the scope, keywords the first tags."""
    cards = {card.title: card for card, _ in found.topics}
    asked = cards["Животные"]
    assert (
        asked.metadata["origin"],
        cards["Синоптики: сильный снег и метель накроют Москву в выходные"].metadata["origin"],
    ) == ("known", "found")
    assert asked.metadata["thresholds"]["judged_from_score"] == 0.35
    assert asked.metadata["thresholds"]["similarity_of_score_half"] == pytest.approx(0.247, abs=0.005)
    assert asked.scope_in[0] == "Звери в зоопарках"
    assert asked.tags[:2] == ("панда", "зоопарк")
    assert asked.id == f"topic:{asked.anchors[0].anchor_ref}"


def test_a_second_run_changes_nothing(found: TopicsFound) -> None:
    """The same bytes, times included, whatever the order of the documents."""
    again = found_in(CHANNEL[::-1], (CURRENCY, ANIMALS, BEES), as_known(found), LATER)
    assert every(again) == found.topics
    assert (again.retired, again.changes) == ([], [])


def test_a_wanted_topic_takes_over_the_topic_that_was_found(found: TopicsFound) -> None:
    """What was found before is the same topic under the user's title, and so it is when the user asks no longer."""
    before = found_in(CHANNEL, ())
    after = found_in(CHANNEL, (CURRENCY,), as_known(before), LATER)
    dollar = next(card.id for card, _ in before.topics if card.title == "Курс доллара превысил 107 рублей на бирже")
    assert next(card.id for card, _ in after.topics if card.title == "Валюта") == dollar
    assert after.retired == []
    assert {card.id for card, _ in every(found_in(CHANNEL, (), as_known(after)))} == {
        card.id for card, _ in before.topics
    }


def test_a_topic_asked_for_again_keeps_its_id_though_its_messages_are_others() -> None:
    """The same title is the same topic, even when every old message is gone."""
    first = found_in(channel_posts(*DOLLAR[:2]), (CURRENCY,))
    others = [post(number, text) for number, text in enumerate(DOLLAR[2:], 20)]
    again = found_in(others, (CURRENCY,), as_known(first))
    assert [card.id for card, _ in again.topics] == [card.id for card, _ in first.topics]


def test_a_wide_topic_leaves_the_narrow_ones_inside_it_alone() -> None:
    """Only what shares most messages is not found twice: of ten messages, four are no double, six are."""
    wide, narrow, other = group(*range(10)), group(0, 1, 2, 3), group(10, 11)
    assert distinct_from([narrow, other], [wide], keep=()) == [0, 1]
    assert distinct_from([group(*range(6)), other], [wide], keep=()) == [1]
    assert distinct_from([group(*range(6)), other], [wide], keep=[0]) == [0, 1]


def test_keywords_are_found_in_every_form_and_only_whole() -> None:
    """«снега» is the keyword «снег», «снеговик» is not."""
    documents = channel_posts("Много снега", "Куплен снеговик", "Нечто иное", "Совсем другое")
    wanted = (WantedTopic("Зима", keywords=("снег",)),)
    prepared = prepare(documents, directions(0, 1, 2, 3), TopicOptions(wanted=wanted), directions(4))
    hits = prepared.fits.similarity[:, 0]
    assert hits[0] > hits[1] + 0.12
    assert max(hits[1:]) < 0.01


def test_one_short_message_makes_no_topic() -> None:
    """A topic is two anchors or one strong message: with one post of forty characters it is missing."""
    found = found_in([*channel_posts(*SNOW), post(30, ODD)], (WantedTopic("Шахматы", keywords=("шахматный турнир",)),))
    assert found.report.missing == ("Шахматы",)


def test_one_long_message_makes_a_singleton() -> None:
    """The same, said at length, stands alone."""
    long = ODD + ". " + "Гроссмейстеры сыграют партии шахматного турнира в клубе, судьи готовят доски и часы. " * 4
    found = found_in([*channel_posts(*SNOW), post(30, long)], (WantedTopic("Шахматный турнир"),))
    card = next(card for card, _ in found.topics if card.title == "Шахматный турнир")
    assert (card.type, [anchor.message_id for anchor in card.anchors]) == ("singleton", ["30"])


def test_a_message_stands_for_the_topic_that_it_fits_best() -> None:
    """With two near topics a post may be in both bundles, and an anchor of one."""
    narrow = WantedTopic("Рост доллара", "Курс доллара поднялся и превысил", ("превысил", "поднялся"))
    found = found_in(CHANNEL, (CURRENCY, narrow))
    anchors = [anchor.message_id for card, _ in found.topics for anchor in card.anchors]
    assert len(anchors) == len(set(anchors))


def test_without_bundles_only_anchors_are_left() -> None:
    """Supporting messages of wanted topics are left out with the others."""
    found = found_in(CHANNEL, (CURRENCY,), with_supporting=False)
    assert {item.role for _, bundle in found.topics for item in bundle.items} == {"anchor"}


def test_a_limit_of_topics_does_not_touch_wanted_ones() -> None:
    """`max_topics` keeps the biggest of the found ones; what was asked for stays."""
    found = found_in(CHANNEL, (CURRENCY, ANIMALS), max_topics=1)
    assert sorted(members(found)) == [
        "Валюта",
        "Животные",
        "Синоптики: сильный снег и метель накроют Москву в выходные",
    ]


@pytest.mark.parametrize("texts", [[], ["😀"], ["Привет"]])
def test_where_there_is_nothing_every_wanted_topic_is_missing(texts: list[str]) -> None:
    """No documents, no words, one word: no error."""
    assert found_in(channel_posts(*texts), (CURRENCY, BEES)).report.missing == ("Валюта", "Пчеловодство")


# Similarities that are wanted here are set by hand: what is tested is what scores come to.
DOUBTFUL = TopicOptions(wanted=(WantedTopic("Снег"),))


def surveyed(*similarities: float, is_sure: bool = True) -> PreparedCorpus:
    """Posts as alike to the wanted topic as told; 0.2 makes a score of 0.5."""
    documents = channel_posts(*[f"Слово{number}" for number in range(len(similarities))])
    prepared = prepare(documents, np.eye(len(similarities), 9, dtype=np.float32), DOUBTFUL, directions(8, width=9))
    prepared.fits.similarity[:, 0] = similarities
    prepared.fits.half[:] = 0.2
    prepared.fits.is_sure[:, 0] = is_sure
    return prepared


def test_only_messages_near_the_threshold_are_to_be_judged() -> None:
    """Scores from 0.35 up to 0.6, the closest to 0.5 first; sure ones on both sides are left alone."""
    prepared = surveyed(0.9, 0.26, 0.19, 0.21, 0.16, 0.14, 0.0)
    assert list(near_threshold(prepared.fits, DOUBTFUL)) == [(0, 3), (0, 2), (0, 4)]


def test_a_number_of_messages_is_judged_at_most() -> None:
    """However many stand near the threshold, a hundred are asked about, the nearest ones."""
    prepared = surveyed(*[0.2 + number / 10_000 for number in range(150)])
    assert list(near_threshold(prepared.fits, DOUBTFUL)) == [(0, row) for row in range(100)]


def test_a_message_that_is_merely_the_nearest_stands_for_nothing() -> None:
    """Without a keyword, and not much alike, it can support a topic and be judged, but makes none."""
    prepared = surveyed(0.9, 0.8, 0.7, is_sure=False)
    assert prepared.fits.scores(0, DOUBTFUL).tolist() == [0.5999, 0.5999, 0.5999]
    assert list(near_threshold(prepared.fits, DOUBTFUL)) == [(0, 0), (0, 1), (0, 2)]
    assert group_documents(prepared, []).missing == ("Снег",)
    judged = group_documents(prepared, [], {(0, 0): Membership(True, "Да"), (0, 1): Membership(True, "Да")})
    assert [member.row for member in judged.groups[0].anchors] == [0, 1]


def test_a_subject_that_the_channel_never_speaks_of_is_missing() -> None:
    """Its nearest messages are not about it: posts on snow in the city are no weather in the mountains."""
    absent = WantedTopic("Погода в горах", "Синоптики ждут метель и снег в горах", ("горы",))
    assert found_in(CHANNEL, (absent,)).report.missing == ("Погода в горах",)


def test_a_verdict_decides() -> None:
    """What belongs is lifted above the anchors' threshold and brings its reason, what does not is out."""
    prepared = surveyed(0.9, 0.8, 0.21, 0.19, 0.0)
    verdicts = {(0, 2): Membership(belongs=False, why="О другом"), (0, 3): Membership(belongs=True, why="О снеге")}
    group = group_documents(prepared, [], verdicts).groups[0]
    assert [(member.row, member.score, member.why) for member in group.members] == [
        (0, 0.9529, None), (1, 0.9412, None), (3, 0.7244, "О снеге")
    ]  # fmt: skip
    assert [member.row for member in group.anchors] == [0, 1, 3]


def test_a_verdict_holds_until_the_message_or_the_topic_changes(found: TopicsFound) -> None:
    """It is remembered by the text of the message and the words of the topic, whichever place both have now."""
    corpus = corpus_of(CHANNEL)
    card = next(card for card, _ in found.topics if card.title == "Животные")
    judged = record(ANIMALS, {8: Membership(True, "О панде"), 0: Membership(False, "О снеге")}, corpus)
    topic = KnownTopic(card.model_copy(update={"metadata": {**card.metadata, "judged": judged}}))
    both = {(1, 8): Membership(True, "О панде"), (1, 0): Membership(False, "О снеге")}
    assert remembered((BEES, ANIMALS), corpus, [topic]) == both
    edited = [post(1, "Снег растаял"), *CHANNEL[1:]]
    assert remembered((ANIMALS,), corpus_of(edited), [topic]) == {(0, 8): Membership(True, "О панде")}
    assert remembered((WantedTopic("Животные", "Только дикие"),), corpus, [topic]) == {}
