"""Whether another text of a stored message is an edit, where some of its words come from media."""

from __future__ import annotations

import pytest

from tg_parser.domain.media_words import TextParts, compare_parts, split_text, tells_more, with_media_words
from tg_parser.domain.messages import Media, Observation

POLL = Media(kind="poll", title="Which?", options=("Red", "Blue"))
QUIZ = POLL.model_copy(update={"explanation": "Because"})
PHOTO = Media(kind="photo", size=5)


def test_a_text_comes_apart_as_it_was_put_together() -> None:
    """Own words before, those of media behind; photos have none."""
    assert with_media_words("Vote!", [PHOTO, POLL]) == "Vote!\n\nWhich?\n- Red\n- Blue"
    assert split_text("Vote!\n\nWhich?\n- Red\n- Blue", [PHOTO, POLL]) == TextParts("Vote!", "Which?\n- Red\n- Blue")
    assert split_text("Which?\n- Red\n- Blue", [POLL]) == TextParts("", "Which?\n- Red\n- Blue")


def test_a_text_that_was_read_without_them_is_all_its_own() -> None:
    """Earlier versions stored a poll's caption alone."""
    assert split_text("Vote!", [POLL]) == TextParts("Vote!", "")
    assert split_text("words Which?\n- Red\n- Blue", [POLL]).of_media == ""


@pytest.mark.parametrize(
    ("stored", "seen", "expected"),
    [
        (("Vote!", ""), ("Vote!", "Which?"), Observation.RICHER),
        (("", "Which?\n- Red"), ("", "Which?\n- Red\nBecause"), Observation.RICHER),
        (("", "Which?\n- Red\nBecause"), ("", "Which?\n- Red"), Observation.SAME),
        (("", "Trip\n- Bags"), ("", "Trip\n☑ Bags"), Observation.SAME),
        (("Vote!", ""), ("Vote now!", "Which?"), Observation.EDITED),
        (("", "Trip\n- Bags"), ("", "Trip\n- Boots"), Observation.EDITED),
        (("same", "same"), ("same", "same"), Observation.SAME),
    ],
)
def test_words_that_were_not_read_are_no_edit(
    stored: tuple[str, str], seen: tuple[str, str], expected: Observation
) -> None:
    """Other words of its own, or another question, are one; more words of the same media are not."""
    assert compare_parts(TextParts(*stored), TextParts(*seen)) is expected


@pytest.mark.parametrize(
    ("seen", "stored", "more"),
    [
        ([QUIZ], [POLL], True),
        ([POLL], [QUIZ], False),
        ([POLL], [POLL], False),
        ([POLL], [Media(kind="other", title="Which?")], True),
        ([Media(kind="other")], [Media(kind="other", title="🎲")], False),
        ([POLL, PHOTO], [POLL], True),
        ([POLL], [POLL, PHOTO], False),
        ([PHOTO], [POLL], False),
        ([Media(kind="photo", file_name="a")], [PHOTO], False),
    ],
)
def test_media_tell_more_when_nothing_known_is_lost(seen: list[Media], stored: list[Media], more: bool) -> None:
    """A field or medium that is stored must be there again; of an unknown one nothing can be lost."""
    assert tells_more(seen, stored) is more
