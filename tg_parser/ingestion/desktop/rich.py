"""Turns a rich message of an export (`rich_message`) into blocks. Pure, and never raises.

A block of an unknown kind becomes the words that are found in it, so that no text is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tg_parser.domain.messages import Media
from tg_parser.ingestion.content import Block, Code, Listing, ListItem, TableBlock, Words, joined, linked
from tg_parser.ingestion.desktop.fields import flat_text, objects, string, whole
from tg_parser.ingestion.desktop.media import file_media, photo_media

_FILES = {"video": "video_file", "audio": "audio_file"}
_TEXTS_OF_UNKNOWN = ("title", "text", "author", "caption", "credit")
_BLOCKS_OF_UNKNOWN = ("block", "blocks", "items")


def rich_blocks(message: dict[str, Any]) -> Iterator[Block]:
    """The blocks of a rich message, or of any other object that has a list of blocks."""
    return _all(message.get("blocks"))


def words(text: Any) -> Words:
    """A rich text: pieces within pieces, each with a type."""
    if isinstance(text, list):
        return joined(map(words, text))
    if isinstance(text, str):
        return Words(text)
    if not isinstance(text, dict):
        return Words()
    inner = words(text.get("text", text.get("source")))
    return linked(inner, target) if (target := _target(text)) else inner


def _target(text: dict[str, Any]) -> str | None:
    """The target of a piece's link."""
    if href := string(text.get("href")):
        return href
    if email := string(text.get("email")):
        return f"mailto:{email}"
    phone = string(text.get("phone"))
    return f"tel:{phone}" if phone else None


def _all(blocks: Any) -> Iterator[Block]:
    for block in objects(blocks):
        yield from _BLOCKS.get(str(block.get("type")), _unknown)(block)


def _text(block: dict[str, Any]) -> Iterator[Block]:
    yield words(block.get("text"))


def _code(block: dict[str, Any]) -> Iterator[Block]:
    yield Code(words(block.get("text")).text)


def _list(block: dict[str, Any]) -> Iterator[Block]:
    yield Listing(
        tuple(_item(item) for item in objects(block.get("items"))),
        ordered=block.get("kind") == "ordered",
        start=whole(block.get("start")),
        backwards=block.get("reversed") is True,
        style=flat_text(block.get("list_type")),
    )


def _item(item: dict[str, Any]) -> ListItem:
    return ListItem(
        (words(item.get("text")), *_all(item.get("blocks"))),
        done={"checked": True, "unchecked": False}.get(str(item.get("task_state"))),
        number=flat_text(item.get("num")),
        value=whole(item.get("value")),
        style=flat_text(item.get("item_type")),
    )


def _quote(block: dict[str, Any]) -> Iterator[Block]:
    yield from (words(block.get("text")), *_all(block.get("blocks")), words(block.get("caption")))


def _table(block: dict[str, Any]) -> Iterator[Block]:
    rows = (tuple(words(cell.get("text")) for cell in objects(row.get("cells"))) for row in objects(block.get("rows")))
    yield TableBlock(words(block.get("title")), tuple(rows))


def _photo(block: dict[str, Any]) -> Iterator[Block]:
    yield photo_media(block)
    yield from _below(block)


def _file(block: dict[str, Any]) -> Iterator[Block]:
    kind = str(block.get("type"))
    yield file_media({"media_type": _FILES.get(kind), **block})
    yield from _below(block)


def _map(block: dict[str, Any]) -> Iterator[Block]:
    yield Media(kind="location")
    yield from _below(block)


def _embed(block: dict[str, Any]) -> Iterator[Block]:
    if "poster_photo_id" in block:
        yield photo_media(block, "poster_photo")
    yield from _below(block)


def _embed_post(block: dict[str, Any]) -> Iterator[Block]:
    yield words(block.get("author"))
    yield from _all(block.get("blocks"))
    yield from _below(block)


def _group(block: dict[str, Any]) -> Iterator[Block]:
    yield from _all([block.get("block"), *objects(block.get("items"))])
    yield from _below(block)


def _details(block: dict[str, Any]) -> Iterator[Block]:
    yield words(block.get("title"))
    yield from _all(block.get("blocks"))


def _channel(block: dict[str, Any]) -> Iterator[Block]:
    channel = block.get("channel")
    yield words(channel.get("title")) if isinstance(channel, dict) else Words()


def _articles(block: dict[str, Any]) -> Iterator[Block]:
    yield words(block.get("title"))
    for article in objects(block.get("articles")):
        texts = (string(article.get(name)) for name in ("title", "description", "url"))
        yield Words("\n".join(filter(None, texts)))


def _buttons(block: dict[str, Any]) -> Iterator[Block]:
    for button in objects(block.get("buttons")):
        action = button.get("button")
        yield linked(words(button.get("text")), string(action.get("url")) if isinstance(action, dict) else None)


def _below(block: dict[str, Any]) -> Iterator[Block]:
    """What is shown below media: the address, the caption and the credit."""
    yield words(block.get("url"))
    caption = block.get("caption")
    if isinstance(caption, dict) and "type" not in caption:
        yield from (words(caption.get("text")), words(caption.get("credit")))
    else:
        yield words(caption)


def _nothing(_: dict[str, Any]) -> Iterator[Block]:
    return iter(())


def _unknown(block: dict[str, Any]) -> Iterator[Block]:
    yield from (words(block[name]) for name in _TEXTS_OF_UNKNOWN if name in block)
    for name in _BLOCKS_OF_UNKNOWN:
        inner = block.get(name)
        yield from _all([inner] if isinstance(inner, dict) else inner)


_BLOCKS: dict[str, Callable[[dict[str, Any]], Iterator[Block]]] = {
    **dict.fromkeys(("heading", "paragraph", "footer", "thinking"), _text),
    "author_date": lambda block: iter((words(block.get("author")),)),
    "code": _code,
    "math": lambda block: iter((words(block.get("formula")),)),
    "list": _list,
    "quote": _quote,
    "table": _table,
    "photo": _photo,
    **dict.fromkeys(("video", "audio", "file"), _file),
    **dict.fromkeys(("map", "input_map"), _map),
    "embed": _embed,
    "embed_post": _embed_post,
    **dict.fromkeys(("cover", "collage", "slideshow"), _group),
    "details": _details,
    "channel": _channel,
    "related_articles": _articles,
    "button_row": _buttons,
    **dict.fromkeys(("divider", "anchor", "unsupported"), _nothing),
}
