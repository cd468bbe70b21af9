"""How the cards of topics read: a sheet of 100 topics for a person to judge, and what can be checked without one.

python benchmarks/bench_cards.py [--sheet FILE]

The groups are the gold events and stories, and the events that clustering finds in five channels. A person reads the
sheet by the rules in its head; the table counts titles and summaries that break a rule that a program can check.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TextIO

import numpy as np
import shared_posts
from tg_parser.topics.grouping.clustering import cluster

from tg_parser.domain.messages import RawMessage
from tg_parser.nlp.embeddings import SentenceEncoder
from tg_parser.nlp.footers import build_profile, without_footer
from tg_parser.nlp.morphology_ru import noun_share
from tg_parser.nlp.noise import is_noise
from tg_parser.nlp.words import words
from tg_parser.topics.grouping.groups import Grouping, Vectors, prepare
from tg_parser.topics.grouping.singletons import find_singletons
from tg_parser.topics.grouping.texts import Corpus, stems_of
from tg_parser.topics.model import Group, Member, TopicDocument, TopicOptions
from tg_parser.topics.wording.cards import Draft, draft_topics

CHANNELS = ("moskvach", "naked_science", "ria_2024_04_ru", "regional_news_uk_ru", "spb_events_ru")
CUT = 0.4
"""Messages this similar above chance tell one event."""
OF_GOLD, OF_CHANNEL = 30, 16
POSTS = 1500
ENCODER = SentenceEncoder()
OPTIONS = TopicOptions(level="event")
RULES = """How to judge a topic, reading its title and summary before its messages:
good        the title alone says what happened or what the topic is about, and a reader of the messages agrees; the
            summary is whole sentences that can be read alone; scope says nothing false.
acceptable  one flaw that misleads nobody: a title too wide or cut, a clumsy case, a summary that leaves out the point.
bad         the title says nothing, something else, or the contrary; a list of words; broken grammar; a summary that
            begins in the middle or is not about the topic; scope that is false.
