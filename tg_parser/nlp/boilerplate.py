"""Boilerplate: what a post says to its readers and about its source, not about its subject."""

from __future__ import annotations

import re
from functools import lru_cache

from tg_parser.nlp.footers import is_signature
from tg_parser.nlp.links import LINK

_LONGEST_LINE = 120
_MOST_ADDRESSED = 5
"""A greeting with more words than this goes on to say something."""
_CHAPTER = re.compile(r"\W{0,6}(\d{1,2}:\d{2}(?::\d{2})?)\b")
_FIRST_CHAPTER = frozenset({"0:00", "00:00", "0:00:00", "00:00:00", "00:00:01", "00:01"})
_POINTER = re.compile(
    r"\W*(?:(?:подробнее|подробности|читать (?:далее|дальше|полностью|на сайте)|источник|фото|видео|детальніше"
    r"|докладніше|читати далі|джерело|read more|more|source|details|via|photo|video)"
    r"(?: (?:тут|здесь|по ссылке|на сайте|у нас на сайте|here))?"
    rf"|(?:{LINK.pattern}))[\s:：—–-]*(?:{LINK.pattern}|@\w+)?\W*",
    re.IGNORECASE,
)
_GREETING = re.compile(
    r"\W*(?:(?:дорогие |уважаемые |шановні |dear )?(?:друзья|коллеги|подписчики|читатели|друзі|колеги|friends|everyone)"
    r"\W{1,3})?(?:всем |усім )?(?:доброе утро|доброго утра|добрый (?:день|вечер)|доброй ночи|спокойной ночи|привет"
    r"|приветствуем|здравствуйте|добрий (?:ранок|день|вечір)|доброго (?:ранку|дня|вечора)|привіт|вітаємо|вітання"
    r"|good (?:morning|afternoon|evening|night)|hello|hi)\b(?P<rest>[^.!?…\n]*)(?:[.!?…)]+|\n|$)\s*",
    re.IGNORECASE,
)
_SPEECH = (
    r"(?:сообщ(?:ает|ают|ил[аио]?|или)|переда[её]т|передают|передал[аио]?|пиш(?:ет|ут)|рассказал[аи]?|рассказывает"
    r"|заявил[аио]?|заявляет|уточнил[аи]?|уточняет|отметил[аи]?|отмечает|утвержда(?:ет|ют)|говорится в|следует из"
    r"|свидетельствуют|добавил[аи]?|пояснил[аи]?|убедил(?:ся|ась)|узнал[аио]?|выяснил[аи]?"
    r"|повідомля(?:є|ють)|повідоми(?:в|ла|ли|ло)|переда(?:є|ють)|пиш(?:е|уть)|розпові(?:в|ла|ли)|заяви(?:в|ла|ли)"
    r"|зазначи(?:в|ла|ли)|уточни(?:в|ла|ли)"
    r"|reports?|reported|says?|said|according to|announced|writes?)"
)
_NOT_ENDS = r"[^.!?…\n:;,«»\"]"
_SOURCE = (
    r"(?:(?-i:[A-ZА-ЯЁІЇЄҐ«\"])|(?:в|у|со ссылкой|з посиланням) |(?:\w+(?:ая|ий|ый|ой|ое|ие|ые|а|е|і) ){0,2}"
    r"(?:агентств|адвокат|власт|врач|газет|глав|губернатор|депутат|директор|журнал|издани|источник|компани|авиакомпани"
    r"|корреспондент|медик|министр|министерств|ведомств|мэр|очевид|полици|посол|представит|президент|премьер|пресс|прокур"
    r"|руководит|секретар|сенатор|синоптик|следств|следовател|служб|собеседник|спасател|телеканал|управлен|учен|эксперт"
    r"|місцев|джерел|речни|поліці|голов|міністр|видан|company|officials?|police|sources?|authorities))"
)
"""Whoever is named right after a verb of speech is the source; an object there (“передал деньги”) is content."""
_SENTENCE_END = r"(?=[.!?…]+\s|\W*(?:\n|$))"
_SAID_BY = re.compile(
    rf"(?<=[\w»\"”)%$€₽])\s?[,.]?\s?(?:,|[—–-])\s?(?:как |об этом |про це )?{_SPEECH}\b (?={_SOURCE})"
    rf"(?:{_NOT_ENDS}|[«\"][^«»\"\n]{{1,60}}[»\"]){{0,140}}{_SENTENCE_END}",
    re.IGNORECASE,
)
_REPORTED = re.compile(rf", (?:the )?[A-Z][\w .&'-]{{1,40}} (?:reports?|reported|says?|said){_SENTENCE_END}")
_SOURCE_AFTER_DASH = re.compile(
    r"(?<=[\w»\"”)%$€₽]),\s?[—–]\s?[^.!?…\n,:;]{2,60}(?=[.!?…]+\s|\W*(?:\n|$))"
    r"|(?<=[\w»\"”)%$€₽])\s[—–]\s(?:СМИ|ЗМІ|МИД|МЧС|МВД|ФСБ|ВЦИОМ|Минобороны|губернатор|мэр|глава|власти|источник|синоптик"
    r"|полиция|пресс-служба|прокуратура|депутат|министр|ТАСС|РИА|РБК|Интерфакс|Reuters|Bloomberg|media)[^.!?…\n,:;]{0,60}(?=[.!?…]+\s|\W*(?:\n|$))"
)
_SOURCE_BEFORE = re.compile(
    rf"(?:(?<=^)|(?<=^\W)|(?<=^\W\s)|(?<=^\W\W\s)"
    rf"|(?<=[.!?…\n] )|(?<=\n))(?:как (?:стало известно |рассказали |сообщили |пояснили )?[^,.!?\n]{{0,60}}"
    rf"\b{_SPEECH}[^,.!?\n]{{0,60}},"
    r"|как (?:стало известно|рассказали|сообщили|пояснили|уточнили)\b[^,.!?\n]{0,60},"
    r"|по (?:данным|оценк(?:е|ам)|информации|сообщению|сообщениям|словам|версии) [^,.!?\n]{2,60},"
    r"|за (?:даними|інформацією|словами) [^,.!?\n]{2,60},|according to [^,.!?\n]{2,60},)\s(?P<next>\S)",
    re.IGNORECASE,
)
_ABOUT_THIS = re.compile(
    rf"(?:^|(?<=[.!?…\n] )|(?<=\n))(?:об этом|про це)\s[^.!?…\n]{{0,40}}\b{_SPEECH}\b[^.!?…\n]{{0,120}}"
    r"(?:[.!?…]+|$)\s?",
    re.IGNORECASE | re.MULTILINE,
)


