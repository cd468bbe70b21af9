"""A channel with several names, one of which is sold to another channel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from cli_process import tg_parser, tg_parser_json
from fake_telegram import Chat, World, tl
from fake_telegram_server import fake_telegram
from telegram_worlds import entries, telegram_env
from telethon.tl.types import Channel


class NamedChat(Chat):
    """A channel with the names in `names`: each a word, whether it leads here, whether it is the channel's own."""

    names: Sequence[tuple[str, bool, bool]] = ()
    buyer: NamedChat

    @property
    def tl(self) -> Channel:
        made = super().tl
        if self.names:
            made.username = None
            made.usernames = [tl.Username(name, active=active, editable=own) for name, active, own in self.names]
        return made


class NamedWorld(World):
    """A Telegram whose channels have several names."""

    def channel(self, *arguments: str | None, **options: Any) -> NamedChat:
        made = super().channel(*arguments, **options)
        made.__class__ = NamedChat
        return made

    def by_username(self, name: str) -> NamedChat:
        wanted = name.lower().lstrip("@")
        several = (chat for chat in self.chats.values() if any(n == wanted and active for n, active, _ in chat.names))
        return next(several, None) or super().by_username(name)


@pytest.fixture
def paper() -> NamedChat:
    channel = NamedWorld().channel("paper", "Paper")
    channel.names = [("goldname", True, False), ("oldpaper", False, True), ("paper", True, True)]
    channel.post("First words of the paper")
    channel.post("Second words of the paper")
    buyer = channel.world.channel(None, "Buyer")
    buyer.post("We bought a name")
    channel.buyer = buyer
    return channel


@pytest.fixture
def env(process_env: dict[str, str], paper: NamedChat) -> Iterator[dict[str, str]]:
    with fake_telegram(paper.world) as server:
        yield telegram_env(process_env, server)


def links(folder: Path) -> list[str]:
    return [entry["metadata"]["link"] for entry in entries(folder).values()]


def test_all_names_lead_to_the_channel_and_links_use_its_own(
    env: dict[str, str], paper: NamedChat, tmp_path: Path
) -> None:
    """Whichever name it is asked by, it is one source; a bought name is kept beside the channel's own."""
    tg_parser(env, "run", "@goldname", "--out", "out", cwd=tmp_path)
    assert links(tmp_path / "out") == ["https://t.me/paper/1", "https://t.me/paper/2"]
    again = tg_parser_json(env, "run", "https://t.me/paper", "--out", "out", cwd=tmp_path)
    assert again["ingest"][0]["counts"].get("new", 0) == 0
    (source,) = tg_parser_json(env, "sources", "list", cwd=tmp_path)["sources"]
    assert source["channel_username"] == "paper"
    assert [(each["name"], each["owned"]) for each in source["channel_names"]] == [("goldname", False), ("paper", True)]
    for name in ("@goldname", "@paper", "t.me/GoldName/2"):
        tg_parser(env, "export", "--channel", name, "--out", "again", cwd=tmp_path)


def test_a_sold_name_leads_to_its_buyer(env: dict[str, str], paper: NamedChat, tmp_path: Path) -> None:
    """Sources stay right, the move is told, and the name finds the buyer as soon as that one is known by it."""
    tg_parser(env, "run", "@goldname", "--out", "out", cwd=tmp_path)
    paper.names, paper.buyer.names = [("paper", True, True)], [("goldname", True, False)]
    paper.post("Third words, the gold name is sold")
    moved = tg_parser(env, "run", "@goldname", "--out", "bought", cwd=tmp_path)
    assert "@goldname now leads to Buyer" in moved.stderr
    assert "no longer to Paper" in moved.stderr
    assert links(tmp_path / "bought") == ["https://t.me/goldname/1"]
    tg_parser(env, "run", "@paper", "--out", "out", cwd=tmp_path)
    assert links(tmp_path / "out") == [f"https://t.me/paper/{number}" for number in (1, 2, 3)]
    sources = {each["channel_title"]: each for each in tg_parser_json(env, "sources", "list", cwd=tmp_path)["sources"]}
    assert (sources["Paper"]["channel_username"], sources["Buyer"]["channel_username"]) == ("paper", "goldname")
    assert [each["name"] for each in sources["Paper"]["channel_names"] if each["until"]] == ["goldname"]
    found = tg_parser_json(env, "status", "--source", sources["Buyer"]["source_id"], cwd=tmp_path)
    assert found["sources"][0]["messages"]["posts"] == 1
    tg_parser(env, "export", "--channel", "@goldname", "--out", "theirs", cwd=tmp_path)
    assert links(tmp_path / "theirs") == ["https://t.me/goldname/1"]


def test_a_second_source_of_a_chat_is_pointed_out_and_names_are_shown_in_words(
    env: dict[str, str], tmp_path: Path
) -> None:
    """Whoever adds one may have meant to change the first."""
    tg_parser(env, "ingest", "--channel", "@paper", cwd=tmp_path)
    added = tg_parser(env, "add-source", "--source-id", "mine", "--channel-username", "@goldname", cwd=tmp_path)
    shown = tg_parser(env, "sources", "show", "paper", cwd=tmp_path).stdout
    assert "@goldname (since " in shown
    assert "@paper (since " in shown
    assert "ChatName" not in shown
    assert "datetime" not in shown
    assert "collected by" not in added.stderr
    again = tg_parser(env, "add-source", "--source-id", "again", "--channel-id", "-1001500000001", cwd=tmp_path)
    assert "The same chat is also collected by paper" in again.stderr
