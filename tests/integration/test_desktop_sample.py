"""The bundled sample is a good export with its sources beside it."""

from __future__ import annotations

from collections import Counter

from desktop_files import read

from tg_parser.sample import SAMPLE_EXPORT


async def test_the_sample_reads_without_a_remark() -> None:
    """Four channels, 472 posts in Russian and English, nothing skipped, nothing repaired."""
    reading = await read(SAMPLE_EXPORT)
    assert (reading.error, reading.skipped, reading.notes) == (None, {}, {})
    assert Counter(item.channel_id for item in reading.messages) == {
        "-1001000724666": 174,
        "-1001032086354": 153,
        "unnamed-6afb02b59ee38a37": 83,
        "unnamed-78b8cd30a5cfabf5": 62,
    }


async def test_the_sample_shows_entities_and_not_their_marks() -> None:
    """Bold and links came as Telegram has them: no Markdown is left in a text, and hidden links are known."""
    messages = (await read(SAMPLE_EXPORT)).messages
    assert not [item.id for item in messages if "**" in item.text or "](http" in item.text]
    assert sum(bool(item.links) for item in messages) > 150


def test_the_sample_names_its_sources_and_licences() -> None:
    """Whoever gets the wheel gets the attribution."""
    sources = (SAMPLE_EXPORT.parent / "SOURCES.md").read_text("utf-8")
    for name in (
        "NKTKLN",
        "CC BY 4.0",
        "IlyaGusev/tgcontest",
        "LICENSE-Apache-2.0.txt",
        "vaderSentiment",
        "LICENSE-MIT-VADER.txt",
    ):
        assert name in sources
    assert (SAMPLE_EXPORT.parent / "LICENSE-Apache-2.0.txt").is_file()
    assert (SAMPLE_EXPORT.parent / "LICENSE-MIT-VADER.txt").is_file()
