"""A source: a chat to collect, with its settings and progress."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Self

from pydantic import Field

from tg_parser.domain.backlog import OpenRange
from tg_parser.domain.date_parsing import FORMS, parse_date
from tg_parser.domain.errors import UsageError
from tg_parser.domain.messages import Adapter, Contract
from tg_parser.domain.peers import ChatKind, Peer, is_numeric
from tg_parser.domain.utc_field import UtcTime

SourceStatus = Literal["active", "paused", "error"]
Steps = Literal["ingest", "process", "topicize"]
"""The last stage for messages found by a poll: collecting, processing, or finding topics."""
CollectMode = Literal["incremental", "snapshot"]


class ChatName(Contract):
    """A username by which a chat was found: since when, as far as observed, and until when if it lost the name.

    `owned` is the chat's own name; others were bought and may be sold.
    """

    name: str
    since: UtcTime
    owned: bool = False
    until: UtcTime | None = None


class Source(Contract):
    """A row of `ingestion_state`. `last_post_id` is the cursor: all posts up to it are stored.

    `peer_id` is the marked number of a chat that was first known, and is stored, by its name. For a chat read newest
    first, `newest_post_id` is the newest stored post and `open_ranges` are the gaps: see domain/backlog.py.
    `comments_swept_to` is how far back posts were checked once for comments; `comments_turn` is where the next check of
    old posts continues. `discussion_groups` are the bare ids of all groups used for comments, the first one first: its
    comments are known by number alone. `channel_names` are all current and former names; `channel_username` is the one
    for links. `steps` is the last stage of scheduled runs, and `next_poll_at` the time before which the source is not
    due.
    """

    source_id: str
    channel_id: str
    channel_username: str | None = None
    channel_title: str | None = None
    channel_kind: ChatKind = "channel"
    via: Adapter | None = None
    status: SourceStatus = "active"
    include_comments: bool = False
    history_from: UtcTime | None = None
    history_to: UtcTime | None = None
    poll_interval_seconds: int | None = None
    batch_size: int | None = None
    last_post_id: int | None = None
    backfill_completed_at: UtcTime | None = None
    last_attempt_at: UtcTime | None = None
    last_success_at: UtcTime | None = None
    fail_count: int = 0
    last_error: str | None = None
    rate_limit_until: UtcTime | None = None
    comments_unavailable: bool = False
    created_at: UtcTime
    updated_at: UtcTime
    peer_id: str | None = None
    newest_post_id: int | None = None
    open_ranges: tuple[OpenRange, ...] | None = None
    comments_swept_to: int | None = None
    comments_turn: int | None = None
    discussion_groups: tuple[str, ...] | None = None
    channel_names: tuple[ChatName, ...] | None = None
    steps: Steps | None = None
    next_poll_at: UtcTime | None = None

    @property
    def peer(self) -> Peer:
        """Return the chat as far as it is known: its number, its name, or both."""
        return Peer(next(filter(is_numeric, (self.channel_id, self.peer_id or "")), None), self.channel_username)

    @property
    def names(self) -> tuple[ChatName, ...]:
        """Return all names of the chat; for a source only known by a name, that name."""
        if self.channel_names is not None:
            return self.channel_names
        return (ChatName(name=self.channel_username, since=self.created_at),) if self.channel_username else ()

    def has_name(self, name: str, *, former: bool = False) -> bool:
        """Return whether the chat is (or with `former`, was) called `name`, ignoring case."""
        wanted = name.lower()
        return (not former and wanted == (self.channel_username or "").lower()) or any(
            each.name.lower() == wanted and (each.until is not None) is former for each in self.names
        )


@dataclass(frozen=True, slots=True)
class SourceFailure:
    """A source that was collected until now has failed with an error of this class."""

    source_id: str
    failed_at: datetime
    channel_id: str
    error_class: str
    error_message: str


@dataclass(frozen=True, slots=True)
class Recheck:
    """Which stored posts to check again, with their comments: the `newest` ones, or those of the last `age`."""

    newest: int | None = None
    age: timedelta | None = None

    @classmethod
    def parsed(cls, written: str, now: datetime) -> Self:
        """Parse a number of posts, a duration such as `7d`, or a date. Raises UsageError."""
        if written.isdecimal() and int(written) > 0:
            return cls(newest=int(written))
        try:
            return cls(age=now - parse_date(written, now))
        except UsageError:
            raise UsageError(
                f"{written!r} is not a number of posts, a duration or a date.",
                f"Use 200 (the newest posts), 7d, 12h, or a date: {FORMS}.",
            ) from None


class SourceChange(Contract):
    """Changes to a source. For an existing source only fields that are set change."""

    source_id: str
    channel_id: str | None = None
    channel_username: str | None = None
    channel_title: str | None = None
    channel_kind: ChatKind | None = None
    channel_names: tuple[ChatName, ...] | None = None
    peer_id: str | None = None
    via: Adapter | None = None
    include_comments: bool | None = None
    history_from: UtcTime | None = None
    history_to: UtcTime | None = None
    poll_interval_seconds: int | None = Field(default=None, ge=1)
    batch_size: int | None = Field(default=None, ge=1, le=10_000)
    steps: Steps | None = None


class Attempt(Contract):
    """One attempt to collect a source."""

    source_id: str
    started_at: UtcTime
    finished_at: UtcTime
    success: bool
    error_class: str | None = None
    error_message: str | None = None
    counts: dict[str, int] = Field(default_factory=dict)
