"""Single fields of an exported message: ids, dates, texts, reactions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tg_parser.domain.messages import Author, Forward, Link, Reaction
from tg_parser.ingestion.desktop.fields import (
    author,
    chat_id,
    chat_kind,
    flat_text,
    forward,
    hidden_links,
    is_of_2021,
    message_text,
    peer_id,
    reactions,
    when,
    whole,
)
from tg_parser.ingestion.desktop.mapping import map_chat


@pytest.mark.parametrize(
    ("written", "marked"),
    [
        ("user123", "123"),
        ("channel123", "-1000000000123"),
        ("channel4300000000", "-1004300000000"),
        ("channel12345678901", "-1012345678901"),
        ("channel1002147483650", "-2002147483650"),
        ("user7000000001", "7000000001"),
        (7000000001, "7000000001"),
        (4300000000, "4300000000"),
        ("chat123", "-123"),
        (4001, "4001"),
        ("4001", "4001"),
        (-1001292077344, "-1001292077344"),
        ("somebody", None),
        ("channel", None),
        ("channel-5", None),
        ("", None),
        (0, None),
        (None, None),
        (True, None),
        (1.5, None),
    ],
)
def test_a_peer_gets_its_marked_id_however_the_export_wrote_it(written: Any, marked: str | None) -> None:
    """user/channel/chat prefixes and plain numbers lead to the marked id."""
    assert peer_id(written) == marked


@pytest.mark.parametrize(
    ("written", "marked"),
    [
        (4294967296 + 94435633, "94435633"),
        (8589934592 + 1292077344, "-1001292077344"),
        (4001, "4001"),
        (3 * 2**32, "12884901888"),
        (-1001292077344, "-1001292077344"),
        ("channel4300000000", "-1004300000000"),
    ],
)
def test_an_export_of_2021_wrote_the_kind_of_a_peer_into_its_number(written: int | str, marked: str) -> None:
    """Above the 32nd bit stands 1 for a person and 2 for a chat; a number without either is a person's."""
    assert peer_id(written, of_2021=True) == marked


@pytest.mark.parametrize(
    ("message", "old"),
    [
        ({"date": "2021-01-02T03:04:05", "from_id": 4389402929}, True),
        ({"date": "2021-01-02T03:04:05", "actor_id": 4389402929}, True),
        ({"date": "2021-01-02T03:04:05"}, True),
        ({"date": "2021-06-02T03:04:05", "from_id": "user94435633"}, False),
        ({"date": "2026-06-02T03:04:05", "from_id": 7000000001}, False),
        ({"date": "2021-06-02T03:04:05", "from_id": 7000000001, "text_entities": []}, False),
        ({"date": "2021-06-02T03:04:05", "actor_id": "channel94435633"}, False),
        ({"date": "2026-01-02T03:04:05", "date_unixtime": "1767322000"}, False),
        ({"id": 5, "type": "unsupported"}, False),
    ],
)
def test_the_time_of_an_export_shows_in_its_messages(message: dict[str, Any], old: bool) -> None:
    """Numbers for peers and no unix time are of the time up to 2021; a message that tells nothing is taken for new."""
    assert is_of_2021(message) is old


@pytest.mark.parametrize(
    ("fields", "canonical"),
    [
        ({"id": 8589934592 + 1032086354, "type": "private_channel"}, "-1001032086354"),
        ({"id": 8589934592 + 5032704, "type": "private_group"}, "-5032704"),
        ({"id": 4294967296 + 42, "type": "personal_chat"}, "42"),
        ({"id": 1032086354, "type": "public_channel"}, "-1001032086354"),
    ],
)
def test_a_chat_of_an_export_of_2021_is_the_chat_of_a_later_one(fields: dict[str, Any], canonical: str) -> None:
    """The kind in the bits is taken away; what the chat is, its type says."""
    assert chat_id(fields, of_2021=True) == canonical


