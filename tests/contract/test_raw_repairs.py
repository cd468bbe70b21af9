"""Reading stored messages again, on both backends: what is repaired, what stays, and what becomes waiting by it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from rich_content import as_api, as_json
from samples import CHANNEL, NOW, document, message
from telegram_samples import post, service
from telethon.tl import types

from tg_parser.domain.messages import Link, Media
from tg_parser.ingestion.rereading import Rereader
from tg_parser.ingestion.telegram.payload import payload
from tg_parser.storage.engine.databases import Databases
from tg_parser.storage.stores.documents import ProcessingStorage
from tg_parser.storage.stores.raw import RawStorage, StoreCounts
from tg_parser.storage.stores.raw_repairs import RawRepairStorage, Repair

LATER = NOW + timedelta(days=1)
RICH = [("paragraph", ["See ", ("link", "the figures", "https://example.org/f")])]
POLL = Media(kind="poll", title="Which?", options=("Red", "Blue"))
POLL_PAYLOAD = {"id": 3, "poll": {"question": "Which?", "answers": [{"text": "Red"}, {"text": "Blue"}]}}
TRIP = types.TodoList(types.TextWithEntities("Trip", []), [types.TodoItem(1, types.TextWithEntities("Bags", []))])


@pytest.fixture
def raw(databases: Databases) -> RawStorage:
    return RawStorage(databases.raw)


@pytest.fixture
def reread(databases: Databases) -> Callable[..., Any]:
    """Read the channel again; what was counted."""

    async def reread() -> dict[str, int]:
        counts: Counter[str] = Counter()
        await Rereader(RawRepairStorage(databases.raw)).reread(CHANNEL, counts)
        return dict(counts)

    return reread


async def test_what_was_read_wrongly_is_repaired_once(raw: RawStorage, reread: Callable[..., Any]) -> None:
    """Rich messages, polls, lists and names of actions come out of both payloads; again, there is nothing to do."""
    action = payload(service(6, types.MessageActionPaidMessagesRefunded(1, 5)))
    await raw.store(
        [
            message(1, "", raw_payload=as_json(RICH)),
            message(2, "", via="api", raw_payload=payload(as_api(RICH))),
            message(3, "", media=(POLL,), raw_payload=POLL_PAYLOAD),
            message(
                4,
                "",
                via="api",
                media=(Media(kind="other", title="Trip", options=("Bags",)),),
                raw_payload=payload(post(4, media=types.MessageMediaToDo(TRIP))),
            ),
            message(5, "as it was said", raw_payload={"id": 5, "text": "as it was said"}),
            message(6, "", via="api", service_action="paid_messages_refunded", raw_payload=action),
        ],
        NOW,
    )
    assert await reread() == {
        "read": 6, "repaired": 5, "repaired:rich_message": 2, "repaired:poll": 1, "repaired:checklist": 1,
        "repaired:service_action": 1,
    }  # fmt: skip
    stored = {number: await raw.get(message(number).source_ref) for number in range(1, 7)}
    assert {number: each.current_text for number, each in stored.items()} == {
        1: "See the figures", 2: "See the figures", 3: "Which?\n- Red\n- Blue", 4: "Trip\n- Bags", 5: "as it was said",
        6: "",
    }  # fmt: skip
    assert stored[1].message.links == (Link(text="the figures", url="https://example.org/f"),)
    assert stored[4].message.media == (Media(kind="checklist", title="Trip", options=("Bags",)),)
    assert stored[6].message.service_action == "paid_messages_refund"
    assert await reread() == {"read": 6, "repaired": 0}


async def test_first_text_and_date_stay(raw: RawStorage, reread: Callable[..., Any]) -> None:
    """A repair is an entry of the log with a reason of its own; the row of the first sighting keeps text and date."""
    first = message(1, "", raw_payload=as_json(RICH))
    await raw.store([first], NOW)
    await reread()
    stored = await raw.get(first.source_ref)
    assert (stored.message.text, stored.message.date, stored.revision) == ("", first.date, 1)
    (repair,) = await raw.revisions(first.source_ref)
    assert (repair.reason, repair.text, repair.edited_at) == ("reread", "See the figures", None)


async def test_repaired_messages_are_waiting_and_no_others(
    raw: RawStorage, reread: Callable[..., Any], databases: Databases
) -> None:
    """Processing takes up what reads otherwise now."""
    documents = ProcessingStorage(databases.processing)
    await raw.store([message(1, "", raw_payload=as_json(RICH)), message(2, raw_payload={"id": 2, "text": "text"})], NOW)
    await documents.store([document(1, ""), document(2)])
    assert await documents.count_waiting(CHANNEL) == 0
    await reread()
    assert await documents.count_waiting(CHANNEL) == 1


async def test_the_payload_of_an_edit_counts_and_not_the_first(raw: RawStorage, reread: Callable[..., Any]) -> None:
    """What somebody edited is read from what came with the edit; a deleted message is left alone."""
    edited = [("paragraph", ["The new words"])]
    await raw.store([message(1, "", raw_payload=as_json(RICH)), message(2, "", raw_payload=as_json(RICH))], NOW)
    await raw.store([message(1, "new", edited_at=LATER, raw_payload=as_json(edited))], LATER)
    await raw.mark_deleted([message(2).source_ref], LATER)
    assert await reread() == {"read": 1, "repaired": 0}
    assert (await raw.get(message(1).source_ref)).current_text == "new"


async def test_what_no_payload_holds_is_counted(raw: RawStorage, reread: Callable[..., Any]) -> None:
    """A payload that was cut, was not kept or is the preview's leaves a message as it is, and that is told."""
    cut = {"id": 1, "rich_message": as_json(RICH)["rich_message"], "more": "x" * 300_000}
    await raw.store(
        [
            message(1, "", raw_payload=cut),
            message(2, ""),
            message(3, "", via="web", raw_payload={"edited": True}),
            message(4, "", media=(Media(kind="photo"),)),
            message(5, "", service_action="pin_message"),
        ],
        NOW,
    )
    assert await reread() == {"read": 5, "repaired": 0, "not_in_payload": 3}


