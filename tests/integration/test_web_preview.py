"""A channel is read from a local server's pages: what is asked for, what comes of it, and when it ends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from web_pages import CHAT, NAME, PreviewServer, Reply, landing, open_channel, page, post, service, serving

from tg_parser.config.settings import RetrySettings, WebSettings
from tg_parser.domain.errors import SourceError, SourceUnavailableError
from tg_parser.domain.peers import Peer, parse_peer
from tg_parser.ingestion.source import Window
from tg_parser.ingestion.web.preview import WebPreview

PEER = parse_peer(f"@{NAME}")
FIRST, S = f"/s/{NAME}", f"/s/{NAME}?before="


@asynccontextmanager
async def preview_of(server: PreviewServer, **fields: Any) -> AsyncIterator[Any]:
    """A WebPreview of `server`, impatient as tests are."""
    with serving(server) as address:
        web = WebSettings(base_url=address, pause=0, **fields)
        preview = WebPreview(web, RetrySettings(max_attempts=2, backoff_base=0.1, jitter=0), max_wait=300)
        try:
            yield preview
        finally:
            await preview.close()


async def read(server: PreviewServer, window: Window = Window(), **fields: Any) -> list[list[int]]:  # noqa: B008
    """The ids of each batch, in the order of reading."""
    async with preview_of(server, **fields) as preview:
        channel = await open_channel(preview, PEER)
        async with aclosing(channel.batches(window)) as batches:
            return [[int(message.id) for message in batch.messages] async for batch in batches]


async def shown(server: PreviewServer, *ids: int) -> list[tuple[list[int], list[int]]]:
    """What is shown and what is gone of posts, part by part."""
    async with preview_of(server) as preview:
        channel = await open_channel(preview, PEER)
        return [([int(each.id) for each in part.messages], part.gone) async for part in channel.shown(ids)]


def ids(*marks: int) -> list[int]:
    """From the first mark to the last, both included."""
    return list(range(marks[0], marks[-1] + 1))


async def test_a_whole_channel_is_read_back_to_its_first_post() -> None:
    """Every post once, ids rising within a batch, batches going back; the page of opening is not asked for again."""
    server = PreviewServer(range(1, 108))
    assert await read(server) == [ids(88, 107), ids(68, 87), ids(48, 67), ids(28, 47), ids(8, 27), ids(1, 7)]
    assert server.paths == [FIRST, S + "88", S + "68", S + "48", S + "28", S + "8"]


async def test_the_channel_is_known_from_its_first_page() -> None:
    """Number, title, name and kind; the messages carry the number."""
    async with preview_of(PreviewServer([1])) as preview:
        channel = await open_channel(preview, PEER)
        messages = [message async for batch in channel.batches(Window()) for message in batch.messages]
    assert (channel.chat, channel.via, channel.newest_first) == (CHAT, "web", True)
    assert [message.source_ref for message in messages] == ["tg:-1000001234567:post:1"]


async def test_deleted_first_posts_end_the_reading_all_the_same() -> None:
    """Where no page tells of older posts, one that says it has none is the end."""
    server = PreviewServer(range(5, 30))
    assert await read(server) == [ids(10, 29), ids(5, 9)]
    assert server.paths == [FIRST, S + "10", S + "5"]


async def test_reading_stops_at_the_cursor() -> None:
    """Posts up to it are left out, and no page below it is asked for."""
    server = PreviewServer(range(1, 108))
    assert await read(server, Window(after_id=70)) == [ids(88, 107), ids(71, 87)]
    assert server.paths == [FIRST, S + "88"]


async def test_nothing_new_costs_one_request() -> None:
    """However long the channel is."""
    server = PreviewServer(range(1, 108))
    assert await read(server, Window(after_id=107)) == []
    assert server.paths == [FIRST]


async def test_a_range_is_read_from_its_upper_end() -> None:
    """A hole that an earlier run left is asked for directly."""
    server = PreviewServer(range(1, 108))
    assert await read(server, Window(after_id=20, before_id=51)) == [ids(31, 50), ids(21, 30)]
    assert server.paths == [FIRST, S + "51", S + "31"]


async def test_a_range_on_the_newest_page_costs_no_request() -> None:
    """What came with opening is not asked for again."""
    server = PreviewServer(range(1, 108))
    assert await read(server, Window(after_id=94, before_id=100)) == [ids(95, 99)]
    assert await read(server, Window(after_id=94, before_id=95)) == []
    assert server.paths == [FIRST, FIRST]


async def test_a_limit_takes_the_newest() -> None:
    """It bounds messages, not pages, and no page is asked for in vain."""
    server = PreviewServer(range(1, 108))
    assert await read(server, Window(limit=25)) == [ids(88, 107), ids(83, 87)]
    assert await read(server, Window(limit=20)) == [ids(88, 107)]
    assert server.paths == [FIRST, S + "88", FIRST]


async def test_dates_bound_the_reading() -> None:
    """Newer posts are passed over, and the first page with an older one is the last."""
    server = PreviewServer(range(1, 108))
    window = Window(
        date_from=datetime(2024, 9, 12, 0, 50, tzinfo=UTC), date_to=datetime(2024, 9, 12, 1, 10, tzinfo=UTC)
    )
    assert await read(server, window) == [ids(68, 69), ids(50, 67)]
    assert server.paths == [FIRST, S + "88", S + "68"]


async def test_a_base_address_may_have_a_path() -> None:
    """A mirror below a folder is asked below that folder."""
    server = PreviewServer(range(1, 24), prefix="/mirror")
    assert await read(server) == [ids(4, 23), ids(1, 3)]
    assert server.paths == [f"/mirror{FIRST}", f"/mirror{S}4"]


async def test_an_empty_channel_has_no_messages() -> None:
    """A new channel is no error."""
    assert await read(PreviewServer()) == []


async def test_broken_posts_are_counted_and_passed() -> None:
    """One post that cannot be read costs itself alone, and the page below it is asked for."""
    server = PreviewServer(range(1, 25))
    server.posts[5] = post(5, date="")
    async with preview_of(server) as preview:
        batches = [batch async for batch in (await open_channel(preview, PEER)).batches(Window())]
    assert [(len(batch.messages), dict(batch.skipped)) for batch in batches] == [(19, {"no_date": 1}), (4, {})]


async def test_a_redirect_to_the_landing_page_is_explained() -> None:
    """Telegram points there where there is no preview; what the landing page says is the error."""
    server = PreviewServer()
    server.pages = {
        FIRST: Reply(status=302, headers={"Location": f"/{NAME}"}),
        f"/{NAME}": landing("Chat", "5 members"),
    }
    with pytest.raises(SourceError, match="@news_channel is a group") as raised:
        await read(server)
    assert (raised.value.retryable, server.paths) == (False, [FIRST, f"/{NAME}"])


async def test_a_channel_that_turns_private_midway_keeps_what_was_read() -> None:
    """The pages before are given, then the reason."""
    server = PreviewServer(range(1, 60))
    server.pages = {
        S + "40": Reply(status=302, headers={"Location": f"https://t.me/{NAME}"}),
        f"/{NAME}": landing("Club", button="Join Channel"),
    }
    async with preview_of(server) as preview:
        batches = (await open_channel(preview, PEER)).batches(Window())
        assert len((await anext(batches)).messages) == 20
        with pytest.raises(SourceError, match="is private"):
            await anext(batches)


@pytest.mark.parametrize(
    "target", ["https://telegram.org/", "/other_name", "/s/other_name", "https://example.com/login?a=b", "http://[x"]
)
async def test_a_redirect_elsewhere_is_not_followed(target: str) -> None:
    """What is no page of this channel is not asked for."""
    server = PreviewServer()
    server.pages = {FIRST: Reply(status=301, headers={"Location": target})}
    with pytest.raises(SourceError, match="is not a page of Telegram's web preview"):
        await read(server)
    assert server.paths == [FIRST]


async def test_redirects_in_circles_end() -> None:
    """A server that points from a page to itself is given up."""
    server = PreviewServer()
    server.pages = {FIRST: Reply(status=301, headers={"Location": FIRST})}
    with pytest.raises(SourceError, match="is not a page of Telegram's web preview"):
        await read(server)
    assert server.paths == [FIRST] * 3


@pytest.mark.parametrize("body", ["", '{"ok": false}', "<html><body>Sign in to the network</body></html>"])
async def test_a_foreign_page_is_an_error(body: str) -> None:
    """Nothing that is no preview counts as a channel without news."""
    server = PreviewServer()
    server.pages = {FIRST: body}
    with pytest.raises(SourceError, match="is not a page of Telegram's web preview"):
        await read(server)


@pytest.mark.parametrize(
    ("html", "reason"),
    [
        (page(counters=[("1 204", "photos")]), "it counts posts but shows none"),
        (page(post(1, date=""), post(2, date="")), r"not one of its posts could be read \(no_date: 2\)"),
    ],
)
async def test_a_changed_layout_is_an_error(html: str, reason: str) -> None:
    """A page that should have posts and gives none is never 0 new."""
    server = PreviewServer()
    server.pages = {FIRST: html}
    with pytest.raises(SourceError, match=f"has an unknown layout.*{reason}"):
        await read(server)


@pytest.mark.parametrize(
    ("html", "reason"),
    [
        (page(post(88), older=88), "asked for posts before 88, it shows 88 and later ones"),
        (
            page().replace("No posts found", "").replace("tme_no_messages_found", "x"),
            "it shows none without saying so",
        ),
    ],
)
async def test_an_older_page_that_is_none_is_an_error(html: str, reason: str) -> None:
    """A server that does not page back is found out, and does not go on for ever."""
    server = PreviewServer(range(1, 108))
    server.pages = {S + "88": html}
    with pytest.raises(SourceError, match=reason):
        await read(server)


async def test_posts_told_of_and_not_shown_are_to_be_asked_for_later() -> None:
    """A page without posts is not the beginning of a channel whose next page tells of older posts."""
    server = PreviewServer(range(1, 108))
    server.pages = {S + "88": page()}
    with pytest.raises(
        SourceUnavailableError, match="mentions posts of @news_channel before 88 but does not show them"
    ):
        await read(server)


@pytest.mark.parametrize("first", [1, 60, 87])
async def test_an_open_range_is_not_closed_by_a_page_without_posts(first: int) -> None:
    """An earlier run left posts below 88 open. Asked too often, the server shows a page without any: they stay open."""
    server = PreviewServer(range(first, 108))
    server.hidden_below = 88
    with pytest.raises(SourceUnavailableError, match="mentions posts of @news_channel before 88"):
        await read(server, Window(after_id=0, before_id=88))


@pytest.mark.parametrize("first", [88, 89, 95, 107])
async def test_an_open_range_ends_where_the_oldest_page_says_so(first: int) -> None:
    """All posts below 88 were deleted, and maybe some above: the oldest page with posts tells of no older ones."""
    server = PreviewServer(range(first, 208))
    assert await read(server, Window(after_id=0, before_id=88)) == []


async def test_a_range_is_read_where_its_posts_are_shown_after_all() -> None:
    """The first answer was empty, the next ones are not: nothing is left out."""
    server = PreviewServer(range(1, 108))
    server.next = ["as usual", Reply(page())]
    assert await read(server, Window(after_id=50, before_id=88)) == [ids(68, 87), ids(51, 67)]


async def test_a_channel_that_shows_nothing_any_more_keeps_its_open_range() -> None:
    """Posts were shown before: a preview without any proves nothing."""
    with pytest.raises(SourceUnavailableError, match="shows no posts of @news_channel any more"):
        await read(PreviewServer(), Window(after_id=0, before_id=88))


async def test_a_number_alone_is_refused_without_a_request() -> None:
    """The preview finds channels by name."""
    server = PreviewServer([1])
    async with preview_of(server) as preview:
        with pytest.raises(SourceError, match="needs the @username of a channel, and -1000001234567 is a number"):
            await open_channel(preview, Peer("-1000001234567", None))
    assert server.paths == []


async def test_a_channel_known_by_number_and_name_is_found_by_name() -> None:
    """Both together are as good as the name."""
    async with preview_of(PreviewServer([1])) as preview:
        assert (await open_channel(preview, Peer("-1000001234567", NAME))).chat == CHAT


async def test_posts_are_shown_again() -> None:
    """Pages over the range give what there is; jumps leave out pages nobody asked about."""
    server = PreviewServer(range(1, 200))
    assert await shown(server, 3, 150, 151, 199) == [([199], []), ([150, 151], []), ([3], [])]
    assert server.paths == [FIRST, S + "152", S + "4"]


async def test_a_deleted_post_is_gone_once_its_own_page_says_so() -> None:
    """A post missing between its neighbours is asked for by itself."""
    server = PreviewServer(range(1, 31))
    del server.posts[25], server.posts[30]
    assert await shown(server, 24, 25, 26, 30) == [([24, 26], [25, 30])]
    assert server.paths == [FIRST, f"/{NAME}/25?embed=1&mode=tme", f"/{NAME}/30?embed=1&mode=tme"]


async def test_a_post_that_its_own_page_shows_is_not_gone() -> None:
    """What the feed leaves out may be there all the same."""
    server = PreviewServer(range(1, 31))
    kept = server.posts.pop(25)
    server.pages = {f"/{NAME}/25?embed=1&mode=tme": f"<html><body>{kept}</body></html>"}
    assert await shown(server, 25) == [([25], [])]


@pytest.mark.parametrize(
    "reply",
    [
        "<html><body></body></html>",
        '<html><body><div class="tgme_widget_message_error">Channel with username @x not found</div></body></html>',
        Reply(status=302, headers={"Location": f"/{NAME}"}),
        f"<html><body>{post(24)}</body></html>",
    ],
)
async def test_a_doubtful_answer_proves_nothing(reply: str | Reply) -> None:
    """Neither shown nor gone."""
    server = PreviewServer(range(1, 31))
    del server.posts[25]
    server.pages = {f"/{NAME}/25?embed=1&mode=tme": reply}
    assert await shown(server, 25) == [([], [])]


async def test_a_post_that_is_shown_elsewhere_only_is_not_taken_for_empty() -> None:
    """Its text is not on the page, so nothing is said of it."""
    server = PreviewServer(range(1, 31))
    remark = '<div class="message_media_not_supported_wrap"><div class="message_media_not_supported">Open</div></div>'
    server.posts[25] = post(25, remark)
    assert await shown(server, 24, 25) == [([24], [])]


async def test_service_messages_come_with_the_others() -> None:
    """They are stored and counted like every message."""
    server = PreviewServer([2])
    server.posts[1] = service(1, "Channel created")
    assert await read(server) == [[1, 2]]
