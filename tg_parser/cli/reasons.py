"""What collecting left out or repaired: one sentence a reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

_AGAIN = "export the chat again if something is missing"
SENTENCES: dict[str, tuple[str, str]] = {
    "skipped:not_an_object": ("element", f"left out: no message at all, so the file was changed or damaged; {_AGAIN}"),
    "skipped:no_id": ("message", f"left out: without a number it cannot be kept; {_AGAIN}"),
    "skipped:no_date": ("message", f"left out: without a date that can be read; {_AGAIN}"),
    "skipped:unknown_type": ("message", "left out: empty, and of a kind that this version does not know"),
    "skipped:duplicate_id": ("message", "left out: in the file a second time, word for word"),
    "skipped:repeated": ("message", "left out: shown a second time on the same page"),
    "note:date_without_zone": (
        "date",
        "without a time zone taken for UTC; a newer export, or collecting from Telegram, has the exact time",
    ),
    "note:unknown_type": ("message", "kept with what it shows, though this version does not know its kind"),
    "note:invalid_utf8": (
        "character",
        (
            "replaced by “\N{REPLACEMENT CHARACTER}”: it could not be read; if there are many, say how the file is "
            "written with --encoding"
        ),
    ),
    "note:control_character": ("control character", "replaced by a space"),
    "note:unquoted_document_id": ("custom emoji id", "repaired: the quotes were missing; nothing is lost"),
    "note:lone_surrogate": (
        "half emoji",
        "replaced by “\N{REPLACEMENT CHARACTER}”: the other half is not in the file",
    ),
    "note:illegal_escape": ("escape", "repaired: not legal in JSON; nothing is lost"),
    "note:service_time_unknown": (
        "service message",
        "kept with the day alone: pages in HTML do not tell the hour; an export in JSON does",
    ),
    "note:rich_message_part": ("rich message", "kept in part: Telegram gave the beginning alone"),
    "note:comments_need_the_api": (
        "channel",
        "collected without comments: the public preview shows none; log in for them with tg-parser login",
    ),
    "note:comments_of_a_former_group": (
        "comment",
        "not looked at again: the discussion group was replaced; what is stored stays",
    ),
}
"""By what an attempt counts: what is counted, as one of it, and what came of it."""
_COUNTED = ("skipped:", "note:")


def reason_lines(counts: Mapping[str, int]) -> Iterator[str]:
    """A line for everything that was left out or repaired: how many, what, and what to do if anything."""
    for name, number in sorted(counts.items()):
        if number and name.startswith(_COUNTED):
            noun, outcome = SENTENCES.get(name, ("time", f"counted as {name}"))
            yield f"{number} {noun if number == 1 else f'{noun}s'} {outcome}."
