"""Noise: messages that say nothing (service notes, bare emoji and links) and advertising.

A wrong flag hides a message from topics, so only clear signs count: the labels that Russian law requires in
advertisements, advertisers' hashtags, or several typical traits of advertising at once.
"""

from __future__ import annotations

import re

from tg_parser.domain.messages import RawMessage
from tg_parser.nlp.links import LINK

_LOOKED_AT = 10_000
_WORDLESS = re.compile(rf"(?:{LINK.pattern}|[@#]\w+|[\W\d_])*+", re.IGNORECASE)
"""The beginning of a text up to its first word, where the search ends: most texts begin with a word."""

# All patterns expect lower-cased text: ignoring case costs several times more.
_MARKED = re.compile(
    r"(?:^|\s)#(?:реклама|промо|ads?|advert\w*|sponsored|спонсор\w*|партн[её]рский\w*|promo)\b"
    r"|(?:[?&]|\b)erid(?:[=:_]|\s+[\w-]{6})"
    r"|\bна правах рекламы\b|\bо рекламодателе\b"
    r"|\bреклама\b[.:,\s]{0,3}(?:\S{1,30}\s){0,2}(?:(?:ооо|оао|зао|пао|ао|ип|нко|ано)\s|инн\b|рекламодатель)"
    r"|\b(?:sponsored|promoted|paid) (?:post|content|partnership)\b"
    r"|\bнапоминаем про (?:\S{1,20} ){0,3}розыгрыш"
    r"|\b(?:дарим|разыгрываем|объявляем о розыгрыше)\b[^\0]{0,300}\b(?:подпишитесь|подписаться|подписывайтесь) на\b"
)
_MARKS = ("#", "erid", "реклам", "sponsored", "promoted", "paid ", "розыгрыш", "подпи")
"""Every match of `_MARKED` contains one of these. Most texts contain none, which is quick to check."""


def _habit(pattern: str, *needed: str) -> tuple[tuple[str, ...], re.Pattern[str]]:
    """A pattern, and strings of which a text must contain at least one to be worth searching."""
    return needed or ("",), re.compile(pattern)


_HABITS = (
    _habit(r"\bпромо-?код|\bpromo ?codes?\b|\bcoupon\b", "промо", "promo", "coupon"),
    _habit(
        r"скидк\w{1,3} (?:до )?[-–]?\d{1,2} ?%|\d ?% скидк|[-–]\d{2} ?%|\bк[еэ]шб[эе]к|\d ?% off\b|\bdiscounts? of \d",
        *("%", "шбэк", "шбек", "discount"),
    ),
    _habit(
        r"\b(?:заказывайте|закажите|покупайте|купите|бронируйте|забронируйте|оформляйте|оформите|скачивайте|успейте"
        r"|успей|спешите|записывайтесь|приобретайте|купить билет\w*|(?:buy|order|shop|book) now|hurry up"
        r"|limited (?:time )?offer)\b"
    ),
    _habit(
        r"\b(?:подпишитесь|подписывайтесь|подписывайся|подпишись|вступайте|присоединяйтесь|subscribe|join)\b"
        r"[^\n]{0,120}t\.me/(?:\+|joinchat/)",
        "t.me/",
    ),
    _habit(
        r"\b(?:по ссылке|на сайте|в приложении|link in bio)\b"
        r"[^\n]{0,80}(?:от \d[\d ]{0,9} ?(?:₽|руб)|бесплатн|выгод|акци)",
        *("по ссылке", "на сайте", "в приложении", "link in bio"),
    ),
    _habit(r"\b(?:розыгрыш|giveaway)", "розыгрыш", "giveaway"),
    _habit(
        r"\b(?:акция|акции|распродаж\w+|ч[её]рная пятница|black friday|рассрочк\w+|супер ?цен\w+)\b",
        *("акци", "распродаж", "пятница", "friday", "рассрочк", "супер"),
    ),
    _habit(r"utm_(?:campaign|content|term)=", "utm_"),
)
_ENOUGH_HABITS = 3


def is_noise(message: RawMessage, text_clean: str) -> bool:
    """Whether `message`, whose cleaned text is `text_clean`, belongs in no topic. One without text is not noise."""
    if message.service_action is not None:
        return True
    return bool(message.text.strip()) and (not has_words(text_clean) or is_advertisement(message))


def has_words(text: str) -> bool:
    """Whether anything is left of `text` without links, mentions, hashtags, emoji, digits and punctuation."""
    beginning = _WORDLESS.match(text)
    return beginning is None or beginning.end() < len(text)


def is_advertisement(message: RawMessage) -> bool:
    """Whether the text or a link of `message` is marked as advertising, or has several traits of it."""
    links = (link.url for link in message.links[:50])
    seen = " ".join([message.text[:_LOOKED_AT], *links]).lower()
    if any(mark in seen for mark in _MARKS) and _MARKED.search(seen):
        return True
    possible = [habit for needed, habit in _HABITS if any(each in seen for each in needed)]
    found = len(possible) >= _ENOUGH_HABITS and sum(habit.search(seen) is not None for habit in possible)
    return found >= _ENOUGH_HABITS
