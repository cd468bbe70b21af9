"""A rich message of the tests' own, written three ways: as an export in JSON, as one in HTML, and as the API sends it.

Inline text is a list of pieces: a text, ("bold", pieces) or ("link", text, url). A block is a tuple that begins with
its kind.
"""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

from telegram_samples import SENT, post
from telethon.tl import types
from telethon.tl.patched import Message
from telethon.tl.types import PageBlockOrderedList, PageBlockTable

_NONE = types.TextEmpty()
_STATES = {None: "none", False: "unchecked", True: "checked"}


def as_json(blocks: list[Any], *, part: bool = False) -> dict[str, Any]:
    """The payload of a message in an export."""
    rich = {"rtl": False, "part": part, "blocks": [_json(block) for block in blocks]}
    return {"id": 1, "type": "message", "date_unixtime": "1726134611", "rich_message": rich}


def as_html(blocks: list[Any], *, part: bool = False) -> str:
    """The words of a message on an exported page, laid out as Telegram Desktop does."""
    told = f'data-rich-message="1" data-rich-part="{str(part).lower()}" dir="auto"'
    return f'<div class="text rich_message" {told}>{_all_html(blocks, 7)}</div>'


def as_api(blocks: list[Any], *, part: bool = False) -> Message:
    """The message as the API sends it."""
    photo = types.Photo(1, 2, b"r", SENT, [types.PhotoSize("m", 320, 213, 5)], 2)
    made = [_api(block) for block in blocks]
    return post(1, "", rich_message=types.RichMessage(blocks=made, photos=[photo], documents=[], part=part or None))


def _json(block: tuple[Any, ...]) -> dict[str, Any]:
    kind, *parts = block
    return _JSON[kind](*parts)


def _listed_json(items: list[Any], kind: str = "bullet", **options: Any) -> dict[str, Any]:
    return {"type": "list", "kind": kind, **options, "items": [_item_json(item) for item in items]}


def _table_json(title: list[Any], rows: list[Any]) -> dict[str, Any]:
    cells = [{"cells": [{"text": _inline_json(cell), "header": False} for cell in row]} for row in rows]
    return {"type": "table", "title": _inline_json(title), "rows": cells}


def _photo_json(caption: list[Any]) -> dict[str, Any]:
    said = {"text": _inline_json(caption), "credit": _EMPTY}
    return {"type": "photo", "photo_id": "1", "photo": "photos/1.jpg", "photo_file_size": 5, "caption": said}


def _quote_json(text: list[Any], caption: list[Any]) -> dict[str, Any]:
    return {"type": "quote", "content": "text", "text": _inline_json(text), "caption": _inline_json(caption)}


def _all_json(blocks: list[tuple[str, list[str]]]) -> list[Any]:
    return [_json(each) for each in blocks]


_EMPTY = {"type": "empty"}
_JSON: dict[str, Callable[..., dict[str, Any]]] = {
    "heading": lambda text: {"type": "heading", "level": 1, "text": _inline_json(text)},
    "paragraph": lambda text: {"type": "paragraph", "text": _inline_json(text)},
    "code": lambda text: {"type": "code", "text": {"type": "plain", "text": text}, "language": "py"},
    "list": _listed_json,
    "ordered": lambda options, items: _listed_json(items, "ordered", **options),
    "quote": _quote_json,
    "quoted": lambda blocks: {"type": "quote", "content": "blocks", "blocks": _all_json(blocks), "caption": _EMPTY},
    "details": lambda title, blocks: {"type": "details", "title": _inline_json(title), "blocks": _all_json(blocks)},
    "table": _table_json,
    "photo": _photo_json,
    "divider": lambda: {"type": "divider"},
}


def _item_json(item: tuple[Any, ...]) -> dict[str, Any]:
    done, content = item
    inside = {"blocks": [_json(each) for each in content[1]]} if _nests(content) else {"text": _inline_json(content)}
    return {"task_state": _STATES[done], "content": "blocks" if _nests(content) else "text", **inside}


def _inline_json(pieces: list[Any]) -> dict[str, Any]:
    if not pieces:
        return {"type": "empty"}
    return {"type": "concat", "text": [_piece_json(piece) for piece in pieces]}


