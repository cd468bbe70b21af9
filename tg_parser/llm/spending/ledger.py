"""What this run pays and gets for it: counted at once, written within a second, whatever else is waiting.

The caller never waits for the database. Bookings collect for a moment and are written in one transaction with the
answers to be stored; closing writes the rest. If writing fails, nothing more is paid for.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from tg_parser.domain.spending import NANO, Account, PaidAnswer, Spending
from tg_parser.domain.utc_time import utc_now
from tg_parser.llm.question import Purpose
from tg_parser.llm.spending.budget import Caps, Spent, refusal

GATHER_SECONDS = 0.2
LOOK_SECONDS = 1.0
"""How often, at least, other processes' spending of the monthly budget is looked up while calls are made."""
NEARLY = 0.8
"""From this share of the monthly budget it is looked up before every call, and bookings are written at once."""


class SpendingBook(Protocol):
    """The store of spending and paid answers, shared by all processes."""

    async def book(self, spending: Mapping[Account, Spending], answers: Sequence[PaidAnswer]) -> None:
        """Add to the counters and store the answers, in one transaction."""
        ...

    async def month_nanousd(self, month: str) -> int:
        """Billionths of a dollar of the month YYYY-MM."""
        ...


class Ledger:
    """The spending of one run. Open it with `async with`, so that bookings are written however it ends."""

    def __init__(self, book: SpendingBook, caps: Caps, run_id: str) -> None:
        self.caps = caps
        self.run_id = run_id
        self.spent = Spending()
        self._book = book
        self._pending: dict[Account, Spending] = {}
        self._writing: dict[Account, Spending] = {}
        self._kept: dict[str, PaidAnswer] = {}
        self._month_written = 0
        self._looked_at: float | None = None
        self._lock = asyncio.Lock()
        self._writer: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Ledger:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def admit(self) -> None:
        """Return if one more call may be paid for. Raises BudgetError, and StorageError if booking fails."""
        if (failure := self._failure()) is not None:
            raise failure
        if not self.caps.any:
            return
        if self.caps.month is not None and self._is_stale():
            await self._look()
        error = refusal(self.caps, self._spent())
        if error is not None:
            raise error

    def book(self, purpose: Purpose, provider: str, model: str, spending: Spending) -> None:
        """Count the cost of a call now; it is written soon."""
        day = utc_now().date().isoformat()
        account = Account(day, self.run_id, purpose.stage, purpose.channel_id or "", provider, model)
        self._pending[account] = self._pending.get(account, Spending()) + spending
        self.spent += spending
        self._wake()

    def keep(self, answer: PaidAnswer) -> None:
        """Store an answer soon; until then `recent` finds it."""
        self._kept[answer.key] = answer
        self._wake()

    def recent(self, key: str) -> PaidAnswer | None:
        """An answer that may not be written yet."""
        return self._kept.get(key)

    async def close(self) -> None:
        """Write all that is left. Raises StorageError if that fails."""
        try:
            await self._write()
        finally:
            writer, self._writer = self._writer, None
            if writer is not None:
                writer.cancel()
                await asyncio.gather(writer, return_exceptions=True)

    def _spent(self) -> Spent:
        month = f"{utc_now():%Y-%m}"
        unwritten = [
            spending.cost_nanousd
            for rows in (self._writing, self._pending)
            for account, spending in rows.items()
            if account.day.startswith(month)
        ]
        return Spent(self.spent.cost_nanousd, self._month_written + sum(unwritten), self.spent.unknown_price_calls)

    def _is_stale(self, since: float | None = None) -> bool:
        if self._looked_at is None:
            return True
        if self._is_nearly_spent():
            return since is None or self._looked_at < since
        return _now() - self._looked_at > LOOK_SECONDS

    def _is_nearly_spent(self) -> bool:
        return self.caps.month is not None and self._spent().month >= round(NEARLY * self.caps.month * NANO)

    async def _look(self) -> None:
        # Under the lock nothing moves from here to the database, so no cost is counted twice or missed.
        asked_at = _now()
        async with self._lock:
            if self._is_stale(asked_at):
                await self._read_month()

    async def _read_month(self) -> None:
        looked_at = _now()
        self._month_written = await self._book.month_nanousd(f"{utc_now():%Y-%m}")
        self._looked_at = looked_at
        self._writing = {}

    def _wake(self) -> None:
        if self._failure() is None and (self._writer is None or self._writer.done()):
            self._writer = asyncio.create_task(self._write_soon())

    def _failure(self) -> BaseException | None:
        return self._writer.exception() if self._writer is not None and self._writer.done() else None

    async def _write_soon(self) -> None:
        while self._pending or self._kept:
            await asyncio.sleep(0 if self._is_nearly_spent() else GATHER_SECONDS)
            await self._write()

    async def _write(self) -> None:
        async with self._lock:
            answers = list(self._kept.values())
            if not self._pending and not answers:
                return
            self._writing, self._pending = self._pending, {}
            try:
                await self._book.book(self._writing, answers)
            except BaseException:
                self._pending = _added(self._writing, self._pending)
                self._writing = {}
                raise
            for answer in answers:
                if self._kept.get(answer.key) is answer:
                    del self._kept[answer.key]
            if self.caps.month is None:
                self._writing = {}
            else:
                await self._read_month()


def _now() -> float:
    return asyncio.get_running_loop().time()


def _added(some: Mapping[Account, Spending], more: Mapping[Account, Spending]) -> dict[Account, Spending]:
    return {account: some.get(account, Spending()) + more.get(account, Spending()) for account in {**some, **more}}


def new_run_id(now: datetime) -> str:
    """A name for a run that sorts by time."""
    return f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"
