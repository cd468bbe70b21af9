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
_BETTING = re.compile(
    r"\bфри-?бет|\bfree ?bets?\b|\bбездепозитн|\bбездеп|\bno deposit bonus|\bфр[иі]спін|\bфриспин|\bfree ?spins?\b"
    r"|\b(?:ставь|ставьте|поставь|делай(?:те)? ставк|роби(?:ть)? ставк|place (?:your|a) bet)"
    r"|\b(?:бонус|промо-?код|bonus|promo ?code)\w{0,3}\b[^.!?\n]{0,60}"
    r"\b(?:бк|букмекер\w*|казино|casino|bookmaker|ставк\w+)\b"
    r"|\b(?:бк|букмекер\w*|казино|casino|bookmaker)\b[^.!?\n]{0,60}\b(?:бонус|промо-?код|bonus|promo ?code)"
)
_CALLS = re.compile(
    r"\b(?:(?:за)?регистрируйся|(?:за)?регистрируйтесь|забирай|забери|получи\b|получите|жми|переходи|вводи|скачивай|скачай"
    r"|пополни|успей|играй|ставь|поставь|реєструйся|реєструйтесь|отримай|тисни|переходь|роби ставк|sign up|register now"
    r"|claim|get your|grab|play now|bet now|join now|click)"
)
"""Betting is advertised to somebody; news about it calls nobody."""
_GIVEAWAY = re.compile(r"\b(?:розыгрыш|разыгрыва|конкурс репост|розіграш|розігру|giveaway|raffle)")
_TAKE_PART = re.compile(
    r"\b(?:участвуйте|участвуй|прин(?:имай|им)(?:те)? участие|примите участие|(?:по)?участвовать|для участия"
    r"|беріть участь|бери участь|щоб взяти участь|для участі|take part|to (?:enter|participate)|enter (?:our|the|to)"
    r"|наш(?:его|ем|их|ему) розыгрыш|нашого розіграшу)"
)
_CONDITIONS = re.compile(
    r"\b(?:подпи(?:шитесь|шись|саться|сывайтесь|саны|ска на)|(?:сдела(?:йте|ть)|делай) репост|репостните"
    r"|(?:по)?ставьте? лайк|отметьте (?:\w+ )?друз|напишите в комментари|нажмите|условия (?:участия|розыгрыша|конкурса)"
    r"|підпи(?:шіться|шись|сатися)|зробіть репост|поставте лайк|умови (?:участі|розіграшу|конкурсу)"
    r"|follow us|subscribe|like and (?:share|retweet|repost)|retweet|tag (?:a|two|three|\d) friends?)"
)
_LEAST_CONDITIONS = 2
"""What a giveaway asks of those who do not read “take part”; news about one mentions a single condition at most."""
_PROMO_CODE = re.compile(
    r"(?i:промо-?код\w{0,3}|promo ?codes?|use code)(?i:\s(?:is|это))?[\s:—–\-«\"“`*]{1,5}"
    r"(?:[A-ZА-ЯЁІЇЄ][A-ZА-ЯЁІЇЄ\d_]{3,}|[A-ZА-ЯЁ]+\d+)\b|(?i:промо-?код|promo ?code):\s\w{4,}"
)
_BENEFIT = re.compile(
    r"скидк|знижк|бонус|бесплатн|безкоштовн|\d ?%|\d ?(?:₽|руб|грн)|discount|bonus|free|\boff\b|\$ ?\d"
)
_MARKS = ("#", "erid", "реклам", "sponsored", "promoted", "paid ", "розыгрыш", "подпи")
"""Every match of `_MARKED` contains one of these. Most texts contain none, which is quick to check."""


def _habit(pattern: str, *needed: str) -> tuple[tuple[str, ...], re.Pattern[str]]:
    """A pattern, and strings of which a text must contain at least one to be worth searching."""
    return needed or ("",), re.compile(pattern)


_HABITS = (
    _habit(
        r"\b(?:по |с )?промо-?код\w{0,3}\b|\bпромокод|\bpromo ?codes?\b|\bcoupon\b|\bкупон",
        *("промо", "promo", "coupon", "купон"),
    ),
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
    if _invites_to_bet(seen) or _is_giveaway(seen) or _offers_a_code(message.text[:_LOOKED_AT], seen):
        return True
    possible = [habit for needed, habit in _HABITS if any(each in seen for each in needed)]
    found = len(possible) >= _ENOUGH_HABITS and sum(habit.search(seen) is not None for habit in possible)
    return found >= _ENOUGH_HABITS


def _invites_to_bet(seen: str) -> bool:
    return _BETTING.search(seen) is not None and _CALLS.search(seen) is not None


def _is_giveaway(seen: str) -> bool:
    if _GIVEAWAY.search(seen) is None:
        return False
    return _TAKE_PART.search(seen) is not None or len(set(_CONDITIONS.findall(seen))) >= _LEAST_CONDITIONS


def _offers_a_code(text: str, seen: str) -> bool:
    """Whether it gives a code and says what the code is good for; news about codes give none."""
    return _PROMO_CODE.search(text) is not None and _BENEFIT.search(seen) is not None
