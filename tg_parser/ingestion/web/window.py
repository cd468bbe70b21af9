"""Which messages of a page are wanted, and whether older pages may have more of them. Pure."""

from __future__ import annotations

from tg_parser.domain.messages import RawMessage
from tg_parser.ingestion.source import Window
from tg_parser.ingestion.web.page import PreviewPage


def is_empty(window: Window) -> bool:
    """Whether no post can be within the window."""
    return window.before_id is not None and window.before_id <= (window.after_id or 0) + 1


def wanted_of(page: PreviewPage, window: Window, left: int | None) -> list[RawMessage]:
    """The messages of `page` within `window`, at most the `left` newest of them."""
    found = [message for message in page.messages if _is_within(message, window)]
    return found if left is None else found[max(len(found) - left, 0) :]


def is_last(page: PreviewPage, window: Window) -> bool:
    """Whether everything older than `page` is outside the window, because ids and dates of posts rise together."""
    if page.lowest_id is None or page.lowest_id <= (window.after_id or 0) + 1:
        return True
    return window.date_from is not None and bool(page.messages) and page.messages[0].date < window.date_from


def _is_within(message: RawMessage, window: Window) -> bool:
    number = int(message.id)
    return (
        number > (window.after_id or 0)
        and (window.before_id is None or number < window.before_id)
        and (window.date_from is None or message.date >= window.date_from)
        and (window.date_to is None or message.date < window.date_to)
    )
