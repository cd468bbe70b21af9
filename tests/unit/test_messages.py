"""What a message is, and what a second sighting of it means."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tg_parser.domain.messages import Observation, RawMessage, compare_texts


def test_message_and_its_reference_agree() -> None:
    """A message whose reference speaks of another message is refused."""
    with pytest.raises(ValidationError, match="tg:a:post:1"):
        RawMessage(
            id="1", message_type="post", source_ref="tg:a:post:2", channel_id="a", date="2024-01-01T00:00:00Z", text=""
        )


def test_dates_are_utc_with_a_z() -> None:
    """A date of any zone goes out as UTC with Z; one without a zone is refused."""
    message = RawMessage(
        id="1", message_type="post", source_ref="tg:a:post:1", channel_id="a", date="2024-01-01T03:00:00+03:00", text=""
    )
    assert '"date":"2024-01-01T00:00:00Z"' in message.model_dump_json()
    with pytest.raises(ValidationError):
        message.model_validate({**message.model_dump(), "date": "2024-01-01T00:00:00"})


@pytest.mark.parametrize(
    ("stored", "seen", "expected"),
    [
        ("same", "same", Observation.SAME),
        ("one two", "one\ntwo", Observation.SAME),
        ("bold", "**bold**", Observation.RICHER),
        ("**bold**", "bold", Observation.SAME),
        ("the beginning of…", "the beginning of a long text", Observation.RICHER),
        ("the beginning of a long text", "the beginning of…", Observation.SAME),
        ("price 10", "price 12", Observation.EDITED),
        ("text", "", Observation.EDITED),
        ("the end…", "another…", Observation.EDITED),
    ],
)
def test_an_edit_is_told_from_what_an_adapter_cannot_show(stored: str, seen: str, expected: Observation) -> None:
    """White space, marks and a cut preview are no edits; other words are."""
    assert compare_texts(stored, seen) is expected
