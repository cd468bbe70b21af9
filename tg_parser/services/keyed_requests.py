"""Sees to it that a request which is sent again does nothing twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from tg_parser.domain.errors import IdempotencyError, StorageError
from tg_parser.domain.keyed_requests import KeptAnswer, KeyedRequest
from tg_parser.domain.utc_time import utc_now
from tg_parser.storage.stores.keyed_requests import KeyedRequestStorage

ABANDONED_AFTER = timedelta(minutes=1)
"""A request without an answer after so long is begun anew: the process that worked on it has died."""

_REFUSED = 400
_MOST_TO_FORGET = 10_000
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class KeyedRequestService:
    """Requests with an idempotency key."""

    def __init__(self, storage: KeyedRequestStorage, clock: Callable[[], datetime] = utc_now) -> None:
        self._storage = storage
        self._clock = clock
        self._to_forget: dict[tuple[str, str], KeyedRequest] = {}
        """Requests that are under way no longer, which the database was away to be told of."""

    async def begin(self, client: str, key: str, digest: str, *, at_most_once: bool = False) -> KeyedRequest:
        """The request as it is to be worked on, or with the answer it was given before.

        `at_most_once` is one that nothing else keeps from being done a second time: it is never begun anew.
        Raises IdempotencyError where the key belongs to another request, or to one that is under way.
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
            raise IdempotencyError("This Idempotency-Key came with another request before.", "Send a new one.")
        if before.answer is None and before.begun_at < abandoned:
            raise IdempotencyError(
                "The request with this Idempotency-Key was begun and never answered: it may have been done or not.",
                "See what there is; send a new Idempotency-Key, if it is to be done.",
            )
        if before.answer is None:
            raise IdempotencyError(
                "The request with this Idempotency-Key is under way.",
                "Send it again in a moment.",
                retry_at=before.begun_at + ABANDONED_AFTER,
            )
        if before.answer.body is None:
            raise IdempotencyError(
                "The request with this Idempotency-Key was answered, and the answer is not shown again.",
                "Send a new Idempotency-Key, if it is to be done once more.",
            )
        return before

    async def answered(self, request: KeyedRequest, answer: KeptAnswer) -> None:
        """Keep what a request was answered; one that was refused may be sent again.

        So may one whose answer the database was away to keep, unless it must not be done a second time.
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
        """Forget the requests of more than `days` days ago; returns their number."""
        return await self._storage.delete_old(self._clock() - timedelta(days=days))
