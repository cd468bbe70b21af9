"""What a topic is about and what it is told apart from: names, places, dates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from tg_parser.nlp.morphology_ru import is_everyday, is_place
from tg_parser.topics.grouping.texts import Corpus
from tg_parser.topics.model import Group, TopicOptions
from tg_parser.topics.wording.phrases import SharedPhrase, telling
from tg_parser.topics.wording.sayings import sayings
from tg_parser.topics.wording.titles import Named

_PHRASES, _NAMES, _REASONS = 2, 4, 2
_CASES_UNKNOWN, _VOWELS = frozenset({"uk", "be"}), "аяуюиіеєї"
_AREAS = frozenset({"область", "край", "район", "округ", "республика", "море", "река", "озеро", "проспект", "улица"})
"""Common nouns that with a name are a place."""


def scope_in(named: Named, description: str, corpus: Corpus, language: str) -> tuple[str, ...]:
    """What a user said the topic is about; its names and places, or else its phrases; from when to when it runs."""
    say, group = sayings(language), named.group
    places, names = _places(named, corpus), _names(named, corpus)
    said = [description] if description else []
    if names:
        said.append(say["names"].format(names=", ".join(names[:_NAMES])))
    if places:
        said.append(say["places"].format(names=", ".join(places[:_NAMES])))
    if not names and not places:
        said += _held([one for one in named.phrases if _is_clear(one, language)], group, say)
    return (*said, say["period"].format(period=_period(group, corpus, language)))


def scope_out(
    said: Sequence[str], near: Sequence[str], language: str, options: TopicOptions, why: Sequence[str] = ()
) -> tuple[str, ...]:
    """What a topic is not: what was `said` about it, then the titles of topics near it, with reasons if known."""
    say = sayings(language)
    reasons = [*why, *[""] * (len(near) - len(why))]
    apart = [
        say["near"].format(title=quoted(title)) + (say["because"].format(why=reason) if reason else "")
        for title, reason in zip(near, reasons, strict=False)
    ]
    return (*said, *apart) or (say["far"].format(least=options.supporting_min_score),)


def quoted(title: str) -> str:
    """A title as it stands inside quotation marks: its own marks are of the other kind."""
    return title.replace("«", "„").replace("»", "“") if "«" in title else title


def difference(named: Named, other: Named, corpus: Corpus, language: str) -> str:
    """What tells `other` from `named`: another place, other names, or else another subject; and another time."""
    say = sayings(language)
    found = []
    own_places, places = _places(named, corpus), _places(other, corpus)
    if own_places and places and set(own_places).isdisjoint(places):
        found.append(say["place"].format(said=places[0]))
    own_names, names = _names(named, corpus), _names(other, corpus)
    if own_names and names and set(own_names).isdisjoint(names):
        found.append(say["name"].format(said=", ".join(names[:2])))
    if not found:
        own = {root for phrase in named.phrases for root in phrase.key}
        new = next((phrase.text for phrase in other.phrases if own.isdisjoint(phrase.key)), None)
        found += [say["subject"].format(said=new)] if new else []
    (start, end), (other_start, other_end) = _days(named.group, corpus), _days(other.group, corpus)
    if end.date() < other_start.date() or other_end.date() < start.date():
        found.append(say["time"].format(said=_period(other.group, corpus, language)))
    return "; ".join(found[:_REASONS])


def _is_clear(phrase: SharedPhrase, language: str) -> bool:
    """Whether its case can be told: not of a lone word with the ending of any, in languages that we cannot inflect."""
    return language not in _CASES_UNKNOWN or len(phrase.key) > 1 or phrase.text[-1] not in _VOWELS


def _held(phrases: Sequence[SharedPhrase], group: Group, say: dict[str, str]) -> Iterable[str]:
    size = len(group.members)
    held = say["held" if size > 1 else "about"]
    fuller = sorted(phrases, key=lambda one: len(one.key) == 1 or 2 * len(one.rows) < size)
    return [held.format(phrase=one.text, count=len(one.rows), size=size) for one in telling(fuller, _PHRASES)]


def _names(named: Named, corpus: Corpus) -> list[str]:
    language = corpus.language_of(named.group.rows)
    found = [one for one in _named_by_half(named) if not _is_place(one, named.group, corpus)]
    return [one.text for one in found if _is_clear(one, language)]


def _places(named: Named, corpus: Corpus) -> list[str]:
    return [one.text for one in _named_by_half(named) if _is_place(one, named.group, corpus)]


def _named_by_half(named: Named) -> list[SharedPhrase]:
    size = len(named.group.members)
    held = [
        one
        for one in named.phrases
        if one.is_name and 2 * len(one.rows) >= size and (len(one.key) > 1 or not is_everyday(one.text))
    ]
    return telling(sorted(held, key=lambda one: -len(one.key)), 2 * _NAMES)


def _is_place(phrase: SharedPhrase, group: Group, corpus: Corpus) -> bool:
    """Whether it is a name on a map: “Тула”, “Тульская область”, but not “МЧС Тулы”."""
    first, *rest = phrase.text.split()
    return corpus.language_of(group.rows) == "ru" and (
        any(word.lower() in _AREAS for word in (first, *rest))
        or (not first.isupper() and any(map(is_place, (first, *rest))))
    )


def _days(group: Group, corpus: Corpus) -> tuple[datetime, datetime]:
    dates = [corpus.documents[member.row].date for member in group.members]
    return min(dates), max(dates)


def _period(group: Group, corpus: Corpus, language: str) -> str:
    start, end = (f"{day:{sayings(language)['date']}}" for day in _days(group, corpus))
    return start if start == end else f"{start} – {end}"
