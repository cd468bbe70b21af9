"""How a server is asked: one page at a time, with pauses, as patiently as it wishes, and again where it failed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from structlog.testing import capture_logs
from web_pages import NAME, PreviewServer, Reply, landing, open_channel, page, post, serving

from tg_parser.config.settings import RetrySettings, WebSettings
from tg_parser.domain.errors import InvalidPeerError, RateLimitedError, SourceError, SourceUnavailableError
from tg_parser.domain.peers import parse_peer
from tg_parser.ingestion.source import Batch, Window
from tg_parser.ingestion.web import client as web_client
from tg_parser.ingestion.web.preview import WebPreview

PEER = parse_peer(NAME)
FIRST = f"/s/{NAME}"
WAIT = Reply(status=429, headers={"Retry-After": "1"})


@asynccontextmanager
async def preview_of(
    server: PreviewServer, *, attempts: int = 3, max_wait: float = 300.0, pause: float = 0.0, **fields: Any
) -> AsyncIterator[Any]:
    """A WebPreview of `server` that tries again after a tenth of a second."""
    with serving(server) as address:
        web = WebSettings(base_url=address, pause=pause, **fields)
        preview = WebPreview(web, RetrySettings(max_attempts=attempts, backoff_base=0.1, jitter=0), max_wait)
        try:
            yield preview
        finally:
            await preview.close()


async def opened(server: PreviewServer, **options: Any) -> list[int]:
    """The ids on the newest page."""
    async with preview_of(server, **options) as preview:
        channel = await open_channel(preview, PEER)
        return [int(message.id) async for batch in channel.batches(Window()) for message in batch.messages]


async def test_a_wait_is_sat_out_and_told_of() -> None:
    """The server is asked again not before its second is over, and the log says so once."""
    server = PreviewServer([1])
    server.next = [WAIT]
    with capture_logs() as logs:
        assert await opened(server) == [1]
    refused, answered = server.requests
    assert answered.began - refused.ended >= 1.0
    assert [entry["event"].split(" asks ")[1] for entry in logs] == ["to wait 1 s; waiting."]


async def test_waits_count_as_no_attempts() -> None:
    """A server that asks to wait is not one that fails."""
    server = PreviewServer([1])
    server.next = [WAIT, WAIT]
    assert await opened(server, attempts=1) == [1]
    assert len(server.requests) == 3


async def test_a_date_is_a_wait_too() -> None:
    """Retry-After may be a moment, by the server's own clock."""
    server = PreviewServer([1])
    dates = {"Date": "Thu, 12 Sep 2024 10:00:00 GMT", "Retry-After": "Thu, 12 Sep 2024 10:00:01 GMT"}
    server.next = [Reply(status=503, headers=dates)]
    assert await opened(server) == [1]
    assert server.requests[1].began - server.requests[0].ended >= 1.0


async def test_a_wait_too_long_is_an_error_with_its_moment() -> None:
    """It is told at once, and nothing is asked before it is over, for no channel."""
    server = PreviewServer([1])
    server.next = [Reply(status=429, headers={"Retry-After": "600"})]
    async with preview_of(server, max_wait=300) as preview:
        asked = datetime.now(UTC)
        with pytest.raises(RateLimitedError) as first:
            await open_channel(preview, PEER)
        with pytest.raises(RateLimitedError) as second:
            await open_channel(preview, parse_peer("other_channel"))
    assert timedelta(seconds=599) < first.value.until - asked < timedelta(seconds=620)
    assert abs(second.value.until - first.value.until) < timedelta(seconds=1)
    assert len(server.requests) == 1


async def test_many_short_waits_are_a_long_one() -> None:
    """A server that asks to wait again and again is not waited for for ever."""
    server = PreviewServer([1])
    server.next = [WAIT] * 5
    with pytest.raises(RateLimitedError):
        await opened(server, max_wait=1.5)
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    "failure",
    [
        Reply(status=500),
        Reply(status=502, body="<html>Bad gateway</html>"),
        Reply(body=page(post(1)), announced=100_000),
        Reply(body=page(post(1))[:-400]),
        Reply(status=200, headers={"Content-Encoding": "gzip"}, body="no gzip"),
    ],
    ids=["status", "gateway", "connection cut", "page cut", "garbled"],
)
async def test_a_failure_is_tried_again(failure: Reply) -> None:
    """Server errors, cut connections and cut pages pass; nothing is doubled."""
    server = PreviewServer(range(1, 31))
    server.next = [failure, "as usual", failure, failure]
    assert sorted(await opened(server)) == list(range(1, 31))
    assert len(server.requests) == 5


