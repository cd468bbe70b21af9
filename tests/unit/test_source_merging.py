"""Two sources of one chat become one that asks for all that either did, and skips nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tg_parser.domain.renumbering.sources import merged_source

EARLY, LATE = datetime(2024, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC)
NEITHER = {
    **dict.fromkeys(
        [
            "last_post_id", "newest_post_id", "open_ranges", "backfill_completed_at", "comments_swept_to",
            "comments_turn", "channel_username", "channel_title", "via", "peer_id", "history_from", "history_to",
            "discussion_groups",
        ]
    ),
    "include_comments": False, "comments_unavailable": False, "status": "active",
}  # fmt: skip


@pytest.mark.parametrize(
    ("kept", "gone", "expected"),
    [
        ({"last_post_id": 9, "newest_post_id": 9}, {"last_post_id": 7}, {"last_post_id": 7, "newest_post_id": None}),
        ({"last_post_id": 7, "open_ranges": [[1, 4]]}, {"last_post_id": 9}, {"open_ranges": [[1, 4]]}),
        ({"last_post_id": 7}, {"comments_swept_to": 3}, {"last_post_id": None, "comments_swept_to": 3}),
        ({"channel_title": "Kept"}, {"channel_title": "Gone", "via": "api"}, {"channel_title": "Kept", "via": "api"}),
        ({}, {"include_comments": True}, {"include_comments": True}),
        ({"comments_unavailable": True}, {}, {"comments_unavailable": False}),
        ({"comments_unavailable": True}, {"comments_unavailable": True}, {"comments_unavailable": True}),
        ({"history_from": LATE, "history_to": EARLY}, {"history_from": EARLY, "history_to": LATE},
         {"history_from": EARLY, "history_to": LATE}),
        ({"history_from": LATE, "history_to": EARLY}, {}, {"history_from": None, "history_to": None}),
        ({"status": "paused"}, {"status": "active"}, {"status": "active"}),
        ({"status": "paused"}, {"status": "error"}, {"status": "paused"}),
        ({"discussion_groups": ["2", "1"]}, {"discussion_groups": ["1", "3"]}, {"discussion_groups": ["2", "1", "3"]}),
        ({"discussion_groups": []}, {}, {"discussion_groups": None}),
    ],
)  # fmt: skip
def test_what_both_asked_for_counts_and_the_slower_one_tells_how_far_it_got(
    kept: dict[str, Any], gone: dict[str, Any], expected: dict[str, Any]
) -> None:
    """Wishes are united, facts filled in, and progress is that of one source alone, never the best of two."""
    merged = merged_source(NEITHER | kept, NEITHER | gone)
    assert {name: merged[name] for name in expected} == expected
