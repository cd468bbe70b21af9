"""Small values as preview pages write them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from selectolax.lexbor import LexborHTMLParser

from tg_parser.ingestion.elements import ReadDate
from tg_parser.ingestion.web.elements import PostLink, count, post_link, seconds, size, when


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("980", 980), ("1.2K", 1200), ("436.6K", 436_600), ("3M", 3_000_000), ("1.05M", 1_050_000), ("1 204", 1204),
        ("1,204", 1204), (" 12 ", 12), ("2k", 2000), ("", None), (None, None), ("many", None), ("-5", None),
        ("9" * 40, None),
    ],
)  # fmt: skip
def test_counts(written: str | None, number: int | None) -> None:
    """Shortened numbers are whole again, as far as they tell."""
    assert count(written) == number


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("113.9 KB", 116_634), ("1.2 MB", 1_258_291), ("7 B", 7), ("2 GB", 2_147_483_648), ("PDF, 1 KB", 1024),
        ("someone", None), (None, None), ("9" * 400 + " GB", None),
    ],
)  # fmt: skip
def test_sizes(written: str | None, number: int | None) -> None:
    """A size in words is a number of bytes; other words are none."""
    assert size(written) == number


@pytest.mark.parametrize(
    ("written", "length"),
    [("0:27", 27.0), ("12:05", 725.0), ("1:02:03", 3723.0), ("27", None), ("", None), (None, None)],
)
def test_durations(written: str | None, length: float | None) -> None:
    """A clock is a number of seconds."""
    assert seconds(written) == length


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2024-09-12T10:00:00+00:00", ReadDate(datetime(2024, 9, 12, 10, tzinfo=UTC), zoneless=False)),
        ("2024-09-12T10:00:00+03:00", ReadDate(datetime(2024, 9, 12, 7, tzinfo=UTC), zoneless=False)),
        ("2024-09-12T10:00:00Z", ReadDate(datetime(2024, 9, 12, 10, tzinfo=UTC), zoneless=False)),
        ("2024-09-12T10:00:00", ReadDate(datetime(2024, 9, 12, 10, tzinfo=UTC), zoneless=True)),
        ("1970-01-01T00:00:00+00:00", None), ("yesterday", None), ("", None), ("0001-01-01T00:00:00+05:00", None),
    ],
)  # fmt: skip
def test_moments(written: str, moment: ReadDate | None) -> None:
    """Times become UTC; a missing zone is told of, and what is no time is none."""
    assert when(LexborHTMLParser(f'<time datetime="{written}"></time>').css_first("time")) == moment


@pytest.mark.parametrize(
    ("href", "link"),
    [
        ("https://t.me/Durov/45", PostLink("durov", "45")), ("https://t.me/s/durov/45?q=1", PostLink("durov", "45")),
        ("https://t.me/c/1234567/45", PostLink("-1000001234567", "45")),
        ("https://t.me/durov", PostLink("durov", None)),
        ("https://t.me/c/1234567", PostLink("-1000001234567", None)),
        ("https://t.me/forum/4/9", PostLink("forum", "9")),
        ("https://example.com/durov/45", None), ("?q=1", None), ("", None), ("https://[broken/1", None),
    ],
)  # fmt: skip
def test_links_to_posts(href: str, link: PostLink | None) -> None:
    """A link to a post names its chat in the canonical form; other links lead to no chat."""
    assert post_link(href) == link
