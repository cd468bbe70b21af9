"""Properties of the mapping: it takes whatever JSON holds and never raises."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tg_parser.domain.messages import Chat
from tg_parser.ingestion.desktop.fields import flat_text
from tg_parser.ingestion.desktop.mapping import Mapped, MessageMapper, map_chat
from tg_parser.ingestion.elements import SkippedElement

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
ID = st.integers(-20, 20) | st.integers(-20, 20).map(str) | JSON
PIECE = st.text(max_size=8) | st.fixed_dictionaries(
    {"type": st.text(max_size=8), "text": st.text(max_size=8)}, optional={"href": JSON}
)
TEXT = st.text(max_size=20) | st.lists(PIECE, max_size=4) | JSON
UNIX = st.integers(0, 4_000_000_000).map(str) | JSON
MESSAGE = st.fixed_dictionaries(
    {},
    optional={
        "id": ID,
        "type": st.sampled_from(["message", "service", "unsupported"]) | JSON,
        "action": st.sampled_from(["topic_created", "pin_message"]) | JSON,
        "date": st.datetimes().map(lambda moment: moment.isoformat()) | JSON,
        "date_unixtime": UNIX,
        "edited": JSON,
        "edited_unixtime": UNIX,
        "from": JSON,
        "from_id": st.sampled_from(["user5", "channel5", 5]) | JSON,
        "author": JSON,
        "reply_to_message_id": ID,
        "reply_to_peer_id": JSON,
        "forwarded_from": JSON,
        "forwarded_from_id": JSON,
        "text": TEXT,
        "text_entities": TEXT,
        "title": JSON,
        "photo": JSON,
        "photo_file_size": JSON,
        "file": JSON,
        "file_name": JSON,
        "file_size": JSON,
        "media_type": JSON,
        "mime_type": JSON,
        "duration_seconds": JSON,
        "poll": st.fixed_dictionaries({"question": TEXT, "answers": JSON}) | JSON,
        "todo_list": JSON,
        "paid_stars_amount": JSON,
        "giveaway_information": JSON,
        "giveaway_results": JSON,
        "contact_information": JSON,
        "invoice_information": JSON,
        "reactions": st.lists(
            st.dictionaries(st.sampled_from(["type", "emoji", "count", "document_id"]), JSON), max_size=2
        ),
    },
)
READABLE = MESSAGE.map(
    lambda payload: payload | {"id": 7, "date_unixtime": "1726134611", "type": "message", "text": "x"}
)
CHATS = st.sampled_from([Chat(channel_id="-1005", kind="channel"), Chat(channel_id="-1006", kind="group")])


@given(CHATS, st.lists(MESSAGE | JSON, max_size=6))
def test_any_object_is_mapped_or_counted(chat: Chat, payloads: list[Any]) -> None:
    """No value in any field stops an import; a message keeps its payload and its ref names it."""
    mapper = MessageMapper(chat)
    for payload in payloads:
        outcome = mapper.map(payload)
        assert isinstance(outcome, Mapped | SkippedElement)
        if isinstance(outcome, Mapped):
            message = outcome.message
            assert message.raw_payload == payload
            assert message.source_ref == f"tg:{chat.channel_id}:{message.message_type}:{int(payload['id'])}"


@given(CHATS, READABLE)
def test_odd_details_never_cost_a_message(chat: Chat, payload: dict[str, Any]) -> None:
    """With an id and a date, a message is kept whatever stands in its other fields."""
    outcome = MessageMapper(chat).map(payload)
    assert isinstance(outcome, Mapped)
    assert outcome.message.text.split("\n\n")[0] == "x"


@given(st.lists(PIECE, max_size=6))
def test_the_flat_text_is_its_pieces_joined(pieces: list[Any]) -> None:
    """Nothing is added to a text, nothing lost, nothing moved."""
    assert flat_text(pieces) == "".join(piece if isinstance(piece, str) else piece["text"] for piece in pieces)


@given(st.fixed_dictionaries({}, optional={"id": JSON, "type": JSON, "name": JSON}))
def test_any_header_gives_a_chat(fields: dict[str, Any]) -> None:
    """Whatever stands in a header, the chat has an id that refs can carry."""
    channel_id = map_chat(fields).channel_id
    assert channel_id
    assert not set(channel_id) & set(": \t\n")


@given(st.lists(st.tuples(st.integers(1, 40), st.none() | st.integers(1, 40)), max_size=40))
def test_a_comment_and_what_it_answers_share_their_thread(links: list[Any]) -> None:
    """In a group that comes in the order of its ids, each reply stands in the thread of its parent."""
    mapper = MessageMapper(Chat(channel_id="-1006", kind="group"))
    threads = {}
    for number, reply_to in sorted(dict(links).items()):
        outcome = mapper.map({"id": number, "date_unixtime": "1726134611", "reply_to_message_id": reply_to})
        assert isinstance(outcome, Mapped)
        message = outcome.message
        threads[message.id] = message.thread_id
        if message.parent_message_id in threads:
            assert message.thread_id == threads[message.parent_message_id]