@pytest.mark.parametrize(("of_2021", "canonical"), [(True, "-1001410065407"), (False, "-1009999999999")])
def test_the_first_message_decides_how_the_number_of_its_chat_is_read(of_2021: bool, canonical: str) -> None:
    """The same number is a channel of 2021 in an export of then, and another channel in one of today."""
    first = {"id": 1, "date": "2021-01-02T03:04:05"} | ({} if of_2021 else {"date_unixtime": "1609556645"})
    assert map_chat({"id": 9999999999, "type": "public_channel"}, first).channel_id == canonical


@pytest.mark.parametrize(
    ("fields", "canonical", "kind"),
    [
        ({"id": 1032086354, "type": "public_channel"}, "-1001032086354", "channel"),
        ({"id": "1032086354", "type": "private_channel"}, "-1001032086354", "channel"),
        ({"id": -1001032086354, "type": "public_channel"}, "-1001032086354", "channel"),
        ({"id": "channel1032086354", "type": "public_channel"}, "-1001032086354", "channel"),
        ({"id": 4300000000, "type": "public_channel"}, "-1004300000000", "channel"),
        ({"id": 9999999999, "type": "private_channel"}, "-1009999999999", "channel"),
        ({"id": 1002147483650, "type": "private_supergroup"}, "-2002147483650", "group"),
        ({"id": 5076123456, "type": "private_group"}, "-5076123456", "group"),
        ({"id": 7000000001, "type": "personal_chat"}, "7000000001", "private"),
        ({"id": 1500000000, "type": "public_supergroup"}, "-1001500000000", "group"),
        ({"id": 1500000000, "type": "private_supergroup"}, "-1001500000000", "group"),
        ({"id": 123456789, "type": "private_group"}, "-123456789", "group"),
        ({"id": 8600000001, "type": "personal_chat"}, "8600000001", "private"),
        ({"id": 42, "type": "bot_chat"}, "42", "private"),
        ({"id": 42, "type": "saved_messages"}, "42", "private"),
        ({"id": 42}, "-1000000000042", "channel"),
    ],
)
def test_a_chat_gets_its_canonical_id_and_kind(fields: dict[str, Any], canonical: str, kind: str) -> None:
    """The same channel has the same id whichever export brings it; people and groups keep theirs apart."""
    assert (chat_id(fields), chat_kind(fields.get("type"))) == (canonical, kind)


def test_a_chat_without_an_id_is_known_by_its_title() -> None:
    """Two exports of a nameless chat give one id; another title or type gives another."""
    one = {"name": "Fixture Channel", "type": "public_channel"}
    assert chat_id(one) == chat_id(dict(one)) == "unnamed-6cb15e5b72d79432"
    assert chat_id(one) != chat_id(one | {"name": "Other"})
    assert chat_id(one) != chat_id(one | {"type": "private_channel"})


def test_the_unix_time_wins_over_the_local_one() -> None:
    """`date` is in the exporter's zone, `date_unixtime` in UTC: the second tells the truth."""
    found = when({"date": "2025-11-03T21:10:28", "date_unixtime": "1762200628"}, "date")
    assert found == (datetime(2025, 11, 3, 20, 10, 28, tzinfo=UTC), False)


@pytest.mark.parametrize(
    ("written", "moment", "zoneless"),
    [
        ("2020-11-12T12:53:52", datetime(2020, 11, 12, 12, 53, 52, tzinfo=UTC), True),
        ("2020-11-12T12:53:52+03:00", datetime(2020, 11, 12, 9, 53, 52, tzinfo=UTC), False),
        ("2020-11-12T12:53:52Z", datetime(2020, 11, 12, 12, 53, 52, tzinfo=UTC), False),
        (1605185632, datetime(2020, 11, 12, 12, 53, 52, tzinfo=UTC), False),
        ("1605185632", datetime(2020, 11, 12, 12, 53, 52, tzinfo=UTC), False),
    ],
)
def test_a_date_alone_is_read_and_a_missing_zone_is_told(written: int | str, moment: datetime, zoneless: bool) -> None:
    """Without unix time the date is taken as it stands, as UTC where it names no zone."""
    assert when({"date": written}, "date") == (moment, zoneless)


