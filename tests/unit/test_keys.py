"""The rules of API keys: what a key looks like, when it opens something, what its role and its sources allow."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tg_parser.config.redaction import Redactor
from tg_parser.domain.errors import ForbiddenError
from tg_parser.domain.keys import (
    NEEDED,
    ROLES,
    Actor,
    ApiKey,
    key_id_in,
    may,
    new_key_id,
    new_secret,
    require,
    require_within,
    secret_hash,
)

NOW = datetime(2024, 11, 27, 9, 0, tzinfo=UTC)
SECRET = "tgp_0123456789ab_" + "s" * 43


def key(**fields: Any) -> ApiKey:
    facts = {"key_id": "0123456789ab", "name": "n", "role": "reader", "created_at": NOW}
    return ApiKey(**{"secret_hash": secret_hash(SECRET), **facts, **fields})


def test_a_secret_names_its_key_and_never_comes_twice() -> None:
    """32 random bytes behind the id of the key, which can be read from it."""
    made = {new_secret("0123456789ab") for _ in range(100)}
    assert len(made) == 100
    assert {key_id_in(each) for each in made} == {"0123456789ab"}
    assert {len(each) for each in made} == {len("tgp_0123456789ab_") + 43}
    assert len(new_key_id()) == 12


@pytest.mark.parametrize(
    "given",
    [
        "",
        "tgp_",
        SECRET[:-1],
        SECRET + "s",
        SECRET.upper(),
        f" {SECRET}",
        f"{SECRET}\n",
        "tgp_0123456789ab_" + "ё" * 43,
    ],
)
def test_what_has_not_the_form_of_a_key_names_none(given: str) -> None:
    """Cut, lengthened or changed, it is no key."""
    assert key_id_in(given) is None


def test_the_hash_is_that_of_the_whole_secret() -> None:
    """SHA-256 of the text, the same for ever, and nothing else fits."""
    assert secret_hash("tgp_a") == "7ecda70ac4f59821fca02517737e222b50fe7d8b245ffd70da19c3b583e31b31"
    assert key().fits(SECRET)
    assert not key().fits(SECRET[:-1] + "t")
    assert not key().fitted(SECRET)
    assert key(secret_hash="x", previous_hash=secret_hash(SECRET)).fitted(SECRET)


def test_a_key_does_not_show_its_hashes() -> None:
    """What is printed of it, in an error or a log, has neither."""
    shown = repr(key(previous_hash="f" * 64))
    assert secret_hash(SECRET) not in shown
    assert "f" * 64 not in shown


def test_a_key_opens_until_it_expires_or_is_revoked() -> None:
    """The moment of its end is behind its end; revoked wins over expired."""
    end = NOW + timedelta(days=1)
    assert key().key_state(NOW) == "valid"
    assert key(expires_at=end).key_state(end - timedelta(microseconds=1)) == "valid"
    assert key(expires_at=end).key_state(end) == "expired"
    assert key(expires_at=end, revoked_at=NOW).key_state(end) == "revoked"


def test_each_role_may_do_what_those_before_it_may() -> None:
    """The whole table of roles and actions."""
    allowed = {role: {action for action in NEEDED if may(role, action)} for role in ROLES}
    assert allowed == {
        "reader": {"read"},
        "editor": {"read", "work"},
        "admin": {"read", "work", "administer"},
    }
    with pytest.raises(ForbiddenError, match="has the role reader; this needs the role editor") as refused:
        require(key(), "work")
    assert refused.value.data["needed"] == "editor"


def test_a_limited_key_knows_of_its_sources_alone() -> None:
    """No limit is all sources, an empty one none; the order stays."""
    assert key().allowed_sources(["b", "a"]) == ("b", "a")
    assert key(sources=frozenset({"a", "c"})).allowed_sources(["c", "b", "a"]) == ("c", "a")
    assert key(sources=frozenset()).allowed_sources(["a"]) == ()


@pytest.mark.parametrize(
    ("own", "wanted", "good"),
    [
        (None, None, True),
        (None, {"a"}, True),
        ({"a", "b"}, {"a"}, True),
        ({"a"}, {"a", "b"}, False),
        ({"a"}, None, False),
        (set(), None, False),
    ],
)
def test_nobody_gives_more_than_they_have(own: set[str] | None, wanted: set[str] | None, *, good: bool) -> None:
    """An admin whose key is limited deals with keys inside that limit alone; the command line with all."""
    mine = key(role="admin", sources=own if own is None else frozenset(own))
    assert mine.covers(wanted) is good
    require_within(Actor("user me", "here"), wanted)
    if good:
        require_within(Actor("me", "here", mine), wanted)
    else:
        with pytest.raises(ForbiddenError, match="limited to some sources"):
            require_within(Actor("me", "here", mine), wanted)


def test_keys_are_masked_wherever_they_stand() -> None:
    """In any text, whatever its name; the id of the key stays readable."""
    secret = new_secret("0123456789ab")
    assert Redactor([]).text(f"Bearer {secret}, {secret}") == "Bearer tgp_0123456789ab_***, tgp_0123456789ab_***"


def test_keys_do_not_reach_the_log() -> None:
    """In the event, in a value and in a list, however it is named."""
    secret = new_secret("0123456789ab")
    event = {"event": f"refused {secret}", "header": secret, "headers": [f"x: {secret}"]}
    masked = "tgp_0123456789ab_***"
    assert Redactor([])(None, "", event) == {
        "event": f"refused {masked}",
        "header": masked,
        "headers": [f"x: {masked}"],
    }
