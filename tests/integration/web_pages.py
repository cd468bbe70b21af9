"""Pages as Telegram's web preview writes them, and a local server that shows them and misbehaves on demand."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from selectolax.lexbor import LexborHTMLParser

from tg_parser.domain.messages import Chat, RawMessage
from tg_parser.domain.peers import Peer
from tg_parser.ingestion.web.post import Post, read_post
from tg_parser.ingestion.web.preview import WebChannel, WebPreview

NAME, NUMBER = "news_channel", 1234567
CHAT = Chat(channel_id=f"-{10**12 + NUMBER}", title="News", username=NAME)
PAGE_SIZE = 20


async def open_channel(preview: WebPreview, peer: Peer) -> WebChannel:
    """The channel of `peer`, which holds nothing that would have to be given back."""
    async with preview.open(peer) as channel:
        return channel


def text(markup: str) -> str:
    """The element that holds a post's text."""
    return f'<div class="tgme_widget_message_text js-message_text" dir="auto">{markup}</div>'


def post(
    number: int,
    body: str | None = None,
    *,
    name: str = NAME,
    date: str | None = None,
    views: str = "1",
    meta: str = "",
    classes: str = "",
    channel: int | None = NUMBER,
) -> str:
    """One post: by default a text, sent `number` minutes after 2024-09-12T00:00Z."""
    date = (
        f"2024-09-{12 + number // 1440:02}T{number // 60 % 24:02}:{number % 60:02}:00+00:00" if date is None else date
    )
    told = json.dumps({"c": -channel, "p": number, "t": 1, "h": "a"}).encode() if channel else b""
    view = base64.urlsafe_b64encode(told).decode().rstrip("=")
    counted = f'<span class="tgme_widget_message_views">{views}</span>' if views else ""
    shown = text(f"text {number}") if body is None else body
    return (
        f'<div class="tgme_widget_message_wrap js-widget_message_wrap"><div class="tgme_widget_message '
        f'text_not_supported_wrap {classes} js-widget_message" data-post="{name}/{number}" data-view="{view}">'
        f'<div class="tgme_widget_message_bubble"><div class="tgme_widget_message_author accent_color">'
        f'<a class="tgme_widget_message_owner_name" href="https://t.me/{name}"><span dir="auto">News</span></a></div>'
        f'{shown}<div class="tgme_widget_message_footer compact js-message_footer">'
        f'<div class="tgme_widget_message_info short js-message_info">{counted}<span class="copyonly"> views</span>'
        f'<span class="tgme_widget_message_meta">{meta}<a class="tgme_widget_message_date" '
        f'href="https://t.me/{name}/{number}"><time datetime="{date}" class="time">00:00</time></a></span>'
        "</div></div></div></div></div>"
    )


def service(number: int, words: str, **fields: Any) -> str:
    """A message that Telegram itself wrote."""
    return post(number, text(words), classes="service_message", views="", **fields)


def page(
    *posts: str,
    name: str = NAME,
    title: str = "News",
    older: int | None = None,
    counters: Sequence[tuple[str, str]] = (("12K", "subscribers"),),
) -> str:
    """A page of the preview; with `older` it tells that there are posts before that one."""
    counted = "".join(
        f'<div class="tgme_channel_info_counter"><span class="counter_value">{value}</span> '
        f'<span class="counter_type">{kind}</span></div>'
        for value, kind in counters
    )
    shown = "".join(posts) or '<div class="tme_no_messages_found">No posts found</div>'
    more = f'<a class="tme_messages_more js-messages_more" data-before="{older}"></a>' if older else ""
    return (
        f'<!DOCTYPE html><html><head><meta property="og:title" content="{title}"></head><body>'
        f'<div class="tgme_channel_info"><div class="tgme_channel_info_header_title"><span>{title}</span></div>'
        f'<div class="tgme_channel_info_header_username"><a href="https://t.me/{name}">@{name}</a></div>'
        f'<div class="tgme_channel_info_counters">{counted}</div></div>'
        f'<main class="tgme_main"><section class="tgme_channel_history js-message_history">{more}{shown}'
        "</section></main></body></html><!-- page generated in 22.94ms -->"
    )


