"""Markup of a post becomes the text its readers see."""

from __future__ import annotations

import pytest
from selectolax.lexbor import LexborHTMLParser

from tg_parser.domain.messages import Link
from tg_parser.ingestion.web.text import Text, line_of, text_of


def read(markup: str) -> Text:
    return text_of(LexborHTMLParser(f'<div id="text">{markup}</div>').css_first("#text"))


@pytest.mark.parametrize(
    ("markup", "plain"),
    [
        ("one<br/>two<br>three", "one\ntwo\nthree"),
        ("one<br/><br/>two", "one\n\ntwo"),
        ("<h1>Farms</h1><p>The wheat</p><ul><li>Barley</li><li>Oats</li></ul>", "Farms\nThe wheat\n- Barley\n- Oats"),
        ("<table><tr><th>field</th> <th>t</th></tr><tr><td>north</td><td>7</td></tr></table>", "field | t\nnorth | 7"),
        ("<figure><figcaption>The field</figcaption></figure>after", "The field\nafter"),
        ("<b>bold</b> <i>italic</i> <u>under</u> <s>gone</s>", "bold italic under gone"),
        ("see <tg-spoiler><span>secret</span></tg-spoiler>!", "see secret!"),
        ("run <code>a  b</code>", "run a  b"),
        ("a<pre>if x:\n  y()</pre>b", "a\nif x:\n  y()\nb"),
        ("said<blockquote>one<br/>two</blockquote>after", "said\none\ntwo\nafter"),
        ("said<br/><blockquote expandable>one</blockquote><br/>after", "said\none\nafter"),
        ("<i class=\"emoji\" style=\"background-image:url('//t.org/img/emoji/40/F09F918D.png')\"><b>👍</b></i>", "👍"),
        ("a<i class=\"emoji\" style=\"background-image:url('//telegram.org/img/emoji/40/F09F918D.png')\"></i>", "a👍"),
        ('<tg-emoji emoji-id="5"><i class="emoji"><b>🔥</b></i></tg-emoji> hot', "🔥 hot"),
        ('<a href="https://t.me/durov">@durov</a> <a href="?q=%23news">#news</a>', "@durov #news"),
        ("a &lt;b&gt; &amp; c&nbsp;d", "a <b> & c\xa0d"),
        ("two  spaces stay", "two  spaces stay"),
        ("\n   First<br>\n   second\n   line.\n", "First\nsecond line."),
        ("text<!-- remark --><script>x()</script>", "text"),
    ],
)  # fmt: skip
def test_plain_text(markup: str, plain: str) -> None:
    """Formatting is left out, its characters stay; line ends are those of the text, not of the page's source."""
    assert read(markup).plain == plain


@pytest.mark.parametrize(
    ("markup", "links"),
    [
        ('<a href="https://example.com/a">read <b>more</b></a>', [Link(text="read more", url="https://example.com/a")]),
        (
            '<a href="https://example.com/a">example.com/b</a>',
            [Link(text="example.com/b", url="https://example.com/a")],
        ),
        ('<a href="https://t.me/other">@durov</a>', [Link(text="@durov", url="https://t.me/other")]),
        ('<a href="tg://resolve?domain=durov">him</a>', [Link(text="him", url="tg://resolve?domain=durov")]),
        ('<a href="https://example.com/">example.com</a>', []),
        ('<a href="http://example.com/%D1%8F">http://example.com/я</a>', []),
        ('<a href="https://t.me/Durov">@durov</a>', []),
        ('<a href="?q=%23news">#news</a> <a href="mailto:a@b.co">a@b.co</a> <a href="tel:+1">+1</a>', []),
        ('<a href="tg://user?id=5">Ann</a> <a>nothing</a> <a href="https://example.com"></a>', []),
    ],
)
def test_hidden_links(markup: str, links: list[Link]) -> None:
    """A link is kept where the words do not show where it leads."""
    assert list(read(markup).links) == links


def test_depth_is_no_limit() -> None:
    """Markup nested deeper than Python recurses is read all the same."""
    assert read("<b>" * 20_000 + "deep").plain == "deep"


def test_a_name_is_one_line() -> None:
    """Titles and names have no line ends, and nothing is no name."""
    tree = LexborHTMLParser("<p id=a> two<br>words </p><p id=b> </p>")
    assert (line_of(tree.css_first("#a")), line_of(tree.css_first("#b")), line_of(None)) == ("two words", None, None)
