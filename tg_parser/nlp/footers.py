"""Signatures: the lines that a channel ends its posts with, and calls to subscribe. They are not content."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from tg_parser.nlp.cleaning import clean
from tg_parser.nlp.links import LINK

_DEPTH = 8
"""How many closing lines of a post may belong to its signature."""
_MIN_POSTS = 3
_MIN_SHARE = 0.1
_MIN_SHARE_ABOVE = 0.3
"""A line above a footer may also be recurring content, such as a price, so it must recur more often."""
_MAX_SIGNATURE = 90

_NO_WORD = re.compile(r"[\W_]+")
_MENTION = re.compile(r"(?<![\w@/.])@\w{4,32}\b")
_CALL = re.compile(
    r"(?:подпис(?:аться|ывайтесь|ывайся|ывайтеся|ись|итесь|ка)|підпис(?:атис[ья]|уйтесь|уйся|атись)"
    r"|subscribe|follow us|join us|join (?:the |our )?(?:channel|chat|group)|наш (?:чат|канал|бот)|прислать новость"
    r"|предложить (?:новость|пост)|надіслати новину|boost(?: us)?|бустануть|поддержать канал|зеркал[оа] (?:канала|в)"
    r"|(?:мы|читайте нас|смотрите нас|ми|читайте|our channel) (?:также |теперь |уже )?(?:в|во|у|on|in) (?:max|вк|vk"
    r"|дзен\w*|вконтакте|youtube|instagram|viber|whatsapp|telegram|телеграм\w*)|наше зеркало|резервный канал)\b",
    re.IGNORECASE,
)
_CALL_LAST = re.compile(r"(?:^|[.!—–|-]\s*)(?:подписаться|підписатися|subscribe|подписывайтесь)$", re.IGNORECASE)
_SPLIT = re.compile(r"\s*[|•·／]\s*|\s{3,}|\s+[/—–-]\s+")
_LABEL = re.compile(
    r"чат|канал|бот|chat|channel|boost|буст|vk|вк|youtube|ютуб|instagram|инстаграм|facebook|twitter|x|tiktok|max|дзен"
    r"|сайт|website|реклама|ads?|связь|контакты|contacts?|rss|группа|group|telegram|телеграм|обратная связь|предложка"
    r"|мы в \w{1,15}",
    re.IGNORECASE,
)
_DECORATION = "👉➡▶✅🔔📲📢💬👇👆⚡❗❤🔥📱💻🌐\ufe0f :"
_MAX_CALL_WORDS = 7


@dataclass(frozen=True, slots=True)
class ChannelProfile:
    """What analysis needs to know about the whole channel: the normalised lines that end many of its posts."""

    footer_lines: frozenset[str] = frozenset()


def build_profile(texts: Iterable[str]) -> ChannelProfile:
    """The profile of a channel from the texts of its recent posts."""
    return ChannelProfile(footer_lines=_common_footers(clean(_ending(text)).text for text in texts))


def _ending(text: str) -> str:
    """The lines of `text` that may belong to a signature and the one above them; empty for a text of one line."""
    lines = [line for line in text.splitlines() if line.strip()]
    return "\n".join(lines[-_DEPTH - 1 :]) if len(lines) > 1 else ""


def normal_line(line: str) -> str:
    """`line` in the form used for comparing: its words in lower case, without links and decoration."""
    return _NO_WORD.sub(" ", LINK.sub(" ", line).casefold()).strip()


def _common_footers(cleaned_texts: Iterable[str]) -> frozenset[str]:
    """The lines that end at least three posts and a tenth of all; then lines above them that end three tenths."""
    posts = [[line for line in text.split("\n") if line.strip()][-_DEPTH - 1 :] for text in cleaned_texts]
    known: set[str] = set()
    for _ in range(_DEPTH):
        least = max(_MIN_POSTS, len(posts) * (_MIN_SHARE_ABOVE if known else _MIN_SHARE))
        counts = Counter(normal_line(lines[-1]) for lines in posts if len(lines) > 1 and not _is_hashtags(lines[-1]))
        found = {line for line, count in counts.items() if line and count >= least}
        if not found:
            break
        known |= found
        for lines in posts:
            while len(lines) > 1 and normal_line(lines[-1]) in known:
                lines.pop()
    return frozenset(known)


def without_footer(text: str, footer_lines: frozenset[str]) -> str:
    """`text` without the signature at its end. A text that is only a signature is kept."""
    lines = text.split("\n")
    keep = len(lines)
    while keep > 1 and (not lines[keep - 1].strip() or _is_footer(lines[keep - 1], footer_lines)):
        keep -= 1
    body = "\n".join(lines[:keep]).rstrip()
    return body if body.strip() else text


def _is_footer(line: str, footer_lines: frozenset[str]) -> bool:
    return normal_line(line) in footer_lines or is_signature(line)


def is_signature(line: str) -> bool:
    """Whether a short closing line only calls to subscribe or lists the channel's other addresses."""
    if len(line) > _MAX_SIGNATURE:
        return False
    parts = [part.strip() for part in _SPLIT.split(line.strip()) if part.strip(_DECORATION)]
    if len(parts) == 1:
        words = parts[0].strip(_DECORATION)
        return len(line.split()) <= _MAX_CALL_WORDS and (_CALL.match(words) or _CALL_LAST.search(words)) is not None
    places = sum(_is_place(part) for part in parts)
    return places >= 2 or (places == 1 and len(parts) == 2 and _CALL.search(line) is not None)


def _is_place(part: str) -> bool:
    core = part.strip(_DECORATION)
    return bool(_LABEL.fullmatch(core) or _CALL.match(core) or _MENTION.fullmatch(core) or LINK.fullmatch(core))


def _is_hashtags(line: str) -> bool:
    return all(word.startswith("#") for word in line.split())
