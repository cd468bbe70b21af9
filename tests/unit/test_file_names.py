"""Names of topic files."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tg_parser.domain.refs import MessageType, source_ref, topic_id
from tg_parser.export.file_names import former_topic_file_name, topic_file_name, topic_id_of


@pytest.mark.parametrize(
    ("topic", "name"),
    [
        ("topic:tg:-100123:post:2", "topic_tg_-100123_post_2.json"),
        ("topic:tg:habr_com:comment:17", "topic_tg_habr_com_comment_17.json"),
        ("topic:tg:a/b?c:post:5_6", "topic_tg_a%2Fb%3Fc_post_5%5F6.json"),
    ],
)
def test_name_is_the_id_once(topic: str, name: str) -> None:
    """No double prefix; signs that a file system refuses are coded."""
    assert topic_file_name(topic) == name
    assert topic_id_of(name) == topic


def test_names_of_others_are_no_topics() -> None:
    """A file that only looks alike, and one of an earlier version, name no topic."""
    assert topic_id_of("topic_notes.json") is None
    assert topic_id_of("topics.json") is None
    assert former_topic_file_name("topic:tg:-100123:post:2") == "topic_topic_tg_-100123_post_2.json"


_PART = st.text(min_size=1, max_size=20).filter(lambda text: re.fullmatch(r"[^:\s]+", text) is not None)


@given(_PART, st.sampled_from(["post", "comment"]), _PART)
def test_any_id_is_read_back_from_a_safe_name(channel: str, kind: MessageType, message: str) -> None:
    """Whatever the parts of a reference hold, the name is safe everywhere and leads back to the id."""
    topic = topic_id(source_ref(channel, kind, message))
    name = topic_file_name(topic)
    assert re.fullmatch(r"[A-Za-z0-9_.~@+%-]+", name)
    assert topic_id_of(name) == topic
