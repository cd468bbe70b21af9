from __future__ import annotations

import pytest

from tg_parser.nlp.boilerplate import without_boilerplate
from tg_parser.nlp.headlines import headlines, says_something
from tg_parser.nlp.standing import has_time_stamp, leans, without_time_stamp


@pytest.mark.parametrize(
    ("text", "language", "headline"),
    [
        ("⚡️ Курс доллара превысил 107 рублей. Евро подорожал.", "ru", "Курс доллара превысил 107 рублей"),
        ("Доброе утро, друзья!\nВ зоопарке родился детёныш панды", "ru", "В зоопарке родился детёныш панды"),
        ("Прогноз погоды: в Москве выпадет снег", "ru", "В Москве выпадет снег"),
        ("Breaking: the rocket landed on a ship", "en", "The rocket landed on a ship"),
        ("Терміново! У Києві зупинили метро", "uk", "У Києві зупинили метро"),
    ],
)
def test_a_headline_says_what_happened(text: str, language: str, headline: str) -> None:
    """Without emoji, greeting, genre or label, and without the full stop."""
    assert next(headlines(text, language, 80)).text == headline


def test_a_long_headline_ends_with_a_clause() -> None:
    """What the main clause says stays whole: the father pardoned, not the son."""
    text = "Байден помиловал своего сына Хантера, который ждал приговора по делу о хранении оружия и неуплате налогов"
    assert next(headlines(text, "ru", 80)).text == "Байден помиловал своего сына Хантера"


@pytest.mark.parametrize("text", ["Новости", "Видео", "Риск", "Курс", "Доброе утро!"])
def test_a_genre_a_greeting_or_a_bare_noun_is_no_headline(text: str) -> None:
    """It does not say what the message is about."""
    assert list(headlines(text, "ru", 80)) == []


def test_a_sentence_with_a_verb_says_something() -> None:
    """A noun alone does not."""
    assert says_something("В Москве выпал снег", "ru")
    assert not says_something("Риск", "ru")


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("Доброе утро, друзья! Снег выпал в Москве.", "Снег выпал в Москве."),
        ("Снег выпал в Москве, передает корреспондент РИА Новости.", "Снег выпал в Москве."),
        ("00:00 Вступление\n01:20 О снеге\nСнег выпал", "Снег выпал"),
        ("Снег выпал в Москве.\nПодписывайтесь на наш канал", "Снег выпал в Москве."),
        ("Об этом сообщает пресс-служба мэрии. Снег выпал.", "Снег выпал."),
        ("Наш канал в MAX\nСнег", "Снег"),
    ],
)
def test_boilerplate_is_left_out(text: str, rest: str) -> None:
    """Greetings, sources, chapters, calls to subscribe and mirrors."""
    assert without_boilerplate(text, "ru") == rest


@pytest.mark.parametrize(
    "text", ["Корреспондент погиб в Москве.", "Утро в Москве было доброе.", "Канал Москвы замёрз."]
)
def test_what_only_looks_like_boilerplate_stays(text: str) -> None:
    """A correspondent, a morning and a canal are subjects too."""
    assert without_boilerplate(text, "ru") == text


def test_a_sentence_that_leans_on_another_is_known() -> None:
    """It begins with a pronoun; another sentence does not."""
    assert leans("Он сообщил об этом.")
    assert leans("Это случилось ночью.")
    assert not leans("Снег выпал ночью.")


def test_a_time_stamp_is_taken_off() -> None:
    """A clock or a day of the post says nothing later."""
    assert without_time_stamp("12:40 Снег выпал ночью.") == "Снег выпал ночью."
    assert without_time_stamp("Сегодня в 10:00 начнётся матч.") == "Начнётся матч."
    assert has_time_stamp("12:40 Снег выпал ночью.")
    assert not has_time_stamp("Снег выпал ночью.")
