"""Makes a sentence short enough for a headline: what may go goes, and the cut is where a clause or a phrase ends."""

from __future__ import annotations

import re
from functools import partial

from tg_parser.nlp import grammar_uk
from tg_parser.nlp.clauses import CLAUSE, GRAMMARS, SUBORDINATE, has_verb, is_verb
from tg_parser.nlp.morphology_ru import is_complete_verb, is_locative, is_predicate, is_settled
from tg_parser.nlp.standing import is_balanced, without_open_quotes
from tg_parser.nlp.words import words

_LEAST_WORDS, _LEAST_CHARS = 3, 30
_COMPLEMENT = re.compile(
    r"(?:что|чтобы|ли|как|сколько|почему|зачем|кто|насколько|но и"
    r"|(?:\w{1,3} )?(?:чём|чем|чего|кого|кому|как(?:ой|ая|ие|ую|им|их))"
    r"|що|щоб|чи|як|чому|хто|that|to|whether|how|why|what)\b",
    re.IGNORECASE,
)
"""Clauses that what goes before them is nothing without: “заявил, что …”."""
_REPORT = re.compile(
    r"(?P<who>[^,:;—–]{3,60}?)\s(?:заяв\w+|сообщ\w+|расска\w+|предупре\w+|счита\w+|утвержда\w+|отмет\w+|подчеркну\w+|напомн\w+"
    r"|призна\w+|поясн\w+|объясн\w+|уточн\w+|повідом\w+|розпов\w+|попереди\w+|вважа\w+)(?:\s[^,:;—–]{1,30})?,\s(?:что|що)\s"
    r"(?P<what>.+)",
)
"""Who says what, which a headline says with a colon."""
_TIME_INSIDE = re.compile(
    r"\s(?:с|в|около|после|до|к|о|з|at|about|from)\s\d{1,2}[.:]\d{2}(?:\s(?:до|to)\s\d{1,2}[.:]\d{2})?(?:\s(?:мск|msk))?(?=\s)"
)
_INSERTION = re.compile(
    r",\s(?:[а-яё]*\s)?(?:котор[а-яё]+|[а-яё]+(?:вш|ющ|ущ|ящ|ащ|енн|анн)(?:ий|ая|ее|ие|его|ей|их|ую|ый|ое|ые|ой|ым|ом)(?:ся)?"
    r"|(?:який|яка|яке|які|якого|якої|якому|яку|яким|якими|яких))\s[^,]{3,90},\s(?!(?:котор|что|где|чтобы|які|який|що|щоб)\w*\b)"
)
"""A clause about a noun in the middle of a sentence, which is whole without it."""
_BOUNDARY = re.compile(r"(?:,|;|:|\.)?\s[—–]\s|[,;:]\s|\s\(|\.\s")
_PREPOSITION = re.compile(
    r"\s(?=(?:в|во|на|из-за|после|при|по|под|над|перед|у|до|около|рядом|через|после|біля|після|під|about|after|in|near|on"
    r"|during|at|by)\s)",
    re.IGNORECASE,
)
_JOINED = re.compile(r"\s(?=(?:и|а также|і|та|and|as well as)\s)")
_BETWEEN = re.compile(r"\b(?:между|как|оба|обе|обеих|both|between|між|як)\b", re.IGNORECASE)
"""What needs both of the things that an “and” joins."""
_PLACE = re.compile(r"(?:в|во|у|около|возле|под|над|после|рядом)\s", re.IGNORECASE)
_ATTRIBUTE = re.compile(
    r"\s(?=(?:с|со|из|за|для|от|о|об|про|з|із|зі|від|with|for|from|over|under|about)\s)", re.IGNORECASE
)
"""Prepositions that mostly belong to the noun before: a cut there loses more than one before a place or a time."""
_ABOUT = re.compile(r"(?:о том|про те)\b", re.IGNORECASE)
_OPEN_END = re.compile(r"[\s,;:—–-]+$")
_DANGLING = re.compile(
    r"(?:\s(?:и|или|а|но|не|ни|только|в|во|на|из|за|при|для|по|под|с|со|от|до|о|об|у|к|ко|же|ли|что|как|та|й|і|або|але|з|із|зі"
    r"|від|про|що|як|был|была|было|были|рядом|вместе|вплоть|вокруг|возле|том|тем|того|тому|то|разом|поруч|те|the|a|an|of|to|in|on|and|or|not|at|by|for|with|is|was|are|его|ее|её|их|его|более|менее|около|№))+$",
    re.IGNORECASE,
)
_ELLIPSIS = "…"


