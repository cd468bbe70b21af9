"""Entities that have a form of their own, in the order in which they occur, each once."""

from __future__ import annotations

import pytest

from tg_parser.domain.messages import Link
from tg_parser.nlp.entities import find_entities


def found(text: str, kind: str) -> list[str]:
    return [entity.value for entity in find_entities(text) if entity.type == kind]


def test_order_and_hidden_links() -> None:
    """Entities stand in text order; hidden links follow; a value that recurs in other capitals counts once."""
    entities = find_entities(
        "Пишите @Durov или на info@habr.com, #Новости: https://habr.com/?utm_source=x, 500 ₽ до 25 декабря. @durov",
        [Link(text="тут", url="https://HABR.com"), Link(text="там", url="https://vk.com/a?utm_term=1")],
    )
    assert [(entity.type, entity.value) for entity in entities] == [
        ("mention", "@Durov"),
        ("email", "info@habr.com"),
        ("hashtag", "#Новости"),
        ("link", "https://habr.com/"),
        ("money", "500 ₽"),
        ("date", "25 декабря"),
        ("link", "https://vk.com/a"),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("стоит 676 тыс. рублей, было 1,5 млн руб.", ["676 тыс. рублей", "1,5 млн руб."]),
        ("$2,7 млрд и 10.000$", ["$2,7 млрд", "10.000$"]),
        ("от 49 999 рублей", ["49 999 рублей"]),
        ("raised $80 million, €5.50 and 300 dollars", ["$80 million", "€5.50", "300 dollars"]),
        ("заробив 694 грн", ["694 грн"]),
        ("Price 5000 birr", ["5000 birr"]),
        ("в 2024 году 10 рублёвок, версия 3.5", []),
    ],
)
def test_money(text: str, expected: list[str]) -> None:
    """Sums with their scale and currency, before or after the number; bare numbers are none."""
    assert found(text, "money") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("с 1 сентября 2017 года по 25 декабря", ["1 сентября 2017 года", "25 декабря"]),
        ("29.11.2024, 2024-11-30 и 03.04.25", ["29.11.2024", "2024-11-30", "03.04.25"]),
        ("on December 25, 2024 and 3rd of May", ["December 25, 2024", "3rd of May"]),
        ("15 квітня", ["15 квітня"]),
        ("версия 10.15.7, адрес 192.168.10.12, 45.13.2024, 12 маячных", []),
    ],
)
def test_dates(text: str, expected: list[str]) -> None:
    """Dates in figures and words; version numbers, addresses and impossible days are none."""
    assert found(text, "date") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+7 (495) 241-15-54 или 8 800 555 49 43", ["+7 (495) 241-15-54", "8 800 555 49 43"]),
        ("call 0911562031/0911587703", ["0911562031"]),
        ("ИНН 7717654810, id 1001032086354, 2+2=4", []),
    ],
)
def test_phones(text: str, expected: list[str]) -> None:
    """Phone numbers in the usual groups; taxpayer numbers and ids are none."""
    assert found(text, "phone") == expected


def test_links_mentions_and_hashtags_keep_apart() -> None:
    """A mail address is no mention, an anchor no hashtag, a number sign no hashtag; brackets end a link rightly."""
    text = "a@b.ru https://t.me/x#y (https://ru.wikipedia.org/wiki/A_(b)). #1 C# t.me/durov www.site.ru/a, node.js/x"
    assert found(text, "mention") == []
    assert found(text, "hashtag") == []
    assert found(text, "link") == [
        "https://t.me/x#y",
        "https://ru.wikipedia.org/wiki/A_(b)",
        "t.me/durov",
        "www.site.ru/a",
    ]


def test_confidence_tells_forms_from_guesses() -> None:
    """A link is certain, a sum nearly, a phone number less."""
    assert [entity.confidence for entity in find_entities("https://a.ru 5 ₽ +7 495 123-45-67")] == [1.0, 0.9, 0.8]


def test_letters_that_grow_in_lower_case_shift_nothing() -> None:
    """A Turkish capital I with a dot is two characters in lower case; what stands after it is found as written."""
    found = find_entities("İstanbul: @SomeName, Info@Site.Org, 5 USD")
    assert [entity.value for entity in found] == ["@SomeName", "Info@Site.Org", "5 USD"]
