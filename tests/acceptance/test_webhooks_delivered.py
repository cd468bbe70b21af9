"""Webhooks from end to end: commands, worker processes and a real receiver, on both backends."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cli_process import tg_parser, tg_parser_json
from job_processes import asked, collected, until, watched, worker
from looking import first_row
from webhook_receiver import Receiver, Reply, verified

SECRET = re.compile(r"whsec_[A-Za-z0-9+/]{43}=\n")
TAKEOVER = 5
DELIVERY_IS = "SELECT 1 FROM webhook_deliveries WHERE state ="


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as started:
        yield started


@pytest.fixture
def env(process_env: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """Databases, a key to seal with, and an operator who allows this machine."""
    env = {
        **process_env,
        "DB_ENCRYPTION_KEY_FILE": str(tmp_path / "key"),
        "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8",
        "JOB_TAKEOVER_SECONDS": str(TAKEOVER),
        "EXPORTS_DIR": str(tmp_path / "exports"),
    }
    tg_parser(env, "db", "encrypt-secret", cwd=tmp_path, answer="anything")
    return env


def deliveries(env: dict[str, str], folder: Path, *options: str) -> list[Any]:
    found: list[Any] = tg_parser_json(env, "webhooks", "deliveries", *options, cwd=folder)["deliveries"]
    return found


def test_the_end_of_a_job_is_told(env: dict[str, str], receiver: Receiver, tmp_path: Path) -> None:
    """An empty export, signed with the secret that was printed once; the log says that it was taken."""
    collected(env, tmp_path, 5)
    secret = tg_parser(env, "webhooks", "add", receiver.url, cwd=tmp_path).stdout
    assert SECRET.fullmatch(secret)
    job = asked(env, tmp_path, "export", "--source", "test")
    with worker(env, tmp_path):
        done = watched(env, tmp_path, job, code=4)
        (came,) = receiver.until(1)
        until(partial(first_row, env, f"{DELIVERY_IS} 'delivered'"))
        delivered = deliveries(env, tmp_path, "--state", "delivered")
    assert (came.event["type"], came.event["data"]["job_id"]) == ("job.done", job)
    assert came.event["data"]["result"] == done["result"]
    assert verified(came, secret.strip())
    assert [(each["delivery_id"], each["subject"]) for each in delivered] == [(came.headers["webhook-id"], job)]
    assert [each["job_id"] for each in tg_parser_json(env, "jobs", "list", cwd=tmp_path)["jobs"]] == [job]
    for shown in (("webhooks", "list"), ("webhooks", "deliveries"), ("keys", "audit")):
        assert secret.strip() not in tg_parser(env, *shown, "--json", cwd=tmp_path).stdout
    assert secret.strip() not in (tmp_path / "worker.log").read_text("utf-8")


def test_a_worker_killed_while_it_delivers_loses_nothing(
    env: dict[str, str], receiver: Receiver, tmp_path: Path
) -> None:
    """Another delivers it again, under the same id and with the same body, so that the receiver knows it."""
    collected(env, tmp_path, 5)
    receiver.plan = [Reply(seconds=60)]
    tg_parser(env, "webhooks", "add", receiver.url, cwd=tmp_path)
    job = asked(env, tmp_path, "export", "--source", "test")
    with worker(env, tmp_path, code=None) as victim:
        receiver.until(1)
        victim.kill()
        victim.wait()
    with worker(env, tmp_path):
        first, second = receiver.until(2)
        until(partial(first_row, env, f"{DELIVERY_IS} 'delivered'"))
        (kept,) = deliveries(env, tmp_path)
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == kept["delivery_id"]
    assert first.body == second.body
    assert (kept["subject"], kept["event"]) == (job, "job.done")
    assert len(receiver.requests) == 2


def test_a_worker_killed_at_the_end_of_many_jobs_tells_each_once(
    env: dict[str, str], receiver: Receiver, tmp_path: Path
) -> None:
    """Each job has one event under one id, whatever was sent twice because of the kill."""
    collected(env, tmp_path, 5)
    tg_parser(env, "webhooks", "add", receiver.url, "--event", "job.done", cwd=tmp_path)
    dates = [f"2023-01-{day:02}" for day in range(1, 13)]
    jobs = [asked(env, tmp_path, "export", "--source", "test", "--from", each) for each in dates]
    with worker(env, tmp_path, code=None) as victim:
        receiver.until(3)
        victim.kill()
        victim.wait()
    with worker(env, tmp_path):
        until(partial(first_row, env, f"{DELIVERY_IS} 'delivered' LIMIT 1 OFFSET {len(jobs) - 1}"))
        assert len(deliveries(env, tmp_path, "--state", "delivered")) == len(jobs)
    told = {(each.headers["webhook-id"], each.event["data"]["job_id"]) for each in receiver.requests}
    assert sorted(job for _, job in told) == sorted(jobs)


def test_a_source_that_fails_is_told_once(env: dict[str, str], receiver: Receiver, tmp_path: Path) -> None:
    """Collected by hand while no worker was there; the next worker tells it, and a second failure is no news."""
    with Receiver() as telegram:
        telegram.plan = [Reply(404)] * 20
        failing = {**env, "WEB_PREVIEW_URL": telegram.url}
        tg_parser(env, "add-source", "--source-id", "some_channel", "--via", "web", cwd=tmp_path)
        tg_parser(env, "webhooks", "add", receiver.url, cwd=tmp_path)
        for _ in range(2):
            tg_parser(failing, "ingest", "--source", "some_channel", cwd=tmp_path, code=1)
    with worker(env, tmp_path):
        (came,) = receiver.until(1)
        ping = tg_parser_json(env, "webhooks", "test", deliveries(env, tmp_path)[0]["webhook_id"], cwd=tmp_path)
        _, second = receiver.until(2)
    assert came.event["type"] == "source.failed"
    assert came.event["data"]["source_id"] == "some_channel"
    assert came.event["data"]["error"] == "SourceError"
    assert second.headers["webhook-id"] == ping["delivery_id"]
    assert len(deliveries(env, tmp_path)) == 2


def test_a_webhook_lives_from_its_addition_to_its_removal(
    env: dict[str, str], receiver: Receiver, tmp_path: Path
) -> None:
    """Refused by its receiver, seen in the log, made again by hand, given another secret, removed with its log."""
    added = tg_parser_json(env, "webhooks", "add", receiver.url, cwd=tmp_path)
    hook = added["webhook"]["webhook_id"]
    rotated = tg_parser_json(env, "webhooks", "rotate", hook, "--overlap", "0", cwd=tmp_path)
    assert rotated["secret"] != added["secret"]
    receiver.plan = [Reply(410, body=b"never again")]
    delivery = tg_parser(env, "webhooks", "test", hook, cwd=tmp_path).stdout.strip()
    with worker(env, tmp_path):
        until(partial(first_row, env, f"{DELIVERY_IS} 'failed'"))
        (refused,) = deliveries(env, tmp_path)
        assert (refused["answer"]["status"], refused["answer"]["body"]) == (410, "never again")
        (listed,) = tg_parser_json(env, "webhooks", "list", cwd=tmp_path)["webhooks"]
        assert listed["state"] == "disabled"
        assert tg_parser_json(env, "webhooks", "enable", hook, cwd=tmp_path)["state"] == "active"
        tg_parser(env, "webhooks", "redeliver", delivery, cwd=tmp_path)
        until(partial(first_row, env, f"{DELIVERY_IS} 'delivered'"))
    assert [each.headers["webhook-id"] for each in receiver.requests] == [delivery] * 2
    assert verified(receiver.requests[1], rotated["secret"])
    assert not verified(receiver.requests[1], added["secret"])
    tg_parser(env, "webhooks", "remove", hook, cwd=tmp_path)
    tg_parser(env, "webhooks", "deliveries", cwd=tmp_path, code=4)
    assert "tg-parser webhooks add URL" in tg_parser(env, "webhooks", "list", cwd=tmp_path, code=4).stdout


def test_without_a_key_or_an_allowed_address_it_is_said_what_to_do(env: dict[str, str], tmp_path: Path) -> None:
    """A line and a hint; a private address is wrong usage, a missing key a wrong setting."""
    closed = {**env, "WEBHOOK_ALLOWED_NETWORKS": ""}
    private = tg_parser(closed, "webhooks", "add", "https://127.0.0.1/", cwd=tmp_path, code=2).stderr
    assert private.splitlines()[0] == "Error: 127.0.0.1 is not a public address."
    assert "WEBHOOK_ALLOWED_NETWORKS" in private
    keyless = {name: value for name, value in env.items() if name != "DB_ENCRYPTION_KEY_FILE"}
    told = tg_parser(keyless, "webhooks", "add", "http://127.0.0.1:9/", cwd=tmp_path, code=2).stderr
    assert "tg-parser db encrypt-secret" in told
    wrong = tg_parser({**env, "WEBHOOK_ALLOWED_NETWORKS": "inside"}, "webhooks", "list", cwd=tmp_path, code=2).stderr
    assert "WEBHOOK_ALLOWED_NETWORKS" in wrong
