"""What a person does to topics holds in every later run, until it is undone."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from cli_process import tg_parser, tg_parser_json
from topic_samples import DOLLAR, ODD, SNOW, ZOO

CHANNEL = 1000000777
LATER = (
    ("Снег в Москве не растает до выходных, предупредили синоптики", "Курс доллара на бирже снова вырос, 109 рублей"),
    ("Детёныш панды в Московском зоопарке получил имя", "Метель в Москве: снег выпал снова, синоптики ждут мороз"),
    ("Биржа: курс доллара упал до 103 рублей", "Посетители Московского зоопарка впервые увидели детёныша панды"),
)
"""What comes with each later run: something for every topic."""


def ref(number: int) -> str:
    return f"tg:-100{CHANNEL}:post:{number}"


class Channel:
    """An export that grows, and what the program makes of it."""

    def __init__(self, env: dict[str, str], folder: Path) -> None:
        self.env, self.folder, self.texts = env, folder, [*SNOW, *DOLLAR, *ZOO, ODD]

    def run(self, *more: str) -> None:
        """Read the channel with `more` messages."""
        self.texts += more
        messages = [
            {"id": number, "type": "message", "date_unixtime": str(1_730_451_600 + 60 * number), "text": text}
            for number, text in enumerate(self.texts, 1)
        ]
        chat = {"name": "Город", "type": "public_channel", "id": CHANNEL, "messages": messages}
        (self.folder / "result.json").write_text(json.dumps(chat, ensure_ascii=False), "utf-8")
        run = ("run", "--from-export", "result.json", "--provider", "local", "--out", "out", "--replace")
        tg_parser(self.env, *run, cwd=self.folder)

    def counted(self) -> int:
        """How many topics the last run says that there are."""
        again = ("topicize", "--channel", f"-100{CHANNEL}", "--provider", "local")
        told = tg_parser_json(self.env, *again, cwd=self.folder)
        assert told["unchanged"]
        return int(told["found"]["topics"])

    def do(self, *arguments: str) -> Any:
        """The result of a command about topics."""
        return tg_parser_json(self.env, "topics", *arguments, cwd=self.folder)

    def refused(self, *arguments: str, code: int = 1) -> str:
        """What a command about topics says that is refused."""
        return tg_parser(self.env, "topics", *arguments, cwd=self.folder, code=code).stderr

    def topics(self) -> dict[str, dict[str, Any]]:
        """All topics by id as lists show them, with their messages."""
        found = {each["id"]: each for each in self.do("list", "--hidden")["topics"]}
        for id_, each in found.items():
            each["refs"] = {member["source_ref"] for member in self.do("show", id_)["members"]}
        return found

    def topic_of(self, number: int) -> str:
        """The event that a message is in."""
        events = {id_: each for id_, each in self.topics().items() if each["level"] == "event"}
        (found,) = (id_ for id_, each in events.items() if ref(number) in each["refs"])
        return found


@pytest.fixture
def channel(process_env: dict[str, str], tmp_path: Path) -> Channel:
    """Three topics: snow (messages 1 to 4), the dollar (5 to 8), the zoo (9 to 12); message 13 is in none."""
    channel = Channel(process_env, tmp_path)
    channel.run()
    return channel


def in_one_topic(topics: dict[str, dict[str, Any]], *numbers: int) -> bool:
    """Whether messages are in one event: a story may well have several."""
    events = (each["refs"] for each in topics.values() if each["level"] == "event")
    return any({ref(number) for number in numbers} <= refs for refs in events)


def test_titles_marks_and_members_stay_as_a_person_wants_them(channel: Channel) -> None:
    """After three runs with new messages and a rebuild each edit holds, and its topic has grown."""
    snow, dollar, zoo = channel.topic_of(1), channel.topic_of(5), channel.topic_of(9)
    channel.do("rename", snow, "Погода в столице", "--by", "anna")
    channel.do("pin", dollar, "--by", "anna")
    channel.do("hide", zoo, "--by", "boris")
    split = channel.do("split", snow, "--messages", ref(3), ref(4), "--by", "boris")["edit"]["other_id"]
    channel.do("move", ref(8), "--to", zoo)
    for more in (*LATER, None):
        if more is None:
            tg_parser(channel.env, "topicize", "--all", "--rebuild", "--provider", "local", cwd=channel.folder)
        else:
            channel.run(*more)
        now = channel.topics()
        assert now[snow]["title"] == "Погода в столице"
        assert (now[dollar]["pinned"], now[zoo]["hidden"]) == (True, True)
        assert {ref(3), ref(4)} <= now[split]["refs"]
        assert not in_one_topic(now, 1, 3)
        assert not in_one_topic(now, 2, 4)
        assert ref(8) in now[zoo]["refs"]
        assert not in_one_topic(now, 5, 8)
        listed = [each["id"] for each in channel.do("list")["topics"]]
        assert listed[0] == dollar
        assert zoo not in listed
    assert len(now[dollar]["refs"]) > 3
    assert len(now[zoo]["refs"]) > 5
    cards = {card["id"]: card for card in json.loads((channel.folder / "out" / "topics.json").read_text("utf-8"))}
    assert zoo not in cards
    assert cards[snow]["title"] == "Погода в столице"
    by = {(one["kind"], one["by"]) for one in channel.do("diff")["changes"] if one["by"]}
    assert {("renamed", "anna"), ("pinned", "anna"), ("hidden", "boris"), ("split", "boris")} <= by


def test_what_is_merged_grows_together_and_comes_apart_again(channel: Channel) -> None:
    """Messages of two merged topics stay in one, new ones join it, and undoing gives the other its messages back."""
    snow, dollar = channel.topic_of(1), channel.topic_of(5)
    merged = channel.do("merge", snow, dollar, "--by", "anna")
    assert [(one["topic_id"], one["kind"], one["by"]) for one in merged["changes"]] == [
        (dollar, "merged", "anna"),
        (snow, "grew", "anna"),
    ]
    for more in LATER:
        channel.run(*more)
        now = channel.topics()
        assert dollar not in now
        assert in_one_topic(now, *range(1, 9))
        assert channel.counted() == len(now)
    tg_parser(channel.env, "topicize", "--all", "--rebuild", "--provider", "local", cwd=channel.folder)
    assert {ref(number) for number in range(1, 9)} <= channel.topics()[snow]["refs"]
    channel.do("undo", "--by", "boris")
    now = channel.topics()
    assert {ref(number) for number in range(5, 9)} <= now[dollar]["refs"]
    assert not in_one_topic(now, 1, 5)
    tg_parser(channel.env, "topicize", "--all", "--rebuild", "--provider", "local", cwd=channel.folder)
    assert not in_one_topic(channel.topics(), 1, 5)
    (edit,) = channel.do("edits")["edits"]
    assert (edit["by"], edit["undone_by"]) == ("anna", "boris")


def test_every_edit_is_taken_back(channel: Channel) -> None:
    """Undone one by one, the last first, the topics are what they were before; a run agrees."""
    before = {id_: (each["title"], each["refs"]) for id_, each in channel.topics().items()}
    snow, dollar, zoo = channel.topic_of(1), channel.topic_of(5), channel.topic_of(9)
    channel.do("rename", snow, "Погода")
    channel.do("rename", snow, "Погода в столице")
    channel.do("split", dollar, "--messages", ref(5), "--title", "Один рубль")
    channel.do("move", zoo, "--to", dollar)
    channel.do("hide", snow)
    channel.do("pin", snow)
    for _ in range(6):
        channel.do("undo")
    now = channel.topics()
    assert {id_: (each["title"], each["refs"]) for id_, each in now.items()} == before
    assert not any(each["hidden"] or each["pinned"] for each in now.values())
    channel.run()
    assert {id_: (each["title"], each["refs"]) for id_, each in channel.topics().items()} == before
    channel.refused("undo")


def test_what_makes_no_sense_is_refused_in_words(channel: Channel) -> None:
    """Each error says what is wrong, and nothing has changed."""
    snow, dollar = channel.topic_of(1), channel.topic_of(5)
    before = channel.topics()
    assert "tg-parser topics list" in channel.refused("rename", "topic:tg:1:post:1", "Title")
    assert "with itself" in channel.refused("merge", snow, snow)
    assert "in no topic" in channel.refused("move", ref(13), "--to", snow)
    assert "in topic" in channel.refused("move", ref(1), "--to", snow)
    assert "is not in topic" in channel.refused("split", snow, "--messages", ref(5))
    assert "nothing would be left" in channel.refused("split", snow, *map(ref, range(1, 5)))
    assert "has this title" in channel.refused("rename", snow, before[dollar]["title"])
    assert "characters" in channel.refused("rename", snow, " ", code=2)
    assert "no edit 7" in channel.refused("undo", "7")
    assert channel.topics() == before
    channel.do("hide", snow)
    assert "hidden already" in channel.refused("hide", snow)
    channel.do("undo", "1")
    assert "undone already" in channel.refused("undo", "1")


@pytest.mark.parametrize("wait", [0.0, 0.013, 0.031, 0.057, 0.11])
def test_killed_between_two_writes_an_edit_is_whole_or_not_there(channel: Channel, wait: float) -> None:
    """Merged and undone until SIGKILL: messages, marks of the edit and the history tell the same."""
    snow, dollar = channel.topic_of(1), channel.topic_of(5)
    script = [sys.executable, str(Path(__file__).parents[1] / "edit_process.py"), snow, dollar]
    with subprocess.Popen(script, env=channel.env, cwd=channel.folder, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"merged\n"
        time.sleep(wait)
        process.kill()
    edits = channel.do("edits")["edits"]
    undone = [edit for edit in edits if edit["undone_at"]]
    now, is_merged = channel.topics(), len(undone) < len(edits)
    assert len(edits) - len(undone) in {0, 1}
    assert (dollar in now) != is_merged
    assert in_one_topic(now, 1, 5) == is_merged
    assert all(in_one_topic(now, *numbers) for numbers in (range(1, 5), range(5, 9)))
    assert all(one["messages"] == len(one["refs"]) for one in now.values())
    by_hand = [one["kind"] for one in channel.do("history", dollar)["changes"] if one["by"]]
    assert by_hand == (["merged", "revived"] * len(edits))[: len(edits) + len(undone)]
