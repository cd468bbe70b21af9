"""Headlines: the first sentence of a text that says something, at most as long as asked, cut where a clause ends."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from tg_parser.nlp.boilerplate import without_boilerplate
from tg_parser.nlp.clauses import has_verb, is_told
from tg_parser.nlp.links import words_only
from tg_parser.nlp.morphology_ru import is_gerund, is_surname, noun_share
from tg_parser.nlp.sentences import each_sentence
from tg_parser.nlp.shortening import dangles, shortened
from tg_parser.nlp.standing import is_balanced, leans, raised, without_open_quotes, without_time_stamp
from tg_parser.nlp.words import stem, stop_words, words

_READ_CHARS = 2000
_LOOKED_AT = 4
"""How many of the first sentences are tried."""
_LONGEST_SENTENCE = 400
_LEAST_WORDS, _LEAST_CHARS = 3, 15
_SHOUTED = 0.5
"""A sentence with a greater share of capitals is shouted: its capitals say nothing."""
_LIST_ITEM = re.compile(r"[-–—•·▪▫◦*]\ufe0f?\s|\d{1,2}[.)]\s")
_LISTED = 2
"""An item of a list stands for the text as little as a sentence this much later."""
_DECORATION = re.compile(
    "\\d\ufe0f?\u20e3|[\U0001f000-\U0001faff\u2190-\u21ff\u2300-\u23ff\u2460-\u24ff\u25a0-\u27bf\u2900-\u297f\u2b00-\u2bff\ufe0e\ufe0f\u200d\u20e3"
    "\u2049\u203c\u3030\u2022\u00b7]+"
)
_LABEL = re.compile(
    r"(?:молния|срочно|важно|внимание|главное|видео|фото|кадры|обновлено|обновление|эксклюзив|цитата|реклама|опрос|анонс"
    r"|дайджест|(?:главные )?новости(?: \w+)?|новый (?:вопрос|выпуск)[^:.!?]{0,30}|прогноз погоды|погода|итоги дня"
    r"|анекдот дня"
    r"|live|upd|онлайн|терміново|увага|відео|оновлено|важливо|breaking(?: news)?|update|urgent|exclusive|video|photo"
    r"|watch)"
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
_INTRODUCED = re.compile(
    r"(?:к примеру|например|кстати|напомним|отметим|итак|к сожалению|в частности|скажем|до речі|наприклад|нагадаємо"
    r"|for example|by the way|in particular),\s",
    re.IGNORECASE,
)
"""Words before a sentence that is whole without them."""
_SIGNED = re.compile(r"\s[—–]\s[A-ZА-ЯЁІЇЄҐ][\w-]+(?:\s[A-ZА-ЯЁІЇЄҐ][\w-]+)?$")
"""A name after a dash: who said it, unless another name is before the dash: “Moscow — Tehran”."""


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
    for sentence in each_sentence(words_only(plain), language):
        bare = _unsigned(raised(_INTRODUCED.sub("", bare_headline(sentence))), language)
        if not any(map(str.isalpha, bare)):
            continue
        tried += 1
        if _only_leads_in(sentence, bare, language):
            continue
        if says_something(bare, language) and not leans(bare) and _is_complete(bare):
            short, whole = shortened(bare, longest, language)
            whole = whole and is_balanced(sentence)
            is_lost = not whole and has_verb(bare, language) and not has_verb(short, language)
            if says_something(short, language) and not is_lost:
                yield Headline(short, tried - 1 + _LISTED * (_LIST_ITEM.match(sentence) is not None), whole)
        if tried == _LOOKED_AT:
            return


def _only_leads_in(sentence: str, bare: str, language: str) -> bool:
    """Whether it only says what the list after it is, or where the next sentence begins: “Coming back to the match.”"""
    if sentence.endswith(":"):
        return not is_told(words(bare), language)
    return language == "ru" and is_gerund(words(bare)[0]) and not has_verb(bare, language)


def _unsigned(bare: str, language: str) -> str:
    """`bare` without the name of who said it after a dash at its end."""
    signed = _SIGNED.search(bare)
    said = bare[: signed.start()] if signed else ""
    if not said or not has_verb(said, language):
        return bare
    return said if is_surname(bare.rsplit(maxsplit=1)[1]) or not said.split()[-1].istitle() else bare


def _is_complete(bare: str) -> bool:
    """Whether it is no piece of a sentence that a mark or an emoji ended."""
    return len(bare) <= _LONGEST_SENTENCE and not dangles(bare)


@lru_cache(maxsize=2_000)
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
    return raised(without_open_quotes(re.sub(r"(?<![.…])(?<!\.\w)\.$|[\s,;:—–-]+$", "", bare)))


@lru_cache(maxsize=2_000)
def says_something(text: str, language: str) -> bool:
    """Whether it is more than a genre, a single common word or a call to look at something."""
    said = words(text)
    if len(said) < _LEAST_WORDS and not (len(said) == 2 and (len(text) >= _LEAST_CHARS or is_told(said, language))):
        return False
    empty = stop_words(language)
    telling = [word for word in said if word not in empty and not word.isdecimal() and not is_genre(word, language)]
    return len(telling) >= 2 and not text.endswith(":") and _FIELD.match(text) is None and _has_subject(said, language)


def is_genre(word: str, language: str) -> bool:
    """Whether a lower-case `word` says what kind of post it is, in any of its forms."""
    return stem(word, language) in _genre_stems(language)


@cache
def _genre_stems(language: str) -> frozenset[str]:
    return frozenset(stem(word, language) for word in _GENRES.split())


def _has_subject(said: list[str], language: str) -> bool:
    return language != "ru" or any(noun_share(word) > 0.2 for word in said)
