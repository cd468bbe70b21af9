"""One value made to fit its column: what changes, what is refused, and that a quick look never says yes wrongly."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tg_parser.storage.tables.ingestion import ingestion_state
from tg_parser.storage.tables.processing import processed_documents
from tg_parser.storage.tables.raw import raw_messages
from tg_parser.storage.tables.topics import embeddings, topic_items
from tg_parser.transfer.rows.checks import fit_as_they_are
from tg_parser.transfer.rows.fields import Field, FieldKind, InvalidRowError, field_of, kind_of, shown
from tg_parser.transfer.rows.values import fitted

TEXT = field_of(raw_messages.c.text)
PAYLOAD = field_of(raw_messages.c.raw_payload_json)
MEDIA = field_of(raw_messages.c.media_json)
DATE = field_of(raw_messages.c.date)
EDITED = field_of(raw_messages.c.edited_at)
VIEWS = field_of(raw_messages.c.views)
REVISION = field_of(raw_messages.c.revision)
NOISE = field_of(processed_documents.c.is_noise)
TOPICS = field_of(processed_documents.c.topics_json)
POLL = field_of(ingestion_state.c.poll_interval_seconds)
FAILS = field_of(ingestion_state.c.fail_count)
SCORE = field_of(topic_items.c.score)
VECTOR = field_of(embeddings.c.vector)
FIELDS = (TEXT, PAYLOAD, MEDIA, DATE, EDITED, VIEWS, REVISION, NOISE, TOPICS, POLL, FAILS, SCORE, VECTOR)


def fit(value: Any, field: Field) -> tuple[Any, ...]:
    """The value that fits, and the changes made for it."""
    notes: list[Any] = []
    return fitted(value, field, notes), [note.change for note in notes]


def test_fields_follow_the_tables() -> None:
    """Kinds, limits and whether a value must be there are those of the column."""
    kinds = [field.kind for field in FIELDS]
    assert kinds == [
        FieldKind.TEXT, FieldKind.JSON, FieldKind.JSON, FieldKind.TIME, FieldKind.TIME, FieldKind.INTEGER,
        FieldKind.INTEGER, FieldKind.BOOLEAN, FieldKind.JSON,
        FieldKind.INTEGER, FieldKind.INTEGER, FieldKind.REAL, FieldKind.BYTES,
    ]  # fmt: skip
    assert (VIEWS.most, REVISION.most) == (2**63 - 1, 2**31 - 1)
    assert (DATE.required, EDITED.required) == (True, False)


@pytest.mark.parametrize(
    ("value", "field", "expected", "change"),
    [
        ("text\t\x01", TEXT, "text\t\x01", []),
        ("a\x00b", TEXT, "ab", ["NUL removed"]),
        ("a\ud83db", TEXT, "a\ufffdb", ["lone surrogate replaced"]),
        (12, TEXT, "12", ["number written as text"]),
        ("текст".encode(), TEXT, "текст", ["bytes read as text"]),
        (None, EDITED, None, []),
        ('{"b": 1,  "a": 2}', PAYLOAD, '{"b": 1,  "a": 2}', []),
        ('{"a": "\\u0000"}', PAYLOAD, '{"a":""}', ["NUL removed"]),
        ("{'a'", PAYLOAD, '{"broken_json":"{\'a\'"}', ["broken JSON kept as text"]),
        ("[" * 100_000, MEDIA, None, ["left out, broken JSON"]),
        ('{"a": 1}', MEDIA, None, ["left out, its JSON is not a list"]),
        ("2024-11-27T09:00:00Z", DATE, "2024-11-27T09:00:00.000000Z", []),
        ("2024-11-27T09:00:00.5+00:00", DATE, "2024-11-27T09:00:00.500000Z", []),
        ("2024-11-27 12:00+03:00", DATE, "2024-11-27T09:00:00.000000Z", ["time normalised"]),
        ("20241127", DATE, "2024-11-27T00:00:00.000000Z", ["time normalised"]),
        (1732698000, DATE, "2024-11-27T09:00:00.000000Z", ["number of seconds read as a time"]),
        ("2024-02-30T00:00:00Z", EDITED, None, ["left out, an impossible time"]),
        ("0001-01-01T00:00:00+14:00", EDITED, None, ["left out, an impossible time"]),
        (10**18, EDITED, None, ["left out, an impossible time"]),
        ("12", VIEWS, 12, ["number read from text"]),
        (2**31, POLL, None, ["left out, a number too large"]),
        (1.5, POLL, None, ["left out, not a whole number"]),
        ("abc", FAILS, 0, ["left out, not a number"]),
        (float("inf"), SCORE, None, ["left out, not a number"]),
        ("true", NOISE, 1, ["flag read from text"]),
        ("maybe", NOISE, 0, ["left out, neither true nor false"]),
    ],
)
def test_a_value_fits_with_these_changes(value: Any, field: Field, expected: Any, change: list[str]) -> None:
    """What goes to the column, and what the list of changes says of it."""
    assert fit(value, field) == (expected, change)


@pytest.mark.parametrize(
    ("value", "field", "reason"),
    [
        (b"\xff", TEXT, "text: bytes that are not text"),
        ("never", DATE, "date: an impossible time"),
        ("{}", TOPICS, "topics_json: its JSON is not a list"),
        ("[", TOPICS, "topics_json: broken JSON"),
        ("text", VECTOR, "vector: not bytes"),
    ],
)
def test_what_must_be_there_and_cannot_be_read_is_refused(value: Any, field: Field, reason: str) -> None:
    """A row is refused by the column and the reason."""
    with pytest.raises(InvalidRowError, match=f"^{reason}$"):
        fit(value, field)


_VALUES = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.binary(max_size=20),
    st.text(st.characters(), max_size=20),
    st.sampled_from(["2024-11-27T09:00:00Z", "2024-11-27T09:00:00.123456+00:00", "2024-13-27T09:00:00Z", "[1]", "{}"]),
)


@given(st.sampled_from(FIELDS), st.lists(_VALUES, min_size=1, max_size=4))
def test_a_quick_look_never_says_yes_wrongly(field: Field, values: list[Any]) -> None:
    """Where a chunk passes as it is, each of its values alone needs no change."""
    if not fit_as_they_are([values], [field]):
        return
    for value in values:
        notes: list[Any] = []
        made = fitted(value, field, notes)
        assert notes == []
        assert field.kind is FieldKind.TIME or made == value


@pytest.mark.parametrize("field", [TEXT, DATE, TOPICS, VECTOR, REVISION])
def test_a_chunk_with_a_hole_is_looked_at_row_by_row(field: Field) -> None:
    """A missing value in a column that must have one is no clean chunk."""
    assert not fit_as_they_are([[None]], [field])


def test_an_original_is_shown_in_short() -> None:
    """Long values are cut with their length; particulars of a reason stand in brackets."""
    assert shown("a" * 2001) == "a" * 2000 + "… (2001 characters)"
    assert shown(b"\xff") == "b'\\xff'"
    assert kind_of("refused (because)") == "refused"
