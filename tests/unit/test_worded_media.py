"""Media with words: one kind, the same fields and the same text from an export in JSON or HTML and from the API."""

from __future__ import annotations

import json
from typing import Any

import pytest
from html_export_files import media as box
from html_export_files import post as html_post
from telegram_samples import SENT, post
from telethon.tl import types
from telethon.tl.types import PollAnswer

from tg_parser.domain.messages import Chat, Media
from tg_parser.ingestion.content import Content
from tg_parser.ingestion.desktop import content as desktop_content
from tg_parser.ingestion.desktop.html.message import HtmlMessageReader
from tg_parser.ingestion.desktop.html.page import Element
from tg_parser.ingestion.telegram import content as telegram_content
from tg_parser.ingestion.telegram.payload import payload, restored

TRIP = types.TodoList(
    types.TextWithEntities("Trip", []),
    [
        types.TodoItem(1, types.TextWithEntities("Tickets", [])),
        types.TodoItem(2, types.TextWithEntities("Bags", [])),
    ],
)
TEXT = types.TextWithEntities
BILL = '{\n "title": "Course", "description": "Ten lessons", "amount": 500, "currency": "XTR"\n}'
PLACE = types.GeoPoint(1.0, 2.0, 3)


def answers(*texts: str) -> list[PollAnswer]:
    return [types.PollAnswer(TEXT(text, []), bytes([number])) for number, text in enumerate(texts)]


def listed(title: str, remark: str, *options: str) -> str:
    shown = "".join(f'<div class="answer">\n- {option}</div>' for option in options)
    question = f'<div class="question bold">\n{title}\n</div><div class="details">\n{remark}\n</div>'
    return f'<div class="media_wrap clearfix"><div class="media_poll">{question}{shown}</div></div>'


def giveaway(*sections: tuple[str, str]) -> str:
    parts = "".join(
        f'<div class="section_title bold">{title}</div><div class="section_body">{body}</div>'
        for title, body in sections
    )
    return f'<div class="media_wrap clearfix"><div class="media_giveaway">{parts}</div></div>'


def from_html(shown: str) -> Content:
    body = html_post(1, extra=shown).replace('<div class="text">\ntext 1\n       </div>', "")
    element = Element(1, frozenset({"message", "default"}), body)
    return desktop_content.read_content(HtmlMessageReader(Chat(channel_id="-1001")).payload(element))


