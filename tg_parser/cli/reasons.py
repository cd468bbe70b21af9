"""What collecting skipped or repaired, as sentences for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

_AGAIN = "export the chat again if something is missing"
SENTENCES: dict[str, tuple[str, str]] = {
    "skipped:not_an_object": ("element", f"skipped: no message in it, so the file was edited or is damaged; {_AGAIN}"),
    "skipped:no_id": ("message", f"skipped: the id is missing; {_AGAIN}"),
    "skipped:no_date": ("message", f"skipped: no readable date; {_AGAIN}"),
    "skipped:unknown_type": ("message", "skipped: empty, and of a kind unknown to this version"),
    "skipped:duplicate_id": ("message", "skipped: repeated word for word in the file"),
    "skipped:repeated": ("message", "skipped: shown twice on the same page"),
    "note:date_without_zone": (
        "date",
        "without a time zone, read as UTC; a newer export, or collecting from Telegram, has the exact time",
    ),
    "note:unknown_type": ("message", "stored as shown, although this version does not know the kind"),
    "note:invalid_utf8": (
        "character",
        (
            "replaced by “\N{REPLACEMENT CHARACTER}”: not decodable; if there are many, give the encoding of "
            "the file with --encoding"
        ),
    ),
    "note:control_character": ("control character", "replaced by a space"),
    "note:unquoted_document_id": ("custom emoji id", "repaired: the quotes were missing; nothing is lost"),
    "note:lone_surrogate": (
        "half emoji",
        "replaced by “\N{REPLACEMENT CHARACTER}”: the other half is not in the file",
    ),
    "note:illegal_escape": ("escape", "repaired: not valid in JSON; nothing is lost"),
    "note:service_time_unknown": (
        "service message",
        "stored with the date only: HTML exports do not contain the time; JSON exports do",
    ),
    "note:rich_message_part": ("rich message", "stored in part: Telegram sent only the beginning"),
    "note:comments_need_the_api": (
        "channel",
        "collected without comments: the public preview does not show them; to collect them, tg-parser login",
    ),
    "note:comments_of_a_former_group": (
        "comment",
        "not checked again: the discussion group was replaced; stored comments are kept",
    ),
}
"""By counter of an attempt: the noun for what is counted, and what happened to it."""
_COUNTED = ("skipped:", "note:")


def reason_lines(counts: Mapping[str, int]) -> Iterator[str]:
    """Yield a line for each kind of skipped or repaired item: how many, what, and what to do if anything."""
    for name, number in sorted(counts.items()):
        if number and name.startswith(_COUNTED):
            noun, outcome = SENTENCES.get(name, ("time", f"counted as {name}"))
            yield f"{number} {noun if number == 1 else f'{noun}s'} {outcome}."
