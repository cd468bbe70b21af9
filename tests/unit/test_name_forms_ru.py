"""Russian names in the nominative."""

from __future__ import annotations

import pytest

from tg_parser.nlp.name_forms_ru import WrittenName, in_nominative


def nominative(kind: str, *texts: str) -> list[str]:
    return [name.text for name in in_nominative([WrittenName(kind, text) for text in texts])]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Эмманюэля Макрона", "Эмманюэль Макрон"),
        ("Светланы Бучневой", "Светлана Бучнева"),
        ("Валентиной Кириченко", "Валентина Кириченко"),
        ("Илоном Маском", "Илон Маск"),
        ("Камалы Харрис", "Камала Харрис"),
        ("Зеленским", "Зеленский"),
        ("Развожаев", "Развожаев"),
        ("В. Путина", "В. Путин"),
        ("Урсула фон дер Ляйен", "Урсула фон дер Ляйен"),
    ],
)
def test_people(written: str, expected: str) -> None:
    """All words of a name stand in one case and gender; names that are not in the dictionary follow their endings."""
    assert nominative("person", written) == [expected]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Ливане", "Ливан"),
        ("Баренцевом море", "Баренцево море"),
        ("Улице Ленина", "Улица Ленина"),
        ("Химках", "Химки"),
        ("Нью-Йорке", "Нью-Йорк"),
        ("США", "США"),
    ],
)
def test_places(written: str, expected: str) -> None:
    """A place is read as one, even if people have that name too; a plural stays a plural."""
    assert nominative("place", written) == [expected]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Министерства обороны", "Министерство обороны"),
        ("Росгвардии", "Росгвардия"),
        ("СИБУРа", "СИБУР"),
        ("Минобороны РФ", "Минобороны РФ"),
        ("Microsoft", "Microsoft"),
    ],
)
def test_organisations(written: str, expected: str) -> None:
    """The head noun is inflected, an acronym loses its ending, and what has no cases stays."""
    assert nominative("org", written) == [expected]


def test_a_part_of_a_name_is_not_a_name_of_its_own() -> None:
    """Whoever is named in full is not named again by surname, but another kind of name stays."""
    assert nominative("person", "Ляйен", "Урсула фон дер Ляйен", "Фон дер Ляйен") == ["Урсула фон дер Ляйен"]
    assert in_nominative([WrittenName("person", "Анна Омская"), WrittenName("place", "Омская")]) == [
        WrittenName("person", "Анна Омская"),
        WrittenName("place", "Омская"),
    ]
