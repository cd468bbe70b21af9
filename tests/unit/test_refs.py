"""References are built, parsed and refused by one set of rules."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tg_parser.domain.errors import InvalidRefError
from tg_parser.domain.refs import (
    MessageType,
    SourceRef,
    comment_id,
    document_id,
    message_entry_id,
    naming_ref,
    parse_source_ref,
    source_ref,
    split_comment_id,
    topic_entry_id,
    topic_id,
)


def test_ids_follow_the_contract() -> None:
    """Every id of a message and its topic has the form that product.md names."""
    ref = source_ref("-1001032086354", "post", 62089)
    assert ref == "tg:-1001032086354:post:62089"
    assert document_id(ref) == "doc:tg:-1001032086354:post:62089"
    assert message_entry_id(ref) == "kb:msg:tg:-1001032086354:post:62089"
    assert topic_id(ref) == "topic:tg:-1001032086354:post:62089"
    assert topic_id(ref, 2) == "topic:tg:-1001032086354:post:62089~2"
    assert {naming_ref(topic_id(ref)), naming_ref(topic_id(ref, 2))} == {ref}
    assert topic_entry_id(topic_id(ref)) == "kb:topic:topic:tg:-1001032086354:post:62089"


@pytest.mark.parametrize(
    "wrong",
    ["", "tg:a:post", "tg:a:b:post:1", "tg:a:story:1", "tg::post:1", "tg:a:post:", "doc:tg:a:post:1", "tg:a b:post:1"],
)
def test_wrong_reference_is_refused(wrong: str) -> None:
    """What does not follow the form is an InvalidRefError with a hint, not a half-parsed reference."""
    with pytest.raises(InvalidRefError) as caught:
        parse_source_ref(wrong)
    assert "tg:<channel_id>" in (caught.value.hint or "")


def test_a_comment_names_its_group_where_that_is_not_the_first() -> None:
    """Two discussion groups count for themselves, so the number alone is the id in the first one only."""
    assert comment_id(7, "15", "15") == "7"
    assert comment_id(7, "16", "15") == "7@16"
    assert split_comment_id("7") == ("7", None)
    assert split_comment_id("7@16") == ("7", "16")
    assert parse_source_ref("tg:-1001:comment:7@16").message_id == "7@16"


def test_colon_in_a_part_is_refused() -> None:
    """No part of a reference may contain the separator."""
    with pytest.raises(InvalidRefError):
        source_ref("a:b", "post", "1")


@given(
    st.from_regex(r"[^:\s]{1,20}", fullmatch=True),
    st.sampled_from(["post", "comment"]),
    st.from_regex(r"[^:\s]{1,12}", fullmatch=True),
)
def test_parsing_undoes_building(channel: str, kind: MessageType, message: str) -> None:
    """Any parts that may be joined come back unchanged."""
    assert parse_source_ref(source_ref(channel, kind, message)) == SourceRef(channel, kind, message)
