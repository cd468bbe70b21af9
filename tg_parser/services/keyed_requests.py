"""Ensures that a request which is sent twice is carried out only once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from tg_parser.domain.errors import IdempotencyError, StorageError
from tg_parser.domain.keyed_requests import KeptAnswer, KeyedRequest
from tg_parser.domain.utc_time import utc_now
from tg_parser.storage.stores.keyed_requests import KeyedRequestStorage

ABANDONED_AFTER = timedelta(minutes=1)
"""An unanswered request is started again after this time: the process working on it has died."""

_REFUSED = 400
_MOST_TO_FORGET = 10_000
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class KeyedRequestService:
    """Requests with an idempotency key."""

    def __init__(self, storage: KeyedRequestStorage, clock: Callable[[], datetime] = utc_now) -> None:
        self._storage = storage
        self._clock = clock
        self._to_forget: dict[tuple[str, str], KeyedRequest] = {}
        """Ended requests that could not be marked as such because the database was unavailable."""

    async def begin(self, client: str, key: str, digest: str, *, at_most_once: bool = False) -> KeyedRequest:
        """Return the request, either new or with the answer it was given before.

        With `at_most_once`, for requests not otherwise protected from repetition, an unanswered one is never restarted.
        Raises IdempotencyError if the key was used for another request, or for one in progress.
        """
        now = self._clock()
        request = KeyedRequest(client, key, digest, now)
        abandoned = now - ABANDONED_AFTER
        await self._forget_now(client, key)
        with self._forgotten_later(request):
            before = await self._storage.begin(request, _NEVER if at_most_once else abandoned)
        if before is None:
            return request
        if before.digest != digest:
            raise IdempotencyError("This Idempotency-Key was already used for a different request.", "Send a new key.")
        if before.answer is None and before.begun_at < abandoned:
            raise IdempotencyError(
                "The request with this Idempotency-Key was never answered: it may or may not have been carried out.",
                "Check the current state, and send a new Idempotency-Key if it has to be done.",
            )
        if before.answer is None:
            raise IdempotencyError(
                "The request with this Idempotency-Key is still in progress.",
                "Send it again in a moment.",
                retry_at=before.begun_at + ABANDONED_AFTER,
            )
        if before.answer.body is None:
            raise IdempotencyError(
                "The request with this Idempotency-Key was answered, and the answer cannot be shown again.",
                "Send a new Idempotency-Key to repeat the request.",
            )
        return before

    async def answered(self, request: KeyedRequest, answer: KeptAnswer) -> None:
        """Store the answer to a request; a refused one may be sent again.

        So may one whose answer could not be stored because the database was away, unless it must not be repeated.
        """
        if answer.status >= _REFUSED:
            with self._forgotten_later(request):
                await self._storage.forget(request)
        elif answer.body is None:
            await self._storage.answer(request, answer)
        else:
            with self._forgotten_later(request):
                await self._storage.answer(request, answer)

    @contextmanager
    def _forgotten_later(self, request: KeyedRequest) -> Iterator[None]:
        try:
            yield
        except StorageError:
            if len(self._to_forget) < _MOST_TO_FORGET:
                self._to_forget[request.client, request.key] = request
            raise

    async def _forget_now(self, client: str, key: str) -> None:
        ended = self._to_forget.get((client, key))
        if ended is not None:
            await self._storage.forget(ended)
            self._to_forget.pop((client, key), None)

    async def delete_old(self, days: int) -> int:
        """Delete requests older than `days` days; return their number."""
        return await self._storage.delete_old(self._clock() - timedelta(days=days))
