from __future__ import annotations

from pathlib import Path

import pytest

from tg_parser.domain.errors import InputFileError, UsageError
from tg_parser.topics.model import WantedTopic
from tg_parser.topics.wanted import parse_wanted, read_wanted

FILE = """
topics:
  - title: " Курс доллара "
    description: Биржа и Центробанк
    keywords: [доллар, евро, доллар]
  - title: Зоопарк
"""


def test_a_list_of_topics_is_read_in_order() -> None:
    """Titles without spaces around, keywords once, what is left out is empty; the key `topics` may be left out, too."""
    wanted = (WantedTopic("Курс доллара", "Биржа и Центробанк", ("доллар", "евро")), WantedTopic("Зоопарк"))
    assert parse_wanted(FILE, "topics.yaml") == wanted
    assert parse_wanted("[{title: Зоопарк}]", "topics.yaml") == wanted[1:]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("topics: [", "topics.yaml, line 1: this is not valid YAML"),
        ("", "topics.yaml has no list of topics."),
        ("topics: []", "topics.yaml has no list of topics."),
        ("themes: [{title: a}]", "topics.yaml has no list of topics."),
        ("[Зоопарк]", "topics.yaml, entry 1: 'Зоопарк' is not a topic."),
        ("[{title: a}, {description: b}]", "topics.yaml, entry 2: the title is missing."),
        ("[{title: a, keyword: b}]", "topics.yaml, entry 1: 'keyword' is not a key of a topic"),
        ("[{title: a, keywords: b}]", "topics.yaml, entry 1: keywords: "),
        ("[{title: a, keywords: [1]}]", "topics.yaml, entry 1: keywords.0: "),
        ("[{title: '  '}]", "topics.yaml, entry 1: title: "),
        ("[{title: 2024}]", "topics.yaml, entry 1: title: "),
        ("[{title: Зоо}, {title: b}, {title: зоо}]", "topics.yaml, entry 1: the title 'Зоо' appears more"),
        ("[" + "{title: a}," * 501 + "]", "topics.yaml contains 501 topics; at most 500 are allowed."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_file_and_entry(text: str, told: str) -> None:
    """No topic is guessed at: an error says which entry of which file, and the hint shows the form."""
    with pytest.raises(UsageError) as error:
        parse_wanted(text, "topics.yaml")
    assert error.value.message.startswith(told)
    assert error.value.hint


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """Missing, or not UTF-8."""
    with pytest.raises(InputFileError, match=r"none\.yaml' cannot be read: No such file or directory\.$"):
        read_wanted(tmp_path / "none.yaml")
    (tmp_path / "latin.yaml").write_bytes("- title: café".encode("latin-1"))
    with pytest.raises(InputFileError, match=r"latin\.yaml' cannot be read: it is not UTF-8 text\.$"):
        read_wanted(tmp_path / "latin.yaml")


def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    """As editors on Windows write it."""
    (tmp_path / "topics.yaml").write_text(FILE, "utf-8-sig")
    assert [one.title for one in read_wanted(tmp_path / "topics.yaml")] == ["Курс доллара", "Зоопарк"]
