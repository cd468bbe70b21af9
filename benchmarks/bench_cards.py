"""How the cards of topics read: a sheet of 100 topics for a person to judge, and what can be checked without one.

python benchmarks/bench_cards.py [--sheet FILE] [--verdicts FILE]

The topics are those that the program finds in five channels. A person reads the sheet by the rules in its head and
writes verdicts into a table; with that table, their numbers are printed, and which titles are no longer what was read.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

import shared_posts
from topic_words import Holders, diversity, means, phrases_of, weighed_words

from tg_parser.domain.messages import RawMessage
from tg_parser.domain.topics import TopicCard
from tg_parser.nlp.embeddings import SentenceEncoder
from tg_parser.nlp.footers import build_profile, without_footer
from tg_parser.nlp.morphology_ru import noun_share
from tg_parser.nlp.noise import is_noise
from tg_parser.nlp.words import words
from tg_parser.topics.finalizing import finalize
from tg_parser.topics.grouping.groups import group_documents, prepare
from tg_parser.topics.grouping.texts import Corpus, stems_of
from tg_parser.topics.model import TopicDocument, TopicOptions
from tg_parser.topics.wording.cards import draft_topics
from tg_parser.topics.wording.titles import LONGEST

CHANNELS = {"moskvach": 22, "naked_science": 20, "habr": 20, "ria_2024_04_ru": 18, "regional_news_uk_ru": 20}
"""How many topics of each channel are read; two of them have no more."""
WORDS = 5
POSTS = 1500
READING = Path(__file__).parent / "reading" / "topics.tsv"
OPTIONS = TopicOptions()
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


@dataclass(frozen=True, slots=True)
class Channel:
    """The cards of a channel with the rows of their messages, and how long naming them took."""

    name: str
    corpus: Corpus
    cards: dict[str, TopicCard]
    rows: dict[str, list[int]]
    naming_seconds: float

    def language(self, id_: str) -> str:
        return self.corpus.language_of(self.rows[id_])


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


def topics_of(name: str, encoder: SentenceEncoder) -> Channel:
    posts = read_channel(name)
    grouping = group_documents(prepare(posts, encoder.embed([post.text for post in posts]), OPTIONS), ())
    started = time.process_time()
    drafts = draft_topics(grouping, posts[0].date)
    topics = finalize(drafts, {}, {}, OPTIONS)
    spent = time.process_time() - started
    rows = {draft.card.id: list(draft.named.group.rows) for draft in drafts}
    return Channel(name, grouping.prepared.corpus, {card.id: card for card, _ in topics}, rows, spent)


def some(ids: Sequence[str], count: int) -> list[str]:
    """Evenly over the ids, so that the same topics are read after a change of words."""
    if len(ids) <= count:
        return list(ids)
    return [ids[round(place * (len(ids) - 1) / (count - 1))] for place in range(count)]


def show(channel: Channel, id_: str, number: int, out: TextIO) -> None:
    card, rows = channel.cards[id_], channel.rows[id_]
    print(f"\n## {number} {id_} {card.level}, {len(rows)} messages", file=out)
    print(f"title:   {card.title}\nsummary: {card.summary}", file=out)
    print(f"in:      {' | '.join(card.scope_in)}\nout:     {' | '.join(card.scope_out)}", file=out)
    print(f"tags:    {', '.join(card.tags)}", file=out)
    for row in rows[:5]:
        print(f"  - {' '.join(channel.corpus.documents[row].text.split())[:110]}", file=out)


def flaws(card: TopicCard, rows: Sequence[int], corpus: Corpus) -> Iterator[str]:
    """The rules that a card breaks, as far as a program can see."""
    title, summary, language = card.title, card.summary, corpus.language_of(rows)
    own = set(stems_of(title, language))
    held = sum(2 * len(own & set(corpus.stems[row])) >= len(own) for row in rows)
    said = words(title)
    if 2 * held < len(rows):
        yield "title not carried by half of the messages"
    if len(said) == 1 and title[1:].islower() and (language != "ru" or noun_share(said[0]) > 0):
        yield "title is one common word"
    if _DECORATED.search(title) or len(title) > LONGEST or title.count("«") != title.count("»") or title.count('"') % 2:
        yield "title with marks, too long or with an open quotation"
    if title.endswith("…"):
        yield "title cut within a clause"
    if not _ENDED.search(summary):
        yield "summary without a full stop"
    if _PRONOUN.match(summary):
        yield "summary begins with a pronoun"
    if _TIME_STAMP.match(summary):
        yield "summary begins with a time"


def print_flaws(channels: Sequence[Channel]) -> None:
    total = sum(len(one.cards) for one in channels)
    counts = Counter(
        flaw for one in channels for id_, card in one.cards.items() for flaw in flaws(card, one.rows[id_], one.corpus)
    )
    documents = sum(len(one.corpus.documents) for one in channels)
    spent = sum(one.naming_seconds for one in channels)
    print(f"{documents} documents, {total} topics; naming took {1000 * spent / documents:.1f} ms of CPU a document")
    for flaw, count in counts.most_common():
        print(f"{count / total:7.1%} {flaw}")


def print_words(channels: Sequence[Channel]) -> None:
    """NPMI and diversity of the tags, and of the words that class-based TF-IDF would choose."""
    print("channel                NPMI of tags, different | NPMI of c-TF-IDF words, different")
    for one in channels:
        holders = Holders(one.corpus)
        tags = {id_: phrases_of(card.tags[:WORDS], one.language(id_)) for id_, card in one.cards.items()}
        plain = {id_: weighed_words(rows, len(one.rows), one.corpus, WORDS) for id_, rows in one.rows.items()}
        shown = [f"{means(map(holders.npmi, own.values())):.2f}, {diversity(own):.0%}" for own in (tags, plain)]
        print(f"{one.name:22} {shown[0]} | {shown[1]}")


def checksum(title: str) -> str:
    """What stands in the table for a title whose channel has no licence."""
    return f"sha256:{hashlib.sha256(title.encode()).hexdigest()[:16]}"


def print_verdicts(path: Path, channels: Sequence[Channel]) -> None:
    """How many topics of the table are good, acceptable, bad, and those whose title is another now."""
    with path.open(encoding="utf-8", newline="") as file:
        lines = [line for line in file if not line.startswith("#")]
    read = list(csv.DictReader(lines, delimiter="\t"))
    counts = Counter(one["verdict"] for one in read)
    print(", ".join(f"{verdict}: {count} ({count / len(read):.0%})" for verdict, count in counts.most_common()))
    titles = {id_: card.title for one in channels for id_, card in one.cards.items()}
    for one in read:
        now = titles.get(one["id"])
        if not now or one["title"] not in {now, checksum(now)}:
            print(f"read as “{one['title']}”, now {f'“{now}”' if now else 'no topic'}: {one['id']}")


def main() -> None:
    shared_posts.need_data()
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--sheet", type=Path, help="write what a person needs to judge the topics")
    asked.add_argument("--verdicts", type=Path, default=READING, help="the table of verdicts")
    options = asked.parse_args()
    encoder = SentenceEncoder()
    channels = [topics_of(name, encoder) for name in CHANNELS]
    if options.sheet:
        with options.sheet.open("w", encoding="utf-8") as out:
            print(RULES, file=out)
            chosen = [(one, id_) for one in channels for id_ in some(sorted(one.cards), CHANNELS[one.name])]
            for number, (one, id_) in enumerate(chosen, 1):
                show(one, id_, number, out)
    print_flaws(channels)
    print_words(channels)
    if options.verdicts.exists():
        print_verdicts(options.verdicts, channels)


if __name__ == "__main__":
    sys.exit(main())
