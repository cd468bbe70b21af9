"""Summaries are whole sentences of the text, few and telling."""

from __future__ import annotations

import pytest

from tg_parser.nlp.sentences import sentences
from tg_parser.nlp.summary import summarize

ARTICLE = (
    "Тетрис пройден до конца\n\n"
    "16-летний геймер Майкл Артиага первым дошёл до перерождения в «Тетрисе» для приставки Nintendo. "
    "Он играл 80 минут подряд. "
    "Для этого геймер прошёл 255 уровней «Тетриса», после чего счётчик уровней на приставке обнулился. "
    "Погода в тот день стояла хорошая.\n\n"
    "👉 Подробнее о рекорде: https://a.ru/b."
)
ENGLISH = (
    "Dr. Smith and his team at Stanford compressed large language models by a factor of ten. "
    "The compressed models keep the quality of large language models on most tests. "
    "It took two years. Was it worth it? "
    "Mr. Brown of the U.S. Army said that compressed models would run on phones, e.g. old ones, by 2027. "
    "Read more at https://a.org/b and subscribe."
)


def test_the_telling_sentences_are_chosen() -> None:
    """The sentence that leads and carries the words of the text wins over asides, calls and links."""
    assert summarize(ARTICLE, "ru") == (
        "16-летний геймер Майкл Артиага первым дошёл до перерождения в «Тетрисе» для приставки Nintendo."
    )


def test_an_english_summary() -> None:
    """Abbreviations cut no sentence; questions and calls to read on stay out."""
    assert (
        summarize(ENGLISH, "en")
        == "Dr. Smith and his team at Stanford compressed large language models by a factor of ten."
    )


def test_longer_texts_get_more_sentences_in_their_order() -> None:
    """From 600 characters on two sentences are taken, as they follow each other, from 1500 on three."""
    one = "Первая планета системы вращается вокруг звезды за четыре земных дня, выяснили астрономы."
    two = "Вторую планету обнаружил космический телескоп, который следит за яркостью далёких звёзд."
    three = "Атмосферы планет состоят из водорода и гелия, и астрономы телескопом измерили их состав."
    filler = " ".join(["Так бывает часто."] * 25)
    summary = summarize(f"{one} {filler} {two} {filler} {three}", "ru")
    assert summary == f"{one} {two}"
    assert summarize(f"{one} {filler} {filler} {two} {filler} {filler} {three}", "ru") == f"{one} {two} {three}"


FILLER = " ".join(["Так бывает часто."] * 20)


@pytest.mark.parametrize(
    "opening",
    [
        "Также область купила для пожарных новые машины, машины для станций, и построила станции в районах.",
        "Об этом рассказали пожарные, которые давно просили купить для области новые машины.",
        "«Область купила для пожарных области новые машины, машины для станций, и построила станции в районах.",
        "Друзья, привет! Доброе утро.",
    ],
)
def test_a_summary_is_read_without_the_text(opening: str) -> None:
    """Pronouns, halves of quotations and greetings do not begin it."""
    said = "Область купила для пожарных новые машины и построила станции в пяти районах."
    assert summarize(f"{opening} {said} {FILLER}", "ru") == said


def test_a_time_stamp_is_left_out() -> None:
    """What was today is not today a week later."""
    said = "Сегодня в 10:00 область передала пожарным новые машины и построила станции в пяти районах."
    told = "Область передала пожарным новые машины и построила станции в пяти районах."
    assert summarize(f"{said} {FILLER}", "ru") == told


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Короткий текст. Из двух предложений.",
        "\n".join(f"– Пункт списка номер {i} о самых разных вещах, с точкой." for i in range(30)),
        "слово " * 100,
        "https://a.ru/b\n" * 40,
    ],
)
def test_no_summary(text: str) -> None:
    """Short texts, lists, texts without sentences and bare links have no summary."""
    assert summarize(text, "ru") is None


def test_a_text_of_one_sentence_is_no_summary_of_itself() -> None:
    """A summary that would be the text over again is left out."""
    assert summarize("Очень длинное предложение о том, " + "что случилось, " * 17 + "и всё.", "ru") is None


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("В 2024 г. компания выросла на 5,3 млн руб. Об этом сообщил А. С. Пушкин. Да!", "ru",
         ["В 2024 г. компания выросла на 5,3 млн руб.", "Об этом сообщил А. С. Пушкин.", "Да!"]),
        ("Концерт в соборе Свв. Петра и Павла на ул. Ленина. Вход свободный.", "ru",
         ["Концерт в соборе Свв. Петра и Павла на ул. Ленина.", "Вход свободный."]),
        ('He met Mr. J. Brown at 5 p.m. on Monday. "Is it?" he asked. It costs 3.5 dollars.', "en",
         ["He met Mr. J. Brown at 5 p.m. on Monday.", '"Is it?" he asked.', "It costs 3.5 dollars."]),
        ("ماذا تفعل؟ نعم. لا", "ar", ["ماذا تفعل؟", "نعم.", "لا"]),
        ("今日は。明日も！", "ja", ["今日は。", "明日も！"]),
        ("Title\n\nBody here. More\n", None, ["Title", "Body here.", "More"]),
        ("", "ru", []),
    ],
)  # fmt: skip
def test_sentences(text: str, language: str | None, expected: list[str]) -> None:
    """Sentences end where a reader would end them; abbreviations and initials do not end one, a line break does."""
    assert sentences(text, language) == expected
