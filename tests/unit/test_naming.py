from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import islice

import pytest
from topic_samples import DOLLAR, SNOW, ZOO, channel_posts, post

from tg_parser.topics.grouping.texts import corpus_of, stems_of
from tg_parser.topics.model import Group, Member
from tg_parser.topics.wording.cards import summary_of
from tg_parser.topics.wording.phrases import SharedPhrase, is_noun, readable, shared_phrases, telling
from tg_parser.topics.wording.titles import fallback_titles, opening, titles_of


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
    assert [one.text for one in found] == ["снег"]


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


def titles(*texts: str, most: int = 1) -> list[str]:
    corpus = corpus_of(channel_posts(*texts))
    group = group_of(*range(len(texts)))
    return list(islice(titles_of(group, corpus, shared_phrases(group, corpus)), most))


def test_an_event_is_named_by_the_headline_that_its_messages_tell() -> None:
    """Of three headlines the one whose words the other messages hold too, with its verb and without who said it."""
    found = titles(
        "Потолок — это лава. В школе загорелась проводка",
        "⚡️В подмосковной школе загорелся потолок, сообщили в МЧС. Никто не пострадал",
        "Пожар в подмосковной школе: загорелся потолок",
    )
    assert found == ["В подмосковной школе загорелся потолок"]


def test_the_headline_of_one_event_is_no_title_for_several() -> None:
    """Where no headline is carried by half of the messages, a phrase of two words that half of them hold is it."""
    found = titles(
        "Рыбаки подняли со дна старинный якорь возле причала «Северный завод»",
        "Директор подал в отставку после проверки, Северный завод ищет нового",
        "Новый ледокол впервые пришёл зимовать и занял Северный завод",
        "Шторм повредил три крана и склад, закрыт Северный завод",
    )
    assert found == ["Северный завод"]


def test_a_bare_noun_is_no_title_even_if_nothing_else_is_shared() -> None:
    """Four messages that share only the word for a factory are named by the headline nearest their centre."""
    found = titles(
        "Рыбаки подняли со дна старинный якорь и отвезли его на завод",
        "Директор подал в отставку после проверки, и завод ищет нового",
        "Новый ледокол впервые пришёл зимовать на старый завод",
        "Шторм повредил три крана и большой склад, закрыт завод",
    )
    assert found == ["Директор подал в отставку после проверки, и завод ищет нового"]


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Доброе утро, Москва! Сегодня в 10:00 открылся каток на ВДНХ.", "Открылся каток на ВДНХ"),
        ("Прогноз погоды\nВ Москве ожидается сильный снег", "В Москве ожидается сильный снег"),
        ("Видео дня. Медведь вышел к туристам на Камчатке", "Медведь вышел к туристам на Камчатке"),
        ("Риск\nВрачи назвали главный фактор риска инсульта", "Врачи назвали главный фактор риска инсульта"),
        ("Президент США помиловал сына Хантера", "Президент США помиловал сына Хантера"),
        ("Он приехал.\nПремьер Словакии прибыл в Москву", "Премьер Словакии прибыл в Москву"),
        ("#новости @канал 🔥🔥 «Зенит» обыграл «Спартак»", "«Зенит» обыграл «Спартак»"),
    ],
)
def test_no_title_is_a_greeting_a_genre_a_bare_noun_or_a_reversal(text: str, title: str) -> None:
    """The first sentence that says something is the title, in its own words and without marks."""
    assert titles(text) == [title]


def test_a_phrase_that_may_be_read_backwards_is_no_phrase() -> None:
    """“Сына Хантера” is Hunter, who is a son: no phrase says “сын Хантера” of it, while the nominative may be read."""
    pardoned = ["Отец помиловал сына Хантера", "Суд отпустил сына Хантера"]
    found = shared_phrases(group_of(0, 1), corpus_of(channel_posts(*pardoned)))
    assert "сын Хантера" not in {one.text for one in found}
    visited = ["К нам приехал сын Хантера", "На сцену вышел сын Хантера"]
    found = shared_phrases(group_of(0, 1), corpus_of(channel_posts(*visited)))
    assert "сын Хантера" in {one.text for one in found}