async def test_words_that_the_media_already_tell_need_no_payload(raw: RawStorage, reread: Callable[..., Any]) -> None:
    """A poll of the preview was stored with its question and answers."""
    await raw.store([message(1, "Vote!", via="web", media=(POLL,))], NOW)
    assert await reread() == {"read": 1, "repaired": 1, "repaired:poll": 1}
    assert (await raw.get(message(1).source_ref)).current_text == "Vote!\n\nWhich?\n- Red\n- Blue"


async def test_what_a_richer_source_told_is_not_taken_away(raw: RawStorage, reread: Callable[..., Any]) -> None:
    """The payload is that of the export; the media in place are those of the API, with the explanation."""
    quiz = POLL.model_copy(update={"explanation": "Because"})
    await raw.store([message(1, "", media=(POLL,), raw_payload=POLL_PAYLOAD)], NOW)
    await raw.store([message(1, "Which?\n- Red\n- Blue\nBecause", media=(quiz,), via="api")], LATER)
    assert await reread() == {"read": 1, "repaired": 0}
    assert (await raw.get(message(1).source_ref)).message.media == (quiz,)


async def test_a_repair_leaves_a_newer_revision_alone(raw: RawStorage, databases: Databases) -> None:
    """An edit that came between reading and repairing counts."""
    await raw.store([message(1, "")], NOW)
    late = Repair(message(1).source_ref, 0, "repaired", (), (), None)
    await raw.store([message(1, "edited", edited_at=LATER)], LATER)
    assert await RawRepairStorage(databases.raw).repair([late], LATER) == 0
    assert (await raw.get(message(1).source_ref)).current_text == "edited"


async def test_text_that_no_database_holds_is_cleaned_in_a_repair(raw: RawStorage, reread: Callable[..., Any]) -> None:
    """NUL and lone surrogates are cleaned on this way in too, and repairing again changes nothing."""
    await raw.store([message(1, "", raw_payload=as_json([("paragraph", ["a\ud83d b"])]))], NOW)
    assert (await reread())["repaired"] == 1
    assert (await raw.get(message(1).source_ref)).current_text == "a\ufffd b"
    assert await reread() == {"read": 1, "repaired": 0}


async def test_a_fuller_source_fills_what_no_payload_holds(raw: RawStorage) -> None:
    """A later export or a second look through the API brings the words as a richer source, not as an edit."""
    await raw.store([message(1, ""), message(2, "", via="web"), message(3, "", media=(POLL,))], NOW)
    fuller = [
        message(1, "See the figures", raw_payload=as_json(RICH)),
        message(2, "See the figures", via="api"),
        message(3, "Which?\n- Red\n- Blue", media=(POLL,)),
    ]
    assert await raw.store(fuller, LATER) == StoreCounts(revised=3)
    reasons = [each.reason for number in (1, 2, 3) for each in await raw.revisions(message(number).source_ref)]
    assert reasons == ["richer_source"] * 3
    assert await raw.store(fuller, LATER) == StoreCounts(unchanged=3)
