"""A rich message as the API gives it (`RichMessage`, page blocks within page blocks) → blocks. Pure.

A block of a kind that is not known here gives the words that are found in it: nothing that was said is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from tg_parser.domain.messages import Media
from tg_parser.ingestion.content import Block, Code, Listing, ListItem, TableBlock, Words, joined, linked
from tg_parser.ingestion.telegram.fields import kind_of
from tg_parser.ingestion.telegram.media import file_media, photo_media

_TEXTS_OF_UNKNOWN = ("title", "text", "author", "caption", "credit")
_BLOCKS_OF_UNKNOWN = ("cover", "blocks", "items")


def rich_blocks(message: Any) -> Iterator[Block]:
    """The blocks of a rich message."""
    files = {each.id: each for each in (*(message.photos or ()), *(message.documents or ()))}
    return _RichReader(files).all(message.blocks)


def words(text: Any) -> Words:
    """A rich text: pieces within pieces, each of a class."""
    if text is None or isinstance(text, str):
        return Words(text or "")
    if (pieces := getattr(text, "texts", None)) is not None:
        return joined(map(words, pieces))
    kind = kind_of(text)
    if kind == "TextCustomEmoji":
        return Words(text.alt or "")
    inner = words(getattr(text, "text", None) or getattr(text, "source", None))
    return linked(inner, target) if (target := _target(kind, text)) else inner


def _target(kind: str, text: Any) -> str | None:
    """Where a piece leads."""
    if kind == "TextUrl":
        return str(text.url)
    if kind == "TextEmail":
        return f"mailto:{text.email}"
    return f"tel:{text.phone}" if kind == "TextPhone" else _address(text) if kind == "TextButton" else None


def _address(button: Any) -> str | None:
    return getattr(button.type, "url", None)


class _RichReader:
    """Reads blocks; `files` are the photos and documents of the message by their ids."""

    def __init__(self, files: Mapping[int, Any]) -> None:
        self._files = files

    def all(self, blocks: Iterable[Any] | None) -> Iterator[Block]:
        """The blocks one after another."""
        for block in blocks or ():
            yield from _READERS.get(kind_of(block).removeprefix("PageBlock"), _RichReader._unknown)(self, block)

    def text(self, block: Any) -> Iterator[Block]:
        yield words(block.text)

    def code(self, block: Any) -> Iterator[Block]:
        yield Code(words(block.text).text)

    def math(self, block: Any) -> Iterator[Block]:
        yield Words(block.source or "")

    def listing(self, block: Any) -> Iterator[Block]:
        yield Listing(tuple(map(self._item, block.items or ())))

    def ordered(self, block: Any) -> Iterator[Block]:
        items = tuple(map(self._item, block.items or ()))
        yield Listing(items, True, block.start, bool(block.reversed), block.type or "")

    def quote(self, block: Any) -> Iterator[Block]:
        yield words(getattr(block, "text", None))
        yield from self.all(getattr(block, "blocks", None))
        yield words(block.caption)

    def table(self, block: Any) -> Iterator[Block]:
        rows = (tuple(words(cell.text) for cell in row.cells or ()) for row in block.rows or ())
        yield TableBlock(words(block.title), tuple(rows))

    def photo(self, block: Any) -> Iterator[Block]:
        yield photo_media(self._files.get(block.photo_id))
        yield from _below(block)

    def video(self, block: Any) -> Iterator[Block]:
        yield self._file(block.video_id, "video")
        yield from _below(block)

    def audio(self, block: Any) -> Iterator[Block]:
        yield self._file(block.audio_id, "audio")
        yield from _below(block)

    def document(self, block: Any) -> Iterator[Block]:
        yield self._file(block.document_id, "document")
        yield from _below(block)

    def place(self, block: Any) -> Iterator[Block]:
        yield Media(kind="location")
        yield from _below(block)

    def embed(self, block: Any) -> Iterator[Block]:
        if block.poster_photo_id is not None:
            yield photo_media(self._files.get(block.poster_photo_id))
        yield from _below(block)

    def embed_post(self, block: Any) -> Iterator[Block]:
        yield Words(block.author or "")
        yield from self.all(block.blocks)
        yield from _below(block)

    def cover(self, block: Any) -> Iterator[Block]:
        yield from self.all([block.cover])

    def group(self, block: Any) -> Iterator[Block]:
        yield from self.all(block.items)
        yield from _below(block)

    def details(self, block: Any) -> Iterator[Block]:
        yield words(block.title)
        yield from self.all(block.blocks)

    def author_date(self, block: Any) -> Iterator[Block]:
        yield words(block.author)

    def channel(self, block: Any) -> Iterator[Block]:
        yield Words(getattr(block.channel, "title", None) or "")

    def articles(self, block: Any) -> Iterator[Block]:
        yield words(block.title)
        for article in block.articles or ():
            yield Words("\n".join(filter(None, (article.title, article.description, article.url))))

    def buttons(self, block: Any) -> Iterator[Block]:
        for button in block.buttons or ():
            yield linked(words(button.text), _address(button))

    def nothing(self, _: Any) -> Iterator[Block]:
        return iter(())

    def _unknown(self, block: Any) -> Iterator[Block]:
        for name in _TEXTS_OF_UNKNOWN:
            yield words(getattr(block, name, None))
        for name in _BLOCKS_OF_UNKNOWN:
            inner = getattr(block, name, None)
            yield from self.all(inner if isinstance(inner, list) else [] if inner is None else [inner])

    def _item(self, item: Any) -> ListItem:
        blocks = (words(getattr(item, "text", None)), *self.all(getattr(item, "blocks", None)))
        done = bool(item.checked) if item.checkbox else None
        number, style = getattr(item, "num", None) or "", getattr(item, "type", None) or ""
        return ListItem(blocks, done, number, getattr(item, "value", None), style)

    def _file(self, file_id: int, otherwise: Any) -> Media:
        found = self._files.get(file_id)
        return Media(kind=otherwise) if found is None else file_media(found)


def _below(block: Any) -> Iterator[Block]:
    """What stands below media: the address it shows, its caption, and whom it is from."""
    yield Words(getattr(block, "url", None) or "")
    caption = block.caption
    yield from (words(getattr(caption, "text", None)), words(getattr(caption, "credit", None)))


_READERS: dict[str, Callable[[_RichReader, Any], Iterator[Block]]] = {
    **dict.fromkeys((f"Heading{level}" for level in range(1, 7)), _RichReader.text),
    **dict.fromkeys(
        ("Title", "Subtitle", "Header", "Subheader", "Kicker", "Paragraph", "Footer", "Thinking"), _RichReader.text
    ),
    "Preformatted": _RichReader.code,
    "Math": _RichReader.math,
    "List": _RichReader.listing,
    "OrderedList": _RichReader.ordered,
    **dict.fromkeys(("Blockquote", "BlockquoteBlocks", "Pullquote"), _RichReader.quote),
    "Table": _RichReader.table,
    "Photo": _RichReader.photo,
    "Video": _RichReader.video,
    "Audio": _RichReader.audio,
    "Document": _RichReader.document,
    **dict.fromkeys(("Map", "InputMap"), _RichReader.place),
    "Embed": _RichReader.embed,
    "EmbedPost": _RichReader.embed_post,
    "Cover": _RichReader.cover,
    **dict.fromkeys(("Collage", "Slideshow"), _RichReader.group),
    "Details": _RichReader.details,
    "AuthorDate": _RichReader.author_date,
    "Channel": _RichReader.channel,
    "RelatedArticles": _RichReader.articles,
    "ButtonRow": _RichReader.buttons,
    **dict.fromkeys(("Divider", "Anchor", "Unsupported"), _RichReader.nothing),
}
