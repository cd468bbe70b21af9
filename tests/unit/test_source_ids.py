"""Ids of sources that the program makes can be typed anywhere, speak, and never collide."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tg_parser.domain.errors import UsageError
from tg_parser.domain.messages import Chat
from tg_parser.services.source_ids import require_source_id, slug, source_id_for


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("Хабр", "khabr"),
        ("Моя группа: чат!", "moya-gruppa-chat"),
        ("Огонь", "ogon"),
        ("Naked Science | Наука", "naked-science-nauka"),
        ("Щёлково: новости города и района за день", "shchelkovo-novosti-goroda-i"),
        ("中文频道", "zhongwenpindao"),
        ("Сверхдлинноесловобезпробеловвообще", "sverkhdlinnoeslovobezprobelovvoo"),
        ("12345", ""),
        ("—", ""),
    ],
)
def test_title_becomes_latin_words(title: str, words: str) -> None:
    """Letters of any script are transliterated, cut between words at 32 characters; figures alone say nothing."""
    assert slug(title) == words


def test_username_then_title_then_number() -> None:
    """The name wins; a chat without name and words is known by its number, without the sign an option would take."""
    assert source_id_for(Chat(channel_id="-1001", username="Durov", title="x"), ()) == "Durov"
    assert source_id_for(Chat(channel_id="-1001", title="Хабр"), ()) == "khabr"
    assert source_id_for(Chat(channel_id="-1001234", title="…"), ()) == "1001234"


def test_taken_ids_get_the_number() -> None:
    """A second chat of the same title has its number behind, and a third way out where that is taken too."""
    chat = Chat(channel_id="-1002", title="Хабр")
    assert source_id_for(chat, {"khabr"}) == "khabr-1002"
    assert source_id_for(chat, {"khabr", "khabr-1002"}) == "1002-2"


@given(st.text(max_size=80), st.sampled_from(["-1001234567890", "unnamed-0123456789ab", "durov"]), st.integers(0, 3))
def test_any_title_gives_a_short_ascii_id_that_is_free(title: str, channel_id: str, others: int) -> None:
    """Whatever the title, the id is ASCII, at most 32 characters beside a counter, and none of those that are taken."""
    chat = Chat(channel_id=channel_id, title=title)
    taken: set[str] = set()
    for _ in range(others + 1):
        made = source_id_for(chat, taken)
        assert made.isascii()
        assert made not in taken
        assert 0 < len(made) <= 40
        assert require_source_id(made) == made
        taken.add(made)


@pytest.mark.parametrize("chosen", ["", "a b", "-a", "a:b", "a/b", "x" * 65])
def test_chosen_ids_can_be_typed(chosen: str) -> None:
    """What could not stand behind --source is refused."""
    with pytest.raises(UsageError, match="cannot be the id of a source"):
        require_source_id(chosen)
