"""Exports in HTML for tests, laid out as Telegram Desktop writes them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

START = """<!DOCTYPE html>
<html>

 <head>

  <meta charset="utf-8"/>
<title>Exported Data</title>

  <link href="css/style.css" rel="stylesheet"/>

 </head>

 <body onload="CheckLocation();">

  <div class="page_wrap">
"""
END = """
  </div>

 </body>

</html>
"""


def time_of(number: int) -> str:
    """The moment at which message `number` was sent: as many minutes after 2024-09-12T10:00:00+03:00."""
    return f"12.09.2024 {10 + number // 60:02}:{number % 60:02}:00 UTC+03:00"


def post(
    number: int,
    text: str | None = None,
    *,
    name: str = "News",
    joined: bool = False,
    extra: str = "",
    title: str | None = None,
) -> str:
    """A message that somebody wrote; `extra` stands before its text."""
    words = f"text {number}" if text is None else text
    author = "" if joined else f'\n       <div class="from_name">\n{name} \n       </div>\n'
    return f"""
     <div class="message default clearfix{" joined" if joined else ""}" id="message{number}">

      <div class="body">

       <div class="pull_right date details" title="{title or time_of(number)}">
10:00
       </div>
{author}{extra}
       <div class="text">
{words}
       </div>

      </div>

     </div>
"""


def service(number: int, sentence: str, extra: str = "") -> str:
    """A service message; with a number below zero and a day as its sentence, a date line."""
    return f"""
     <div class="message service" id="message{number}">

      <div class="body details">
{sentence}
      </div>
{extra}
     </div>
"""


def day(number: int = 1, words: str = "12 September 2024") -> str:
    """The line with the date that stands before the messages of a day."""
    return service(-number, words)


def reply_to(number: int, page: str = "") -> str:
    """The line that says which message is answered."""
    return f"""
       <div class="reply_to details">
In reply to <a href="{page}#go_to_message{number}" onclick="return GoToMessage({number})">this message</a>
       </div>
"""


def forwarded(content: str, name: str | None = "Elsewhere", when: str = "11.09.2024 09:00:00 UTC+03:00") -> str:
    """The body of a forwarded message around its `content`; without a name it continues the one before."""
    shown = f'<span class="date details" title="{when}"> {when[:19]}</span>'
    above = f'<div class="from_name">\n{name}{shown}\n        </div>' if name else ""
    return f'<div class="forwarded body">\n{above}\n{content}\n       </div>'


def media(
    classes: str,
    title: str | None = None,
    status: str | None = None,
    href: str | None = None,
    description: str | None = None,
) -> str:
    """An attached file, place or person that is shown as a box with words."""
    parts = [("title bold", title), ("description", description), ("status details", status)]
    body = "".join(f'<div class="{name}">\n{words}\n</div>' for name, words in parts if words)
    tag, link = ("a", f' href="{href}"') if href else ("div", "")
    box = "media clearfix pull_left" + (" block_link" if href else "")
    return (
        f'<div class="media_wrap clearfix">\n<{tag} class="{box} {classes}"{link}>\n'
        f'<div class="fill pull_left">\n</div>\n<div class="body">{body}</div>\n</{tag}>\n</div>'
    )


def page(*elements: str, title: str = "News ", following: str | None = None, previous: None = None) -> str:
    """A page of a chat with links to the pages before and after it."""
    links = [
        f'<a class="pagination block_link" href="{href}">\n{words} messages\n     </a>' if href else ""
        for href, words in ((previous, "Previous"), (following, "Next"))
    ]
    return f"""{START}
   <div class="page_header">

    <div class="content">

     <div class="text bold">
{title}
     </div>

    </div>

   </div>

   <div class="page_body chat_page">

    <div class="history">
{links[0]}{"".join(elements)}{links[1]}
    </div>

   </div>
{END}"""


def write_pages(folder: Path, *pages: bytes | str, numbers: Sequence[int] | None = None) -> Path:
    """Write pages as messages.html, messages2.html, …; a page of None is left out. The path of the first."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, content in zip(numbers or range(1, len(pages) + 1), pages, strict=True):
        if content is not None:
            data = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
            (folder / f"messages{number if number > 1 else ''}.html").write_bytes(data)
    return folder / "messages.html"


def write_account(folder: Path, *chats: tuple[Any, ...]) -> Path:
    """A whole account: each chat is (title, kind as its list has it, pages); without pages it has no messages."""
    entries = []
    for number, (title, kind, pages) in enumerate(chats, 1):
        name = f"chat_{number:03}"
        if pages:
            write_pages(folder / "chats" / name, *pages)
        tag, link = ("a", f' href="../chats/{name}/messages.html#allow_back"') if pages else ("div", "")
        entries.append(
            f'<{tag} class="entry{" block_link" if pages else ""} clearfix"{link}>\n<div class="body">\n'
            f'<div class="pull_right info details">\n{kind}\n</div>\n<div class="name bold">\n{title} \n</div>\n'
            f'<div class="details_entry details">\n5 messages\n</div>\n</div>\n</{tag}>'
        )
    (folder / "lists").mkdir(parents=True, exist_ok=True)
    (folder / "lists" / "chats.html").write_text(
        f'{START}<div class="page_body list_page"><div class="entry_list">{"".join(entries)}</div></div>{END}', "utf-8"
    )
    (folder / "export_results.html").write_text(f"{START}{END}", "utf-8")
    return folder
