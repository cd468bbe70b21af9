"""What groups are called and what is said about them, from their own messages: nearly all the work of naming (pure).

It needs nothing of other groups, so some groups may be done in another process.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tg_parser.topics.grouping.groups import Grouping
from tg_parser.topics.grouping.texts import Corpus, stems_of
from tg_parser.topics.model import Group
from tg_parser.topics.wording.phrases import SharedPhrase, shared_phrases
from tg_parser.topics.wording.summaries import summary_of
from tg_parser.topics.wording.titles import Titles, own_titles


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a group; it needs no `titles` if it has one already."""

    phrases: Sequence[SharedPhrase]
    titles: Titles
    summary: str


@dataclass(frozen=True, slots=True)
class Unworded:
    """Groups with a corpus of all their messages.

    `avoid` are stems of no title, `titled` says which groups have a title. `row_of` gives the rows in the corpus of the
    run, if this one is a part of it.
    """

    groups: Sequence[Group]
    corpus: Corpus
    avoid: frozenset[str]
    titled: Sequence[bool]
    row_of: Sequence[int] | None = None

    def parts(self, size: int) -> Iterator[Unworded]:
        """The same, at most `size` groups at a time, each with only the messages it needs."""
        for start in range(0, len(self.groups), size):
            groups = self.groups[start : start + size]
            rows = sorted({member.row for group in groups for member in (*group.members, *group.anchors)})
            place_of = {row: place for place, row in enumerate(rows)}
            moved = [_moved(group, place_of) for group in groups]
            yield Unworded(moved, self.corpus.part(rows), self.avoid, self.titled[start : start + size], rows)


def unworded(grouping: Grouping) -> Unworded:
    """The groups that are not as they were, in the order of their places."""
    corpus, places = grouping.prepared.corpus, sorted(grouping.touched)
    language = corpus.language_of(range(len(corpus.documents)))
    avoid = frozenset(root for name in grouping.prepared.options.avoid for root in stems_of(name, language))
    groups = [grouping.groups[place] for place in places]
    return Unworded(groups, corpus, avoid, [place in grouping.given_titles for place in places])


def words_of(some: Unworded) -> list[Words]:
    """The words of every group."""
    return [_words(group, some, titled=titled) for group, titled in zip(some.groups, some.titled, strict=True)]


def _words(group: Group, some: Unworded, *, titled: bool) -> Words:
    phrases = shared_phrases(group, some.corpus, some.avoid)
    titles = Titles((), "") if titled else own_titles(group, some.corpus, phrases, some.avoid)
    summary = summary_of(group, some.corpus)
    if some.row_of is not None:
        rows = some.row_of
        phrases = [replace(phrase, rows=frozenset(rows[row] for row in phrase.rows)) for phrase in phrases]
    return Words(phrases, titles, summary)


def _moved(group: Group, place_of: Mapping[int, int]) -> Group:
    members, anchors = (
        tuple(replace(member, row=place_of[member.row]) for member in some) for some in (group.members, group.anchors)
    )
    return replace(group, members=members, anchors=anchors)
