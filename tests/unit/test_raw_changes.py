"""What a sighting of a stored message changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tg_parser.storage.stores.raw_changes import COMPARED, NOTHING, Change, StoredState, change_of, is_another_message

MORNING = datetime(2024, 11, 27, 9, tzinfo=UTC)
EVENING = MORNING + timedelta(hours=9)


def held(text: str = "price 10", edited_at: datetime | None = None, **columns: Any) -> StoredState:
    return StoredState({**dict.fromkeys(COMPARED), "revision": 0, "via": "export", **columns}, text, edited_at)


def seen(text: str = "price 10", edited_at: datetime | None = None, **columns: Any) -> dict[str, Any]:
    return {**dict.fromkeys(COMPARED), "via": "export", "text": text, "edited_at": edited_at, **columns}


def test_same_sighting_changes_nothing() -> None:
    """Nothing new, nothing to write."""
    assert change_of(held(views=3), seen(views=3)) == NOTHING


@pytest.mark.parametrize(
    ("held_edit", "seen_edit", "via", "reason"),
    [
        (None, None, "export", "edited"),
        (None, MORNING, "export", "edited"),
        (MORNING, EVENING, "api", "edited"),
        (EVENING, MORNING, "api", None),
        (MORNING, None, "export", None),
        (MORNING, None, "web", "edited"),
    ],
)
def test_older_text_does_not_come_back(
    held_edit: datetime | None, seen_edit: datetime | None, via: str, reason: str | None
) -> None:
    """Another text is an edit unless it is older than the known one; the preview has no times and is always present."""
    assert change_of(held(edited_at=held_edit), seen("price 12", seen_edit, via=via)).reason == reason


def test_fuller_text_has_its_own_reason() -> None:
    """A cut preview that becomes whole is no edit."""
    assert change_of(held("The price…", via="web"), seen("The price is 10", via="api")).reason == "richer_source"
    assert change_of(held("The price is 10", via="api"), seen("The price…", via="web")) == NOTHING


def test_counters_are_taken_from_any_adapter_but_never_lost() -> None:
    """A number that is seen replaces the old one; one that is not seen leaves it."""
    known = held(views=10, forwards=2, via="api")
    assert change_of(known, seen(views=12, via="web")) == Change({"views": 12})


def test_facts_of_the_richest_adapter_win() -> None:
    """A richer adapter replaces what a poorer one told; an equal one fills in; a poorer one changes nothing."""
    named = change_of(held(via="web", author_name="a"), seen(author_name="A", via="export"))
    assert named == Change({"author_name": "A", "via": "export"})
    assert change_of(held(), seen(author_name="A")) == Change({"author_name": "A"})
    assert change_of(held(author_name="A"), seen(author_name="B")) == NOTHING
    assert change_of(held(via="api"), seen(author_name="A", via="web")) == NOTHING


def test_what_a_richer_adapter_does_not_tell_stays() -> None:
    """A missing fact is no fact: the author that an export told is kept when the API names none."""
    assert change_of(held(author_name="A"), seen(via="api")) == Change({"via": "api"})


def test_a_text_that_the_preview_left_out_was_not_edited() -> None:
    """An empty text of the preview takes nothing away; a richer adapter that shows the text only fills it in."""
    assert change_of(held("words", via="api"), seen("", via="web")).reason is None
    assert change_of(held("words", via="web"), seen("", via="web")).reason is None
    assert change_of(held("", via="web"), seen("words", via="api")).reason == "richer_source"
    assert change_of(held("", via="api"), seen("words", EVENING, via="api")).reason == "edited"


@pytest.mark.parametrize(("hours", "other"), [(0, False), (29, False), (-29, False), (31, True), (-31, True)])
def test_message_of_another_moment_is_another_message(hours: int, other: bool) -> None:
    """Zones move a date by hours; a date further off means another chat with the same numbers."""
    sent = {"date": MORNING, "via": "export"}
    assert is_another_message(sent, {"date": MORNING + timedelta(hours=hours), "via": "api"}) is other


@pytest.mark.parametrize(
    ("changed", "other"),
    [
        ({}, False),
        ({"date": MORNING + timedelta(seconds=1)}, True),
        ({"author_id": "8"}, True),
        ({"author_id": "hash-8"}, False),
        ({"author_id": None}, False),
        ({"author_id": "-1008"}, False),
        ({"author_id": "8", "via": "export"}, False),
    ],
)
def test_message_of_another_person_is_another_message(changed: dict[str, Any], other: bool) -> None:
    """The API tells moment and person exactly; a hash follows its salt, and other adapters know less."""
    sent = {"date": MORNING, "via": "api", "author_id": "7"}
    assert is_another_message(sent, sent | changed) is other


def test_change_says_what_is_held_afterwards() -> None:
    """Two edits in one batch are compared one after the other."""
    first = change_of(held(), seen("price 12", MORNING)).applied(held(), seen("price 12", MORNING))
    assert (first.text, first.edited_at, first.row["revision"]) == ("price 12", MORNING, 1)
    assert change_of(first, seen("price 10")) == NOTHING


POLL = [{"kind": "poll", "title": "Which?", "options": ["Red"]}]
QUIZ = [{"kind": "poll", "title": "Which?", "options": ["Red"], "explanation": "Because"}]
WORDS, MORE = "Which?\n- Red", "Which?\n- Red\nBecause"


def test_words_of_media_that_were_not_read_are_no_edit() -> None:
    """The text of a poll that an earlier version stored without its words becomes fuller; its media with it."""
    read = change_of(held("Vote!", media_json=POLL), seen("Vote!\n\n" + MORE, media_json=QUIZ))
    assert read == Change({"media_json": QUIZ}, "richer_source")
    assert change_of(held("Vote!", media_json=POLL), seen("Vote now!\n\n" + WORDS, media_json=POLL)).reason == "edited"


def test_a_poorer_reading_of_media_changes_nothing() -> None:
    """The preview shows no explanation of a quiz, and an export no tasks that are done."""
    assert change_of(held(MORE, via="api", media_json=QUIZ), seen(WORDS, via="web", media_json=POLL)) == NOTHING
    done = [{"kind": "checklist", "title": "Trip", "options": ["Bags"], "done": [True]}]
    listed = [{"kind": "checklist", "title": "Trip", "options": ["Bags"]}]
    assert (
        change_of(held("Trip\n☑ Bags", via="api", media_json=done), seen("Trip\n- Bags", media_json=listed)) == NOTHING
    )


def test_a_task_that_somebody_adds_is_an_edit() -> None:
    """The same adapter says when the list was edited; then more words are no better reading."""
    before = [{"kind": "checklist", "title": "Trip", "options": ["Bags"]}]
    after = [{"kind": "checklist", "title": "Trip", "options": ["Bags", "Boots"]}]
    known, now = "Trip\n- Bags", "Trip\n- Bags\n- Boots"
    edited = change_of(held(known, media_json=before), seen(now, MORNING, media_json=after))
    assert edited == Change({"media_json": after}, "edited")


def test_a_text_that_appears_without_an_edit_was_not_read_before() -> None:
    """Rich messages used to come without text; a caption that somebody added later comes with the time of the edit."""
    assert change_of(held(""), seen("words")).reason == "richer_source"
    assert change_of(held("", MORNING), seen("words", MORNING)).reason == "richer_source"
    assert change_of(held(""), seen("words", MORNING)).reason == "edited"


def test_media_of_an_unknown_kind_are_replaced_by_known_ones() -> None:
    """What an earlier version kept as `other` is filled in by the same adapter; known media are not replaced by it."""
    paid = [{"kind": "paid_media", "amount": 5, "currency": "XTR"}]
    assert change_of(held(media_json=[{"kind": "other"}]), seen(media_json=paid)) == Change({"media_json": paid})
    assert change_of(held(media_json=paid), seen(media_json=[{"kind": "other"}])) == NOTHING


def test_the_layout_of_a_page_leaves_a_text_that_is_read_again() -> None:
    """Rich messages of HTML exports were stored with the indentation of the page; another adapter's spaces stay."""
    laid_out, clean = "Harvest\n   \n   The wheat\n   ", "Harvest\n\nThe wheat"
    assert change_of(held(laid_out), seen(clean)).reason == "richer_source"
    assert change_of(held(laid_out, via="api"), seen(clean)) == NOTHING


