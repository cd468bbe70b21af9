from __future__ import annotations

from collections import Counter
from itertools import islice

import pytest
from topic_samples import DOLLAR, SNOW, ZOO, channel_posts, post

from tg_parser.topics.grouping.texts import corpus_of, stems_of
from tg_parser.topics.model import Group, Member
from tg_parser.topics.wording.cards import summary_of
from tg_parser.topics.wording.phrases import SharedPhrase, is_noun, readable, shared_phrases, telling
from tg_parser.topics.wording.titles import fallback_titles, is_carried, opening, titles_of


def group_of(*rows: int) -> Group:
    members = tuple(Member(row, 0.8, 0.3) for row in rows)
    return Group(members, members[:2])


def phrase(text: str, *rows: int, weight: float = 1.0) -> SharedPhrase:
    return SharedPhrase(text, stems_of(text, "ru"), frozenset(rows), weight)


THREE_TOPICS = corpus_of(channel_posts(*SNOW, *DOLLAR, *ZOO))


def test_a_phrase_counts_the_messages_that_hold_it_in_any_form() -> None:
    """“Курс доллара” and “курса доллара” are one phrase, held by all four posts on it."""
    found = shared_phrases(group_of(4, 5, 6, 7), THREE_TOPICS)
    by_text = {one.text: sorted(one.rows) for one in found}
    assert by_text["курс доллара"] == [4, 5, 6, 7]


def test_the_best_phrase_is_the_subject_of_its_topic() -> None:
    """What all messages of a topic hold and no others do comes first."""
    best = [
        shared_phrases(group_of(*rows), THREE_TOPICS)[0].text for rows in [(0, 1, 2, 3), (4, 5, 6, 7), (8, 9, 10, 11)]
    ]
    assert best == ["Москва", "курс доллара", "московский зоопарк"]


def test_links_hashtags_and_mentions_are_no_phrases() -> None:
    """A title never holds what only points elsewhere."""
    texts = ("Снег #погода @channel https://t.me/weather_moscow", "Снег #погода @channel https://t.me/weather_moscow")
    found = shared_phrases(group_of(0, 1), corpus_of(channel_posts(*texts)))
    assert [one.text for one in found] == ["Снег"]


def test_key_phrases_of_the_documents_are_candidates() -> None:
    """A phrase that only the analyser found is a candidate too."""
    documents = [post(number, "Лёд на реке тронулся", key_phrases=("лёд на реке", "лёд")) for number in (1, 2)]
    assert "лёд" in {one.text for one in shared_phrases(group_of(0, 1), corpus_of(documents))}


def test_the_name_of_the_channel_is_no_phrase() -> None:
    """Stems to avoid are not a phrase alone, yet may be part of one."""
    corpus = corpus_of(channel_posts("Хабр Карьера ищет редактора", "Хабр Карьера: Хабр ищет автора"))
    texts = {one.text for one in shared_phrases(group_of(0, 1), corpus, frozenset({"хабр"}))}
    assert "Хабр Карьера" in texts
    assert "Хабр" not in texts


def test_what_the_whole_channel_says_names_no_topic() -> None:
    """A phrase of most messages outside the group is the channel's habit."""
    snow = [f"Новости города: {text}" for text in SNOW]
    others = [f"Новости города: событие номер{number}" for number in range(30)]
    found = shared_phrases(group_of(0, 1, 2, 3), corpus_of(channel_posts(*snow, *others)))
    assert not {"новости", "новости города", "город"} & {one.text.lower() for one in found}


def test_telling_phrases_share_no_word() -> None:
    """Of two phrases with a common stem only the better stays."""
    chosen = telling([phrase("курс доллара", 1), phrase("доллар", 1), phrase("биржа", 1)], 3)
    assert [one.text for one in chosen] == ["курс доллара", "биржа"]


@pytest.mark.parametrize(
    ("surfaces", "language", "text"),
    [
        ({"больницу": 2, "больнице": 3, "больниц": 1}, "ru", "больница"),
        ({"рейсов": 3, "рейсы": 2, "рейса": 1}, "ru", "рейсы"),
        ({"ФОТО": 5}, "ru", "фото"),
        ({"США": 5}, "ru", "США"),
        ({"Снег": 3, "снега": 2, "снег": 1}, "ru", "снег"),
        ({"снігу": 3, "сніг": 2}, "uk", "сніг"),
        ({"Rockets": 1, "rockets": 1}, "en", "rockets"),
        ({"SpaceX": 2}, "ru", "SpaceX"),
    ],
)
def test_a_phrase_is_read_in_its_base_form(surfaces: dict[str, int], language: str, text: str) -> None:
    """The nominative of most uses, without capitals that a headline or a sentence's start gave it."""
    assert readable(surfaces, language) == text


