"""Explains why a page of Telegram is not a preview, as an error with a hint. Pure.

Telegram answers 200 for every name. Only the content of the page differs: a title, a line of counts, a description,
the words of the button, and whether search engines may index it, which they may not if the name is not taken.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser

from tg_parser.domain.errors import SourceError
from tg_parser.ingestion.web.elements import attribute
from tg_parser.ingestion.web.text import line_of

_RESTRICTED = re.compile(
    r"this (?:channel|group|chat|user|bot|account|content|message)\b.*"
    r"(?:can['’]t be displayed|cannot be displayed|\bunavailable|\bnot available|isn['’]t available|\bblocked)",
    re.IGNORECASE,
)
_MEMBERS = re.compile(r"\bmembers?\b", re.IGNORECASE)
_SUBSCRIBERS = re.compile(r"\bsubscribers?\b", re.IGNORECASE)
_NAME_OR_USERS = re.compile(r"@|.*\bmonthly users?\b", re.IGNORECASE)
_TALK = re.compile(r"send message|start bot", re.IGNORECASE)
_JOIN = re.compile(r"join\b", re.IGNORECASE)
_INVITED = re.compile(r"\byou are invited\b|\byou can (view and )?join\b", re.IGNORECASE)
_CONTACT = re.compile(r"\byou can contact\b", re.IGNORECASE)


class Landing(NamedTuple):
    """What a landing page says; fields that it does not show are empty."""

    title: str = ""
    counts: str = ""
    description: str = ""
    button: str = ""
    unlisted: bool = False


def why_no_preview(html: str, name: str) -> SourceError:
    """The error that says why @`name` has no preview, as far as the landing page shows."""
    landing = _read(html)
    return no_telegram_page(name) if landing is None else _reason(landing, name)


def no_telegram_page(name: str) -> SourceError:
    """The error for an answer that is not a page of Telegram."""
    return SourceError(
        f"The answer for @{name} is not a page of Telegram's web preview.",
        "Check the name and WEB_PREVIEW_URL; a proxy or an internet provider may also return its own page.",
    )


def _reason(landing: Landing, name: str) -> SourceError:
    """The error of the first rule that matches; the last one matches every page."""
    rule = next(rule for rule in _RULES if rule.holds(landing))
    return SourceError(rule.sentence.format(name=name, words=landing.description), rule.hint, case=rule.case, name=name)


def _read(html: str) -> Landing | None:
    tree = LexborHTMLParser(html)
    if tree.css_first(".tgme_page") is None:
        return None
    return Landing(
        title=line_of(tree.css_first(".tgme_page_title")) or "",
        counts=line_of(tree.css_first(".tgme_page_extra")) or "",
        description=line_of(tree.css_first(".tgme_page_description")) or "",
        button=line_of(tree.css_first(".tgme_page_action")) or "",
        unlisted="noindex" in attribute(tree.css_first('meta[name="robots"]'), "content").lower(),
    )


class _Rule(NamedTuple):
    holds: Callable[[Landing], object]
    sentence: str
    hint: str | None = None
    case: str = "read_by_api"


_RULES = (
    _Rule(
        lambda page: not page.counts and _RESTRICTED.search(page.description),
        "@{name} is restricted; Telegram says: {words}",
    ),
    _Rule(
        lambda page: _MEMBERS.search(page.counts),
        "@{name} is a group, and the web preview shows channels only.",
    ),
    _Rule(
        lambda page: _SUBSCRIBERS.search(page.counts),
        "Channel @{name} has its web preview switched off.",
    ),
    _Rule(
        lambda page: _NAME_OR_USERS.match(page.counts) or (page.title and _TALK.match(page.button)),
        "@{name} is a person or a bot, not a channel.",
        "Give the name of a channel.",
    ),
    _Rule(
        lambda page: page.title and (_INVITED.search(page.description) or _JOIN.match(page.button)),
        "@{name} is private: people join it by invitation.",
    ),
    _Rule(
        lambda page: _CONTACT.search(page.description) or (page.unlisted and not page.title),
        "Telegram knows no public channel @{name}.",
        case="no_public_channel",
    ),
    _Rule(
        lambda _: True,
        "Channel @{name} has no web preview.",
    ),
)