def _piece_json(piece: Any) -> dict[str, Any]:
    match piece:
        case ("bold", inner):
            return {"type": "bold", "text": _inline_json(inner)}
        case ("link", text, url):
            return {"type": "text_link", "href": url, "text": {"type": "plain", "text": text}}
    return {"type": "plain", "text": piece}


def _all_html(blocks: list[Any], depth: int) -> str:
    return "".join(_html(block, depth) for block in blocks)


def _html(block: tuple[Any, ...], depth: int) -> str:
    kind, *parts = block
    return _HTML[kind]("\n" + " " * depth, depth, *parts)


def _words_html(tag: str, name: str, kind: str) -> Callable[..., Any]:
    return lambda pad, _, text: _element(tag, name, kind, _framed(text, pad), pad)


def _code_html(pad: str, _: int, text: str) -> str:
    return _element("pre", "rich_code", "code", f'<code class="rich_code_content">{_escaped(text)}</code>', pad)


def _list_html(pad: str, depth: int, items: list[Any]) -> str:
    return _element("ul", "rich_list", "list", "".join(_item_html(item, depth) for item in items), pad)


def _ordered_html(pad: str, depth: int, options: dict[str, Any], items: list[Any]) -> str:
    said = "".join(
        f' {name}="{options[key]}"' for name, key in (("start", "start"), ("type", "list_type")) if key in options
    )
    said += " reversed" if options.get("reversed") else ""
    return _element("ol", "rich_list", "ordered-list", "".join(_item_html(item, depth) for item in items), pad, said)


def _quote_html(pad: str, _: int, text: list[Any], caption: list[Any]) -> str:
    cite = f'{pad}<cite class="rich_quote_caption">{_framed(caption, pad)}</cite>' if caption else ""
    body = f'{pad}<div class="rich_quote_body">{_framed(text, pad)}</div>{cite}'
    return _element("blockquote", "rich_quote", "quote", body, pad)


def _quoted_html(pad: str, depth: int, blocks: list[tuple[str, list[str]]]) -> str:
    body = f'{pad}<div class="rich_quote_body">{_all_html(blocks, depth + 2)}{pad}</div>'
    return _element("blockquote", "rich_quote", "quote-blocks", body, pad)


def _details_html(pad: str, depth: int, title: list[Any], blocks: list[tuple[str, list[str]]]) -> str:
    body = f'{pad}<div class="rich_details_body">{_all_html(blocks, depth + 2)}{pad}</div>'
    return _element("details", "rich_details", "details", f"<summary>{_framed(title, pad)}</summary>{body}", pad)


def _table_html(pad: str, _: int, title: list[Any], rows: list[Any]) -> str:
    cells = "".join(f"<tr>{''.join(f'<td>{_framed(cell, pad)}</td>' for cell in row)}</tr>" for row in rows)
    caption = f"<caption>{_framed(title, pad)}</caption>" if title else ""
    inside = f'{pad}<table class="rich_table">{caption}<tbody>{cells}</tbody></table>'
    return _element("div", "rich_table_wrap", "table", inside, pad)


def _photo_html(pad: str, _: int, caption: list[Any]) -> str:
    shown = '<a class="photo_wrap clearfix pull_left" href="photos/1.jpg"><img class="photo" src="x"/></a>'
    said = f'<div class="rich_caption_text">{_framed(caption, pad)}</div>'
    below = f'<figcaption class="rich_media_caption" dir="auto">{said}</figcaption>' if caption else ""
    inside = f'<div class="media_wrap clearfix">{pad}{shown}{pad}</div>{below}'
    return _element("figure", "rich_media_item", "photo", inside, pad, ' data-photo-id="1"')


_HTML: dict[str, Callable[..., str]] = {
    "heading": _words_html("h1", "rich_heading", "heading"),
    "paragraph": _words_html("p", "rich_paragraph", "paragraph"),
    "code": _code_html,
    "list": _list_html,
    "ordered": _ordered_html,
    "quote": _quote_html,
    "quoted": _quoted_html,
    "details": _details_html,
    "table": _table_html,
    "photo": _photo_html,
    "divider": lambda pad, _: f'{pad}<hr class="rich_block rich_divider" data-rich-kind="divider"/>',
}


