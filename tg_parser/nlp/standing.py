"""Whether a sentence can be read without those around it, and what keeps it from that."""

from __future__ import annotations

import re

ENDS = re.compile(r"[.!?…؟۔。！？][\"'»”’)\]]*$")
_LEANS = re.compile(
    r"(?:он|она|оно|они|его|ее|её|их|ему|ей|им|это|этот|эта|эти|этого|этой|этому|этим|этих|такой|такая|такие|такое"
    r"|таким|так|также|тоже|но|а|и|однако|поэтому|потом|затем|позже|ранее|причем|причём"
    r"|(?:об|при|после|до|из-за|кроме|для|в|на|с|вместе с|между) (?:этом|этого|этой|этих|этим|тем|том|него|нее|неё|них"
    r"|нем|нём|ней)"
    r"|по (?:его|ее|её|их) (?:словам|данным|мнению)|кроме того|например|впрочем|тем не менее|в том числе|там|здесь"
    r"|туда|тогда|далее|правда|зато|оба|обе|предварительно|напомним|отметим|сообщается|отмечается|известно|нагадаємо|відомо"
    r"|в итоге|к сожалению|скажем|помимо (?:этого|того)|к примеру|к тому же"
    r"|він|вона|воно|вони|його|її|їх|йому|їй|їм|це|цей|ця|ці|цього|цієї|цьому|такий|така|такі|але|також|тому|однак|проте"
    r"|потім|тоді|там|при цьому|після цього|про це|крім того|до речі|за (?:його|її|їх) словами"
    r"|he|she|it|they|this|that|these|those|but|and|also|however|so|then|there|therefore|moreover|meanwhile|his|her"
    r"|their|its|furthermore|thus|for example|in addition|both|earlier|later)(?![\w-])",
    re.IGNORECASE,
)
_POINTER = re.compile(
    r"\b(?:он|она|оно|они|ему|ей|им|них|него|ней|нее|неё|нём|нем|этот|эта|это|эти|этого|этой|этих|этом|такой|такие|таких"
    r"|він|вона|вони|цей|ця|це|ці|цього|цієї|цих|he|she|it|they|this|these)\b",
    re.IGNORECASE,
)
PAIRS = (("«", "»"), ("(", ")"), ("[", "]"))
_DAY = (
    r"(?:сегодня|вчера|завтра|послезавтра|сьогодні|вчора|завтра|учора|today|yesterday|tomorrow)"
    r"(?!\s?[,—–-]|\s(?:и|или|же|ли|та|й|або|is|was|and|or)\b|'s)"
)
_CLOCK = (
    r"(?:(?:в|о|об|с|к|at|from)\s)?\d{1,2}[:.]\d{2}(?!\d|\.\d|%)(?:\s?[-–—]\s?\d{1,2}[:.]\d{2})?"
    r"(?:\s?(?:мск|msk|utc|ч\b|pm|am))?"
)
_TIME_STAMP = re.compile(
    rf"(?:{_DAY}\s)?{_CLOCK}[\s,:;.—–-]+(?=\S)|{_DAY}\s(?:(?:в|о)\s\d{{1,2}}\sчас\w*\s)?", re.IGNORECASE
)


def leans(sentence: str) -> bool:
    """Whether it begins with a word that points at a sentence before it, or in the middle of one."""
    bare = sentence.lstrip('—–-«"“„( ')
    return bare[:1].islower() or _LEANS.match(bare) is not None


def points_back(sentence: str) -> bool:
    """Whether it contains a word for something that may have been said before it."""
    return _POINTER.search(sentence) is not None


def is_balanced(sentence: str) -> bool:
    """Whether every quotation and bracket that opens in it closes, and the other way round."""
    return sentence.count('"') % 2 == 0 and all(sentence.count(first) == sentence.count(last) for first, last in PAIRS)


def without_time_stamp(sentence: str) -> str:
    """`sentence` without the time or the day (“today”) that it begins with, which mean nothing a week later."""
    rest = _TIME_STAMP.sub("", sentence, count=1) if _TIME_STAMP.match(sentence) else sentence
    return raised(rest) if rest != sentence else sentence


def has_time_stamp(sentence: str) -> bool:
    """Whether it begins with a time or a day such as “today”."""
    return _TIME_STAMP.match(sentence) is not None


def ended(sentence: str) -> str:
    """`sentence` with a full stop if it has no end of its own."""
    return sentence if ENDS.search(sentence) else f"{sentence.rstrip(' ,;:—–-')}."


def raised(text: str) -> str:
    """`text` with a capital first letter; a word with capitals of its own, such as iPhone, stays."""
    first = text.split(" ", 1)[0]
    return text if any(char.isupper() for char in first) else text[:1].upper() + text[1:]


def without_open_quotes(text: str) -> str:
    """`text` without the marks of a quotation or bracket that opens or closes alone."""
    for opening, closing in PAIRS:
        if text.count(opening) != text.count(closing):
            text = text.replace(opening, "").replace(closing, "")
    return text.replace('"', "") if text.count('"') % 2 else text
