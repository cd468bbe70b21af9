"""How far a cursor may be raised: the earlier version could leave it at the oldest message instead of the newest.

A cursor promises that every post up to it is stored. Stored posts that follow it without a gap prove more than it
says; after a gap nothing is proven, and a cursor left where it is only means that known posts are read once more.
"""

from __future__ import annotations

from tg_parser.transfer.legacy.channels import Channels
from tg_parser.transfer.source.snapshot import Snapshot


def proven_cursor(snapshot: Snapshot, channels: Channels, channel_id: str, cursor: int) -> int:
    """The highest id up to which every post after `cursor` is stored."""
    if "raw" not in snapshot.files:
        return cursor
    ranges = [f"tg:{writing}:post" for writing in channels.writings_of(channel_id)]
    if not ranges:
        return cursor
    condition = " OR ".join(["source_ref >= ? AND source_ref < ?"] * len(ranges))
    bounds = [bound for prefix in ranges for bound in (f"{prefix}:", f"{prefix};")]
    numbers = snapshot.connection.execute(
        f"SELECT DISTINCT CAST(id AS INTEGER) AS number FROM raw.raw_messages WHERE ({condition})"
        " AND CAST(id AS INTEGER) > ? ORDER BY number",
        (*bounds, cursor),
    )
    for (number,) in numbers:
        if number != cursor + 1:
            break
        cursor = number
    numbers.close()
    return cursor