@pytest.mark.parametrize("written", ["", "yesterday", None, [], 10**15, "9" * 19, "0001-01-01T00:00:00+14:00", 0])
def test_a_date_that_is_none_is_none(written: Any) -> None:
    """Nonsense, times beyond the calendar and the epoch (as old exports write 'never edited') are no moments."""
    assert when({"date": written}, "date") is None


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("12", 12),
        (-999999998, -999999998),
        ("-5", -5),
        ("1e3", None),
        ("٣", 3),
        ("--5", None),
        (2**63, None),
        (True, None),
    ],
)
def test_whole_numbers_are_read_as_numbers_and_as_text(written: Any, number: int | None) -> None:
    """Ids come as numbers and as strings; what does not fit 64 bits is no id."""
    assert whole(written) == number


@pytest.mark.parametrize(
    ("written", "flat"),
    [
        ("plain", "plain"),
        (["Read: ", {"type": "link", "text": "https://e.example"}, "!"], "Read: https://e.example!"),
        ([], ""),
        (None, ""),
        ({"type": "bold", "text": "one entity alone"}, "one entity alone"),
        (["a", 5, None, {"type": "bold"}, {"text": 7}, ["b"], "c"], "ac"),
    ],
)
def test_a_text_is_the_sum_of_its_pieces(written: Any, flat: str) -> None:
    """Strings and entities are joined without any separator; what has no text adds nothing."""
    assert flat_text(written) == flat


def test_entities_stand_in_for_a_missing_text() -> None:
    """An export that has text_entities alone loses no text; an empty text stays empty."""
    entities = [{"type": "plain", "text": "Hello "}, {"type": "bold", "text": "you"}]
    assert message_text({"text_entities": entities}) == "Hello you"
    assert message_text({"text": "", "text_entities": entities}) == ""


def test_links_behind_words_are_kept_once() -> None:
    """text and text_entities both name a hidden link: it is kept once, and a visible one is none."""
    pieces = [
        {"type": "text_link", "text": "hidden", "href": "https://other.example/news"},
        {"type": "link", "text": "https://seen.example"},
        {"type": "text_link", "text": "empty", "href": ""},
    ]
    expected = (Link(text="hidden", url="https://other.example/news"),)
    assert hidden_links({"text": ["See ", *pieces], "text_entities": pieces}) == expected
    assert hidden_links({"text": "See hidden", "text_entities": pieces}) == expected


def test_the_signature_names_the_author_of_a_channel_post() -> None:
    """`from` is the channel; `author` is the person who signed."""
    signed = {"from": "News", "from_id": "channel5", "author": "Ann"}
    assert author(signed) == Author(id="-1000000000005", name="Ann")
    assert author({"from": None, "from_id": "user7"}) == Author(id="7", name=None)
    assert author({"actor": "Bob", "actor_id": "user8"}) == Author(id="8", name="Bob")
    assert author({}) is None


def test_a_forward_is_known_even_when_its_sender_is_gone() -> None:
    """Deleted accounts leave null behind; the message is still a forward."""
    assert forward({"forwarded_from": "Space", "forwarded_from_id": "channel9"}) == Forward(
        name="Space", peer_id="-1000000000009"
    )
    assert forward({"forwarded_from": None}) == Forward()
    assert forward({"from": "x"}) is None


def test_reactions_of_every_kind_are_counted() -> None:
    """Plain, custom and paid reactions keep their order and counts; a broken one is left out."""
    written = [
        {"type": "emoji", "count": 3, "emoji": "👍"},
        {"type": "custom_emoji", "count": 2, "document_id": "stickers/sticker.webp"},
        {"type": "paid", "count": 50},
        {"type": "emoji", "emoji": "🔥"},
        "👍",
    ]
    assert reactions({"reactions": written}) == (
        Reaction(emoji="👍", count=3),
        Reaction(emoji="custom:stickers/sticker.webp", count=2),
        Reaction(emoji="paid", count=50),
    )