"""
_PRONOUN = re.compile(
    r"(?:он|она|оно|они|его|её|их|это|эти|этот|эта|об этом|при этом|він|вона|воно|вони|це|ці|цей|про це|he|she|it|they"
    r"|this|these)\b",
    re.IGNORECASE,
)
_TIME_STAMP = re.compile(r"\d{1,2}:\d\d\b|(?:сегодня|завтра|вчера|сьогодні|вчора|today|tomorrow)\b", re.IGNORECASE)
_ENDED = re.compile(r"[.!?…][»”\"')]*$")
_DECORATED = re.compile(r"[\U0001f000-\U0001faff\u2600-\u27bf#@]")


def read_channel(name: str) -> list[TopicDocument]:
    read = shared_posts.channel if name in ("habr", "moskvach", "naked_science") else shared_posts.dump
    return without_footers(
        [post for post in read(name)[:POSTS] if post.text and not is_noise(message_of(post), post.text)]
    )


def message_of(post: TopicDocument) -> RawMessage:
    return RawMessage(
        id=post.message_id,
        message_type="post",
        source_ref=post.source_ref,
        channel_id=post.channel_id,
        date=post.date,
        text=post.text,
    )


def without_footers(posts: Sequence[TopicDocument]) -> list[TopicDocument]:
    lines = build_profile(post.text for post in posts).footer_lines
    bare = [replace(post, text=without_footer(post.text, lines)) for post in posts]
    return shared_posts.with_key_phrases([post for post in bare if post.text])


def gold_drafts() -> Iterator[tuple[str, Draft, Corpus]]:
    """The gold events of several posts, then the gold stories of several events, as if a perfect run had found them."""
    gold = shared_posts.gold()
    documents = without_footers([one.document for one in gold])
    vectors = ENCODER.embed([one.text for one in documents])
    events, stories = defaultdict(list), defaultdict(list)
    for place, one in enumerate(gold):
        events[one.event].append(place)
        stories[one.story].append(place)
    several = [rows for name, rows in stories.items() if len({gold[row].event for row in rows}) > 1]
    for name, groups in (("gold event", [rows for rows in events.values() if len(rows) > 1]), ("gold story", several)):
        prepared = prepare(documents, vectors, OPTIONS)
        place_of = {document.source_ref: place for place, document in enumerate(prepared.corpus.documents)}
        rows_of = [[place_of[documents[row].source_ref] for row in rows] for rows in groups]
        order = [place_of[document.source_ref] for document in documents]
        sorted_vectors = np.empty_like(vectors)
        sorted_vectors[order] = vectors
        made = [group_of(rows, sorted_vectors) for rows in rows_of]
        grouping = Grouping(prepared, made, {}, (), {}, frozenset())
        yield from ((name, draft, prepared.corpus) for draft in draft_topics(grouping, documents[0].date))


def group_of(rows: Sequence[int], vectors: Vectors) -> Group:
    centre = vectors[rows].mean(axis=0)
    likeness = vectors[rows] @ (centre / np.linalg.norm(centre))
    members = [
        Member(row, round(float(like), 4), round(float(like), 4)) for row, like in zip(rows, likeness, strict=True)
    ]
    members.sort(key=lambda member: (-member.score, member.row))
    return Group(tuple(members), tuple(members[: OPTIONS.max_anchors]))


def channel_drafts(name: str) -> Iterator[tuple[str, Draft, Corpus]]:
    """The topics of a channel: tight groups, as those of events are, and single strong messages."""
    posts = read_channel(name)
    vectors = ENCODER.embed([post.text for post in posts])
    order = sorted(range(len(posts)), key=lambda place: posts[place].source_ref)
    prepared = prepare(posts, vectors, OPTIONS)
    rows_of = defaultdict(list)
    for row, label in enumerate(cluster(prepared.items, CUT)):
        rows_of[label].append(row)
    groups = [group_of(rows, vectors[order]) for rows in rows_of.values() if len(rows) > 1]
    groups += find_singletons(prepared.items, prepared.corpus, groups, frozenset(), OPTIONS)
    grouping = Grouping(prepared, groups, {}, (), {}, frozenset())
    yield from ((name, draft, prepared.corpus) for draft in draft_topics(grouping, posts[0].date))


def some(drafts: Sequence[tuple[str, Draft, Corpus]], count: int) -> list[tuple[str, Draft, Corpus]]:
    """Evenly over the ids, so that the same topics are read after a change of words."""
    if len(drafts) <= count:
        return list(drafts)
    return [drafts[round(place * (len(drafts) - 1) / (count - 1))] for place in range(count)]


def show(number: int, where: str, draft: Draft, corpus: Corpus, out: TextIO) -> None:
    card = draft.card
    rows = draft.named.group.rows
    print(f"\n## {number} {where}, {len(rows)} messages\ntitle:   {card.title}\nsummary: {card.summary}", file=out)
    print(f"in:      {' | '.join(card.scope_in)}\nout:     {' | '.join(card.scope_out)}", file=out)
    print(f"tags:    {', '.join(card.tags)}", file=out)
    for row in rows[:5]:
        print(f"  - {' '.join(corpus.documents[row].text.split())[:100]}", file=out)


def flaws(draft: Draft, corpus: Corpus) -> Iterator[str]:
    """The rules that a card breaks, as far as a program can see."""
    title, summary, rows = draft.card.title, draft.card.summary, draft.named.group.rows
    own = set(stems_of(title, draft.language))
    held = sum(2 * len(own & set(corpus.stems[row])) >= len(own) for row in rows)
    said = words(title)
    if 2 * held < len(rows):
        yield "title not carried by half of the messages"
    if len(said) == 1 and title[1:].islower() and (draft.language != "ru" or noun_share(said[0]) > 0):
        yield "title is one common word"
    if _DECORATED.search(title) or len(title) > 80 or title.count("«") != title.count("»") or title.count('"') % 2:
        yield "title with marks, too long or with an open quotation"
    if title.endswith("…"):
        yield "title cut within a clause"
    if not _ENDED.search(summary):
        yield "summary without a full stop"
    if _PRONOUN.match(summary):
        yield "summary begins with a pronoun"
    if _TIME_STAMP.match(summary):
        yield "summary begins with a time"


def main() -> None:
    shared_posts.need_data()
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--sheet", type=Path)
    sheet = asked.parse_args().sheet
    gold = list(gold_drafts())
    found = [list(channel_drafts(name)) for name in CHANNELS]
    read = [*some(gold, OF_GOLD), *(one for drafts in found for one in some(drafts, OF_CHANNEL))]
    with sheet.open("w", encoding="utf-8") if sheet else sys.stdout as out:
        print(RULES, file=out)
        for number, (where, draft, corpus) in enumerate(read, 1):
            show(number, where, draft, corpus, out)
    every = [*gold, *(one for drafts in found for one in drafts)]
    counts = Counter(flaw for _, draft, corpus in every for flaw in flaws(draft, corpus))
    print(f"{len(every)} topics", file=sys.stderr)
    for flaw, count in counts.most_common():
        print(f"{count / len(every):7.1%} {flaw}", file=sys.stderr)


if __name__ == "__main__":
    main()
