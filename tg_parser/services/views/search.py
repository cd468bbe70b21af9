"""Search: messages and topics that were found, and the state of the index."""

from __future__ import annotations

from datetime import datetime

from tg_parser.domain.documents import SentimentLabel
from tg_parser.domain.refs import MessageType
from tg_parser.services.views.base import View


class SnippetView(View):
    """A part of a message's clean text: `start` is its offset there, `marks` are the matches within the part."""

    text: str
    start: int
    marks: tuple[tuple[int, int], ...]
    cut_before: bool
    cut_after: bool


class CopyView(View):
    """A message that says the same as the one it is listed under."""

    source_ref: str
    link: str | None


class SearchHit(View):
    """A message that was found. `score` is the sum of `words` (0 to 1, a share of what the query could give) and
    `meaning` (the cosine of the embeddings)."""

    source_ref: str
    channel_id: str
    message_id: str
    message_type: MessageType
    date: datetime
    author: str | None
    link: str | None
    language: str | None
    tone: SentimentLabel | None
    score: float
    words: float
    meaning: float
    snippet: SnippetView
    topics: tuple[str, ...]
    copies: tuple[CopyView, ...]


class FoundTopic(View):
    """A topic of messages that were found: how many of them it has, and its title."""

    topic_id: str
    title: str
    messages: int


class SearchResult(View):
    """`search` and `similar`: messages, best first, and their topics.

    `drop` names the filters without which something would be found. If `indexed` is less than `documents`, the index
    is being built and the rest cannot be found yet.
    """

    query: str
    hits: tuple[SearchHit, ...]
    topics: tuple[FoundTopic, ...] = ()
    drop: tuple[str, ...] = ()
    indexed: int
    documents: int


class IndexReport(View):
    """`search index`: how many documents were indexed now, and how many of all are."""

    added: int
    indexed: int
    documents: int
    rebuilt: bool
