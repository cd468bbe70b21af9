"""Headlines: the first sentence of a text that says something, at most as long as asked, cut where a clause ends."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from tg_parser.nlp import grammar_uk
from tg_parser.nlp.boilerplate import without_boilerplate
from tg_parser.nlp.links import LINK
from tg_parser.nlp.morphology_ru import is_complete_verb, is_locative, is_predicate, is_settled, noun_share
from tg_parser.nlp.sentences import sentences
from tg_parser.nlp.standing import PAIRS, is_balanced, leans, raised, without_time_stamp
from tg_parser.nlp.words import stem, stop_words, words

_READ_CHARS = 2000
_LOOKED_AT = 4
"""How many of the first sentences are tried."""
_LONGEST_SENTENCE = 400
_LEAST_WORDS, _LEAST_CHARS = 3, 15
_SHOUTED = 0.5
"""A sentence with a greater share of capitals is shouted: its capitals say nothing."""
_NOT_WORDS = re.compile(rf"{LINK.pattern}|[@#]\w+", re.IGNORECASE)
_DECORATION = re.compile(
    "\\d\ufe0f?\u20e3|[\U0001f000-\U0001faff\u2190-\u21ff\u2300-\u23ff\u2460-\u24ff\u25a0-\u27bf\u2900-\u297f\u2b00-\u2bff\ufe0e\ufe0f\u200d\u20e3"
    "\u2049\u203c\u3030\u2022\u00b7]+"
)
_LABEL = re.compile(
    r"(?:молния|срочно|важно|внимание|главное|видео|фото|кадры|обновлено|обновление|эксклюзив|цитата|реклама|опрос|анонс"
    r"|дайджест|(?:главные )?новости(?: \w+)?|новый (?:вопрос|выпуск)[^:.!?]{0,30}|прогноз погоды|погода|итоги дня"
    r"|анекдот дня"
    r"|терміново|увага|відео|оновлено|важливо|breaking(?: news)?|update|urgent|exclusive|video|photo|watch)"
    r"\s?(?:[:!.|/]|\s[—–-])+\s*(?=\S)",
    re.IGNORECASE,
)
_GENRES = """
видео фото кадры момент новости погода прогноз дайджест анонс итоги главное опрос цитата обзор подборка материал выпуск
день утро вечер час неделя традиционный новый свежий мнение подкаст эфир репост
відео кадри новини підсумки головне опитування огляд
news video photo footage weather forecast digest update summary week weekly daily podcast episode
"""
"""Words that say what kind of post it is; a headline of these alone says nothing."""
_FIELD = re.compile(
    r"\w+(?: \w+){0,2}\s?[:—–]\s?[\d₽$€]|(?:где|когда|адрес|координаты|цена|вход|де|коли|where|when|price)\s?:",
    re.IGNORECASE,
)
"""A line of a form: “Average bill — 1500”."""
_SUBORDINATE = re.compile(
    r"(?:котор\w+|что|чтобы|когда|если|пока|хотя|где|куда|откуда|как|так как|потому что|поскольку|чем|кто|чей|чья|чьи"
    r"|які|який|яка|яке|яку|якої|якого|якому|яким|якими|яких|що|щоб|коли|якщо|поки|хоча|де|куди|звідки|як|тому що|бо"
    r"|хто|that|which|who|whose|when|if|while|although|because|where|as)\b",
    re.IGNORECASE,
)
_COMPLEMENT = re.compile(
    r"(?:что|чтобы|ли|как|сколько|почему|зачем|кто|що|щоб|чи|як|чому|хто|that|to|whether|how|why|what)\b", re.IGNORECASE
)
"""Clauses that what goes before them is nothing without: “заявил, что …”."""
_GRAMMARS = frozenset({"ru", "uk", "be"})
_IS = re.compile(r"^[^,:;—–]+\s[—–]\s(?:это|одн[аио]|один|самы\w+|сам\w+)\s")
"""A dash in the place of “is”."""
_CLAUSE = re.compile(r"[,;:—–(]\s*")
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
_PLACE = re.compile(r"(?:в|во|у|около|возле|под|над|после|рядом)\s", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"\s(?=(?:с|со|из|за|для|от|из|з|із|зі|для|від|за|with|for|from|over|under)\s)", re.IGNORECASE)
"""Prepositions that mostly belong to the noun before: a cut there loses more than one before a place or a time."""
_OPEN_END = re.compile(r"[\s,;:—–-]+$")
_DANGLING = re.compile(
    r"(?:\s(?:и|или|а|но|не|ни|в|во|на|из|за|при|для|по|под|с|со|от|до|о|об|у|к|ко|же|ли|что|как|та|й|і|або|але|з|із|зі"
    r"|від|про|що|як|был|была|было|были|рядом|вместе|вплоть|вокруг|возле|том|тем|того|тому|то|разом|поруч|те|the|a|an|of|to|in|on|and|or|not|at|by|for|with|is|was|are|его|ее|её|их|его|более|менее|около|№))+$",
    re.IGNORECASE,
)
_ELLIPSIS = "…"


@dataclass(frozen=True, slots=True)
class Headline:
    """A headline; `whole` says that no clause was cut in the middle, `rank` how many sentences stood before it."""

    text: str
    rank: int
    whole: bool = True


def headlines(text: str, language: str, longest: int) -> Iterator[Headline]:
    """The first sentences of `text` that may head it, in their order; none if it only greets or points elsewhere."""
    plain = without_boilerplate(text[:_READ_CHARS], language)
    tried = 0
    for sentence in sentences(_NOT_WORDS.sub(" ", plain), language):
        bare = bare_headline(sentence)
        if not any(map(str.isalpha, bare)):
            continue
        tried += 1
        if says_something(bare, language) and not leans(bare) and len(bare) <= _LONGEST_SENTENCE:
            short, whole = shortened(bare, longest, language)
            whole = whole and is_balanced(sentence)
            is_lost = not whole and has_verb(bare, language) and not has_verb(short, language)
            if says_something(short, language) and not is_lost:
                yield Headline(short, tried - 1, whole)
        if tried == _LOOKED_AT:
            return


def bare_headline(sentence: str) -> str:
    """`sentence` without emoji, labels such as “Breaking:”, a time stamp at its start, and its full stop."""
    bare = " ".join(_DECORATION.sub(" ", sentence).split()).strip(" |·•*_~^")
    if sum(map(str.isupper, bare)) > _SHOUTED * sum(map(str.isalpha, bare)) and len(bare) > _LEAST_CHARS:
        bare = bare.lower()
    for _ in range(3):
        shorter = (
            _LABEL.sub("", bare.lstrip("—–-,.:;!?> "), count=1) if _LABEL.match(bare) else bare.lstrip("—–-,.:;!?> ")
        )
        shorter = without_time_stamp(shorter)
        if shorter == bare:
            break
        bare = shorter
    bare = re.sub(r"\s+([,.;:!?…])", r"\1", re.sub(r"(?:\.{2,}|…)$", "", bare))
    return raised(_without_open_quotes(re.sub(r"(?<![.…])(?<!\.\w)\.$|[\s,;:—–-]+$", "", bare)))


def says_something(text: str, language: str) -> bool:
    """Whether it is more than a genre, a single common word or a call to look at something."""
    said = words(text)
    if len(said) < _LEAST_WORDS and not (len(said) == 2 and (len(text) >= _LEAST_CHARS or is_told(said, language))):
        return False
    empty = stop_words(language)
    telling = [word for word in said if word not in empty and not word.isdecimal() and not is_genre(word, language)]
    return len(telling) >= 2 and not text.endswith(":") and _FIELD.match(text) is None and _has_subject(said, language)


def is_told(said: list[str], language: str) -> bool:
    """Whether one of the words is a verb, in a language whose verbs we know."""
    return language in _GRAMMARS and any(_is_verb(word, language) for word in said)


def is_genre(word: str, language: str) -> bool:
    """Whether a lower-case `word` says what kind of post it is, in any of its forms."""
    return stem(word, language) in _genre_stems(language)


@cache
def _genre_stems(language: str) -> frozenset[str]:
    return frozenset(stem(word, language) for word in _GENRES.split())


def _has_subject(said: list[str], language: str) -> bool:
    return language != "ru" or any(noun_share(word) > 0.2 for word in said)


def has_verb(text: str, language: str) -> bool:
    """Whether a clause of it, other than a subordinate one, has a verb; in languages without a grammar always."""
    if language not in _GRAMMARS:
        return True
    if _IS.search(text):
        return True
    clauses = [part for part in _CLAUSE.split(text) if not _SUBORDINATE.match(part)]
    return any(_is_verb(word, language) for part in clauses for word in words(part))


def _is_verb(word: str, language: str) -> bool:
    return is_predicate(word) if language == "ru" else grammar_uk.kind(word) == "other"


def shortened(sentence: str, longest: int, language: str) -> tuple[str, bool]:
    """`sentence` in at most `longest` characters, and whether it ends where a clause or a phrase does.

    Times of day and clauses in between go first. A cut never leaves a quotation open, a clause without a verb, a verb
    without its object, or a verb of speech without what was said.
    """
    for pattern in (_TIME_INSIDE, _INSERTION):
        if len(sentence) > longest:
            sentence = " ".join(pattern.sub(_dropped, sentence).split())
    if len(sentence) <= longest:
        return sentence, True
    if not _SUBORDINATE.match(sentence):
        for pattern, least in ((_BOUNDARY, 0), (_PREPOSITION, 0), (_ATTRIBUTE, longest * 5 // 8)):
            found = (match.start() for match in pattern.finditer(sentence, 0, longest + 8))
            places = [place for place in found if least <= place <= longest]
            for place in reversed(places):
                left, right = sentence[:place], sentence[place:].lstrip(" ,;:—–(.")
                if _may_end(left, right, language, is_heading=sentence[place] == ":") and (
                    pattern is _BOUNDARY or _is_phrase_end(left, right, language)
                ):
                    return left.rstrip(" ,;:—–"), True
    kept = _without_open_quotes(sentence[: longest - 1].rsplit(" ", 1)[0])
    for _ in range(3):
        kept = _DANGLING.sub("", _OPEN_END.sub("", kept))
        last = words(kept)[-1] if language == "ru" and words(kept) else ""
        if last and not is_settled(last) and not is_predicate(last) and " " in kept:
            kept = kept.rsplit(" ", 1)[0]
    return kept + _ELLIPSIS, False


def _dropped(match: re.Match[str]) -> str:
    """A space for an insertion, or the comma that what follows needs; one inside another clause stays."""
    if match[0][0] != ",":
        return " "
    if "," in match.string[: match.start()]:
        return match[0]
    return ", " if re.match(r"\w+,", match.string[match.end() :]) else " "


def _may_end(left: str, right: str, language: str, *, is_heading: bool) -> bool:
    return (
        len(words(left)) >= _LEAST_WORDS
        and len(left) >= 2 * _LEAST_CHARS
        and is_balanced(left)
        and _DANGLING.search(left) is None
        and _COMPLEMENT.match(right) is None
        and (has_verb(left, language) or (is_heading and len(left) >= 3 * _LEAST_CHARS))
        and _last_clause_is_whole(left, language)
    )


def _is_phrase_end(left: str, right: str, language: str) -> bool:
    """Whether the last word wants nothing after it: no verb, and no clause with what was said follows."""
    *_, before, last = words(left)
    said = _CLAUSE.split(right, maxsplit=1)
    if len(said) > 1 and _COMPLEMENT.match(said[1]):
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
    *_, last = _CLAUSE.split(left)
    if language not in _GRAMMARS or len(_CLAUSE.split(left)) == 1:
        return True
    if len(words(last)) < _LEAST_WORDS:
        return False
    is_begun = _SUBORDINATE.match(last) is not None or left.rfind(":") > left.rfind(",")
    return not is_begun or any(_is_verb(word, language) for word in words(last))


def _without_open_quotes(text: str) -> str:
    """`text` without the marks of a quotation or bracket that opens or closes alone."""
    for opening, closing in PAIRS:
        if text.count(opening) != text.count(closing):
            text = text.replace(opening, "").replace(closing, "")
    return text.replace('"', "") if text.count('"') % 2 else text
