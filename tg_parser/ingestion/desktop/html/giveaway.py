"""Reads a giveaway or its results from an exported page into the fields of a JSON export. Pure."""

from __future__ import annotations

import re
from typing import Any

from selectolax.lexbor import LexborNode

from tg_parser.ingestion.desktop.html.text import label

_PRIZES = re.compile(r"(?P<quantity>\d{1,9}) ?(?P<prize>.*)", re.DOTALL)
_MONTHS = re.compile(r"for (\d{1,4}) months?\.")
_STARS = re.compile(r"\b(\d{1,18}) Stars?\b")


def giveaway_fields(shown: LexborNode) -> dict[str, Any]:
    """The number and kind of prizes of a giveaway, or the number of winners."""
    bodies = [label(body) or "" for body in shown.css(".section_body")]
    counted = _PRIZES.match(bodies[0]) if bodies else None
    fields: dict[str, Any] = {"stars": _first(_STARS, bodies[1:])}
    if (label(shown.css_first(".section_title")) or "").startswith("Winner"):
        return {"giveaway_results": {**fields, "winners_count": counted["quantity"] if counted else None}}
    prizes = {"quantity": counted["quantity"], "additional_prize": counted["prize"].strip()} if counted else {}
    return {"giveaway_information": {**fields, **prizes, "months": _first(_MONTHS, bodies[1:])}}


def _first(pattern: re.Pattern[str], texts: list[str]) -> str | None:
    return next((found[1] for text in texts if (found := pattern.search(text))), None)
