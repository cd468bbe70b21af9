"""Which source a chat belongs to: numbers decide, names only where no number speaks."""

from datetime import UTC, datetime, timedelta

import pytest

from tg_parser.domain.errors import SourceError, UsageError
from tg_parser.domain.messages import Chat
from tg_parser.domain.peers import Peer, parse_peer
from tg_parser.domain.sources import Source
from tg_parser.services.identity import learned, matching, owner_of, require_same_chat

THEN = datetime(2024, 11, 27, tzinfo=UTC)
NUMBER, OTHER = "-1001", "-1002"


def source(source_id, channel_id, username=None, days=0, **fields):
    moment = THEN + timedelta(days=days)
    return Source(
        source_id=source_id,
        channel_id=channel_id,
        channel_username=username,
        created_at=moment,
        updated_at=moment,
        **fields,
    )


def test_renamed_channel_is_its_old_source():
    """The number is found whatever the name is now, also where messages are stored under the old name."""
    by_number, by_name = source("a", NUMBER, "old"), source("b", "old2", "old2", peer_id=OTHER)
    assert owner_of(Chat(channel_id=NUMBER, username="new"), [by_number, by_name]) is by_number
    assert owner_of(Chat(channel_id=OTHER, username="new"), [by_number, by_name]) is by_name


def test_swapped_names_do_not_merge():
    """A name that leads to another number leads to another source, or to a new one."""
    first, second = source("a", NUMBER, "one"), source("b", OTHER, "two")
    assert owner_of(Chat(channel_id=OTHER, username="one"), [first, second]) is second
    assert owner_of(Chat(channel_id="-1003", username="one"), [first, second]) is None


def test_a_name_finds_what_has_no_number_to_contradict():
    """A chat whose page tells no number is known by its name; a source without number is found by a numbered chat."""
    numbered, named = source("a", NUMBER, "One"), source("b", "two", "Two", days=1)
    assert owner_of(Chat(channel_id="one", username="one"), [numbered, named]) is numbered
    assert owner_of(Chat(channel_id=OTHER, username="TWO"), [numbered, named]) is named
    assert owner_of(Chat(channel_id="three", username="three"), [numbered, named]) is None


def test_the_oldest_of_two_sources_of_a_channel_owns_it():
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
def test_every_writing_of_a_chat_finds_its_source(written):
    """Name, link and number lead to the one source."""
    mine = source("a", NUMBER, "Alfa")
    assert matching(parse_peer(written), written, [source("b", OTHER, "two"), mine]) is mine


def test_stored_name_is_found_by_the_number_learned_later():
    """A channel stored under its name is found by number, and by the id it is stored under."""
    mine = source("a", "old", "new", peer_id=NUMBER)
    for peer, written in ((Peer(NUMBER, None), NUMBER), (Peer(None, "old"), "old"), (Peer(None, "new"), "new")):
        assert matching(peer, written, [mine]) is mine


def test_number_of_another_chat_is_refused():
    """A source stays with its chat; where its name has moved, the error says to which."""
    mine = source("a", NUMBER, "one")
    require_same_chat(mine, Chat(channel_id=NUMBER, username="new"))
    require_same_chat(mine, Chat(channel_id="one", username="one"))
    with pytest.raises(SourceError, match="@one now belongs to -1002"):
        require_same_chat(mine, Chat(channel_id=OTHER, username="one"))
    with pytest.raises(UsageError, match="collects -1001, but what was read is -1002 \\(Other\\)"):
        require_same_chat(mine, Chat(channel_id=OTHER, title="Other"))


def test_number_learned_late_does_not_move_stored_messages():
    """With messages stored under the name, the number is kept beside it; without any it becomes the id."""
    mine, chat = source("a", "one", "one"), Chat(channel_id=NUMBER, username="one", title="One")
    assert learned(mine, chat, "web", holds_messages=True) == {"channel_title": "One", "peer_id": NUMBER}
    assert learned(mine, chat, "web", holds_messages=False) == {"channel_title": "One", "channel_id": NUMBER}
    known = source("a", "one", "one", peer_id=NUMBER, channel_title="One")
    assert learned(known, chat, "web", holds_messages=True) == {}


def test_only_the_api_takes_a_name_away():
    """A channel that went private loses its name by the API's word; an export just does not tell names."""
    mine, nameless = source("a", NUMBER, "one"), Chat(channel_id=NUMBER)
    assert learned(mine, nameless, "api", holds_messages=True) == {"channel_username": None}
    assert learned(mine, nameless, "export", holds_messages=True) == {}


def test_live_reading_turns_a_file_source_into_a_live_one():
    """A source that came from a file and is then read live is one that `--all` asks."""
    mine = source("a", NUMBER, via="export")
    assert learned(mine, Chat(channel_id=NUMBER), "web", holds_messages=True) == {"via": "web"}
    assert learned(mine, Chat(channel_id=NUMBER), "export", holds_messages=True) == {}
