"""The tools: each reads through the scope of its caller, so that keys and their limits hold here as everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from tg_parser.domain.pages import PageRequest
from tg_parser.mcp.views import (
    Fetched,
    FoundItem,
    FoundItems,
    FoundTopicItem,
    MessageItem,
    SourceItem,
    SourceItems,
    StartedRun,
    Timeline,
    Topic,
    TopicItem,
    TopicItems,
)
from tg_parser.services.reading.documents import DocumentFilter
from tg_parser.services.reading.topics import TopicFilter, TopicOrder
from tg_parser.services.scope import Scope
from tg_parser.services.searching.service import SearchRequest
from tg_parser.services.views.pages import DocumentView
from tg_parser.services.views.reading import TopicLine, TopicMember, TopicView
from tg_parser.services.views.search import SearchHit

MOST_ITEMS = 50
LONGEST_QUOTE, LONGEST_TEXT = 600, 20_000
"""Characters of a message in a list, and of what `fetch` returns: an assistant's context is small."""
_EXAMPLES, _TITLE = 10, 100

Period = tuple[datetime | None, datetime | None]
"""From a time on, and before a time."""


async def sources(caller: Scope) -> SourceItems:
    """Return the sources that the caller may read."""
    return SourceItems(
        sources=tuple(
            SourceItem(
                source_id=each.source_id,
                title=each.channel_title,
                username=each.channel_username,
                kind=each.channel_kind,
                status=each.status,
                last_collected_at=each.last_success_at,
            )
            for each in await caller.sources()
        )
    )


async def topics(
    caller: Scope, source: str | None, contains: str | None, order: TopicOrder, page: PageRequest
) -> TopicItems:
    """Return a page of topics. Raises UnknownSourceError, InvalidCursorError."""
    wanted = TopicFilter(await caller.channels_of([source] if source else None), contains=contains)
    found = await (await caller.reading()).topics.page(wanted, page, order)
    return TopicItems(topics=tuple(_topic_item(each) for each in found.items), next_cursor=found.next_cursor)


async def topic(caller: Scope, topic_id: str) -> Topic:
    """Return a topic with its most telling messages. Raises NotFoundError."""
    view = await (await caller.reading()).topics.one(topic_id)
    card = view.card
    return Topic(
        topic=_item_of(view),
        channels=card.sources,
        scope_in=card.scope_in,
        scope_out=card.scope_out,
        related_topics=card.related_topics,
        examples=tuple(_member(each) for each in _telling(view)[:_EXAMPLES]),
    )


async def timeline(
    caller: Scope, source: str | None, topic_id: str | None, period: Period, page: PageRequest
) -> Timeline:
    """Return a page of messages, oldest first. Raises UnknownSourceError, NotFoundError, InvalidCursorError."""
    first, last = period
    wanted = DocumentFilter(
        channel_ids=await caller.channels_of([source] if source else None),
        topic_id=topic_id,
        date_from=first,
        date_to=last,
        noise=False,
    )
    found = await (await caller.reading()).documents.page(wanted, page, "oldest")
    return Timeline(messages=tuple(_message(each) for each in found.items), next_cursor=found.next_cursor)


async def search(caller: Scope, query: str, limit: int) -> FoundItems:
    """Return what is found. Raises InvalidQueryError, NotFoundError."""
    found = await (await caller.search()).search(SearchRequest(query, limit=limit))
    part = None if found.indexed >= found.documents else f"{found.indexed} of {found.documents} messages are indexed."
    return FoundItems(
        results=tuple(_found_item(each) for each in found.hits),
        topics=tuple(FoundTopicItem(id=each.topic_id, title=each.title) for each in found.topics),
        advice=f"Leave out {' or '.join(found.drop)}." if found.drop else None,
        incomplete=part,
    )


