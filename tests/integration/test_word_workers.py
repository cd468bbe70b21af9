"""Worker processes find the same words for topics as this process does."""

from __future__ import annotations

import json

from sample_data import sample
from topic_samples import DOLLAR, SNOW, START, channel_posts

from tg_parser.nlp.embeddings import SentenceEncoder
from tg_parser.processing.worker_pool import WorkerPool
from tg_parser.topics.grouping.groups import Grouping, group_documents, prepare
from tg_parser.topics.model import TopicOptions
from tg_parser.topics.word_workers import WordWorkers
from tg_parser.topics.wording.cards import draft_topics


def grouped(*texts: str) -> Grouping:
    posts, options = channel_posts(*texts), TopicOptions(avoid=("Москвач",))
    return group_documents(prepare(posts, SentenceEncoder().embed(texts), options), [])


async def test_workers_word_real_topics_as_this_process_does() -> None:
    """Two processes, several parts: the same cards, bundles and phrases in the same order."""
    stored = json.loads(sample("channel_posts_ru", "moskvach.json").read_text("utf-8"))
    grouping, pool = grouped(*[post["text"] for post in stored if post["text"]][:250]), WorkerPool(2, 1)
    words = await WordWorkers(pool.expect, pool.run).words(grouping)
    await pool.close()
    assert (pool.count, len(words) > 30) == (2, True)
    assert draft_topics(grouping, START, words) == draft_topics(grouping, START)


async def test_the_words_of_a_few_topics_are_found_in_this_process() -> None:
    """No process is started for what takes less time than its start."""
    grouping, pool = grouped(*SNOW, *DOLLAR), WorkerPool(2)
    words = await WordWorkers(pool.expect, pool.run).words(grouping)
    assert (pool.count, len(words)) == (1, 2)
    assert draft_topics(grouping, START, words) == draft_topics(grouping, START)
