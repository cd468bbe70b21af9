"""A Telegram of the tests' own: a local server that an unchanged client talks to, and what points a program at it."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

NEIGHBOUR = Path(__file__).parents[2] / "shared" / "tools" / "fake_telegram"
FOLDER = Path(os.environ.get("TG_PARSER_FAKE_TELEGRAM") or NEIGHBOUR)
SERVER = FOLDER / "server.py"

requires_fake_telegram = pytest.mark.skipif(
    not SERVER.is_file(),
    reason="the fake Telegram server is not part of the repository: set TG_PARSER_FAKE_TELEGRAM to its folder",
)


def fake() -> Any:
    """The module of the fake server: World, FakeTelegram, photo(), video(), poll(), reactions(), rpc() and more."""
    name = "fake_telegram_module"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, SERVER)
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules[name]


def world() -> Any:
    """An empty Telegram: `world.channel(…)`, `world.user(…)`, `channel.post(…)`, `channel.comment(…)`."""
    return fake().World()


@contextmanager
def fake_telegram(inhabited: Any, **options: Any) -> Iterator[Any]:
    """A server of the world in a thread of its own; after the block it must have met no fault of its own."""
    with fake().FakeTelegram(inhabited, **options) as server:
        yield server
    assert server.bugs == []


def telegram_variables(server: Any, session: str | None = None) -> dict[str, str]:
    """The variables of a program that is signed in there and asks without pauses; `session` instead of a string."""
    return {
        "TELEGRAM_SESSION": session or server.session_string(seed="tests"),
        "TELEGRAM_API_ID": str(fake().API_ID),
        "TELEGRAM_API_HASH": fake().API_HASH,
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
