"""Cleaned text keeps what a reader sees and drops what only machines see."""

from __future__ import annotations

import pytest

from tg_parser.domain.messages import Link
from tg_parser.nlp.cleaning import clean


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("**Жирный** и __курсив с пробелом__", "Жирный и курсив с пробелом"),
        ("**🚘**** Приглашаем на тест-драйв!**", "🚘 Приглашаем на тест-драйв!"),
        ("**В общем...** **сегодня ВСЕ вакансии**", "В общем... сегодня ВСЕ вакансии"),
        ("~~старая~~ новая цена, ||спойлер||", "старая новая цена, спойлер"),
        ("**__и то и другое__**", "и то и другое"),
        ("Скидка по промокоду `ПЯТНИЦА`", "Скидка по промокоду ПЯТНИЦА"),
        ("```python\nprint(1)\n```", "print(1)"),
        ("незакрытый **жирный", "незакрытый **жирный"),
    ],
)
def test_formatting_marks_go(text: str, expected: str) -> None:
    """Marks that open and close formatting disappear; a mark that nothing closes stays."""
    assert clean(text).text == expected


@pytest.mark.parametrize(
    "text",
    [
        'if __name__ == "__main__":\n    app.__init__()',
        "def f(*args, **kwargs): g(**kwargs)",
        "x = 2**10 + a ** b ** c",
        "int main(int argc, char **argv) { return a || b || c; }",
        "rm src/**/*.py lib/**/*.txt",
        "ж**у и х**ня",
        "`a = [x**2 for x in __all__]`",
        "https://ru.wikipedia.org/wiki/Foo__bar__baz_(film) и https://a.io/x__y__z",
        "dj`s и pj`s",
        "____\nсноска",
        "names = ['a', 'b'][0](1)",
    ],
)
def test_code_and_words_stay(text: str) -> None:
    """What only looks like a mark (dunder names, powers, globs, pointers, censored words, URLs) is left alone."""
    assert clean(text).text == text


def test_links_behind_words() -> None:
    """A Markdown link leaves its words in the text and is handed over, marks and tracking removed."""
    cleaned = clean(
        "Чтобы получить, **[**пройдите квиз**](https://u.habr.com/s?utm_source=tg&id=7)**: [да](tg://resolve)"
    )
    assert cleaned.text == "Чтобы получить, пройдите квиз: да"
    assert cleaned.links == (
        Link(text="пройдите квиз", url="https://u.habr.com/s?id=7"),
        Link(text="да", url="tg://resolve"),
    )


def test_brackets_that_are_no_links() -> None:
    """Brackets that stand for themselves stay, around a link and inside one."""
    cleaned = clean("[1] см. [раздел [2]](https://a.org/b_(c)) [3](страница)")
    assert cleaned.text == "[1] см. раздел [2] [3](страница)"
    assert cleaned.links == (Link(text="раздел [2]", url="https://a.org/b_(c)"),)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("не\u00adви\u200bди\u2060мо\ufeffе", "невидимое"),
        ("\u200eслева\u202e направо\u200f", "слева направо"),
        ("10\u00a0000\u202f₽", "10 000 ₽"),
        ("👩\u200d🎓 и ❤\ufe0f", "👩\u200d🎓 и ❤\ufe0f"),
        ("a\u200db", "ab"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("каи\u0306ф, е\u0308лка", "кайф, ёлка"),
        ("𝐁𝐨𝐥𝐝 𝘵𝘦𝘹𝘵", "Bold text"),
        ("битый \ufffd символ", "битый \ufffd символ"),
        ("a\x00b\x07c", "abc"),
        ("пара \ud83d\ude00 и сирота \ud83d", "пара 😀 и сирота \ufffd"),
    ],
)
def test_invisible_characters_go(text: str, expected: str) -> None:
    """Characters without a shape go, those that shape emoji and scripts stay, letters are composed."""
    assert clean(text).text == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\r\n\r\nодин  \r\n\r\n\n\n\nдва   три\t\n", "один\n\nдва три"),
        ("if x:\n    y  = 1\n\tz", "if x:\n    y  = 1\n\tz"),
        ("  \n \n", ""),
    ],
)
def test_white_space_is_tidied(text: str, expected: str) -> None:
    """At most one blank line in a row and no trailing space; indented lines are code and keep their spaces."""
    assert clean(text).text == expected


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("https://a.ru/p?utm_source=tg&utm_medium=x", "https://a.ru/p"),
        ("https://a.ru/p?id=7&fbclid=Q&page=2#part", "https://a.ru/p?id=7&page=2#part"),
        ("https://habr.com/ru/articles/861924/?telegram_habr", "https://habr.com/ru/articles/861924/"),
        ("https://a.ru/?yclid=1&gclid=2&igshid=3&erid=4", "https://a.ru/"),
        ("https://a.ru/#utm_campaign=x", "https://a.ru/"),
        ("https://youtu.be/abc?t=42&si=x", "https://youtu.be/abc?t=42&si=x"),
        ("https://a.ru/utm_source", "https://a.ru/utm_source"),
    ],
)
def test_tracking_parameters_go(link: str, expected: str) -> None:
    """Parameters that count clicks go, those that choose the page stay, and so does the sentence around the link."""
    assert clean(f"Читать ({link}), да: {link}.").text == f"Читать ({expected}), да: {expected}."
