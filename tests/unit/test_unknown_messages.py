"""Messages that show nothing known are counted by the names of what they hold, whichever way they come."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from html_export_files import post as html_post
from rich_content import as_api, as_json
from telegram_samples import post, service
from telethon.tl import types
from web_pages import message_of
from web_pages import post as web_post

from tg_parser.domain.messages import Chat, RawMessage
from tg_parser.ingestion.desktop.html.message import HtmlMessageReader
from tg_parser.ingestion.desktop.html.page import Element
from tg_parser.ingestion.desktop.mapping import Mapped, MessageMapper
from tg_parser.ingestion.telegram.mapping import map_message
from tg_parser.ingestion.unknown import what_is_unknown

CHAT = Chat(channel_id="-1001", title="News")
HOLOGRAM = '<div class="tgme_widget_message_hologram"><i class="tgme_widget_message_hologram_part"></i></div>'


def exported(**fields: Any) -> RawMessage:
    return mapped({"id": 1, "type": "message", "date_unixtime": "1726134611", **fields})


def mapped(payload: dict[str, Any]) -> RawMessage:
    outcome = MessageMapper(CHAT).map(payload)
    assert isinstance(outcome, Mapped)
    return outcome.message


def shown_on_a_page(extra: str) -> RawMessage:
    body = html_post(1, extra=extra).replace('<div class="text">\ntext 1\n       </div>', "")
    payload = HtmlMessageReader(CHAT).payload(Element(1, frozenset({"message", "default"}), body))
    return mapped(payload)


def sent(**fields: Any) -> RawMessage:
    made = post(1, "", **{name: value for name, value in fields.items() if name == "media"})
    vars(made).update(fields)
    return map_message(made, CHAT, {}, {})


@pytest.mark.parametrize(
    ("message", "names"),
    [
        (exported(text="", rich_thing={"a": 1}, views=3), {"unknown:rich_thing": 1}),
        (exported(text="", hologram=1, spin="left", nothing_in_it=[]), {"unknown:hologram": 1, "unknown:spin": 1}),
        (exported(text="  "), {"unknown:nothing": 1}),
        (sent(media=types.MessageMediaUnsupported()), {"unknown:MessageMediaUnsupported": 1}),
        (sent(rich_thing=types.TextPlain("x")), {"unknown:rich_thing": 1}),
        (
            shown_on_a_page('<div class="media_wrap"><div class="media_hologram"></div></div>'),
            {"unknown:media_hologram": 1},
        ),
        (
            message_of(
                web_post(1, '<div class="tgme_widget_message_hologram"><i class="tgme_widget_message_hologram_x">')
            ),
            {"unknown:tgme_widget_message_hologram": 1},
        ),
        (message_of(web_post(1, "")), {"unknown:nothing": 1}),
    ],
)
def test_nothing_known_is_counted_by_its_name(message: RawMessage, names: dict[str, int]) -> None:
    """Fields of an export, constructors and fields of Telegram's scheme, classes of a page."""
    assert what_is_unknown([message]) == Counter(names)


@pytest.mark.parametrize(
    "message",
    [
        exported(text="words", rich_thing=1),
        exported(text="", photo="photos/1.jpg"),
        exported(text="", type="service", action="pin_message"),
        exported(text="", poll={"question": "?", "answers": []}),
        sent(media=types.MessageMediaDice(6, "🎲")),
        map_message(service(1, types.MessageActionHistoryClear()), CHAT, {}, {}),
        shown_on_a_page('<div class="media_wrap"><div class="media_location"></div></div>'),
    ],
)
def test_what_is_known_is_not_counted(message: RawMessage) -> None:
    """Words, known media or an action are enough."""
    assert what_is_unknown([message]) == Counter()


def test_the_beginning_of_a_rich_message_is_noted() -> None:
    """Telegram may give a part alone; both ways tell."""
    blocks = [("paragraph", ["The beginning"])]
    in_json = mapped(as_json(blocks, part=True))
    by_api = map_message(as_api(blocks, part=True), CHAT, {}, {})
    assert what_is_unknown([in_json, by_api]) == Counter({"note:rich_message_part": 2})
    assert what_is_unknown([map_message(as_api(blocks), CHAT, {}, {})]) == Counter()
