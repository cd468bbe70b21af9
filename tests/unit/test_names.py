"""People, organisations and places that texts name."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tg_parser.nlp.names import find_names


def found(text: str, language: str | None = "ru") -> list[tuple[str, str]]:
    return [(entity.type, entity.value) for entity in find_names(text, language)]


def test_names_of_a_news_sentence() -> None:
    """Russian names are found in order and given in the nominative."""
    assert found("Президент Франции Эмманюэль Макрон прилетел в Москву, сообщило РИА Новости.") == [
        ("place", "Франция"),
        ("person", "Эмманюэль Макрон"),
        ("place", "Москва"),
        ("org", "РИА Новости"),
    ]
    assert found("") == []


def test_forms_of_a_name_are_one_name() -> None:
    """A city in three cases is one place, and a surname alone is the person named in full, before or after."""
    text = "Макрона ждут в Москве. В Москву Эмманюэль Макрон летит впервые, а для Москвы и Макрона это важно."
    assert found(text) == [("place", "Москва"), ("person", "Эмманюэль Макрон")]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('Авиакомпания "Азимут" опубликовала отчёт.', [("org", "Азимут")]),
        ("Акции Газпром $100 стоили дорого.", [("org", "Газпром")]),
        ("По данным СМИ, это так.", []),
        ("Гонишь, гонишь, не догонишь.", []),
        ("Теория Шуберта и сложные задачи.", [("person", "Шуберт")]),
    ],
)
def test_what_the_network_drags_along_is_left_out(text: str, names: list[tuple[str, str]]) -> None:
    """A common noun before a name, a sum after it, a common acronym, and a verb that begins a sentence are no names."""
    assert found(text) == names


def test_english_texts_have_names_and_others_none() -> None:
    """English is read by its own rules; in a language without any, or an unknown one, nothing is found."""
    assert found("Yesterday Boris Johnson met NATO generals in London.", "en") == [
        ("person", "Boris Johnson"),
        ("org", "NATO"),
        ("place", "London"),
    ]
    assert found("Учора Володимир Зеленський був у Києві.", "uk") == []
    assert found("Emmanuel Macron est à Paris.", None) == []


def test_confidence_says_how_sure_the_tools_are() -> None:
    """English rules are less sure than the network for Russian."""
    assert {entity.confidence for entity in find_names("Путин прилетел в Москву", "ru")} == {0.8}
    assert {entity.confidence for entity in find_names("He lives in London", "en")} == {0.7}


def test_nothing_heavy_is_loaded_before_the_first_text() -> None:
    """A command that reads no text loads neither slovnet nor natasha; and natasha is never loaded."""
    code = (
        "import sys, tg_parser.nlp.names as names\n"
        "heavy = {'slovnet', 'navec', 'natasha', 'pymorphy2', 'yargy'}\n"
        "assert not heavy & set(sys.modules)\n"
        "assert names.find_names('Путин прилетел в Москву', 'ru')\n"
        "assert not {'natasha', 'pymorphy2', 'yargy'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