async def fetch(caller: Scope, written: str) -> Fetched:
    """Return a topic by its id, or a message by its ref or its link at t.me. Raises NotFoundError, InvalidRefError."""
    reading = await caller.reading()
    if written.startswith("topic:"):
        return _fetched_topic(await reading.topics.one(written))
    view = await reading.messages.one(written)
    message, document = view.message, view.document
    summary = document.summary if document else None
    facts = {
        "date": message.date.isoformat(),
        "kind": message.message_type,
        "author": message.author.name if message.author else None,
        "language": document.language if document else None,
        "deleted": "yes" if view.deleted else None,
        "topics": "; ".join(f"{topic_id}: {title}" for topic_id, title in view.topics.items()),
    }
    text = view.current_text
    return Fetched(
        id=message.source_ref,
        title=summary or _cut(" ".join(text.split()), _TITLE) or message.source_ref,
        text=_cut(text, LONGEST_TEXT),
        url=view.link,
        metadata=_stated(facts),
        truncated=len(text) > LONGEST_TEXT,
    )


async def start_run(caller: Scope, source: str) -> StartedRun:
    """Submit a job that collects a source and updates its topics. Raises ForbiddenError, UnknownSourceError."""
    job = await caller.submit("run", {"source": source})
    return StartedRun(job_id=job.job_id, state=job.state)


async def run_state(caller: Scope, job_id: str) -> StartedRun:
    """Return how far a job is. Raises JobNotFoundError."""
    job = await caller.job(job_id)
    return StartedRun(job_id=job.job_id, state=job.state, error=job.error.message if job.error else None)


def _found_item(hit: SearchHit) -> FoundItem:
    snippet = " ".join(hit.snippet.text.split())
    return FoundItem(
        id=hit.source_ref,
        title=_cut(snippet, _TITLE),
        url=hit.link,
        date=hit.date,
        snippet=_cut(snippet, LONGEST_QUOTE),
        topics=hit.topics,
        copies=len(hit.copies),
    )


def _fetched_topic(view: TopicView) -> Fetched:
    card, lines = view.card, [view.card.summary, ""]
    for each in view.members:
        quote = _cut(" ".join((each.text or each.summary or each.title or "").split()), LONGEST_QUOTE)
        lines.append(f"{each.date or ''} {each.source_ref} {each.link or ''}\n{quote}\n")
    text = "\n".join(lines)
    item = _item_of(view)
    facts = {
        "level": card.level,
        "messages": str(item.messages),
        "from": item.first_at.isoformat() if item.first_at else None,
        "to": item.last_at.isoformat() if item.last_at else None,
    }
    url = next((each.link for each in _telling(view) if each.link), None)
    return Fetched(
        id=card.id,
        title=card.title,
        text=_cut(text, LONGEST_TEXT),
        url=url,
        metadata=_stated(facts),
        truncated=len(text) > LONGEST_TEXT,
    )


def _topic_item(line: TopicLine) -> TopicItem:
    return TopicItem(
        id=line.id,
        title=line.title,
        summary=_cut(line.summary, LONGEST_QUOTE),
        level=line.level,
        story_id=line.parent_id,
        messages=line.messages,
        first_at=line.first_at,
        last_at=line.last_at,
    )


def _item_of(view: TopicView) -> TopicItem:
    card, dates = view.card, sorted(each.date for each in view.members if each.date)
    return TopicItem.model_validate(
        {
            "id": card.id,
            "title": card.title,
            "summary": _cut(card.summary, LONGEST_QUOTE),
            "level": card.level,
            "story_id": card.parent_id,
            "messages": len(view.members),
            "first_at": dates[0] if dates else None,
            "last_at": dates[-1] if dates else None,
        }
    )


def _telling(view: TopicView) -> list[TopicMember]:
    """Return the members, anchors first, then by score."""
    return sorted(view.members, key=lambda one: (one.role != "anchor", -(one.score or 0.0), one.source_ref))


def _member(one: TopicMember) -> MessageItem:
    text = one.text or ""
    return MessageItem.model_validate(
        {
            "id": one.source_ref,
            "url": one.link,
            "date": one.date,
            "kind": one.message_type,
            "title": one.title or one.summary,
            "text": _cut(text, LONGEST_QUOTE),
            "truncated": len(text) > LONGEST_QUOTE,
        }
    )


def _message(view: DocumentView) -> MessageItem:
    document, text = view.document, view.document.text_clean
    return MessageItem(
        id=document.source_ref,
        url=view.link,
        date=view.date,
        kind=view.message_type,
        title=document.summary,
        text=_cut(text, LONGEST_QUOTE),
        truncated=len(text) > LONGEST_QUOTE,
    )


def _stated(facts: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in facts.items() if value}


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