@pytest.mark.parametrize("failure", [Reply(status=500), Reply(body=page(post(1))[:-400])])
async def test_a_failure_that_stays_can_be_tried_later(failure: Reply) -> None:
    """After the last attempt the error says so, and counts as one that passes."""
    server = PreviewServer([1])
    server.next = [failure] * 5
    with pytest.raises(SourceUnavailableError, match="did not respond as expected") as raised:
        await opened(server, attempts=2)
    assert (raised.value.retryable, len(server.requests)) == (True, 2)


async def test_what_came_before_a_failure_is_kept() -> None:
    """The pages before a cut one are given; the cut one gives nothing, so that no hole is left behind it."""
    server = PreviewServer(range(1, 61))
    cut = Reply(body=server.preview(41)[:-400])
    server.next = ["as usual", cut, cut]
    async with preview_of(server, attempts=2) as preview:
        batches = (await open_channel(preview, PEER)).batches(Window())
        assert [message.id for message in (await anext(batches)).messages] == [str(number) for number in range(41, 61)]
        with pytest.raises(SourceUnavailableError, match="the page is truncated"):
            await anext(batches)


async def test_silence_is_a_failure() -> None:
    """A server that never answers is given up after the time for a page."""
    server = PreviewServer([1])
    server.next = [None]
    assert await opened(server, timeout=0.3) == [1]


async def test_nobody_there_is_a_failure() -> None:
    """A refused connection can be tried later."""
    with serving(PreviewServer()) as address:
        pass
    preview = WebPreview(WebSettings(base_url=address, pause=0), RetrySettings(max_attempts=1), 0)
    with pytest.raises(SourceUnavailableError, match="ConnectError"):
        await open_channel(preview, PEER)
    await preview.close()


@pytest.mark.parametrize("status", [400, 403, 404, 410])
async def test_a_refusal_is_final(status: int) -> None:
    """It is not asked again."""
    server = PreviewServer([1])
    server.next = [Reply(status=status)]
    with pytest.raises(SourceError, match=f"refuses {FIRST}: status {status}") as raised:
        await opened(server)
    assert (raised.value.retryable, len(server.requests)) == (False, 1)


async def test_a_page_has_a_size() -> None:
    """An answer that is far too large is no page, and memory is not filled with it."""
    server = PreviewServer([1])
    server.next = [Reply(body="x" * (web_client.MAX_BODY + 1))]
    with pytest.raises(SourceError, match="more than 16 MB"):
        await opened(server)


async def test_requests_keep_their_pause_and_never_overlap() -> None:
    """Channels read side by side take turns: one request at a time, and the pause between any two."""
    server = PreviewServer(range(1, 61))
    server.pages = {"/s/other_name": Reply(status=302, headers={"Location": "/other_name"}), "/other_name": landing()}
    async with preview_of(server, pause=0.15) as preview:

        async def whole() -> list[Batch]:
            return [batch async for batch in (await open_channel(preview, PEER)).batches(Window())]

        results: Any = await asyncio.gather(
            whole(), whole(), open_channel(preview, parse_peer("other_name")), return_exceptions=True
        )
    assert [len(result) for result in results[:2]] == [3, 3]
    assert isinstance(results[2], SourceError)
    requests = sorted(server.requests, key=lambda request: request.began)
    gaps = [later.began - earlier.ended for earlier, later in pairwise(requests)]
    assert (len(gaps), min(gaps) >= 0.15) == (7, True)


async def test_a_failure_does_not_shorten_the_pause() -> None:
    """Trying again is asking again."""
    server = PreviewServer([1])
    server.next = [Reply(status=500)]
    await opened(server, pause=0.4)
    assert server.requests[1].began - server.requests[0].ended >= 0.4


async def test_the_first_page_needs_no_pause() -> None:
    """Nothing was asked before it."""
    server = PreviewServer([1])
    began = time.monotonic()
    await opened(server, pause=600)
    assert time.monotonic() - began < 30


async def test_the_program_names_itself() -> None:
    """As the settings say."""
    server = PreviewServer([1])
    await opened(server, user_agent="Mozilla/5.0 (compatible; Reader/1.0)")
    assert server.requests[0].agent == "Mozilla/5.0 (compatible; Reader/1.0)"


@pytest.mark.parametrize("written", ["@a/../b", "@name?x=1", "@имя", "@ab", "@name name", "@joinchat", ""])
def test_odd_names_never_reach_the_server(written: str) -> None:
    """A name that Telegram cannot have is refused where it is read."""
    with pytest.raises(InvalidPeerError):
        parse_peer(written)


@pytest.mark.parametrize("address", ["http://[broken", "http://exa mple"])
async def test_an_address_that_is_none_is_told_of(address: str) -> None:
    """The setting is named; a traceback is not shown."""
    web = WebSettings.model_construct(base_url=address, pause=0.0, timeout=1.0, user_agent="x")
    preview = WebPreview(web, RetrySettings(max_attempts=1), 0)
    with pytest.raises(SourceError) as raised:
        await open_channel(preview, PEER)
    assert raised.value.hint
    await preview.close()
