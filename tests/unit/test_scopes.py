"""Scopes say true things: names, places, dates, and what tells a topic from its neighbours."""

from __future__ import annotations

from itertools import count

import pytest
from topic_samples import channel_posts, post

from tg_parser.topics.grouping.texts import corpus_of
from tg_parser.topics.model import Group, Member, TopicDocument, TopicOptions
from tg_parser.topics.wording.phrases import shared_phrases
from tg_parser.topics.wording.scope import difference, scope_in, scope_out
from tg_parser.topics.wording.titles import Named

TULA = ("Вода затопила улицы: в Туле паводок", "Сильный паводок в Туле, жителей вывозит МЧС")
OMSK = ("Вода затопила улицы: в Омске паводок", "Сильный паводок в Омске, жителей вывозит МЧС")


def topics(
    *texts: tuple[str, ...], documents: list[TopicDocument] | None = None
) -> tuple[list[Named], list[TopicDocument]]:
    posts = documents or channel_posts(*(text for own in texts for text in own))
    corpus = corpus_of(posts)
    rows = count()
    named = []
    for own in texts:
        members = tuple(Member(next(rows), 0.8, 0.3) for _ in own)
        group = Group(members, members)
        named.append(Named(own[0], own[0], group, shared_phrases(group, corpus)))
    return named, posts


def test_a_scope_names_places_and_the_period() -> None:
    """Who and where by what half of the messages say, in the nominative, and from when to when."""
    documents = [post(1, TULA[0], days=0), post(2, TULA[1], days=2)]
    (tula,), posts = topics(TULA, documents=documents)
    assert scope_in(tula, "", corpus_of(posts), "ru") == ("Места: Тула", "Период: 01.11.2024 – 03.11.2024")


def test_without_names_the_phrases_speak() -> None:
    """A topic that names nobody says what its messages share; what a user said comes first."""
    (snow,), posts = topics(("Мокрый снег выпал ночью", "Мокрый снег лежит на дорогах"))
    assert scope_in(snow, "Зима", corpus_of(posts), "ru") == (
        "Зима",
        "«мокрый снег»: в сообщениях — 2 из 2",
        "Период: 01.11.2024",
    )


def test_another_place_tells_two_topics_apart() -> None:
    """The same words of two towns are two subjects."""
    (tula, omsk), posts = topics(TULA, OMSK)
    assert difference(tula, omsk, corpus_of(posts), "ru") == "другое место: Омск"
    assert difference(omsk, tula, corpus_of(posts), "ru") == "другое место: Тула"


def test_another_time_tells_two_topics_apart() -> None:
    """Forecasts for two days that share no day; what shares a day is not told by it."""
    daily = ("В Туле ожидается сильный снег", "В Туле идёт сильный снег")
    apart = [post(number, text, days=number // 2) for number, text in enumerate((*daily, *daily), 2)]
    (first, second), posts = topics(daily, daily, documents=apart)
    assert difference(first, second, corpus_of(posts), "ru") == "другое время: 03.11.2024"
    together = [post(number, text, days=1) for number, text in enumerate((*daily, *daily), 2)]
    (first, second), posts = topics(daily, daily, documents=together)
    assert difference(first, second, corpus_of(posts), "ru") == ""


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("ru", "Отдельная близкая тема: «Снег» — другое место: Омск"),
        ("uk", "Окрема близька тема: «Снег» — другое место: Омск"),
        ("en", "A near topic of its own: “Снег” — другое место: Омск"),
        ("de", "A near topic of its own: “Снег” — другое место: Омск"),
    ],
)
def test_a_neighbour_is_named_with_the_reason(language: str, said: str) -> None:
    """In the language of the topic, in English where we have none; without a reason the title alone."""
    options = TopicOptions()
    assert scope_out(("дождь",), ["Снег"], language, options, ["другое место: Омск"]) == ("дождь", said)
    assert scope_out((), ["Снег"], language, options) == (said.split(" — ", maxsplit=1)[0],)


def test_the_title_of_a_neighbour_has_marks_of_the_other_kind_inside_its_own() -> None:
    """A quotation within a quotation."""
    (said,) = scope_out((), ["Циклон «Мартина» идёт"], "ru", TopicOptions())
    assert said == "Отдельная близкая тема: «Циклон „Мартина“ идёт»"


def test_an_office_of_a_place_is_no_place() -> None:
    """The scope tells a town from what is called after it."""
    documents = ("Вчера МЧС Тулы вывезло людей", "Сегодня МЧС Тулы вывезло людей")
    (tula,), posts = topics(documents)
    assert not any(said.startswith("Места") for said in scope_in(tula, "", corpus_of(posts), "ru"))


def test_another_subject_is_named_before_another_time() -> None:
    """That two topics are of different days tells them apart less than what they are about."""
    snow, bank = ("Сильный снег идёт", "Сильный снег тает"), ("Ставка банка растёт", "Ставка банка упала")
    documents = [post(number, text, days=number // 2) for number, text in enumerate((*snow, *bank), 2)]
    (first, second), posts = topics(snow, bank, documents=documents)
    assert (
        difference(first, second, corpus_of(posts), "ru") == "другой предмет: «ставка банка»; другое время: 03.11.2024"
    )


def test_a_word_whose_case_cannot_be_told_is_not_in_the_scope() -> None:
    """Ukrainian words are not inflected: «водія» may be of any case and stays out, «ліфт» stays."""
    texts = ("Новий ліфт відкрили для водія", "Старий ліфт закрили для водія")
    documents = [post(number, text, language="uk") for number, text in enumerate(texts, 1)]
    (lift,), posts = topics(texts, documents=documents)
    assert scope_in(lift, "", corpus_of(posts), "uk") == ("«ліфт»: у повідомленнях — 2 з 2", "Період: 01.11.2024")


def test_a_common_noun_with_a_capital_is_no_name() -> None:
    """“День” of a holiday is written with a capital within a sentence, but names nobody."""
    (holiday,), posts = topics(("Проезд в День города будет свободным", "Салют в День города покажут вечером"))
    assert not any(said.startswith("Имена") for said in scope_in(holiday, "", corpus_of(posts), "ru"))