def _element(tag: str, name: str, kind: str, inside: str, pad: str, said: str = "") -> str:
    return f'{pad}<{tag} class="rich_block {name}" data-rich-kind="{kind}"{said}>{inside}{pad}</{tag}>'


def _item_html(item: tuple[Any, ...], depth: int) -> str:
    done, content = item
    pad = "\n" + " " * (depth + 1)
    mark = "" if done is None else f'<span aria-checked="{str(done).lower()}" class="rich_task_marker">☑</span>'
    tag, inside = ("div", _all_html(content[1], depth + 3)) if _nests(content) else ("span", _inline_html(content))
    told = "blocks" if _nests(content) else "text"
    body = f'{mark}<{tag} class="rich_list_content">{inside}</{tag}>'
    return f'{pad}<li class="rich_list_item" data-rich-content="{told}">{body}{pad}</li>'


def _framed(pieces: list[Any], pad: str) -> str:
    return f"\n{_inline_html(pieces)}{pad}"


def _inline_html(pieces: list[Any]) -> str:
    return "".join(map(_piece_html, pieces))


def _piece_html(piece: Any) -> str:
    match piece:
        case ("bold", inner):
            return f"<strong>{_inline_html(inner)}</strong>"
        case ("link", text, url):
            return f'<a href="{escape(url)}">{_escaped(text)}</a>'
    return _escaped(piece)


def _escaped(text: str) -> str:
    return escape(text).replace("\n", "<br>")


def _api(block: tuple[Any, ...]) -> Any:
    kind, *parts = block
    return _API[kind](*parts)


def _ordered_api(options: dict[str, Any], items: list[Any]) -> PageBlockOrderedList:
    made = [_item_api(item, ordered=True) for item in items]
    reverse, start, style = (options.get(name) for name in ("reversed", "start", "list_type"))
    return types.PageBlockOrderedList(made, reversed=reverse, start=start, type=style)


def _table_api(title: list[Any], rows: list[Any]) -> PageBlockTable:
    made = [types.PageTableRow([types.PageTableCell(text=_inline_api(cell)) for cell in row]) for row in rows]
    return types.PageBlockTable(_inline_api(title), made)


def _all_api(blocks: list[tuple[str, list[str]]]) -> list[Any]:
    return [_api(each) for each in blocks]


_API: dict[str, Callable[..., Any]] = {
    "heading": lambda text: types.PageBlockHeading1(_inline_api(text)),
    "paragraph": lambda text: types.PageBlockParagraph(_inline_api(text)),
    "code": lambda text: types.PageBlockPreformatted(types.TextPlain(text), "py"),
    "list": lambda items: types.PageBlockList([_item_api(item, ordered=False) for item in items]),
    "ordered": _ordered_api,
    "quote": lambda text, caption: types.PageBlockBlockquote(_inline_api(text), _inline_api(caption)),
    "quoted": lambda blocks: types.PageBlockBlockquoteBlocks(_all_api(blocks), _NONE),
    "details": lambda title, blocks: types.PageBlockDetails(_all_api(blocks), _inline_api(title)),
    "table": _table_api,
    "photo": lambda caption: types.PageBlockPhoto(1, types.PageCaption(_inline_api(caption), _NONE)),
    "divider": types.PageBlockDivider,
}


def _item_api(item: tuple[Any, ...], *, ordered: bool) -> Any:
    done, content = item
    state = {"checkbox": True if done is not None else None, "checked": done or None}
    if _nests(content):
        kind = types.PageListOrderedItemBlocks if ordered else types.PageListItemBlocks
        return kind([_api(each) for each in content[1]], **state)
    return (types.PageListOrderedItemText if ordered else types.PageListItemText)(_inline_api(content), **state)


def _inline_api(pieces: list[Any]) -> Any:
    return types.TextConcat([_piece_api(piece) for piece in pieces]) if pieces else _NONE


def _piece_api(piece: Any) -> Any:
    match piece:
        case ("bold", inner):
            return types.TextBold(_inline_api(inner))
        case ("link", text, url):
            return types.TextUrl(types.TextPlain(text), url, 0)
    return types.TextPlain(piece)


def _nests(content: Any) -> bool:
    return isinstance(content, tuple)