def test_no_title_is_longer_than_a_hundred_characters() -> None:
    """A long sentence is cut at a clause, and leaves room for a date."""
    text = "Прогулочное судно с пассажирами перевернулось в Баренцевом море рядом с селом Териберка, все люди спасены"
    found = titles(text, most=3)
    assert found[0] == "Прогулочное судно с пассажирами перевернулось в Баренцевом море рядом с селом Териберка"
    assert found[2] == f"{found[0]} (2024-11-01)"
    assert max(map(len, found)) <= 100


def test_no_two_groups_have_the_same_title() -> None:
    """The second of two equal groups is told by its date."""
    corpus = corpus_of([post(1, "Снег выпал в Москве"), post(2, "Снег выпал в Москве", days=3)])
    found = [next(islice(titles_of(group_of(row), corpus, ()), at, None)) for row, at in ((0, 0), (1, 2))]
    assert found == ["Снег выпал в Москве", "Снег выпал в Москве (2024-11-04)"]


def test_an_event_is_named_by_a_headline_even_if_no_half_carries_it() -> None:
    """All its messages tell one happening, so a bare name is worse than what one of them says of it."""
    texts = ("План введён в аэропорту Внуково", "Рейсы в аэропорту Внуково задержаны на час", "Аэропорт Внуково")
    corpus = corpus_of(channel_posts(*texts))
    event = replace(group_of(0, 1, 2), level="event")
    assert next(titles_of(event, corpus, shared_phrases(event, corpus))) == "Рейсы в аэропорту Внуково задержаны на час"


def test_a_call_to_the_reader_and_an_item_of_a_list_are_titles_last() -> None:
    """An imperative speaks to the reader, and an item says only a part; a sentence that tells something goes first."""
    assert titles("Слушайте выпуск на других платформах. Учёные измерили массу дальней звезды") == [
        "Учёные измерили массу дальней звезды"
    ]
    assert titles("Показываю цифры и делюсь опытом работы в стране. Зарплаты программистов выросли на треть") == [
        "Зарплаты программистов выросли на треть"
    ]
    assert titles("— Маск призвал заселить Луну\nВыставка снимков космоса открылась в музее") == [
        "Выставка снимков космоса открылась в музее"
    ]


def test_a_phrase_loses_a_capital_that_only_sentence_starts_give_it() -> None:
    """A common noun is written small although both messages begin with it; a name and a brand are not."""
    corpus = corpus_of(channel_posts("Причина отключения неясна", "Причина отключения найдена", "Роскомнадзор ответил"))
    assert "причина отключения" in {one.text for one in shared_phrases(group_of(0, 1), corpus)}
    assert "Роскомнадзор" in {one.text for one in shared_phrases(group_of(2), corpus)}


def test_a_name_is_whole_at_the_start_of_a_sentence_and_an_abbreviation_has_no_case() -> None:
    """A first name is a name there too; “СИБУРа” is of СИБУР."""
    texts = ("Ефим Аркадьевич Хазанов получил премию. На стенде СИБУРа выставка", "Стенд СИБУРа посетили гости")
    corpus = corpus_of(channel_posts(*texts))
    names = {one.text for one in shared_phrases(group_of(0), corpus) if one.is_name}
    assert "Ефим Аркадьевич Хазанов" in names
    shared = {one.text for one in shared_phrases(group_of(0, 1), corpus)}
    assert "СИБУРа" not in shared


def test_the_name_of_the_channel_alone_is_no_title() -> None:
    """A headline of nothing but stems to avoid gives way to the next."""
    corpus = corpus_of(channel_posts("Хабр Карьера отвечает.\nРедактор ищет новых авторов"))
    avoid = frozenset(stems_of("Хабр Карьера отвечает", "ru"))
    assert next(titles_of(group_of(0), corpus, (), avoid)) == "Редактор ищет новых авторов"


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
        ({"дома Байдена": 2}, "ru", "дом Байдена"),
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


