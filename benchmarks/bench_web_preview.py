"""Reading pages of the web preview: posts a second on one core, against bare selectolax in the same run.

python benchmarks/bench_web_preview.py [--pages 50] [--rounds 5]
"""

from __future__ import annotations

import argparse
import base64
import json
import time
from collections.abc import Callable

from selectolax.lexbor import LexborHTMLParser

from tg_parser.domain.messages import Chat
from tg_parser.ingestion.web.page import read_page

NAME, PAGE_SIZE = "bench_channel", 20
CHAT = Chat(channel_id="-1001234567", username=NAME)
STYLE = "<style>" + ".user-color-1 { --user-accent-color: #3391d4; }\n" * 200 + "</style>"
DRAWING = (
    '<path class="background" fill="#ffffff" d="M8,1 L9,1 L9,20 L8,20 L8,18 C7.807,15.161 7.124,12.233 5.9"></path>'
)
TAIL = f'<i class="tgme_widget_message_bubble_tail"><svg class="bubble_icon"><g fill="none">{DRAWING * 4}</g></svg></i>'
PICTURE = "https://cdn4.telesco.pe/file/" + "XS-2wXZ8Br9GfL7" * 20 + ".jpg"
EMOJI = '<i class="emoji" style="background-image:url(\'//telegram.org/img/emoji/40/F09F918D.png\')"><b>👍</b></i>'
SENTENCE = "Сегодня вышла <b>новая версия</b> программы: быстрее, проще и на русском языке. "
HREF = f"https://t.me/{NAME}"


def media(number: int) -> str:
    """Every third post has a photo, every tenth an album of four, every seventh a video."""
    photo = '<a class="tgme_widget_message_photo_wrap 524 122" href="{}" style="background-image:url(\'{}\')"></a>'
    if number % 10 == 0:
        items = "".join(photo.format(f"{HREF}/{number + item}?single", PICTURE) for item in range(4))
        return f'<div class="tgme_widget_message_grouped_wrap">{items}</div>'
    if number % 7 == 0:
        play = '<div class="message_video_play"></div><time class="message_video_duration">0:27</time>'
        return f'<a class="tgme_widget_message_video_player" href="{HREF}/{number}">{play}</a>'
    return photo.format(f"{HREF}/{number}", PICTURE) if number % 3 == 0 else ""


def post(number: int) -> str:
    """A post of about five kilobytes, shaped as Telegram writes it."""
    view = base64.urlsafe_b64encode(json.dumps({"c": -1234567, "p": number}).encode()).decode().rstrip("=")
    link = f'<a href="https://example.com/{number}" target="_blank" rel="noopener">Подробнее</a>'
    text = SENTENCE * (2 + number % 5) + f"<br/><br/>{EMOJI} {link}<br/>" + '<a href="?q=%23news">#news</a>'
    reaction = f'<span class="tgme_reaction">{EMOJI}1.2K</span>'
    return (
        '<div class="tgme_widget_message_wrap js-widget_message_wrap"><div class="tgme_widget_message '
        f'text_not_supported_wrap js-widget_message" data-post="{NAME}/{number}" data-view="{view}">'
        f'<div class="tgme_widget_message_user"><a href="{HREF}"><i class="tgme_widget_message_user_photo bgcolor6">'
        f'<img src="{PICTURE}"></i></a></div><div class="tgme_widget_message_bubble">{TAIL}'
        f'<div class="tgme_widget_message_author accent_color"><a class="tgme_widget_message_owner_name" href="{HREF}">'
        f'<span dir="auto">Bench</span></a></div>{media(number)}'
        f'<div class="tgme_widget_message_text js-message_text" dir="auto">{text}</div>'
        f'<div class="tgme_widget_message_reactions js-message_reactions">{reaction * 3}</div>'
        '<div class="tgme_widget_message_footer compact js-message_footer"><div class="tgme_widget_message_info short">'
        '<span class="tgme_widget_message_views">4.85K</span><span class="copyonly"> views</span>'
        f'<span class="tgme_widget_message_meta">edited <a class="tgme_widget_message_date" href="{HREF}/{number}">'
        '<time datetime="2026-05-30T21:56:29+00:00" class="time">21:56</time></a></span></div></div></div></div></div>'
    )


def page(first: int) -> str:
    """A page of twenty posts with the head and header of a real one."""
    posts = "".join(post(first + 4 * number) for number in range(PAGE_SIZE))
    return (
        f"<!DOCTYPE html><html><head>{STYLE}</head><body><div class='tgme_channel_info'></div>"
        f"<main><section class='tgme_channel_history'>{posts}</section></main></body></html>"
    )


def best_seconds(work: Callable[[], object], rounds: int) -> float:
    """The shortest of `rounds` runs: the one least disturbed by others."""
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    pages = [page(2 + 1000 * number) for number in range(options.pages)]
    posts = options.pages * PAGE_SIZE
    messages = sum(len(read_page(html, NAME, CHAT).messages) for html in pages)
    bare = best_seconds(lambda: [LexborHTMLParser(html).css(".tgme_widget_message") for html in pages], options.rounds)
    ours = best_seconds(lambda: [read_page(html, NAME, CHAT) for html in pages], options.rounds)
    size = sum(len(html.encode()) for html in pages) / options.pages / 1024
    print(f"{options.pages} pages of {size:.0f} KB, {posts} posts, {messages} messages")
    print(f"{'bare selectolax':<20}{posts / bare:>10,.0f} posts/s")
    print(f"{'page → messages':<20}{posts / ours:>10,.0f} posts/s   {ours / bare:.1f} times as long")


if __name__ == "__main__":
    main()
