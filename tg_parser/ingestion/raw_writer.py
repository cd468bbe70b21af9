"""The last step before the raw storage: sets the channel's canonical id, and hashes people if configured."""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from collections.abc import Sequence

from tg_parser.domain.messages import Author, Forward, RawMessage
from tg_parser.domain.refs import source_ref
from tg_parser.domain.sources import Source
from tg_parser.domain.utc_time import utc_now
from tg_parser.ingestion.unknown import what_is_unknown
from tg_parser.observability import metrics
from tg_parser.storage.stores.raw import RawStorage

_HASH_CHARS = 16


class RawWriter:
    """Stores messages of a source and counts what that did. With `author_salt`, people become salted hashes."""

    def __init__(self, raw: RawStorage, author_salt: str | None = None) -> None:
        self._raw = raw
        self._salt = author_salt.encode() if author_salt else None

    async def store(self, source: Source, messages: Sequence[RawMessage], counts: Counter[str]) -> None:
        """Store `messages` under the source's channel id and add up in `counts`. Raises WrongChatError."""
        stored = await self._raw.store([self._as_kept(source, message) for message in messages], utc_now())
        outcomes = {
            "new": stored.inserted,
            "revised": stored.revised,
            "refreshed": stored.refreshed,
            "unchanged": stored.unchanged,
        }
        metrics.count_messages("collect", outcomes)
        counts.update(
            seen=len(messages),
            **outcomes,
            service=sum(message.service_action is not None for message in messages),
        )
        counts.update(what_is_unknown(messages))

    async def mark_gone(self, refs: Sequence[str], counts: Counter[str]) -> None:
        """Mark messages that Telegram no longer shows."""
        if refs:
            deleted = await self._raw.mark_deleted(refs, utc_now())
            metrics.count_messages("collect", {"deleted": deleted})
            counts["deleted"] += deleted

    def _as_kept(self, source: Source, message: RawMessage) -> RawMessage:
        changes: dict[str, object] = {}
        if message.channel_id != source.channel_id:
            ref = source_ref(source.channel_id, message.message_type, message.id)
            changes.update(channel_id=source.channel_id, source_ref=ref)
        if self._salt is not None and _is_personal(source, message):
            changes.update(
                author=_hashed(self._salt, message.author),
                forward=_without_name(message.forward),
                raw_payload=None,
            )
        return message.model_copy(update=changes) if changes else message


def _is_personal(source: Source, message: RawMessage) -> bool:
    """Whether people write: comments and groups. A channel's posts are signed by its editors, if at all."""
    return message.message_type == "comment" or source.channel_kind != "channel"


def _hashed(salt: bytes, author: Author | None) -> Author | None:
    """Return the hash of a person: always the same for one person, and not reversible without the salt."""
    if author is None or not (author.id or author.name):
        return None
    digest = hmac.new(salt, (author.id or author.name or "").encode("utf-8", "replace"), hashlib.sha256).hexdigest()
    return Author(id=f"hash-{digest[:_HASH_CHARS]}")


def _without_name(forward: Forward | None) -> Forward | None:
    """A forward from a person keeps its date alone; one from a channel stays."""
    from_chat = forward is not None and forward.peer_id is not None and forward.peer_id.startswith("-")
    return forward if forward is None or from_chat else Forward(date=forward.date)
