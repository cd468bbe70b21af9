"""The text of an exported page: to the character what the JSON of the same chat has."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborNode

from tg_parser.ingestion.desktop.html.text import hidden_links, label, parsed, plain_text

TEXT = '<div class="text">\n{}\n       </div>'


def _node(content: str) -> LexborNode:
    return parsed(TEXT.format(content)).css_first(".text")


def _written(text: str) -> str:
    """`text` as Telegram Desktop writes it into a page."""
    named = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;", "\n": "<br>"}
    return "".join(named.get(char) or (f"&#x{ord(char):02X};" if char < " " else char) for char in text)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("plain", "plain"),
        ("two<br><br>lines<br>", "two\n\nlines\n"),
        ("  kept spaces  ", "  kept spaces  "),
        ("<strong>a<em>b</em></strong><u>c</u><s>d</s><code>e</code><pre>f<br>g</pre>", "abcdef\ng"),
        ('<span class="spoiler hidden"><span aria-hidden="true">secret</span></span>', "secret"),
        ("<blockquote>quoted</blockquote>after", "quotedafter"),
        ("a&nbsp;b &lt;i&gt; &amp;amp; &quot;x&quot;", "a\xa0b <i> &amp; \"x\""),
        ('<a href="" onclick="return ShowHashtag(&quot;news&quot;)">#news</a> /go @name', "#news /go @name"),
        ('<a href = "stickers/sticker.webp">☪️</a>', "☪️"),
        ("first\n       second", "first\n       second"),
        ("text<!-- remark -->", "text"),
        ("", ""),
    ],
)  # fmt: skip
def test_formatting_is_left_out_and_the_text_kept(html: str, text: str) -> None:
    """Only the lines that lay out the file go; <br> is a line end."""
    assert plain_text(_node(html)) == text


def test_an_element_that_is_missing_has_no_text() -> None:
    """Nothing there is an empty text, not an error."""
    assert (plain_text(None), label(None)) == ("", None)


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\r"), max_size=60))
def test_any_text_survives_the_page(text: str) -> None:
    """What Telegram Desktop writes of a text is read back to the character."""
    # The parser follows browsers, which read the numbers 128 to 159 as Windows characters; the app writes them raw.
    assert plain_text(_node(_written(text))) == text


@pytest.mark.parametrize(
    ("html", "links"),
    [
        ('<a href="https://e.com/?a=1&amp;b=2">here<br>now</a>', [("here\nnow", "https://e.com/?a=1&b=2")]),
        ('<a href="tg://user?id=1">Ann</a>', [("Ann", "tg://user?id=1")]),
        ('<a href="https://e.com/">https://e.com/</a>', []),
        ('<a href="e.com">e.com</a>', []),
        ('<a href="mailto:a@e.com">a@e.com</a><a href="tel:+7900">+7900</a>', []),
        ('<a href="https://t.me/durov">@durov</a>', []),
        ('<a href="https://t.me/durov">the channel</a>', [("the channel", "https://t.me/durov")]),
        ('<a href="" onclick="return ShowMentionName()">Ann</a>', []),
        ('<a href = "(File not included. Change data exporting settings to download.)">☪</a>', []),
        ("<a>nothing</a>", []),
    ],
)
def test_links_are_hidden_where_the_words_do_not_say_them(html: str, links: list[tuple[str, str]]) -> None:
    """Addresses, mentions, tags and custom emoji are no hidden links."""
    assert [(link["text"], link["href"]) for link in hidden_links(_node(html))] == links