@lru_cache(maxsize=200)
def without_boilerplate(text: str, language: str | None) -> str:
    """`text` without service lines and without who reported it; a text that is nothing else is kept.

    Remembered for a moment: a topic's phrases and its headlines come from the same messages.
    """
    plain = without_service_lines(text)
    if language in _SOURCED:
        plain = _without_sources(plain)
    return plain if any(map(str.isalpha, plain)) else text


_SOURCED = frozenset({"ru", "uk", "be", "en"})


def without_service_lines(text: str) -> str:
    """`text` without greetings, calls to subscribe, mirrors, pointers to elsewhere and lists of chapters."""
    lines = [line for line in _without_chapters(_without_greeting(text).split("\n")) if not _is_service(line)]
    plain = "\n".join(lines).strip()
    return plain if any(map(str.isalpha, plain)) else text


def _without_greeting(text: str) -> str:
    found = _GREETING.match(text)
    if found is None or len(found["rest"].split()) > _MOST_ADDRESSED:
        return text
    return text[found.end() :] or text


def _without_chapters(lines: list[str]) -> list[str]:
    """Chapters of a recording begin at zero; the times of a programme of events do not."""
    kept: list[str] = []
    inside = False
    for line in lines:
        found = _CHAPTER.match(line)
        inside = found is not None and (inside or found[1] in _FIRST_CHAPTER)
        if not inside:
            kept.append(line)
    return kept


def _is_service(line: str) -> bool:
    bare = line.strip()
    return 0 < len(bare) <= _LONGEST_LINE and (is_signature(bare) or _POINTER.fullmatch(bare) is not None)


def _without_sources(text: str) -> str:
    plain = _ABOUT_THIS.sub("", text)
    plain = _SOURCE_BEFORE.sub(lambda found: found["next"].upper(), plain)
    for pattern in (_SAID_BY, _REPORTED, _SOURCE_AFTER_DASH):
        plain = pattern.sub("", plain)
    return plain.strip()
