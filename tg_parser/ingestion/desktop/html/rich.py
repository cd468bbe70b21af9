"""Turns a rich message on an exported page into an object as in a JSON export. Pure, and never raises.

Line ends of the file and the indentation after them are only layout; those of the message are <br>.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any

from selectolax.lexbor import LexborNode

from tg_parser.ingestion.desktop.html.media import item_fields
from tg_parser.ingestion.desktop.html.text import attribute, classes, label

Fields = dict[str, Any]

_LAYOUT = re.compile(r"[ \t]*\n\s*")
_NOT_SAID = ".rich_inline_fallback, .rich_diff_previous"
"""Notes added by Telegram Desktop, and words that were replaced by others."""
_DEEPEST = 32
"""Blocks nested deeper are left out: no real message has them, and a broken page may nest endlessly."""
_GENERIC = frozenset({"Channel", "Embed post", "Related article", "Embed", "Location"})


def rich_message(node: LexborNode) -> Fields:
    """The rich message that `node` shows."""
    for remark in node.css(_NOT_SAID):
        remark.decompose()
    return {"part": attribute(node, "data-rich-part") == "true", "blocks": _blocks(node, 0)}


def _blocks(node: LexborNode | None, depth: int) -> list[Fields]:
    if node is None or depth > _DEEPEST:
        return []
    return [_block(child, depth) for child in node.iter() if "rich_block" in classes(child)]


def _block(node: LexborNode, depth: int) -> Fields:
    kind = attribute(node, "data-rich-kind")
    read = _READERS.get(kind)
    if read is not None:
        return read(node)
    nested = _NESTED.get(kind)
    return nested(node, depth + 1) if nested is not None else _unknown(node, depth + 1)


def _unknown(node: LexborNode, depth: int) -> Fields:
    inner = _blocks(node, depth)
    return {"type": attribute(node, "data-rich-kind"), **({"blocks": inner} if inner else {"text": _text(node)})}


def _text(node: LexborNode | None) -> list[Fields]:
    """The words of an element as rich text."""
    return [] if node is None else _framed(_pieces(node))


def _pieces(node: LexborNode) -> list[Fields]:
    """The words in an element, split where links begin and end."""
    runs = (list(run) for _, run in groupby(_words(node), key=lambda each: each[0].mem_id if each[0] else 0))
    return [_piece("".join(words for _, words in run), attribute(run[0][0], "href")) for run in runs]


def _words(node: LexborNode) -> Iterator[tuple[LexborNode | None, str]]:
    """The text in an element, each piece with the link around it."""
    for part in node.traverse(include_text=True):
        if part.tag == "-text":
            yield _link_around(part, node), _LAYOUT.sub(" ", part.text(deep=False) or "")
        elif part.tag == "br":
            yield _link_around(part, node), "\n"


def _link_around(part: LexborNode, root: LexborNode) -> LexborNode | None:
    found, parent = None, part.parent
    while parent is not None and parent.mem_id != root.mem_id:
        found = parent if parent.tag == "a" and attribute(parent, "href") else found
        parent = parent.parent
    return found


def _piece(words: str, url: str) -> Fields:
    plain = {"type": "plain", "text": words}
    return {"type": "text_link", "href": url, "text": plain} if url else plain


def _framed(pieces: list[Fields]) -> list[Fields]:
    """Pieces without the space that the layout leaves at both ends."""
    if pieces and pieces[0]["type"] == "plain":
        pieces[0]["text"] = pieces[0]["text"].removeprefix(" ")
    if pieces and pieces[-1]["type"] == "plain":
        pieces[-1]["text"] = pieces[-1]["text"].removesuffix(" ")
    return pieces


def _paragraph(node: LexborNode) -> Fields:
    return {"type": "paragraph", "text": _text(node)}


def _author_date(node: LexborNode) -> Fields:
    for moment in node.css("time"):
        moment.decompose()
    pieces = _text(node)
    if pieces and isinstance(pieces[-1]["text"], str):
        pieces[-1]["text"] = pieces[-1]["text"].rstrip(" •")
    return {"type": "author_date", "author": pieces}


def _code(node: LexborNode) -> Fields:
    return {"type": "code", "text": _pieces(node), "language": attribute(node, "data-language")}


def _formula(node: LexborNode) -> Fields:
    return {"type": "math", "formula": _text(node)}


def _list(node: LexborNode, depth: int) -> Fields:
    items = [_item(child, depth) for child in node.iter() if "rich_list_item" in classes(child)]
    return {
        "type": "list",
        "kind": "ordered" if node.tag == "ol" else "bullet",
        "reversed": "reversed" in node.attributes,
        "start": attribute(node, "start"),
        "list_type": attribute(node, "type") or attribute(node, "data-list-type"),
        "items": items,
    }


def _item(node: LexborNode, depth: int) -> Fields:
    task = _child(node, "rich_task_marker")
    checked = "checked" if attribute(task, "aria-checked") == "true" else "unchecked"
    content = _child(node, "rich_list_content")
    blocks = attribute(node, "data-rich-content") == "blocks"
    return {
        "task_state": "none" if task is None else checked,
        "num": attribute(node, "data-num"),
        "value": attribute(node, "value"),
        "item_type": attribute(node, "data-item-type"),
        **({"blocks": _blocks(content, depth)} if blocks else {"text": _text(content)}),
    }


def _quote(node: LexborNode, depth: int) -> Fields:
    body = _child(node, "rich_quote_body")
    inner = _blocks(body, depth)
    said: Fields = {"blocks": inner} if inner else {"text": _text(body)}
    return {"type": "quote", **said, "caption": _text(_child(node, "rich_quote_caption"))}


def _details(node: LexborNode, depth: int) -> Fields:
    inside = _blocks(_child(node, "rich_details_body"), depth)
    return {"type": "details", "title": _text(node.css_first("summary")), "blocks": inside}


def _table(node: LexborNode) -> Fields:
    rows = [{"cells": [{"text": _text(cell)} for cell in row.css("th, td")]} for row in node.css("tr")]
    return {"type": "table", "title": _text(node.css_first("caption")), "rows": rows}


def _media(kind: str) -> Callable[[LexborNode], Fields]:
    def read(node: LexborNode) -> Fields:
        return {"type": kind, **_attached(node), **_below(node)}

    return read


def _group(node: LexborNode, depth: int) -> Fields:
    items = _blocks(_child(node, "rich_media_group_items"), depth)
    return {"type": "collage", "items": items, **_below(node)}


def _embed(node: LexborNode) -> Fields:
    below = _below(node)
    if attribute(node, "data-poster-photo-id"):
        poster = {f"poster_{name}": value for name, value in _attached(node).items()}
        return {"type": "embed", "poster_photo_id": attribute(node, "data-poster-photo-id"), **poster, **below}
    return {"type": "embed", **below, "url": label(node.css_first(".media .status"))}


def _embed_post(node: LexborNode, depth: int) -> Fields:
    inside = _blocks(_child(node, "rich_embed_post_blocks"), depth)
    return {"type": "embed_post", "author": _title(node), "blocks": inside, **_below(node, "rich_embed_post_meta")}


def _channel(node: LexborNode) -> Fields:
    return {"type": "channel", "channel": {"title": _title(node)}}


def _articles(node: LexborNode) -> Fields:
    articles = [_article(each) for each in node.css(".rich_related_article")]
    return {"type": "related_articles", "title": _text(node.css_first(".rich_related_title")), "articles": articles}


def _article(node: LexborNode) -> Fields:
    # If a photo was not saved, there is a note about the file instead of a description.
    beside_photo = node.css_first(".media_photo") is not None and node.css_first("a.media_photo") is None
    shown = None if beside_photo else label(node.css_first(".media .description"))
    described = label(node.css_first(".rich_article_description")) or shown
    return {"title": _title(node), "description": described, "url": label(node.css_first(".rich_source_meta"))}


def _buttons(node: LexborNode) -> Fields:
    buttons = [
        {"text": _text(each), "button": {"url": attribute(each, "href")}}
        for each in node.css(".rich_button, [data-button-type]")
    ]
    return {"type": "button_row", "buttons": buttons}


def _attached(node: LexborNode) -> Fields:
    wrap = _child(node, "media_wrap")
    return item_fields(wrap) if wrap is not None else {}


def _below(node: LexborNode, meta: str = "rich_source_meta") -> Fields:
    caption = _child(node, "rich_media_caption")
    if caption is None:
        return {"url": label(_child(node, meta))}
    said, credit = _child(caption, "rich_caption_text"), _child(caption, "rich_caption_credit")
    return {"url": label(_child(node, meta)), "caption": {"text": _text(said), "credit": _text(credit)}}


def _title(node: LexborNode) -> str | None:
    shown = label(node.css_first(".media .title"))
    return None if shown in _GENERIC else shown


def _child(node: LexborNode, name: str) -> LexborNode | None:
    return next((child for child in node.iter() if name in classes(child)), None)


def _nothing(_: LexborNode) -> Fields:
    return {"type": "unsupported"}


_READERS: dict[str, Callable[[LexborNode], Fields]] = {
    **dict.fromkeys(("heading", "paragraph", "footer", "thinking"), _paragraph),
    "author-date": _author_date,
    "code": _code,
    "math": _formula,
    "table": _table,
    **{kind: _media(kind) for kind in ("photo", "video", "audio", "file", "map")},
    "input-map": _media("map"),
    "embed": _embed,
    "channel": _channel,
    "related-articles": _articles,
    "button-row": _buttons,
    **dict.fromkeys(("divider", "anchor", "unsupported", "unknown", "malformed"), _nothing),
}
_NESTED: dict[str, Callable[[LexborNode, int], Fields]] = {
    **dict.fromkeys(("list", "ordered-list"), _list),
    **dict.fromkeys(("quote", "quote-blocks", "pullquote"), _quote),
    "details": _details,
    **dict.fromkeys(("cover", "collage", "slideshow"), _group),
    "embed-post": _embed_post,
}
