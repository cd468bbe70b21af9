"""Which source a chat belongs to: numbers decide, names only where no number speaks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tg_parser.domain.errors import SourceError, UsageError
from tg_parser.domain.messages import Chat
from tg_parser.domain.peers import Peer, parse_peer
from tg_parser.domain.sources import ChatName, Source
from tg_parser.services.identity import learned, matching, names_lost, names_seen, owner_of, require_same_chat

THEN = datetime(2024, 11, 27, tzinfo=UTC)
NOW = THEN + timedelta(days=30)
NUMBER, OTHER = "-1000000000001", "-1000000000002"


def source(source_id: str, channel_id: str, username: str | None = None, days: int = 0, **fields: Any) -> Source:
    moment = THEN + timedelta(days=days)
    return Source(
        source_id=source_id,
        channel_id=channel_id,
        channel_username=username,
        created_at=moment,
        updated_at=moment,
        **fields,
    )


def test_renamed_channel_is_its_old_source() -> None:
    """The number is found whatever the name is now, also where messages are stored under the old name."""
    by_number, by_name = source("a", NUMBER, "old"), source("b", "old2", "old2", peer_id=OTHER)
    assert owner_of(Chat(channel_id=NUMBER, username="new"), [by_number, by_name]) is by_number
    assert owner_of(Chat(channel_id=OTHER, username="new"), [by_number, by_name]) is by_name


def test_swapped_names_do_not_merge() -> None:
    """A name that leads to another number leads to another source, or to a new one."""
    first, second = source("a", NUMBER, "one"), source("b", OTHER, "two")
    assert owner_of(Chat(channel_id=OTHER, username="one"), [first, second]) is second
    assert owner_of(Chat(channel_id="-1000000000003", username="one"), [first, second]) is None


def test_a_name_finds_what_has_no_number_to_contradict() -> None:
    """A chat whose page tells no number is known by its name; a source without number is found by a numbered chat."""
    numbered, named = source("a", NUMBER, "One"), source("b", "two", "Two", days=1)
    assert owner_of(Chat(channel_id="one", username="one"), [numbered, named]) is numbered
    assert owner_of(Chat(channel_id=OTHER, username="TWO"), [numbered, named]) is named
    assert owner_of(Chat(channel_id="three", username="three"), [numbered, named]) is None


def test_the_oldest_of_two_sources_of_a_channel_owns_it() -> None:
    """Two sources of one channel share its messages; the first one is asked."""
    late, early = source("a", NUMBER, days=2), source("b", NUMBER, days=1)
    assert owner_of(Chat(channel_id=NUMBER), [late, early]) is early


@pytest.mark.parametrize(
    "written",
    [
        "@alfa",
        "alfa",
        "ALFA",
        "t.me/alfa",
        "https://t.me/s/alfa",
        "https://t.me/alfa/5",
        "tg://resolve?domain=alfa",
        "t.me/c/1/4",
        NUMBER,
        "1",
    ],
)
def test_every_writing_of_a_chat_finds_its_source(written: str) -> None:
    """Name, link and number lead to the one source."""
    mine = source("a", NUMBER, "Alfa")
    assert matching(parse_peer(written), written, [source("b", OTHER, "two"), mine]) is mine


def test_stored_name_is_found_by_the_number_learned_later() -> None:
    """A channel stored under its name is found by number, and by the id it is stored under."""
    mine = source("a", "old", "new", peer_id=NUMBER)
    for peer, written in ((Peer(NUMBER, None), NUMBER), (Peer(None, "old"), "old"), (Peer(None, "new"), "new")):
        assert matching(peer, written, [mine]) is mine


def test_number_of_another_chat_is_refused() -> None:
    """A source stays with its chat; where its name has moved, the error says to which."""
    mine = source("a", NUMBER, "one")
    require_same_chat(mine, Chat(channel_id=NUMBER, username="new"))
    require_same_chat(mine, Chat(channel_id="one", username="one"))
    with pytest.raises(SourceError, match="@one now belongs to -1000000000002"):
        require_same_chat(mine, Chat(channel_id=OTHER, username="one"))
    with pytest.raises(
        UsageError, match="collects -1000000000001, but the chat that was read is -1000000000002 \\(Other\\)"
    ):
        require_same_chat(mine, Chat(channel_id=OTHER, title="Other"))


def test_number_learned_late_does_not_move_stored_messages() -> None:
    """With messages stored under the name, the number is kept beside it; without any it becomes the id."""
    mine, chat = source("a", "one", "one"), Chat(channel_id=NUMBER, username="one", title="One")
    assert learned(mine, chat, "web", holds_messages=True, now=NOW) == {"channel_title": "One", "peer_id": NUMBER}
    assert learned(mine, chat, "web", holds_messages=False, now=NOW) == {"channel_title": "One", "channel_id": NUMBER}
    known = source("a", "one", "one", peer_id=NUMBER, channel_title="One")
    assert learned(known, chat, "web", holds_messages=True, now=NOW) == {}


def test_only_the_api_takes_a_name_away() -> None:
    """A channel that went private loses its name by the API's word; an export just does not tell names."""
    mine, nameless = source("a", NUMBER, "one"), Chat(channel_id=NUMBER)
    assert learned(mine, nameless, "api", holds_messages=True, now=NOW) == {
        "channel_username": None,
        "channel_names": (ChatName(name="one", since=THEN, until=NOW),),
    }
    assert learned(mine, nameless, "export", holds_messages=True, now=NOW) == {}