def shortened(sentence: str, longest: int, language: str) -> tuple[str, bool]:
    """`sentence` in at most `longest` characters, and whether it ends where a clause or a phrase does.

    Times of day, clauses in between and verbs of speech go first. A cut never leaves a quotation open, a clause without
    a verb, a verb without its object, or a verb of speech without what was said.
    """
    for pattern in (_TIME_INSIDE, _INSERTION):
        if len(sentence) > longest:
            sentence = " ".join(pattern.sub(partial(_dropped, language=language), sentence).split())
    if len(sentence) > longest and (said := _REPORT.fullmatch(sentence)):
        sentence = f"{said['who']}: {said['what']}"
    if len(sentence) <= longest:
        return sentence, True
    if not SUBORDINATE.match(sentence):
        for pattern, least in (
            (_BOUNDARY, 0),
            (_PREPOSITION, 0),
            (_JOINED, longest // 2),
            (_ATTRIBUTE, longest * 5 // 8),
        ):
            found = (match.start() for match in pattern.finditer(sentence, 0, longest + 8))
            places = [place for place in found if least <= place <= longest]
            for place in reversed(places):
                left, right = sentence[:place], sentence[place:].lstrip(" ,;:—–(.")
                if _may_end(left, right, language, is_heading=sentence[place] == ":") and (
                    pattern is _BOUNDARY or _is_phrase_end(left, right, language, is_list=pattern is _JOINED)
                ):
                    return left.rstrip(" ,;:—–"), True
    kept = without_open_quotes(sentence[: longest - 1].rsplit(" ", 1)[0])
    for _ in range(3):
        kept = _DANGLING.sub("", _OPEN_END.sub("", kept))
        last = words(kept)[-1] if language == "ru" and words(kept) else ""
        if last and not is_settled(last) and not is_predicate(last) and " " in kept:
            kept = kept.rsplit(" ", 1)[0]
    return _DANGLING.sub("", kept) + _ELLIPSIS, False


def _dropped(match: re.Match[str], language: str) -> str:
    """A space for an insertion, or the comma that what follows needs.

    One inside another clause stays, and so does one whose comma is that of a list: what follows has no verb, though
    nothing before misses one.
    """
    if match[0][0] != ",":
        return " "
    before, after = match.string[: match.start()], match.string[match.end() :]
    if "," in before or (has_verb(before, language) and not has_verb(after, language)):
        return match[0]
    return ", " if re.match(r"\w+,", after) else " "


def _may_end(left: str, right: str, language: str, *, is_heading: bool) -> bool:
    return (
        len(words(left)) >= _LEAST_WORDS
        and len(left) >= _LEAST_CHARS
        and is_balanced(left)
        and _DANGLING.search(left) is None
        and _COMPLEMENT.match(right) is None
        and (has_verb(left, language) or is_heading)
        and _last_clause_is_whole(left, language)
    )


def _is_phrase_end(left: str, right: str, language: str, *, is_list: bool) -> bool:
    """Whether the last word wants nothing after it: no verb, and no clause with what was said follows."""
    *_, before, last = words(left)
    if is_list and _BETWEEN.search(left):
        return False
    said = CLAUSE.split(right, maxsplit=1)
    if len(said) > 1 and _COMPLEMENT.match(said[1]) and _ABOUT.match(right) is None:
        return False
    if last.isdecimal():
        return before.isascii() and not before.isdecimal()
    if language in ("uk", "be"):
        return grammar_uk.kind(last) == "noun"
    if language != "ru" or is_settled(last):
        return True
    return is_complete_verb(last) and _PLACE.match(right) is not None and is_locative(words(right)[1])


def _last_clause_is_whole(left: str, language: str) -> bool:
    """Whether what `left` ends with is no beginning of a clause or of a list after a colon."""
    *_, last = CLAUSE.split(left)
    if language not in GRAMMARS or len(CLAUSE.split(left)) == 1:
        return True
    if len(words(last)) < _LEAST_WORDS:
        return False
    is_begun = SUBORDINATE.match(last) is not None or left.rfind(":") > left.rfind(",")
    return not is_begun or any(is_verb(word, language) for word in words(last))


def dangles(text: str) -> bool:
    """Whether it ends with a word that wants another after it."""
    return _DANGLING.search(text) is not None
