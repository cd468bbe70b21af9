"""The rules of webhooks: who is told what, in which form, and when it is tried again."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook as Signer
from webhook_receiver import Received, verified

from tg_parser.config.redaction import Redactor
from tg_parser.domain.errors import DeliveryDelayedError, UsageError
from tg_parser.domain.jobs import Job, JobError, next_attempt
from tg_parser.domain.webhooks import (
    Delivery,
    Event,
    ReceiverAnswer,
    Verdict,
    Webhook,
    headers_of,
    job_event,
    new_delivery_id,
    new_signing_secret,
    require_signing_secret,
    verdict,
)

NOW = datetime(2024, 11, 27, 9, 0, tzinfo=UTC)
SECRET = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def answer(status: int | None = None, **fields: Any) -> ReceiverAnswer:
    return ReceiverAnswer(NOW, 0.1, status, **fields)


def hook(**fields: Any) -> Webhook:
    usual: dict[str, Any] = {"webhook_id": "wh_1", "url": "https://a", "events": ("job.done",), "secret_sealed": "x"}
    return Webhook(**usual | {"created_at": NOW} | fields)


def job(**fields: Any) -> Job:
    usual: dict[str, Any] = {"job_id": "j1", "kind": "ingest", "created_at": NOW, "run_at": NOW, "state": "done"}
    usual |= {"parameters": {"source": "s"}, "channel_id": "-1001", "started_at": NOW, "attempt": 1}
    return Job(**usual | {"finished_at": NOW + MINUTE, "result": {"posts": 3}} | fields)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_what_a_receiver_takes_is_delivered(status: int) -> None:
    """Any 2xx, whatever it says."""
    assert verdict(answer(status), 1, 0) == Verdict("delivered")


@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 403, 404, 405, 413, 422])
def test_what_a_receiver_refuses_is_not_tried_again(status: int) -> None:
    """A redirect is a refusal too; neither changes by itself."""
    assert verdict(answer(status), 1, 0) == Verdict("failed")


def test_a_receiver_that_is_gone_disables_its_webhook() -> None:
    """410 says that it wants nothing any more."""
    assert verdict(answer(410), 1, 0) == Verdict("failed", disables=True)


@pytest.mark.parametrize("status", [None, 408, 425, 429, 500, 502, 503, 504, 599])
def test_what_may_pass_is_tried_for_about_a_day(status: int | None) -> None:
    """Nine attempts with growing pauses, then it is given up."""
    attempts = [verdict(answer(status), number, 0).next_at for number in range(1, 10)]
    pauses = [None if each is None else (each - NOW).total_seconds() for each in attempts]
    assert pauses == [5, 60, 300, 1800, 7200, 18_000, 28_800, 28_800, None]
    assert verdict(answer(status), 9, 0).state == "failed"
    assert 23 * 3600 < sum(each for each in pauses if each) < 25 * 3600


def test_pauses_are_as_long_as_asked_for_and_spread() -> None:
    """A longer Retry-After counts, up to a day; a shorter one does not; chance adds up to a tenth."""
    assert verdict(answer(429, asked_wait=90), 1, 0).next_at == NOW + 1.5 * MINUTE
    assert verdict(answer(503, asked_wait=10**7), 1, 0).next_at == NOW + 24 * HOUR
    assert verdict(answer(429, asked_wait=1), 3, 0).next_at == NOW + 5 * MINUTE
    assert verdict(answer(500), 2, 1).next_at == NOW + 1.1 * MINUTE


def test_a_refused_address_is_final() -> None:
    """Nothing was sent, and nothing will be."""
    assert verdict(answer(None, error="not a public address", final=True), 1, 0) == Verdict("failed")


def test_a_delayed_delivery_frees_its_worker_until_its_time() -> None:
    """However often it was tried, as a job of its kind knows when to come back."""
    assert next_attempt(DeliveryDelayedError("500", NOW + HOUR), 50, NOW) == NOW + HOUR


def test_a_job_is_told_with_its_result() -> None:
    """The whole body of a job that was done."""
    event = job_event(job())
    assert event is not None
    assert (event.type, event.subject, event.sources, event.at) == ("job.done", "j1", {"s"}, NOW + MINUTE)
    assert json.loads(event.body) == {
        "type": "job.done",
        "timestamp": "2024-11-27T09:01:00Z",
        "data": {
            "job_id": "j1",
            "kind": "ingest",
            "state": "done",
            "channel_id": "-1001",
            "parameters": {"source": "s"},
            "created_at": "2024-11-27T09:00:00Z",
            "started_at": "2024-11-27T09:00:00Z",
            "finished_at": "2024-11-27T09:01:00Z",
            "attempt": 1,
            "result": {"posts": 3},
            "error": None,
        },
    }


def test_a_failed_job_is_told_with_its_error() -> None:
    """Code, message, hint and facts; one that was done after an error is told without it."""
    error = JobError("source", "It is private.", "Join it.", {"chat": "@x"})
    event, done = job_event(job(state="failed", result=None, error=error)), job_event(job(error=error))
    assert event is not None
    assert done is not None
    told = json.loads(event.body)
    assert told["type"] == "job.failed"
    assert told["data"]["error"] == {
        "code": "source",
        "message": "It is private.",
        "hint": "Join it.",
        "data": {"chat": "@x"},
    }
    assert json.loads(done.body)["data"]["error"] is None


@pytest.mark.parametrize("fields", [{"state": "cancelled"}, {"state": "running"}, {"helps": "j0"}])
def test_nothing_is_told_of_other_ends(fields: Any) -> None:
    """A job that was cancelled, that goes on, or that only shared the work of another."""
    assert job_event(job(**fields)) is None


@pytest.mark.parametrize(
    ("fields", "event", "told"),
    [
        ({}, {}, True),
        ({"events": ("job.failed",)}, {}, False),
        ({"disabled_at": NOW}, {}, False),
        ({"key_id": "k", "key_valid": False}, {}, False),
        ({"key_id": "k", "key_sources": frozenset({"s", "t"})}, {}, True),
        ({"key_id": "k", "key_sources": frozenset({"t"})}, {}, False),
        ({"key_id": "k", "key_sources": frozenset({"s"})}, {"sources": frozenset({"s", "t"})}, False),
        ({"key_id": "k", "key_sources": frozenset({"s"})}, {"sources": frozenset()}, False),
        ({"key_id": "k", "key_sources": frozenset()}, {}, False),
        ({"key_id": "k"}, {"sources": frozenset()}, True),
        ({"job_id": "j1"}, {}, True),
        ({"job_id": "j2"}, {}, False),
    ],
)
def test_a_webhook_is_told_what_it_may_know(fields: Any, event: Any, *, told: bool) -> None:
    """Its events, of its job, and of the sources that its key may see as long as the key is valid."""
    usual: dict[str, Any] = {"type": "job.done", "at": NOW, "subject": "j1", "body": "{}", "sources": frozenset({"s"})}
    assert hook(**fields).wants(Event(**usual | event)) is told


def test_secrets_have_the_form_of_the_standard() -> None:
    """32 random bytes in Base64; what is given by others has 24 to 64, and an error does not repeat it."""
    assert len({new_signing_secret() for _ in range(100)}) == 100
    assert require_signing_secret(new_signing_secret()).startswith("whsec_")
    assert require_signing_secret(SECRET) == SECRET
    for wrong in ("", "password", SECRET.removeprefix("whsec_"), SECRET[:-4], SECRET + "!", "whsec_" + "A" * 92):
        with pytest.raises(UsageError) as refused:
            require_signing_secret(wrong)
        assert not wrong or wrong not in refused.value.message


def test_headers_and_signature_are_those_of_the_standard() -> None:
    """The example of the specification, checked by another implementation; of two signatures either is enough."""
    delivery = Delivery("msg_p5jXN8AQM9LWM0D4loKWxJek", "wh_1", "e", "s", '{"test": 2432232314}', NOW, "j")
    at = datetime.fromtimestamp(1614265330, UTC)
    signed = Signer(SECRET).sign(delivery.delivery_id, at, delivery.body)
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    headers = headers_of(delivery, at, ("v1,AAAA", signed))
    assert headers["webhook-timestamp"] == "1614265330"
    received = Received("/", headers, delivery.body.encode())
    assert verified(received, SECRET, now=1614265330)
    assert not verified(received, new_signing_secret(), now=1614265330)
    assert not verified(received, SECRET)


def test_the_same_event_has_the_same_id() -> None:
    """An event that is noted twice is one; all others differ, and sort by time."""
    assert new_delivery_id(NOW, "a") == new_delivery_id(NOW, "a") == "msg_20241127T090000000000_ca978112ca1b"
    assert new_delivery_id(NOW, "b") != new_delivery_id(NOW, "a")
    assert new_delivery_id(NOW) != new_delivery_id(NOW)
    assert new_delivery_id(NOW) < new_delivery_id(NOW + MINUTE)


def test_secrets_are_masked_wherever_they_stand() -> None:
    """In logs and errors, whatever their name."""
    assert Redactor([]).text(f"with {SECRET}.") == "with whsec_***."
