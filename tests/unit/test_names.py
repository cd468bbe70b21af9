"""People, organisations and places of Russian texts."""

from __future__ import annotations

from dataclasses import dataclass

from tg_parser.nlp.names import find_names, named


@dataclass
class Found:
    type: str
    text: str


def test_spans_become_entities() -> None:
    """Kinds are called as in the contract, white space is tidied, unknown kinds and single letters are left out."""
    entities = named([Found("PER", "Анна\n Ли"), Found("ORG", "МИД"), Found("LOC", "Т"), Found("DATE", "вчера")])
    assert [(entity.type, entity.value, entity.confidence) for entity in entities] == [
        ("person", "Анна Ли", 0.8),
        ("org", "МИД", 0.8),
    ]


def test_names_of_a_news_sentence() -> None:
    """With the extra installed, as it is for development, the names of a plain sentence are found in order."""
    entities = find_names("Президент Франции Эмманюэль Макрон прилетел в Москву, сообщило РИА Новости.")
    assert [(entity.type, entity.value) for entity in entities] == [
        ("place", "Франции"),
        ("person", "Эмманюэль Макрон"),
        ("place", "Москву"),
        ("org", "РИА Новости"),
    ]
    assert find_names("") == []