@pytest.mark.parametrize(
    ("garbled", "right"),
    [
        ("Цена".encode("cp1251").decode("utf-8", "replace") + " 10 RUB", "Цена 10 RUB"),
        ("Лёд и чай, 5%".encode("cp1251").decode("utf-8", "replace"), "Лёд и чай, 5%"),
        ("half \ufffd emoji", "half \N{ROCKET} emoji"),
    ],
)
def test_unreadable_characters_are_no_edit(garbled: str, right: str) -> None:
    """The right text makes the stored one richer, the garbled one changes nothing; other words are an edit."""
    assert change_of(held(garbled), seen(right)).reason == "richer_source"
    assert change_of(held(right), seen(garbled)) == NOTHING
    assert change_of(held("price \ufffd"), seen("cost 10")).reason == "edited"
    assert change_of(held("10 \ufffd"), seen("12 \ufffd")).reason == "edited"


def test_names_that_could_not_be_read_are_replaced() -> None:
    """A legible name takes the place of a garbled one from the same adapter, and never the other way round."""
    assert change_of(held(author_name="\ufffd\ufffd"), seen(author_name="Ян")) == Change({"author_name": "Ян"})
    assert change_of(held(author_name="Ян"), seen(author_name="\ufffd\ufffd")) == NOTHING