CASES: dict[str, tuple[Any, ...]] = {
    "poll": (
        {
            "poll": {
                "question": "Which?",
                "answers": [{"text": "Red"}, {"text": ["Bl", {"type": "bold", "text": "ue"}]}],
            }
        },
        listed("Which?", "Anonymous poll", "Red", "Bl<strong>ue</strong>"),
        types.MessageMediaPoll(types.Poll(1, TEXT("Which?", []), answers("Red", "Blue"), hash=0), types.PollResults()),
        Media(kind="poll", title="Which?", options=("Red", "Blue")),
        "Which?\n- Red\n- Blue",
    ),
    "checklist": (
        {"todo_list": {"title": "Trip", "answers": [{"text": "Tickets", "id": 1}, {"text": "Bags", "id": 2}]}},
        listed("Trip", "To-do List", "Tickets", "Bags"),
        types.MessageMediaToDo(TRIP),
        Media(kind="checklist", title="Trip", options=("Tickets", "Bags")),
        "Trip\n- Tickets\n- Bags",
    ),
    "invoice": (
        {"invoice_information": BILL},
        box("media_invoice", "Course", "500 XTR", description="Ten lessons"),
        types.MessageMediaInvoice("Course", "Ten lessons", "XTR", 500, ""),
        Media(kind="invoice", title="Course", description="Ten lessons", amount=500, currency="XTR"),
        "Course\nTen lessons",
    ),
    "paid media": (
        {"paid_stars_amount": 50},
        box("media_invoice", status="50 XTR"),
        types.MessageMediaPaidMedia(50, [types.MessageExtendedMediaPreview()]),
        Media(kind="paid_media", amount=50, currency="XTR"),
        "",
    ),
    "giveaway": (
        {"giveaway_information": {"quantity": 3, "months": 6, "additional_prize": "signed books", "stars": 0}},
        giveaway(
            ("Giveaway Prizes", "<b>3</b> signed books"),
            ("with", "<b>3</b> Telegram Premium Subscriptions for <b>6</b> months."),
        ),
        types.MessageMediaGiveaway([1], 3, SENT, prize_description="signed books", months=6),
        Media(kind="giveaway", quantity=3, months=6, description="signed books"),
        "signed books",
    ),
    "giveaway of Stars": (
        {"giveaway_information": {"quantity": 2, "months": 0, "additional_prize": "", "stars": 500}},
        giveaway(
            ("Giveaway Prizes", "<b>2</b> "),
            ("with", "<b>500 Stars</b> will be distributed among <b>2</b> winners."),
        ),
        types.MessageMediaGiveaway([1], 2, SENT, stars=500),
        Media(kind="giveaway", quantity=2, amount=500, currency="XTR"),
        "",
    ),
    "results of a giveaway": (
        {"giveaway_results": {"winners_count": 4, "months": 0, "stars": 90, "additional_prize": ""}},
        giveaway(
            ("Winners Selected!", "<b>4</b> winners of the Giveaway was randomly selected by Telegram."),
            ("Winners", "<b>Ann</b> and 3 more!"),
            ("", "All winners received <b>90</b> Stars in total."),
        ),
        types.MessageMediaGiveawayResults(1, 2, 4, 0, [7], SENT, stars=90),
        Media(kind="giveaway_results", quantity=4, amount=90, currency="XTR"),
        "",
    ),
    "venue": (
        {"place_name": "Old mill", "address": "River road 1"},
        box("media_venue", "Old mill", description="River road 1"),
        types.MessageMediaVenue(PLACE, "Old mill", "River road 1", "", "", ""),
        Media(kind="location", title="Old mill", description="River road 1"),
        "Old mill\nRiver road 1",
    ),
    "place that is live": (
        {"location_information": None, "live_location_period_seconds": 900},
        box("media_live_location", "Live location"),
        types.MessageMediaGeoLive(PLACE, 900),
        Media(kind="location"),
        "",
    ),
    "contact": (
        {"contact_information": {"first_name": "Ann", "last_name": "Lee", "phone_number": "+1"}},
        box("media_contact", "Ann Lee", "+1"),
        types.MessageMediaContact("+1", "Ann", "Lee", "", 0),
        Media(kind="contact", title="Ann Lee"),
        "Ann Lee",
    ),
    "game": (
        {"game_title": "Chess", "game_description": "Two players"},
        box("media_game", "Chess", description="Two players"),
        types.MessageMediaGame(types.Game(1, 2, "chess", "Chess", "Two players", types.PhotoEmpty(1))),
        Media(kind="game", title="Chess", description="Two players"),
        "Chess\nTwo players",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_media_are_read_the_same_whichever_way_they_come(name: str) -> None:
    """Kind, fields and words agree between JSON, HTML, the API and what was stored of the API's message."""
    fields, shown, attached, expected, text = CASES[name]
    message = post(1, media=attached)
    for content in (
        desktop_content.read_content({"id": 1, "text": "", **fields}),
        from_html(shown),
        telegram_content.read_content(message),
        telegram_content.read_content(restored(json.loads(json.dumps(payload(message))))),
    ):
        assert (content.media, content.text) == ((expected,), text)


def test_a_quiz_tells_its_explanation_and_a_poll_its_pictures() -> None:
    """What only the API tells is kept: the explanation as words, pictures as media behind the poll."""
    photo, told = types.MessageMediaPhoto(), answers("Venus")
    told[0].media = photo
    results = types.PollResults(solution="It turns slowly", solution_media=photo)
    poll = types.Poll(1, TEXT("Which planet?", []), told, hash=0, quiz=True)
    content = telegram_content.read_content(post(1, media=types.MessageMediaPoll(poll, results, attached_media=photo)))
    assert content.text == "Which planet?\n- Venus\nIt turns slowly"
    assert [media.kind for media in content.media] == ["poll", "photo", "photo", "photo"]


def test_tasks_that_are_done_are_marked() -> None:
    """The API tells which tasks are done; a list with none of them done reads as an export writes it."""
    done = [types.TodoCompletion(2, types.PeerUser(7), SENT)]
    content = telegram_content.read_content(post(1, media=types.MessageMediaToDo(TRIP, completions=done)))
    assert (content.text, content.media[0].done) == ("Trip\n- Tickets\n☑ Bags", (False, True))


def test_own_words_stand_before_those_of_media() -> None:
    """A caption and the words of what is attached are both text."""
    content = desktop_content.read_content({"id": 1, "text": "Vote!", "poll": {"question": "Which?", "answers": []}})
    assert (content.own, content.text) == ("Vote!", "Vote!\n\nWhich?")


@pytest.mark.parametrize("broken", ["{not json", "[1]", "7", 5, None, ["x"]])
def test_a_bill_that_cannot_be_read_costs_nothing(broken: Any) -> None:
    """Whatever stands in place of a bill, the message is read."""
    assert desktop_content.read_content({"id": 1, "text": "x", "invoice_information": broken}).text == "x"
