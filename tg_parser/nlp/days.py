"""The calendar days that a text speaks of, in Russian, Ukrainian and English; relative ones by the day of its post."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

_MONTHS = (
    ("января", "січня", "jan"), ("февраля", "лютого", "feb"), ("марта", "березня", "mar"),
    ("апреля", "квітня", "apr"), ("мая", "травня", "may"), ("июня", "червня", "jun"),
    ("июля", "липня", "jul"), ("августа", "серпня", "aug"), ("сентября", "вересня", "sep"),
    ("октября", "жовтня", "oct"), ("ноября", "листопада", "nov"), ("декабря", "грудня", "dec"),
)  # fmt: skip
_MONTH_OF = {name: number for number, names in enumerate(_MONTHS, 1) for name in names}
_SLAVIC = "|".join(name for names in _MONTHS for name in names[:2])
_ENGLISH = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    "|nov(?:ember)?|dec(?:ember)?"
)
_DAY = r"(?P<day>[12]\d|3[01]|0?[1-9])"
_YEAR = r"(?:19|20)\d\d(?!\d)"
_BEFORE_MONTH = re.compile(
    rf"(?<![\d.,:]){_DAY}(?:\s?(?P<to>[-–—]|и|по|до|та|and|to)\s?(?P<last>[12]\d|3[01]|0?[1-9]))?"
    rf"(?:-?го|-?е|st|nd|rd|th)?\s(?:of\s)?(?P<month>{_SLAVIC}|{_ENGLISH})\b(?:,?\s(?P<year>{_YEAR}))?"
)
_AFTER_MONTH = re.compile(rf"\b(?P<month>{_ENGLISH})\.?\s{_DAY}(?:st|nd|rd|th)?(?!\d|:\d)(?:,?\s(?P<year>{_YEAR}))?")
_FROM_TODAY = re.compile(
    r"\b(?:(?P<p2>послезавтра|післязавтра)|(?P<p1>завтра|tomorrow)|(?P<p0>сегодня|сейчас|сьогодні|зараз|today|tonight)"
    r"|(?P<m1>вчера|вчора|yesterday))\b"
)
_DISTANCE = {"p2": 2, "p1": 1, "p0": 0, "m1": -1}
_WEEKDAY = re.compile(
    r"\b(?:(?P<d0>в понедельник|в понеділок|у понеділок|on monday)|(?P<d1>во вторник|у вівторок|on tuesday)"
    r"|(?P<d2>в среду|у середу|on wednesday)|(?P<d3>в четверг|у четвер|on thursday)"
    r"|(?P<d4>в пятницу|у п'ятницю|on friday)|(?P<d5>в субботу|у суботу|on saturday)"
    r"|(?P<d6>в воскресенье|у неділю|on sunday))\b"
)
_LONGEST = 10
_HALF_YEAR = 183
_AHEAD = 3
"""A day of the week is one of the next three days, or else in the past."""
_HINTS = (
    "завтра", "сегодня", "сейчас", "вчера", "сьогодні", "зараз", "вчора", "tomorrow", "today", "tonight", "yesterday",
    "понедел", "понеділ", "вторник", "вівторок", "среду", "середу", "четвер", "пятницу", "п'ятницю", "суббот", "суботу",
    "воскресен", "неділю", "on monday", "on tuesday", "on wednesday", "on thursday", "on friday", "on saturday",
    "on sunday",
)  # fmt: skip
"""To find one of these is much quicker than to search for the words."""


def days_apart(text: str, today: date) -> tuple[frozenset[date], str]:
    """The days that lower-case `text`, written `today`, names, and the text without its dates.

    A day without a year is the nearest one.
    """
    found: set[date] = set()

    def cut(match: re.Match[str]) -> str:
        found.update(_dated(match, today))
        return " "

    rest = text
    if any(map(str.isdigit, text)):
        rest = _AFTER_MONTH.sub(cut, _BEFORE_MONTH.sub(cut, text))
    if any(hint in rest for hint in _HINTS):
        found.update(_relative(rest, today))
    return frozenset(found), rest


def _dated(match: re.Match[str], today: date) -> Iterator[date]:
    named = match.groupdict()
    first, last = int(named["day"]), int(named.get("last") or named["day"])
    listed = [first, last] if named.get("to") in ("и", "та", "and") else list(range(first, last + 1))
    for day in listed[:_LONGEST]:
        yield from _nearest(day, named["month"], named["year"], today)


def _nearest(day: int, month: str, year: str | None, today: date) -> Iterator[date]:
    number = _MONTH_OF.get(month) or _MONTH_OF[month[:3]]
    for candidate in [int(year)] if year else [today.year - 1, today.year, today.year + 1]:
        try:
            found = date(candidate, number, day)
        except ValueError:
            continue
        if year or abs((found - today).days) < _HALF_YEAR:
            yield found
            return


def _relative(text: str, today: date) -> Iterator[date]:
    for match in _FROM_TODAY.finditer(text):
        yield today + timedelta(days=_DISTANCE[match.lastgroup or ""])
    for match in _WEEKDAY.finditer(text):
        ahead = (int((match.lastgroup or "d0")[1:]) - today.weekday()) % 7
        yield today + timedelta(days=ahead if ahead <= _AHEAD else ahead - 7)
