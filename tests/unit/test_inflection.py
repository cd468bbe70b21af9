"""Russian phrases come into the nominative, whole and with nothing else changed."""

from __future__ import annotations

import pytest

from tg_parser.nlp.inflection_ru import nominative_of, nominatives
from tg_parser.nlp.morphology_ru import dictionary_form, is_everyday, is_nominal


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("мозга", "мозг"), ("здоровья", "здоровье"), ("чисел", "числа"), ("сыре", "сыр"), ("сырье", "сырье"),
        ("Конгресса молодых ученых", "Конгресс молодых ученых"), ("Юпитера", "Юпитер"),
        ("новую версию", "новая версия"), ("Станислава Дробышевского", "Станислав Дробышевский"),
        ("официальных блогах вузов", "официальные блоги вузов"),
        ("больших языковых моделей", "большие языковые модели"),
        ("параметрического трёхмерного редактора", "параметрический трёхмерный редактор"), ("тимлида", "тимлид"),
        ("Новой Голландии", "Новая Голландия"), ("Красной площади", "Красная площадь"), ("Оренбурге", "Оренбург"),
        ("Сергея Прокопенко", "Сергей Прокопенко"), ("Санкт-Петербурга", "Санкт-Петербург"), ("Путин", "Путин"),
        ("Хабр Карьере", "Хабр Карьера"),
    ],
)  # fmt: skip
def test_the_head_and_what_agrees_with_it_are_inflected(phrase: str, expected: str) -> None:
    """Number, capitals, the use of ё and all that depends on the head stay."""
    assert nominative_of({phrase: 1}) == expected


@pytest.mark.parametrize("phrase", ["iPhone", "США", "СИБУРа", "Rockets of SpaceX", "90-х", ""])
def test_what_is_no_russian_noun_phrase_stays(phrase: str) -> None:
    """Latin words, abbreviations, numbers and names the dictionary has not are left alone."""
    assert nominatives(phrase) == ((phrase, 1.0),)


def test_all_uses_decide_where_one_form_is_two_cases() -> None:
    """“Реакции” may be one or many; the other forms tell."""
    assert nominative_of({"реакции": 2, "реакций": 3}) == "реакции"
    assert nominative_of({"реакции": 2, "реакцию": 3}) == "реакция"


def test_everyday_nouns_are_told_from_abbreviations() -> None:
    """A noun set in capitals is known as such; what is spelled so anyway is not."""
    assert [word for word in ("ФОТО", "РИСК", "США", "НАСА", "ОПЕК", "Москва") if is_everyday(word)] == ["ФОТО", "РИСК"]


def test_verbs_and_adverbs_are_no_part_of_a_noun_phrase() -> None:
    """Nouns and adjectives are, and so is whatever is not Russian."""
    words = ("детали", "мельчайшие", "отобразила", "по-русски", "связано", "Starship")
    assert [word for word in words if is_nominal(word)] == ["детали", "мельчайшие", "Starship"]


def test_forms_with_different_stems_are_one_word() -> None:
    """“Чисел” is “число”, “сна” is “сон”."""
    assert [dictionary_form(word) for word in ("чисел", "числа", "сна", "PNG")] == ["число", "число", "сон", "png"]
