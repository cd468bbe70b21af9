"""Key phrases read like names of subjects, in the words of the text; Russian ones stand in the nominative."""

from __future__ import annotations

import pytest

from tg_parser.nlp.grammar_ru import belong, kind
from tg_parser.nlp.keyphrases import key_phrases
from tg_parser.nlp.words import stem, stop_words

CHIP = (
    "Новый чип KaiXian KX-7000 от Zhaoxin оказался перспективным, но он пока не в состоянии соревноваться с "
    "актуальными процессорами Intel и AMD. Китай делает уверенные шаги к созданию конкурентоспособных процессоров на "
    "архитектуре х86."
)
MEMORY = (
    "Machine learning models need a lot of memory. Researchers at Stanford University found that machine learning "
    "models can be compressed. The compression of neural networks saves memory and energy."
)


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("Гигантский астероид сместил ось крупнейшего спутника Солнечной системы", "ru",
         ["гигантский астероид", "спутник Солнечной системы", "ось крупнейшего спутника"]),
        ("Ученые раскрыли секрет «взрывчатки» термитов-смертников", "ru",
         ["взрывчатка", "секрет", "термиты-смертники"]),
        ("⚡️ Аэрофлот отменил рейсы в Дубай на 2 октября.", "ru", ["Аэрофлот", "Дубай", "рейсы"]),
        ("У селищі Дніпропетровської області члени виборчої комісії сокирою порубали бюлетені", "uk",
         ["члени виборчої комісії"]),
    ],
)  # fmt: skip
def test_phrases_of_headlines(text: str, language: str, expected: list[str]) -> None:
    """Adjectives stand with their noun, names are whole, verbs and function words stay out."""
    assert [phrase for phrase in key_phrases(text, language) if phrase in expected] == expected


@pytest.mark.parametrize(
    ("text", "language", "broken"),
    [
        ("Глава МЧС Куренков не исключил второй волны паводков в Алтайском крае", "ru", "МЧС Куренков"),
        ("Идёт эвакуация жителей села, передаёт корреспондент РИА Новости", "ru", "РИА Новости"),
        ("Отец помиловал сына Хантера", "ru", "сын Хантера"),
        ("У Києві п'яний прокурор сховався в кущах", "uk", "Києві п'яний прокурор"),
        ("Одеситу загрожує до семи років ув'язнення", "uk", "Одеситу"),
    ],
)
def test_what_is_broken_is_no_phrase(text: str, language: str, broken: str) -> None:
    """No institution with a name that follows it, no source, no reversal, no other case than the nominative."""
    assert broken not in key_phrases(text, language)


def test_a_russian_post() -> None:
    """Product names with their numbers, and the subject of the text, come out of a longer post."""
    phrases = key_phrases(CHIP, "ru")
    assert {"KaiXian KX-7000", "процессоры Intel"} <= set(phrases)
    assert 3 <= len(phrases) <= 6


def test_an_english_post() -> None:
    """What recurs comes first; a name is not cut; "of" may join two nouns."""
    phrases = key_phrases(MEMORY, "en")
    assert phrases[0] == "Machine learning models"
    assert "Stanford University" in phrases
    assert key_phrases("The pillars of Islam are five. He knows the pillars of Islam.", "en") == ["pillars of Islam"]


def stems(text: str, language: str) -> list[str]:
    return [stem(word, language) for word in text.lower().replace(".", " ").replace(",", " ").split()]


@pytest.mark.parametrize(("text", "language"), [(CHIP, "ru"), (MEMORY, "en")])
def test_no_phrase_begins_or_ends_with_a_stop_word(text: str, language: str) -> None:
    """Edges are words with a meaning, words are whole, and the words of every phrase are the text's, in any case."""
    for phrase in key_phrases(text, language):
        edges = {phrase.lower().split()[0], phrase.lower().split()[-1]}
        assert not edges & stop_words(language)
        assert f" {' '.join(stems(phrase, language))} " in f" {' '.join(stems(text, language))} "


def test_no_phrase_repeats_another() -> None:
    """A phrase whose stems another one has is left out."""
    text = "Квантовый компьютер дешевле. Квантового компьютера ждали. Компьютер готов. Квантовые компьютеры растут."
    found = [tuple(stems(phrase, "ru")) for phrase in key_phrases(text, "ru")]
    assert found.count(("квантов", "компьютер")) == 1
    assert ("компьютер",) not in found


def test_the_usual_form_is_shown() -> None:
    """Among the forms of a phrase the most frequent one is shown, the shortest of equals."""
    text = (
        "Нейронной сети мало. Нейронная сеть учится. Нейронная сеть растёт. Без нейронной сети никак. Нейронная сеть!"
    )
    assert key_phrases(text, "ru")[0] == "нейронная сеть"


def test_links_mentions_and_code_are_no_phrases() -> None:
    """Parts of addresses, names of accounts, hashtags and e-mails never come out."""
    assert key_phrases("https://habr.com/ru/articles/ @durov #новости a@site.ru `import numpy` 12 345", "ru") == []


@pytest.mark.parametrize(
    ("text", "language"), [("", "ru"), ("и в на", "ru"), ("日本語のテキスト", "ja"), ("👍 !!!", None)]
)
def test_nothing_to_find(text: str, language: str | None) -> None:
    """Empty texts, function words, emoji and languages without spaces give no phrases."""
    assert key_phrases(text, language) == []


def test_capitals_of_a_headline_make_no_names() -> None:
    """A line set in capitals throughout is not one long name."""
    assert key_phrases("New Study Shows Sleep Improves Memory\nSleep improves memory.", "en")[0] == "Sleep"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("сообщил работает создать быстро выросли запрещающий превысил определит хочу станет затем ищет", "other"),
        ("новый российского черная последние цифровой молодых высокой городском черных предыдущей", "adjective"),
        ("процессор канал скорость решение сети метро кредит сила технологий режим схему минут данные суть", "noun"),
    ],
)  # fmt: skip
def test_parts_of_speech(words: str, expected: str) -> None:
    """The dictionary tells nouns, adjectives and the rest apart; surnames and bookish readings do not mislead."""
    assert {word: kind(word) for word in words.split()} == dict.fromkeys(words.split(), expected)


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("черных/adjective дыр/noun", True), ("новый/adjective системы/noun", False),
        ("новый/adjective система/noun", False), ("новости/noun города/noun", True),
        ("новости/noun городом/noun", False), ("крупные/adjective российские/adjective города/noun", True),
        ("крупный/adjective российские/adjective города/noun", False),
        ("спутник/noun солнечной/adjective системы/noun", True),
        ("спутник/noun солнечная/adjective система/noun", False), ("город/noun москва/name", True),
    ],
)  # fmt: skip
def test_words_that_belong_together(phrase: str, expected: bool) -> None:
    """Adjectives agree with their noun in case, number and gender; what follows a noun is genitive or a name."""
    pairs = [(word, role) for word, _, role in (pair.partition("/") for pair in phrase.split())]
    assert belong(pairs) is expected


def test_nominative_brings_no_stop_word_to_the_edge() -> None:
    """“Следующую” is no stop word, “следующая” is one: the noun alone stays."""
    assert "пандемия" in key_phrases("Врачи ждут следующую пандемию. О следующей пандемии спорят.", "ru")
