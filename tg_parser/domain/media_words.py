"""Words that belong to media: a poll's question, a checklist's tasks, an invoice's title. They are appended to the
message's own words in its text, so that both can be told apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import NamedTuple

from tg_parser.domain.messages import Media, Observation, compare_texts, core

_WORDED = frozenset({
    "poll", "checklist", "location", "contact", "game", "invoice", "giveaway", "giveaway_results",
})  # fmt: skip
_BREAK = "\n\n"


class TextParts(NamedTuple):
    """A message's own words, and those of its media."""

    own: str
    of_media: str


def with_media_words(own: str, media: Sequence[Media]) -> str:
    """Return the full text of a message."""
    return _BREAK.join(part for part in (own, media_words(media)) if part)


def split_text(text: str, media: Sequence[Media]) -> TextParts:
    """Split a full text; without media words, as stored by earlier versions, all words are the message's own."""
    words = media_words(media)
    if words and (text == words or text.endswith(_BREAK + words)):
        return TextParts(text[: -len(words)].removesuffix(_BREAK), words)
    return TextParts(text, "")


def media_words(media: Sequence[Media]) -> str:
    """Return all words of the media."""
    return _BREAK.join(words for each in media if (words := "\n".join(_lines(each))))


def compare_parts(stored: TextParts, seen: TextParts) -> Observation:
    """Tell an edit from words that an adapter or an earlier version did not read."""
    own, words = compare_texts(stored.own, seen.own), _compare_words(stored.of_media, seen.of_media)
    if Observation.EDITED in (own, words):
        return Observation.EDITED
    return Observation.RICHER if Observation.RICHER in (own, words) else Observation.SAME


def tells_more(seen: Sequence[Media], stored: Sequence[Media]) -> bool:
    """Return whether `seen` contains all stored media data and more; kind `other` never counts as a loss."""
    if seen == stored or len(seen) < len(stored):
        return False
    pairs = zip_longest(stored, seen)
    return all(new is not None and (old is None or _keeps(new, old)) for old, new in pairs)


def _lines(media: Media) -> Iterator[str]:
    if media.kind not in _WORDED:
        return
    yield from filter(None, (media.title,))
    for option, done in zip(media.options, media.done or (False,) * len(media.options), strict=False):
        yield f"{'☑' if done else '-'} {option}"
    yield from filter(None, (media.description, media.explanation))


def _compare_words(stored: str, seen: str) -> Observation:
    stored_core, seen_core = core(stored), core(seen)
    if stored_core.startswith(seen_core):
        return Observation.SAME
    return Observation.RICHER if seen_core.startswith(stored_core) else Observation.EDITED


def _keeps(new: Media, old: Media) -> bool:
    if old.kind == "other":
        return new.kind != "other"
    stored = old.model_dump(exclude_defaults=True)
    return {name: value for name, value in new.model_dump().items() if name in stored} == stored
