"""Links in a text: where they are, and which parts of their query matter to a reader."""

from __future__ import annotations

import re

_TRACKING = re.compile(
    r"utm_\w+|(?:fb|g|y|d)clid|[gw]braid|msclkid|ttclid|twclid|ysclid|igshid?|igsh|mc_[ce]id|_openstat|_ga|_gl|erid|roistat"
    r"|telegram_habr",
    re.IGNORECASE,
)
_SCHEME = r"https?://"
_BARE = (
    r"(?<![\w@/.:-])(?:www\.|(?=[\w.-]{1,80}/)(?:[a-z0-9-]{1,63}\.){1,4}"
    r"(?:com|org|net|ru|рф|su|io|me|ua|by|kz|eu|uk|de|fr|info|biz|tv|cc|ai|dev|app|co|gov|edu|pro|gg|link|online|site"
    r"|news)(?=/))"
)
_REST = r"(?:[^\s<>\"«»“”*`()\[\]{}|\\]|\((?:[^\s()<>]*+)\))++"
LINK = re.compile(f"(?:{_SCHEME}|{_BARE}){_REST}", re.IGNORECASE)
"""A link as it is written in a text; `trimmed` removes the punctuation that only follows it."""

NOT_WORDS = re.compile(rf"{LINK.pattern}|[@#]\w+", re.IGNORECASE)
"""Links, mentions and hashtags."""

_TAIL = ".,;:!?…'’\"_~"


def trimmed(link: str) -> str:
    """`link` without the punctuation of the sentence around it."""
    return link.rstrip(_TAIL)


def without_tracking(link: str) -> str:
    """`link` without the parameters that only serve to track clicks."""
    base, hash_mark, fragment = link.partition("#")
    path, question, query = base.partition("?")
    kept = [part for part in re.split("[&?]", query) if part and not _tracks(part)] if question else []
    if hash_mark and fragment and all(_tracks(part) for part in fragment.split("&")):
        hash_mark = fragment = ""
    return path + ("?" + "&".join(kept) if kept else "") + hash_mark + fragment


def _tracks(parameter: str) -> bool:
    return _TRACKING.fullmatch(parameter.partition("=")[0].removeprefix("amp;")) is not None


def without_links(text: str) -> str:
    """`text` with a space in place of each link."""
    return LINK.sub(" ", text) if _may_have_link(text) else text


def words_only(text: str, instead: str = " ") -> str:
    """`text` with something else in place of each link, mention and hashtag."""
    return NOT_WORDS.sub(instead, text) if "@" in text or "#" in text or _may_have_link(text) else text


def _may_have_link(text: str) -> bool:
    """Every link has a slash or begins with www; most texts have neither, which is quick to see."""
    return "/" in text or "www." in text.lower()


def strip_tracking(text: str) -> str:
    """`text` with the tracking parameters of its links removed."""
    return LINK.sub(_clean_match, text) if "?" in text or "#" in text else text


def _clean_match(match: re.Match[str]) -> str:
    link = trimmed(match[0])
    return without_tracking(link) + match[0][len(link) :]
