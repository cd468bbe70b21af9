"""A rich message is read the same whichever way it comes: JSON, HTML, the API, or what was stored."""

from __future__ import annotations

import json
from typing import Any

import pytest
from html_export_files import post as html_post
from hypothesis import given
from hypothesis import strategies as st
from rich_content import as_api, as_html, as_json

from tg_parser.domain.messages import Chat, Link
from tg_parser.ingestion.content import Content, content_of
from tg_parser.ingestion.desktop import content as desktop_content
from tg_parser.ingestion.desktop.html.message import HtmlMessageReader
from tg_parser.ingestion.desktop.html.page import Element
from tg_parser.ingestion.desktop.html.rich import rich_message
from tg_parser.ingestion.desktop.html.text import parsed
from tg_parser.ingestion.desktop.rich import rich_blocks
from tg_parser.ingestion.telegram import content as telegram_content
from tg_parser.ingestion.telegram.payload import payload, restored

WORD = st.text(st.sampled_from("abcxyzжщю1."), min_size=1, max_size=6)
SPOKEN = st.builds(" ".join, st.lists(WORD, min_size=1, max_size=4)) | st.builds("{}\n{}".format, WORD, WORD)
LINK = st.tuples(st.just("link"), SPOKEN, WORD.map("https://example.org/{}".format))
BOLD = st.tuples(st.just("bold"), st.lists(SPOKEN | LINK, min_size=1, max_size=2))
PIECE = SPOKEN | SPOKEN.map("{} ".format) | LINK | BOLD
INLINE = st.lists(PIECE, min_size=1, max_size=4)
CODE = st.lists(st.sampled_from(["x = 1", "  y", "", "if <b>:"]), min_size=1, max_size=3).map("\n".join)
LIST_STYLE = st.fixed_dictionaries(
    {}, optional={"start": st.integers(1, 30), "reversed": st.just(True), "list_type": st.sampled_from("1aAiI")}
)


def _listed(items: Any) -> Any:
    made = st.lists(st.tuples(st.sampled_from([None, True, False]), items), min_size=1, max_size=3)
    return st.tuples(st.just("list"), made) | st.tuples(st.just("ordered"), LIST_STYLE, made)


SIMPLE = st.one_of(
    st.tuples(st.sampled_from(["heading", "paragraph"]), INLINE),
    st.tuples(st.just("code"), CODE),
    st.tuples(st.just("quote"), INLINE, INLINE | st.just([])),
    st.tuples(st.just("table"), INLINE | st.just([]), st.lists(st.lists(INLINE, min_size=1, max_size=3), max_size=3)),
    st.tuples(st.just("photo"), INLINE | st.just([])),
    st.just(("divider",)),
    _listed(INLINE),
)
NESTING = st.one_of(
    st.tuples(st.just("quoted"), st.lists(SIMPLE, min_size=1, max_size=2)),
    st.tuples(st.just("details"), INLINE, st.lists(SIMPLE, max_size=2)),
    _listed(st.tuples(st.just("blocks"), st.lists(SIMPLE, min_size=1, max_size=2))),
)
BLOCKS = st.lists(SIMPLE | NESTING, min_size=1, max_size=4)

FIGURES = ("link", "the figures", "https://example.org/f")
NESTED = ("blocks", [("paragraph", ["Reap"]), ("list", [(None, ["Oats"])])])
REPORT = [
    ("heading", ["Harvest of the northern farms"]),
    ("paragraph", ["The wheat came ", ("bold", ["early"]), ", see ", FIGURES, "."]),
    ("list", [(None, ["Barley"]), (True, ["Sow"]), (False, NESTED)]),
    ("ordered", {"start": 3, "list_type": "a"}, [(None, ["first"]), (None, ["second"])]),
    ("quote", ["Nobody remembers\nsuch a July"], ["an old farmer"]),
    ("table", ["Yields"], [[["field"], ["tons"]], [["north"], ["7"]]]),
    ("code", "if dry:\n    water()"),
    ("photo", ["The north field"]),
    ("details", ["More"], [("paragraph", ["Rain is near"])]),
    ("divider",),
]  # fmt: skip
TEXT = """Harvest of the northern farms

The wheat came early, see the figures.

- Barley
☑ Sow
☐ Reap
  - Oats

c. first
d. second

Nobody remembers
such a July

an old farmer

Yields
field | tons
north | 7

if dry:
    water()

The north field

More

Rain is near"""


