"""Keys as interfaces use them: who is let in, who may deal with which keys, and what the log says of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from tg_parser.config.settings import Settings
from tg_parser.domain.errors import ForbiddenError, UnauthorizedError, UnknownSourceError, UsageError
from tg_parser.domain.keys import Actor
from tg_parser.domain.sources import SourceChange
from tg_parser.services.keys import KeyService
from tg_parser.wiring.app import App, open_app

PERSON = Actor("user me", "here")
DAY = timedelta(days=1)


class Clock:
    """Time that a test moves."""

    now = datetime(2024, 11, 27, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[App]:
    async with open_app(settings) as opened:
        for name in ("one_channel", "two_channel"):
            await opened.sources.add(SourceChange(source_id=name))
        yield opened


@pytest.fixture
def keys(app: App, clock: Clock) -> KeyService:
    return KeyService(app.shared.stores.keys, app.sources, clock)


async def refused(keys: KeyService, secret: str | None, now: datetime) -> str:
    """The case in which a secret is refused."""
    with pytest.raises(UnauthorizedError) as error:
        await keys.authenticate(secret, now)
    assert not secret or secret not in error.value.message
    return str(error.value.data["case"])


async def test_who_shows_a_good_key_is_let_in(keys: KeyService, clock: Clock) -> None:
    """The key is known by its secret, and its last use is kept."""
    fresh = await keys.create("ci", "editor", PERSON, lasts=2 * DAY)
    assert (await keys.authenticate(fresh.secret, clock.now)).key_id == fresh.key.key_id
    assert [each.last_used_at for each in await keys.list(PERSON)] == [clock.now]


async def test_who_shows_no_good_key_is_told_why(keys: KeyService, clock: Clock) -> None:
    """None, an unknown one, a changed one, one that expired, one that was revoked; only its holder learns which."""
    fresh = await keys.create("ci", "reader", PERSON, lasts=DAY)
    changed = fresh.secret[:-4] + ("AAAA" if not fresh.secret.endswith("AAAA") else "BBBB")
    assert await refused(keys, None, clock.now) == "key_missing"
    assert await refused(keys, "", clock.now) == "key_missing"
    assert await refused(keys, "password", clock.now) == "key_unknown"
    assert await refused(keys, changed, clock.now) == "key_unknown"
    assert await refused(keys, fresh.key.secret_hash, clock.now) == "key_unknown"
    assert await refused(keys, fresh.secret, clock.now + DAY) == "key_expired"
    await keys.revoke(fresh.key.key_id, PERSON)
    assert await refused(keys, fresh.secret, clock.now) == "key_revoked"
    assert await refused(keys, changed, clock.now) == "key_unknown"
    assert [each.last_used_at for each in await keys.list(PERSON)] == [None]


async def test_both_secrets_work_while_they_overlap(keys: KeyService, clock: Clock) -> None:
    """Then the new one alone; with no overlap the old one ends at once, and a revocation ends both."""
    fresh = await keys.create("ci", "reader", PERSON)
    second = await keys.rotate(fresh.key.key_id, PERSON, overlap=DAY)
    for secret in (fresh.secret, second.secret):
        assert (await keys.authenticate(secret, clock.now + DAY / 2)).key_id == fresh.key.key_id
    assert await refused(keys, fresh.secret, clock.now + DAY) == "key_replaced"
    third = await keys.rotate(fresh.key.key_id, PERSON, overlap=timedelta(0))
    assert await refused(keys, fresh.secret, clock.now) == "key_unknown"
    assert await refused(keys, second.secret, clock.now) == "key_replaced"
    fourth = await keys.rotate(fresh.key.key_id, PERSON, overlap=DAY)
    await keys.revoke(fresh.key.key_id, PERSON)
    for secret in (third.secret, fourth.secret):
        assert await refused(keys, secret, clock.now) == "key_revoked"


async def test_a_key_that_cannot_be_meant_is_not_made(keys: KeyService) -> None:
    """A source that nobody knows, no source at all, a name that cannot be read."""
    with pytest.raises(UnknownSourceError):
        await keys.create("ci", "reader", PERSON, sources=["one_channel", "nobody"])
    with pytest.raises(UsageError, match="limited to no source"):
        await keys.create("ci", "reader", PERSON, sources=[])
    for name in (" ", "x" * 101, "a\nb"):
        with pytest.raises(UsageError, match="The name of a key"):
            await keys.create(name, "reader", PERSON)
    with pytest.raises(UsageError, match="The expiry is too far in the future"):
        await keys.create("ci", "reader", PERSON, lasts=timedelta(days=9_000_000))
    assert await keys.list(PERSON) == []
    assert await keys.audit() == []


async def test_a_limited_admin_reaches_no_further_than_the_own_sources(app: App, keys: KeyService) -> None:
    """It sees, makes, rotates and revokes keys inside its limit alone, not those of no source; who is no admin none."""
    limited = await keys.create("a", "admin", PERSON, sources=["one_channel"])
    other = await keys.create("b", "reader", PERSON, sources=["two_channel"])
    whole = await keys.create("c", "editor", PERSON)
    await app.sources.add(SourceChange(source_id="three_channel"))
    nowhere = await keys.create("e", "reader", PERSON, sources=["three_channel"])
    await app.sources.remove("three_channel", with_data=False)
    by = Actor(limited.key.key_id, "10.0.0.1", limited.key)
    assert [each.key_id for each in await keys.list(by)] == [limited.key.key_id]
    for forbidden in (
        keys.create("d", "reader", by),
        keys.create("d", "reader", by, sources=["one_channel", "two_channel"]),
        keys.rotate(other.key.key_id, by),
        keys.revoke(nowhere.key.key_id, by),
        keys.revoke(whole.key.key_id, by),
        keys.list(Actor(whole.key.key_id, "10.0.0.1", whole.key)),
    ):
        with pytest.raises(ForbiddenError):
            await forbidden
    inside = await keys.create("d", "reader", by, sources=["one_channel"])
    await keys.revoke(inside.key.key_id, by)
    assert len(await keys.list(PERSON)) == 5


async def test_every_change_is_in_the_log(keys: KeyService, clock: Clock) -> None:
    """Who, what, to what, when, from where; never a secret or a hash."""
    fresh = await keys.create("ci", "reader", PERSON, sources=["one_channel"], lasts=9 * DAY)
    clock.now += timedelta(seconds=1)
    await keys.rotate(fresh.key.key_id, PERSON, overlap=DAY)
    clock.now += timedelta(seconds=1)
    await keys.revoke(fresh.secret, PERSON)
    log = await keys.audit(key_id=fresh.secret)
    assert [(each.action, each.actor, each.subject, each.origin) for each in log] == [
        (action, "user me", fresh.key.key_id, "here") for action in ("keys.revoke", "keys.rotate", "keys.create")
    ]
    assert log[2].details == {
        "name": "ci",
        "role": "reader",
        "sources": ["one_channel"],
        "expires_at": "2024-12-06T09:00:00Z",
    }
    assert log[0].at == clock.now
    assert fresh.secret[17:] not in str(log)
    assert fresh.key.secret_hash not in str(log)


async def test_a_limit_follows_a_source_that_is_renamed_and_ends_with_it(app: App, keys: KeyService) -> None:
    """Another source that is given the old id, or the id of one that is gone, is not seen."""
    await keys.create("ci", "reader", PERSON, sources=["one_channel", "two_channel"])
    await app.sources.rename("one_channel", "first")
    await app.sources.remove("two_channel", with_data=False)
    assert [each.sources for each in await keys.list(PERSON)] == [{"first"}]