def landing(
    title: str = "", extra: str = "", description: str = "", button: str = "View in Telegram", robots: str = ""
) -> str:
    """The page that Telegram shows in place of a preview."""
    head = f'<meta property="og:title" content="{title}"><meta name="robots" content="{robots}">'
    return (
        f'<!DOCTYPE html><html><head>{head}</head><body><div class="tgme_page">'
        f'<div class="tgme_page_title">{title}</div><div class="tgme_page_extra">{extra}</div>'
        f'<div class="tgme_page_description">{description}</div><div class="tgme_page_action">'
        f'<a class="tgme_action_button_new">{button}</a></div></div></body></html>'
    )


GONE = '<!DOCTYPE html><html><body><div class="tgme_widget_message_error">Post not found</div></body></html>'


def messages_of(markup: str, chat: Chat = CHAT) -> list[RawMessage]:
    """The messages of one post."""
    read = read_post(LexborHTMLParser(markup).css_first(".tgme_widget_message"), chat)
    assert isinstance(read, Post)
    return read.messages


def message_of(markup: str, chat: Chat = CHAT) -> RawMessage:
    """The only message of one post."""
    (message,) = messages_of(markup, chat)
    return message


@dataclass
class Reply:
    """An answer of the server; `announced` is the length it claims where that is not the true one."""

    body: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    announced: int | None = None


@dataclass
class Request:
    """What was asked, and between which moments it was answered."""

    path: str
    agent: str
    began: float
    ended: float = 0.0


class PreviewServer:
    """One channel on a local server: `posts` by number, `singles` and `pages` by path, `next` to answer otherwise."""

    def __init__(self, numbers: Iterable[int] = (), prefix: str = "") -> None:
        self.posts = {number: post(number) for number in numbers}
        self.pages: dict[str, str | Reply] = {}
        self.next: list[Any] = []
        self.hidden_below = 0
        self.prefix = prefix
        self.requests: list[Request] = []
        self.released = threading.Event()

    @property
    def paths(self) -> list[str]:
        """What was asked for, in order."""
        return [request.path for request in self.requests]

    def answer(self, path: str) -> Reply | None:
        """The reply for a path; None where no answer is ever given."""
        if self.next and (planned := self.next.pop(0)) != "as usual":
            return planned
        if path in self.pages:
            known = self.pages[path]
            return known if isinstance(known, Reply) else Reply(known)
        parts = urlsplit(path)
        asked, name = parse_qs(parts.query), parts.path.rsplit("/", 1)[-1]
        if parts.path == f"{self.prefix}/s/{NAME}":
            return Reply(self.preview(int(asked["before"][0]) if "before" in asked else None))
        if "embed" in asked:
            single = self.posts.get(int(name))
            return Reply(f"<html><body>{single}</body></html>" if single else GONE)
        return Reply("nothing here", status=404)

    def preview(self, before: int | None) -> str:
        """The page with the newest posts below `before`; of the posts below `hidden_below` it only tells."""
        below = sorted(number for number in self.posts if before is None or number < before)
        shown = [number for number in below[-PAGE_SIZE:] if number >= self.hidden_below]
        older = shown[0] if shown and len(below) > len(shown) else None
        return page(*(self.posts[number] for number in shown), older=older)


class _Server(ThreadingHTTPServer):
    preview: PreviewServer


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        preview = self.server.preview
        request = Request(self.path, self.headers.get("User-Agent", ""), time.monotonic())
        preview.requests.append(request)
        reply = preview.answer(self.path)
        if reply is None:
            preview.released.wait(30)
            return
        body = reply.body.encode()
        # The moment before the last byte: the client may ask again before this thread goes on.
        request.ended = time.monotonic()
        self.send_response_only(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if reply.announced is None else reply.announced))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def serving(preview: PreviewServer) -> Iterator[str]:
    """The base address at which `preview` answers as long as the block lasts."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.preview = preview
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{preview.prefix}"
    finally:
        preview.released.set()
        server.shutdown()
        thread.join()
        server.server_close()
