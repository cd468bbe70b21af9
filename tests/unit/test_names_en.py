"""People, organisations and places of English texts."""

from __future__ import annotations

import pytest

from tg_parser.nlp.names_en import english_names


def found(text: str) -> list[tuple[str, str]]:
    return [(name.kind, name.text) for name in english_names(text)]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("The report was read by Grigor Dimitrov.", [("person", "Grigor Dimitrov")]),
        ("On Monday Mr. Okonkwo resigned.", [("person", "Okonkwo")]),
        ("The story was told by Boris Johnson. Johnson laughed.", [("person", "Boris Johnson")]),
        ("Kotaku asked Prime Minister Boris Johnson.", [("person", "Boris Johnson")]),
        ("Members of the Labour Party spoke.", [("org", "Labour Party")]),
        ("They left the Ministry of Defence.", [("org", "Ministry of Defence")]),
        ("It was bought by SoftBank Corp and British Airways.", [("org", "SoftBank Corp"), ("org", "British Airways")]),
        ("They beat the Los Angeles Kings.", [("org", "Los Angeles Kings")]),
        ("A house near Ozhur burnt down by the Pilica River.", [("place", "Ozhur"), ("place", "Pilica River")]),
        ("He left Southern California for Italy's coast.", [("place", "Southern California"), ("place", "Italy")]),
    ],
)  # fmt: skip
def test_what_stands_in_or_beside_a_name_tells_its_kind(text: str, names: list[tuple[str, str]]) -> None:
    """Titles, verbs of speech, legal forms, kinds of bodies, maps, and lists of known names."""
    assert found(text) == names


@pytest.mark.parametrize(
    "text",
    [
        "Construction is the process of constructing a building.",
        "The Standard Model describes particles.",
        "On Friday the Prime Minister said nothing.",
        "Effective Content Strategy for Engineers",
        "It is in English, not in French.",
        "@Washington and #London and https://t.me/Paris",
        "",
    ],
)
def test_a_capital_alone_makes_no_name(text: str) -> None:
    """Starts of sentences, days, offices, titles of works, languages and what belongs to links are left out."""
    assert found(text) == []


def test_in_a_headline_only_known_names_are_names() -> None:
    """Where every word has a capital, capitals say nothing."""
    assert found("Five Dead After Storm Hits Texas While Donald Trump Visits Wonder Lake Resort") == [
        ("place", "Texas"),
        ("person", "Donald Trump"),
    ]