def test_a_group_without_a_headline_is_named_by_its_first_words() -> None:
    """The first words of the best message, whole words, with date and number at need, then counted without end."""
    corpus = corpus_of(channel_posts("🔥 Слово " + "длинное " * 20, "Другое"))
    found = list(islice(fallback_titles(group_of(0), corpus), 5))
    assert found[0] == "Слово длинное длинное длинное длинное длинное длинное длинное длинное длинное длинное…"
    assert found[1].endswith("… (2024-11-01)")
    assert found[2].endswith("… (1, -1001)")
    assert found[3:] == [f"{found[0]} (1, -1001, 2)", f"{found[0]} (1, -1001, 3)"]
    assert next(fallback_titles(group_of(0), corpus_of(channel_posts("🤔")))) == "1"


def test_an_opening_holds_no_links_and_no_marks() -> None:
    """Links, hashtags and emoji at the edges are left out."""
    assert opening("🔥 https://t.me/x #снег\n— Первый снег выпал! 😀", 60) == "Первый снег выпал!"
    assert opening("слово", 3) == "сло"


def summary(*texts: str) -> str:
    return summary_of(group_of(*range(len(texts))), corpus_of(channel_posts(*texts)))


def test_the_summary_is_the_sentence_that_says_what_the_group_says() -> None:
    """Of a message's sentences the one with the words of the other messages is taken, with a full stop."""
    first = "Сильный снег и метель накроют Москву в выходные. Редакция благодарит читателей за присланные письма."
    assert "Сильный снег и метель накроют Москву в выходные." in summary(first, *SNOW)
    assert "благодарит" not in summary(first, *SNOW)


def test_the_newest_state_comes_last() -> None:
    """Sentences follow their dates; of two that say the same with other numbers the newest stays."""
    told = summary(
        "Число погибших в Токмаке выросло до восьми, сообщил губернатор",
        "Спасатели разбирают завалы жилого дома в Токмаке после ночного обстрела",
        "Число погибших в Токмаке выросло до одиннадцати, сообщил губернатор",
    )
    first, newest = "Число погибших при обстреле Токмака выросло до восьми", "Число погибших выросло до десяти"
    assert summary(first, first, newest) == f"{newest}."
    assert told == (
        "Спасатели разбирают завалы жилого дома в Токмаке после ночного обстрела. "
        "Число погибших в Токмаке выросло до одиннадцати, сообщил губернатор."
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Он пришёл в зоопарк рано утром. В зоопарке родился детёныш снежного барса.",
         "В зоопарке родился детёныш снежного барса."),
        ("12:40 В зоопарке родился детёныш снежного барса", "В зоопарке родился детёныш снежного барса."),
        ("Сегодня в 10:00 зоопарк открыл выставку снежных барсов.", "Зоопарк открыл выставку снежных барсов."),
        ("Об этом сообщили в зоопарке. У снежного барса родился первый детёныш.",
         "У снежного барса родился первый детёныш."),
        ("«У снежного барса в зоопарке родился детёныш барса.\nУ барса родился первый детёныш зимой.",
         "У барса родился первый детёныш зимой."),
    ],
)  # fmt: skip
def test_a_summary_begins_with_a_sentence_that_stands_alone(text: str, told: str) -> None:
    """No pronoun, no time stamp and no half of a quotation begins it."""
    assert summary(text) == told


def test_rare_detections_of_a_language_are_taken_for_slips() -> None:
    """One post in a hundred that seems Bulgarian is read as the others are."""
    documents = [post(number, "снег", language="bg" if number == 7 else "ru") for number in range(100)]
    assert set(corpus_of(documents).languages) == {"ru"}