def test_live_reading_turns_a_file_source_into_a_live_one() -> None:
    """A source that came from a file and is then read live is one that `--all` asks."""
    mine = source("a", NUMBER, via="export")
    assert learned(mine, Chat(channel_id=NUMBER), "web", holds_messages=True, now=NOW) == {"via": "web"}
    assert learned(mine, Chat(channel_id=NUMBER), "export", holds_messages=True, now=NOW) == {}


GOLD, PAPER = ChatName(name="goldname", since=THEN), ChatName(name="Paper", since=THEN, owned=True)
BOTH = Chat(channel_id=NUMBER, username="Paper", usernames=("goldname", "Paper"))


def test_all_names_are_kept_with_the_moment_they_were_first_seen() -> None:
    """The API tells all of them and which is the chat's own; one that is gone keeps until when it led there."""
    assert names_seen((), BOTH, "api", THEN) == (GOLD, PAPER)
    assert names_seen((GOLD, PAPER), BOTH, "api", NOW) == (GOLD, PAPER)
    sold = names_seen((GOLD, PAPER), Chat(channel_id=NUMBER, username="Paper"), "api", NOW)
    assert sold == (GOLD.model_copy(update={"until": NOW}), PAPER)
    back = names_seen(sold, BOTH, "api", NOW + timedelta(days=1))
    assert back == (GOLD.model_copy(update={"since": NOW + timedelta(days=1)}), PAPER)


def test_a_page_adds_a_name_and_takes_none_away() -> None:
    """The preview shows the name it was asked by; the others may lead there still."""
    seen = Chat(channel_id=NUMBER, username="third")
    assert names_seen((GOLD, PAPER), seen, "web", NOW) == (GOLD, PAPER, ChatName(name="third", since=NOW))


def test_links_keep_the_chats_own_name_whatever_name_a_page_was_asked_by() -> None:
    """A bought name leads to the chat too, and is not taken for its own; a name never seen is a new one."""
    mine = source("a", NUMBER, "Paper", channel_names=(GOLD, PAPER), channel_title="P")
    assert learned(mine, Chat(channel_id=NUMBER, username="goldname"), "web", holds_messages=True, now=NOW) == {}
    renamed = learned(mine, Chat(channel_id=NUMBER, username="fresh"), "web", holds_messages=True, now=NOW)
    assert renamed["channel_username"] == "fresh"


def test_every_name_finds_the_source_and_a_lost_one_only_where_nobody_has_it() -> None:
    """The chat that a name leads to now goes before the one that has lost it."""
    lost = GOLD.model_copy(update={"until": NOW})
    seller = source("a", NUMBER, "Paper", channel_names=(lost, PAPER))
    buyer = source("b", OTHER, "goldname", channel_names=(GOLD,))
    gold = parse_peer("@GoldName")
    assert matching(gold, "@GoldName", [source("a", NUMBER, "Paper", channel_names=(GOLD, PAPER))]).source_id == "a"
    assert matching(gold, "@GoldName", [seller]) is seller
    assert matching(gold, "@GoldName", [seller, buyer]) is buyer


def test_a_name_that_moved_is_taken_from_the_chat_that_had_it() -> None:
    """Where it was the name of its links, another of its names stands in."""
    mine = source("a", NUMBER, "goldname", channel_names=(GOLD, PAPER))
    assert names_lost(mine, {"GOLDNAME"}, NOW) == {
        "channel_names": (GOLD.model_copy(update={"until": NOW}), PAPER),
        "channel_username": "Paper",
    }
    assert names_lost(mine, {"other"}, NOW) == {}
    assert names_lost(source("b", OTHER, "goldname"), {"goldname"}, NOW)["channel_username"] is None
