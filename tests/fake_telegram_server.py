"""A Telegram of the tests' own: a local server that an unchanged client talks to, and what points a program at it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import fake_telegram as local
from fake_telegram.server import FakeTelegram
from fake_telegram.world import World


def fake() -> Any:
    """The local server's package: World, FakeTelegram, photo(), video(), poll(), reactions(), rpc() and more."""
    return local


def world() -> World:
    """An empty Telegram: `world.channel(…)`, `world.user(…)`, `channel.post(…)`, `channel.comment(…)`."""
    return local.World()


@contextmanager
def fake_telegram(inhabited: Any, **options: Any) -> Iterator[FakeTelegram]:
    """A server of the world in a thread of its own; after the block it must have met no fault of its own."""
    with local.FakeTelegram(inhabited, **options) as server:
        yield server
    assert server.bugs == []


def telegram_variables(server: Any, session: str | None = None) -> dict[str, str]:
    """The variables of a program that is signed in there and asks without pauses; `session` instead of a string."""
    return {
        "TELEGRAM_SESSION": session or server.session_string(seed="tests"),
        "TELEGRAM_API_ID": str(local.API_ID),
        "TELEGRAM_API_HASH": local.API_HASH,
        "TELEGRAM_WAIT_TIME": "0",
    }


def login_variables(server: Any, folder: Path) -> dict[str, str]:
    """The variables of a program that has yet to log in there, with a session file in `folder`."""
    key = folder / "server_key.pem"
    key.write_text(server.public_key_pem)
    return {
        **telegram_variables(server, str(folder / "account" / "telegram.session")),
        "TELEGRAM_SERVER": f"{server.dc_id}@{server.host}:{server.port}",
        "TELEGRAM_SERVER_KEY": str(key),
    }
