"""A public channel, with no account and no key: pointed at, collected, processed, exported, by real processes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cli_process import begin, exported, tg_parser, tg_parser_json
from web_pages import NAME, NUMBER, PreviewServer, Reply, landing, post, serving, text

CHANNEL = f"-{10**12 + NUMBER}"


@pytest.fixture
def channel() -> PreviewServer:
    return PreviewServer(range(1, 71))


@pytest.fixture
def env(process_env: dict[str, str], channel: PreviewServer) -> Iterator[dict[str, str]]:
    with serving(channel) as address:
        yield {**process_env, "WEB_PREVIEW_URL": address, "WEB_PREVIEW_PAUSE": "0", "RETRY_BACKOFF_BASE": "0.1"}


def entries(folder: Path) -> dict[str, dict[str, Any]]:
    lines = (folder / "kb_entries.ndjson").read_text("utf-8").splitlines()
    return {
        each["id"].removeprefix("kb:msg:"): each
        for each in map(json.loads, lines)
        if each["source"]["type"] == "telegram_message"
    }


def test_run_on_a_name_makes_a_knowledge_base(env: dict[str, str], channel: PreviewServer, tmp_path: Path) -> None:
    """`run @name` alone registers the channel, takes every post once and links each; again, only what is new."""
    done = tg_parser_json(env, "run", f"@{NAME}", "--out", "out", cwd=tmp_path)
    assert done["channels"] == [CHANNEL]
    assert done["ingest"][0]["counts"]["new"] == done["process"]["processed"] == 70
    made = entries(tmp_path / "out")
    assert sorted(made) == sorted(f"tg:{CHANNEL}:post:{number}" for number in range(1, 71))
    assert made[f"tg:{CHANNEL}:post:7"]["metadata"]["link"] == f"https://t.me/{NAME}/7"
    asked = len(channel.requests)
    channel.posts[71] = post(71, text("Something new has happened"))
    again = tg_parser_json(env, "run", f"https://t.me/s/{NAME}", "--out", "out", cwd=tmp_path)
    assert (again["ingest"][0]["counts"]["new"], again["process"]["processed"]) == (1, 1)
    assert len(channel.requests) == asked + 1
    assert f"tg:{CHANNEL}:post:71" in entries(tmp_path / "out")


def test_killed_between_pages_the_next_run_completes_it(
    env: dict[str, str], channel: PreviewServer, tmp_path: Path
) -> None:
    """Killed while it waits for a page, the next run asks for what is left and nothing is missing or double."""
    channel.next = ["as usual", "as usual", None]
    process = begin(env, "ingest", "--channel", f"@{NAME}", cwd=tmp_path)
    held = 0
    deadline = time.monotonic() + 60
    while held < 40 and time.monotonic() < deadline:
        held = status(env, tmp_path)["messages"]["posts"] if len(channel.requests) > 2 else 0
    process.kill()
    process.wait()
    assert held == 40
    assert status(env, tmp_path)["to_fetch"] == [[0, 31]]
    asked = len(channel.requests)
    (outcome,) = tg_parser_json(env, "ingest", "--source", NAME, cwd=tmp_path)["sources"]
    assert outcome["counts"]["new"] == outcome["counts"]["seen"] == 30
    assert len(channel.requests) == asked + 3
    after = status(env, tmp_path)
    assert (after["messages"]["posts"], after["to_fetch"], after["gaps"]) == (70, [], [])


def test_a_server_that_hides_older_posts_never_closes_the_history(
    env: dict[str, str], channel: PreviewServer, tmp_path: Path
) -> None:
    """Asked too often it shows pages without posts: run after run says so, and the posts come once it shows them."""
    channel.hidden_below = 31
    for _ in range(2):
        failed = tg_parser(env, "ingest", "--channel", f"@{NAME}", cwd=tmp_path, code=1)
        assert "mentions posts of @news_channel before 31 but does not show them" in failed.stderr
        told = status(env, tmp_path)
        assert (told["to_fetch"], told["source"]["backfill_completed_at"]) == ([[0, 31]], None)
    channel.hidden_below = 0
    (outcome,) = tg_parser_json(env, "ingest", "--channel", f"@{NAME}", cwd=tmp_path)["sources"]
    assert outcome["counts"]["new"] == 30
    assert status(env, tmp_path)["to_fetch"] == []


def test_edits_and_deletions_are_found_by_looking_again(
    env: dict[str, str], channel: PreviewServer, tmp_path: Path
) -> None:
    """`--recheck` makes a revision of an edited post and takes a deleted one out of the export."""
    tg_parser(env, "run", f"@{NAME}", "--out", "out", cwd=tmp_path)
    channel.posts[65] = post(65, text("Corrected words"), views="2K")
    del channel.posts[66]
    done = tg_parser_json(env, "run", f"@{NAME}", "--recheck", "10", "--out", "out", cwd=tmp_path)
    counts = done["ingest"][0]["counts"]
    assert (counts["rechecked"], counts["revised"], counts["deleted"]) == (10, 1, 1)
    made = entries(tmp_path / "out")
    assert "Corrected words" in made[f"tg:{CHANNEL}:post:65"]["content"]
    assert f"tg:{CHANNEL}:post:66" not in made
    assert status(env, tmp_path)["messages"]["deleted"] == 1


@pytest.mark.parametrize(
    ("page", "said"),
    [
        (
            landing(title="Inner Circle", description="you can view and join Inner Circle right away.", button="Join"),
            "is private",
        ),
        (landing(title="G", extra="9 767 members, 1 295 online"), "is a group"),
        (landing(description="you can contact @x right away.", robots="noindex"), "knows no public channel"),
        ("<html><body>Welcome to the hotel network</body></html>", "is not a page of Telegram's web preview"),
    ],
)
def test_what_cannot_be_read_says_why_and_what_to_do(
    page: str, said: str, env: dict[str, str], channel: PreviewServer, tmp_path: Path
) -> None:
    """The error names the reason and a way out; nothing is registered for a chat that could not be opened."""
    channel.pages[f"/s/{NAME}"] = Reply(page)
    failed = tg_parser(env, "run", f"@{NAME}", cwd=tmp_path, code=1)
    assert said in failed.stderr
    assert "Hint:" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert tg_parser_json(env, "sources", "list", cwd=tmp_path)["sources"] == []


def test_known_source_that_fails_for_good_says_so_until_it_is_resumed(
    env: dict[str, str], channel: PreviewServer, tmp_path: Path
) -> None:
    """A channel that turned private keeps what is held, stands in `error`, and comes back by success."""
    tg_parser(env, "ingest", "--channel", f"@{NAME}", cwd=tmp_path)
    channel.pages[f"/s/{NAME}"] = Reply(landing(title="News", extra="12 subscribers"))
    tg_parser(env, "ingest", "--source", NAME, cwd=tmp_path, code=1)
    source = tg_parser_json(env, "sources", "show", NAME, cwd=tmp_path)
    assert (source["status"], source["fail_count"]) == ("error", 1)
    assert "preview switched off" in source["last_error"]
    assert status(env, tmp_path)["messages"]["posts"] == 70
    del channel.pages[f"/s/{NAME}"]
    tg_parser(env, "sources", "resume", NAME, cwd=tmp_path)
    tg_parser(env, "ingest", "--all", cwd=tmp_path)
    assert tg_parser_json(env, "sources", "show", NAME, cwd=tmp_path)["status"] == "active"


def test_a_long_wait_is_remembered_by_the_next_process(
    env: dict[str, str], channel: PreviewServer, tmp_path: Path
) -> None:
    """Asked to wait for an hour, the run ends with the moment; another process does not knock before it."""
    tg_parser(env, "ingest", "--channel", f"@{NAME}", cwd=tmp_path)
    channel.next = [Reply(status=429, headers={"Retry-After": "3600"})]
    failed = tg_parser(env, "ingest", "--source", NAME, cwd=tmp_path, code=1)
    assert "asks to wait until" in failed.stderr
    asked = len(channel.requests)
    again = tg_parser(env, "ingest", "--source", NAME, cwd=tmp_path, code=1)
    assert "asks to wait until" in again.stderr
    assert len(channel.requests) == asked
    source = tg_parser_json(env, "sources", "show", NAME, cwd=tmp_path)
    assert (source["status"], source["rate_limit_until"] is not None) == ("active", True)


def test_one_failing_source_leaves_the_others_alone(
    env: dict[str, str], channel: PreviewServer, tmp_path: Path
) -> None:
    """`ingest --all` collects what can be read, names each failure with its reason, and does not count as success."""
    channel.pages["/s/gone_channel"] = Reply(landing(description="you can contact @x right away.", robots="noindex"))
    for name in ("gone_channel", NAME, "paused_one"):
        tg_parser(env, "add-source", "--source-id", name, "--via", "web", cwd=tmp_path)
    tg_parser(env, "sources", "pause", "paused_one", cwd=tmp_path)
    failed = tg_parser(env, "ingest", "--all", "--json", cwd=tmp_path, code=1)
    outcomes = {each["source_id"]: each for each in json.loads(failed.stdout)["sources"]}
    assert set(outcomes) == {"gone_channel", NAME}
    assert outcomes[NAME]["counts"]["new"] == 70
    assert outcomes["gone_channel"]["error"] == "Telegram knows no public channel @gone_channel."
    assert outcomes["gone_channel"]["status"] == "error"
    assert "1 of 2 sources failed" in failed.stderr
    assert not any("paused_one" in path for path in channel.paths)


def status(env: dict[str, str], folder: Path) -> dict[str, Any]:
    (report,) = tg_parser_json(env, "status", "--source", NAME, cwd=folder)["sources"]
    return report


def test_without_account_a_number_alone_is_explained(env: dict[str, str], tmp_path: Path) -> None:
    """A private channel's number needs an account; the error says how to get there."""
    failed = tg_parser(env, "run", "t.me/c/123456/7", cwd=tmp_path, code=1)
    assert "only known by its number" in failed.stderr
    assert "tg-parser login" in failed.stderr


def test_same_posts_are_the_same_files_on_both_backends(
    env: dict[str, str], channel: PreviewServer, tmp_path: Path, sqlite_environment: Callable[..., Any]
) -> None:
    """What a backend stores of the preview exports as the same bytes as on the other."""
    tg_parser(env, "run", f"@{NAME}", "--out", "out", cwd=tmp_path)
    other = {
        **sqlite_environment(tmp_path / "other"),
        **{k: v for k, v in env.items() if k.startswith(("WEB_", "RETRY_"))},
    }
    tg_parser(other, "run", f"@{NAME}", "--out", "beside", cwd=tmp_path)
    assert exported(tmp_path / "out") == exported(tmp_path / "beside")