def from_json(blocks: list[Any]) -> Content:
    return desktop_content.read_content(as_json(blocks))


def from_html(blocks: list[Any]) -> Content:
    body = html_post(1).replace('<div class="text">\ntext 1\n       </div>', as_html(blocks))
    element = Element(1, frozenset({"message", "default"}), body)
    return desktop_content.read_content(HtmlMessageReader(Chat(channel_id="-1001")).payload(element))


def from_api(blocks: list[Any]) -> Content:
    return telegram_content.read_content(as_api(blocks))


def from_stored(blocks: list[Any]) -> Content:
    kept = json.loads(json.dumps(payload(as_api(blocks))))
    return telegram_content.read_content(restored(kept))


WAYS = {"json": from_json, "html": from_html, "api": from_api, "stored": from_stored}


@pytest.mark.parametrize("way", WAYS)
def test_every_part_of_a_rich_message_is_text(way: str) -> None:
    """Headings, lists with marks, quotes, tables, code and captions are words; links and photos are what they are."""
    content = WAYS[way](REPORT)
    assert content.text == TEXT
    assert content.links == (Link(text="the figures", url="https://example.org/f"),)
    assert [media.kind for media in content.media] == ["photo"]


@given(BLOCKS)
def test_a_rich_message_is_read_the_same_whichever_way_it_comes(blocks: list[Any]) -> None:
    """Any message of blocks gives the same text, links and media from JSON, HTML, the API and the stored payload."""
    read = [way(blocks) for way in WAYS.values()]
    assert len({content.text for content in read}) == 1
    assert len({content.links for content in read}) == 1
    assert len({tuple(media.kind for media in content.media) for content in read}) == 1


def test_words_of_an_unknown_block_are_not_lost() -> None:
    """A kind of block that comes with a later version gives the words found in it, also from blocks inside."""
    text = {"type": "plain", "text": "shown"}
    inside = [{"type": "paragraph", "text": {"type": "plain", "text": "inside"}}]
    content = content_of(rich_blocks({"blocks": [{"type": "hologram", "text": text, "blocks": inside}]}))
    assert content.text == "shown\n\ninside"


def test_an_address_that_is_shown_and_a_link_within_a_link_hide_nothing() -> None:
    """Only words that lead elsewhere than they say are links; of links within each other the outer one counts."""
    shown = [("link", "example.org", "https://example.org/"), " ", ("link", "here", "javascript:x")]
    nested = {"type": "text_link", "href": "https://a.org", "text": _piece_within()}
    assert from_json([("paragraph", shown)]).links == ()
    payload = as_json([])
    payload["rich_message"]["blocks"] = [{"type": "paragraph", "text": nested}]
    assert desktop_content.read_content(payload).links == (Link(text="words", url="https://a.org"),)


def _piece_within() -> dict[str, Any]:
    return {"type": "text_link", "href": "https://b.org", "text": {"type": "plain", "text": "words"}}


def test_a_page_that_nests_without_end_is_read_as_far_as_messages_go() -> None:
    """A broken page costs neither the run nor the words on it."""
    start = '<blockquote class="rich_block rich_quote" data-rich-kind="quote-blocks"><div class="rich_quote_body">'
    bottom = '<p class="rich_block" data-rich-kind="paragraph">bottom</p>'
    node = parsed(f'<div class="rich_message">{start * 500}{bottom}{"</div></blockquote>" * 500}</div>')
    content = desktop_content.read_content({"id": 1, "rich_message": rich_message(node.css_first(".rich_message"))})
    assert content.text == "bottom"
