"""The export stage: whole files, in order, with what the filters let through."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from samples import CHANNEL, NOW, document, message, topic

from tg_parser.domain.errors import OutputError
from tg_parser.domain.messages import Author, Forward, Media, Reaction
from tg_parser.export.exporter import Exporter, ExportRequest
from tg_parser.export.links import ChatAddress
from tg_parser.storage.engine.databases import Databases
from tg_parser.storage.stores.documents import ProcessingStorage
from tg_parser.storage.stores.raw import RawStorage
from tg_parser.storage.stores.topics import TopicRun, TopicStorage

FACTS: dict[str, Any] = {
    "author": Author(id="777", name="Анна"),
    "views": 1500,
    "forwards": 2,
    "reactions": (Reaction(emoji="👍", count=5),),
    "media": (Media(kind="photo", size=1000),),
    "forward": Forward(name="Elsewhere", peer_id="-100999", message_id="8", date=NOW),
    "edited_at": NOW,
}
RUN = TopicRun("f", NOW, {})
OTHER = "-1009"


@pytest.fixture
async def exporter(databases: Databases) -> Exporter:
    documents, topics = ProcessingStorage(databases.processing), TopicStorage(databases.processing)
    await RawStorage(databases.raw).store([message(1), message(3, **FACTS)], NOW)
    await documents.store([document(number, f"Text {number}.") for number in range(1, 13)])
    await documents.store([document(20, ""), document(21, "ad", is_noise=True), document(1, channel=OTHER)])
    await topics.replace([CHANNEL], [topic(2, 1, 3, title="Low"), topic(10, 11, title="High")], [], RUN)
    return Exporter(documents, topics)


async def export(exporter: Exporter, folder: Path, **wanted: Any) -> tuple[list[str], list[str]]:
    await exporter.export(ExportRequest(out=folder, **{"channel_ids": [CHANNEL], **wanted}))
    lines = [json.loads(line) for line in (folder / "kb_entries.ndjson").read_text().splitlines()]
    messages = [each["source"]["message_id"] for each in lines if each["source"]["type"] == "telegram_message"]
    cards = [card["title"] for card in json.loads((folder / "topics.json").read_text())]
    return messages, cards


async def test_entries_are_sorted_and_complete(exporter: Exporter, tmp_path: Path) -> None:
    """Every message with text, noise too, then topics, sorted by id; without text there is no entry."""
    messages, cards = await export(exporter, tmp_path)
    assert messages == ["1", "10", "11", "12", "2", "21", "3", "4", "5", "6", "7", "8", "9"]
    assert cards == ["High", "Low"]
    lines = [json.loads(line) for line in (tmp_path / "kb_entries.ndjson").read_text().splitlines()]
    assert [each["id"] for each in lines] == sorted(each["id"] for each in lines)
    by_id = {each["id"]: each for each in lines}
    assert by_id["kb:msg:tg:-100123:post:3"]["topics"] == [topic(2)[0].id]
    assert by_id["kb:msg:tg:-100123:post:21"]["metadata"]["is_noise"] is True


async def test_topic_file_holds_card_bundle_and_sources(exporter: Exporter, tmp_path: Path) -> None:
    """One file a topic, with every source once and its link."""
    await export(exporter, tmp_path, addresses={CHANNEL: ChatAddress(number="-1001032086354")})
    page = json.loads((tmp_path / "topic_tg_-100123_post_2.json").read_text())
    assert page["card"]["title"] == "Low"
    assert page["bundle"]["time_range"] == {"from": "2024-11-27T09:00:00Z", "to": "2024-11-27T10:00:00Z"}
    assert [(each["message_id"], each["role"]) for each in page["resolved_sources"]] == [
        ("2", "anchor"), ("1", "supporting"), ("3", "supporting"),
    ]  # fmt: skip
    assert page["resolved_sources"][0]["link"] == "https://t.me/c/1032086354/2"
    assert page["resolved_sources"][0]["date"] == "2024-11-27T09:02:00Z"
    assert [each["text"] for each in page["resolved_sources"]] == ["Text 2.", "Text 1.", "Text 3."]


async def test_entries_carry_what_their_message_is_known_by(exporter: Exporter, tmp_path: Path) -> None:
    """Author, views, forwards, reactions, media, origin and edit come from the raw message, on both backends alike."""
    await export(exporter, tmp_path)
    lines = [json.loads(line) for line in (tmp_path / "kb_entries.ndjson").read_text().splitlines()]
    by_id = {each["id"]: each["metadata"] for each in lines}
    told = by_id["kb:msg:tg:-100123:post:3"]
    assert told["author"] == {"id": "777", "name": "Анна"}
    assert (told["views"], told["forwards"], told["edited_at"]) == (1500, 2, "2024-11-27T09:00:00Z")
    assert told["reactions"] == [{"count": 5, "emoji": "👍"}]
    assert told["media"][0]["kind"] == "photo"
    assert told["forward"]["peer_id"] == "-100999"
    assert by_id["kb:msg:tg:-100123:post:1"]["author"] is None
    assert by_id["kb:msg:tg:-100123:post:2"]["views"] is None


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_files_of_the_former_names_go(exporter: Exporter, tmp_path: Path) -> None:
    """A folder that an earlier version wrote holds each topic once afterwards, under the new name; others stay."""
    await export(exporter, tmp_path)
    for number in (2, 10):
        (tmp_path / f"topic_tg_-100123_post_{number}.json").rename(
            tmp_path / f"topic_topic_tg_-100123_post_{number}.json"
        )
    (tmp_path / "topic_topic_mine.json").write_text("mine")
    await export(exporter, tmp_path)
    assert [name for name in names_in(tmp_path) if name.startswith("topic_")] == [
        "topic_tg_-100123_post_10.json", "topic_tg_-100123_post_2.json", "topic_topic_mine.json",
    ]  # fmt: skip


async def test_same_data_same_bytes(exporter: Exporter, tmp_path: Path) -> None:
    """Two exports of the same data do not differ in a byte."""
    await export(exporter, tmp_path / "a")
    await export(exporter, tmp_path / "b")
    files = {path.name for path in (tmp_path / "a").iterdir()}
    assert files == {path.name for path in (tmp_path / "b").iterdir()}
    assert all((tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes() for name in files)


async def test_filters(exporter: Exporter, tmp_path: Path) -> None:
    """Topic, its anchors alone, dates (half-open), channel."""
    assert await export(exporter, tmp_path, topic_id=topic(2)[0].id) == (["1", "2", "3"], ["Low"])
    anchors = await export(exporter, tmp_path, topic_id=topic(2)[0].id, include_supporting=False)
    assert anchors == (["2"], ["Low"])
    span = {"date_from": NOW + timedelta(minutes=3), "date_to": NOW + timedelta(minutes=5)}
    assert await export(exporter, tmp_path, **span) == (["3", "4"], ["Low"])
    page = json.loads((tmp_path / "topic_tg_-100123_post_2.json").read_text())
    assert [item["message_id"] for item in page["bundle"]["items"]] == ["3"]
    assert await export(exporter, tmp_path, channel_ids=[OTHER], replace=True) == (["1"], [])


def files_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.mark.parametrize("held", ["kb_entries.ndjson", "topics.json"])
async def test_another_channels_files_are_not_overwritten(exporter: Exporter, tmp_path: Path, held: str) -> None:
    """Told by either file alone; more channels than are there may join, fewer may not; `replace` does it."""
    await export(exporter, tmp_path)
    for name in {"kb_entries.ndjson", "topics.json"} - {held}:
        (tmp_path / name).unlink()
    before = files_in(tmp_path)
    with pytest.raises(OutputError, match=f"contains the files of another channel: {CHANNEL}") as refused:
        await export(exporter, tmp_path, channel_ids=[OTHER])
    assert "--replace" in refused.value.hint
    assert files_in(tmp_path) == before
    assert (await export(exporter, tmp_path, channel_ids=[CHANNEL, OTHER]))[0].count("1") == 2
    with pytest.raises(OutputError):
        await export(exporter, tmp_path)
    assert await export(exporter, tmp_path, channel_ids=[OTHER], replace=True) == (["1"], [])
    assert set(files_in(tmp_path)) == {"kb_entries.ndjson", "topics.json"}


async def test_what_is_no_export_holds_no_channel(exporter: Exporter, tmp_path: Path) -> None:
    """Files of the same names that are broken or of somebody else are replaced as ever."""
    (tmp_path / "kb_entries.ndjson").write_text('nonsense\n[1]\n{"source": null}\n')
    (tmp_path / "topics.json").write_text('{"id": 1}')
    assert (await export(exporter, tmp_path, channel_ids=[OTHER])) == (["1"], [])


async def test_an_empty_result_keeps_earlier_files(exporter: Exporter, tmp_path: Path) -> None:
    """Filters that let nothing through write nothing, and say so in the report."""
    await export(exporter, tmp_path)
    before = files_in(tmp_path)
    wanted = ExportRequest(out=tmp_path, channel_ids=[CHANNEL], date_from=NOW + timedelta(days=900))
    report = await exporter.export(wanted)
    assert (report.empty, report.files) == (True, ())
    assert files_in(tmp_path) == before


async def test_files_of_vanished_topics_go(exporter: Exporter, tmp_path: Path) -> None:
    """An export replaces the one before it whole, and touches no file that is not its own."""
    out = tmp_path / "out"
    out.mkdir()
    (out / "topic_notes.json").write_text("mine")
    await export(exporter, out)
    await export(exporter, out, topic_id=topic(2)[0].id)
    assert sorted(path.name for path in out.iterdir()) == [
        "kb_entries.ndjson", "topic_notes.json", "topic_tg_-100123_post_2.json", "topics.json",
    ]  # fmt: skip


async def test_pretty_is_the_same_content(exporter: Exporter, tmp_path: Path) -> None:
    """--pretty indents and changes nothing else."""
    await export(exporter, tmp_path / "plain")
    await export(exporter, tmp_path / "pretty", pretty=True)
    plain, pretty = ((tmp_path / each / "topics.json").read_text() for each in ("plain", "pretty"))
    assert json.loads(plain) == json.loads(pretty)
    assert len(pretty.splitlines()) > len(plain.splitlines())


async def test_half_files_of_a_killed_export_are_cleared(exporter: Exporter, tmp_path: Path) -> None:
    """What a killed process left is removed by the next export."""
    out = tmp_path / "out"
    out.mkdir()
    (out / ".topics.json.x.tg-parser-part").write_text("half")
    await export(exporter, out)
    assert not list(out.glob(".*"))


async def test_topics_with_messages_of_others_can_be_left_out(databases: Databases, tmp_path: Path) -> None:
    """Neither their cards, nor their ids at entries and other cards, nor their messages by topic are written."""
    documents, topics = ProcessingStorage(databases.processing), TopicStorage(databases.processing)
    await documents.store([document(number) for number in range(1, 5)])
    await documents.store([document(1, channel=OTHER)])
    (of_other,) = topic(1, channel=OTHER)[1].items
    card, bundle = topic(2, title="Mixed")
    items = (*bundle.items, of_other.model_copy(update={"role": "supporting"}))
    mixed = card, bundle.model_copy(update={"items": items, "channels": (CHANNEL, OTHER)})
    own = topic(3, 4, title="Own")
    related = own[0].model_copy(update={"related_topics": (card.id,)}), own[1]
    await topics.replace([CHANNEL], [mixed, related], [], RUN)
    exporter = Exporter(documents, topics)
    messages, cards = await export(exporter, tmp_path / "own", own_topics=True)
    assert (messages, cards) == (["1", "2", "3", "4"], ["Own"])
    written = b"".join(files_in(tmp_path / "own").values()).decode()
    assert card.id not in written
    assert OTHER not in written
    assert (await export(exporter, tmp_path / "all"))[1] == ["Mixed", "Own"]
    request = ExportRequest(out=tmp_path / "mixed", channel_ids=[CHANNEL], topic_id=card.id, own_topics=True)
    assert (await exporter.export(request)).empty