@pytest.mark.parametrize(
    ("forms", "expected"),
    [({"связано": 4}, False), ({"расскажу": 3, "расскажет": 1}, False), ({"российские": 2, "российский": 1}, False),
     ({"правда": 2}, False), ({"взрослой": 2, "взрослые": 9}, False),
     ({"ученые": 2}, True), ({"данные": 2, "данных": 3}, True), ({"нейросети": 1}, True)],
)  # fmt: skip
def test_only_a_noun_stands_alone(forms: dict[str, int], expected: bool) -> None:
    """Verbs, participles, adjectives and particles are no titles."""
    assert is_noun(next(iter(forms)), Counter(forms), "ru") is expected


def test_a_title_is_a_headline_that_half_of_the_messages_carry() -> None:
    """The best headline of all, not a phrase: it has a verb and says what happened."""
    found = shared_phrases(group_of(4, 5, 6, 7), THREE_TOPICS)
    best = next(titles_of(group_of(4, 5, 6, 7), THREE_TOPICS, found))
    assert best == "Курс доллара превысил 107 рублей на бирже"
    assert is_carried(best, group_of(4, 5, 6, 7), THREE_TOPICS)


def test_a_phrase_of_several_words_stands_for_messages_without_a_common_headline() -> None:
    """It is carried by half of them, and goes before the headline of one message; one bare noun never does."""
    corpus = corpus_of(
        channel_posts("Мэр открыл Музей космоса", "Дети рисуют Музей космоса", "Завтра закрыт Музей космоса")
    )
    group = group_of(0, 1, 2)
    phrases = [phrase("музей", 0, 1, 2), phrase("Музей космоса", 0, 1, 2, weight=0.9)]
    assert not any(is_carried(text, group, corpus) for text in ("Ремонт моста",))
    titles = list(islice(titles_of(group, corpus, phrases), 6))
    assert "Музей космоса" in titles
    assert "Музей" not in titles


def test_a_group_without_a_common_phrase_is_named_by_its_first_message() -> None:
    """The first words of the best message, whole words, with date and number at need, then counted without end."""
    corpus = corpus_of(channel_posts("🔥 Слово " + "длинное " * 20, "Другое"))
    titles = list(islice(fallback_titles(group_of(0), corpus), 5))
    assert titles[0] == "Слово длинное длинное длинное длинное длинное длинное длинное…"
    assert titles[1].endswith("… (2024-11-01)")
    assert titles[2].endswith("… (1, -1001)")
    assert titles[3:] == [f"{titles[0]} (1, -1001, 2)", f"{titles[0]} (1, -1001, 3)"]


def test_an_opening_holds_no_links_and_no_marks() -> None:
    """Links, hashtags and emoji at the edges are left out."""
    assert opening("🔥 https://t.me/x #снег\n— Первый снег выпал! 😀", 60) == "Первый снег выпал!"
    assert opening("слово", 3) == "сло"


def test_the_summary_is_the_sentence_that_says_what_the_group_says() -> None:
    """Of an anchor's sentences the one with the words of the other messages is taken."""
    thanks = "Редакция благодарит всех читателей за присланные письма и фотографии."
    first = f"{thanks} Сильный снег и метель накроют Москву в выходные."
    corpus = corpus_of(channel_posts(first, *SNOW))
    assert summary_of(group_of(0, 1, 2, 3, 4), corpus).startswith("Сильный снег и метель накроют Москву в выходные")


def test_a_summary_is_whole_sentences_in_the_order_of_time() -> None:
    """The newest last, each with its full stop, none with a time stamp or a pronoun at its start."""
    texts = {
        2: "Сгоревший склад восстановят к весне, обещают власти города.",
        1: "12:40 Пожар на складе в Подольске начался ночью, сообщили спасатели.",
        1.5: "Он сообщил о пожаре на складе в Подольске.",
    }
    corpus = corpus_of([post(number, text, days=day) for number, (day, text) in enumerate(texts.items(), 1)])
    assert summary_of(group_of(0, 1), corpus) == (
        "Пожар на складе в Подольске начался ночью, сообщили спасатели. "
        "Сгоревший склад восстановят к весне, обещают власти города."
    )
    assert not summary_of(group_of(1, 2), corpus).startswith("Он ")


def test_rare_detections_of_a_language_are_taken_for_slips() -> None:
    """One post in a hundred that seems Bulgarian is read as the others are."""
    documents = [post(number, "снег", language="bg" if number == 7 else "ru") for number in range(100)]
    assert set(corpus_of(documents).languages) == {"ru"}
