"""Sending webhooks to real servers on this machine: what arrives, where nothing is sent, and how little is read."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from certificates import Authority
from webhook_receiver import Receiver, Reply, verified

from tg_parser.domain.errors import AddressRefusedError, HostNotFoundError
from tg_parser.domain.webhooks import Delivery, ReceiverAnswer, new_signing_secret
from tg_parser.webhooks.addresses import AddressRules
from tg_parser.webhooks.sender import WebhookSender

NOW = datetime(2024, 11, 27, 9, 0, tzinfo=UTC)
SECRET, OTHER = new_signing_secret(), new_signing_secret()
LOOPBACK = ("127.0.0.0/8",)
DELIVERY = Delivery("msg_1", "wh_1", "job.done", "j1", '{"type":"job.done","data":"привет"}', NOW, "w1")


class Names:
    """A name server: what each name leads to, one answer after the other."""

    def __init__(self, **answers: Sequence[Sequence[str]]) -> None:
        self._answers = {name.replace("_", "."): list(each) for name, each in answers.items()}
        self.asked: list[str] = []

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        answers = self._answers.get(host)
        if not answers:
            raise OSError("no such host")
        return answers.pop(0) if len(answers) > 1 else answers[0]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as started:
        yield started


async def sent(url: str, rules: AddressRules | None = None, **fields: Any) -> ReceiverAnswer:
    sender = WebhookSender(rules or AddressRules(networks=LOOPBACK), fields.pop("timeout", 5), **fields)
    return await sender.send(DELIVERY, url, [SECRET])


async def test_a_delivery_arrives_signed(receiver: Receiver) -> None:
    """The body byte for byte, under its id, with a signature that another implementation finds good."""
    receiver.plan = [Reply(200, body="принято".encode())]
    answer = await sent(f"{receiver.url}?a=b")
    assert (answer.status, answer.body, answer.error) == (200, "принято", None)
    (came,) = receiver.requests
    assert (came.path, came.headers["webhook-id"]) == ("/hook?a=b", "msg_1")
    assert came.body == DELIVERY.body.encode()
    assert came.headers["content-type"] == "application/json"
    assert came.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert came.headers["user-agent"].startswith("tg-parser/")
    assert verified(came, SECRET)
    assert not verified(came, OTHER)


async def test_two_secrets_sign_while_they_overlap(receiver: Receiver) -> None:
    """Whoever knows either can check it."""
    sender = WebhookSender(AddressRules(networks=LOOPBACK), 5)
    await sender.send(DELIVERY, receiver.url, [SECRET, OTHER])
    assert verified(receiver.requests[0], SECRET)
    assert verified(receiver.requests[0], OTHER)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f.0.0.1", "[::1]", "0.0.0.0"])
async def test_this_machine_is_refused_however_it_is_written(receiver: Receiver, host: str) -> None:
    """Before anything is sent, when it is given and when it is delivered."""
    url = f"https://{host}:{receiver.port}/"
    with pytest.raises(AddressRefusedError, match="not a public address"):
        await AddressRules().require_allowed(url)
    answer = await sent(url, AddressRules())
    assert (answer.status, answer.final) == (None, True)
    assert "not a public address" in (answer.error or "")
    assert receiver.connections == 0


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://hooks.example/x", "need https"),
        ("ftp://hooks.example/x", "not an address for a webhook"),
        ("file:///etc/passwd", "not an address for a webhook"),
        ("https://", "not an address for a webhook"),
        ("https://hooks.example:99999/", "not an address for a webhook"),
        ("https://hooks.example/a b", "not an address for a webhook"),
        ("https://hooks.example/\r\nX: y", "not an address for a webhook"),
        ("https://[::1/", "not an address for a webhook"),
        ("https://хук.рф/", "not an address for a webhook"),
        (f"https://hooks.example/{'x' * 2000}", "not an address for a webhook"),
        ("https://ann:secret@hooks.example/", "must not contain a user or password"),
        ("https://inside.example/", "inside.example resolves to 10.0.0.5, which is not a public address"),
        ("https://mixed.example/", "mixed.example resolves to 192.168.1.1, which is not a public address"),
    ],
)
async def test_only_public_addresses_over_https_are_taken(url: str, told: str) -> None:
    """Nothing without TLS, nothing with a password in it, no name that leads inside with any of its addresses."""
    names = Names(
        hooks_example=[["1.1.1.1"]], inside_example=[["10.0.0.5"]], mixed_example=[["1.1.1.1", "192.168.1.1"]]
    )
    with pytest.raises(AddressRefusedError, match=told) as refused:
        await AddressRules(resolve=names.resolve).require_allowed(url)
    assert "secret" not in refused.value.message
    await AddressRules(resolve=names.resolve).require_allowed("https://hooks.example:8443/x?y=z")


async def test_a_name_that_nobody_knows_is_said_so() -> None:
    """When it is given; a delivery is tried again, as it may be known later."""
    with pytest.raises(HostNotFoundError, match=r"nowhere\.example has no address"):
        await AddressRules(resolve=Names().resolve).require_allowed("https://nowhere.example/")
    answer = await sent("https://nowhere.example/", AddressRules(resolve=Names().resolve))
    assert (answer.status, answer.final, answer.error) == (None, False, "The host nowhere.example has no address.")


async def test_what_an_operator_allows_may_be_private_and_plain(receiver: Receiver) -> None:
    """By name, wherever it leads, and by network; nothing beside it."""
    names = Names(mine_example=[["127.0.0.1"]], other_example=[["127.0.0.1"]])
    by_name = AddressRules(["Mine.Example"], resolve=names.resolve)
    assert (await sent(f"http://mine.example:{receiver.port}/", by_name)).status == 204
    assert receiver.requests[0].headers["host"] == f"mine.example:{receiver.port}"
    with pytest.raises(AddressRefusedError):
        await by_name.require_allowed(f"https://other.example:{receiver.port}/")
    await AddressRules(networks=["10.0.0.0/8"]).require_allowed("https://10.1.2.3/")
    await AddressRules(networks=["10.0.0.0/8"]).require_allowed("https://[::ffff:10.1.2.3]/")
    with pytest.raises(AddressRefusedError):
        await AddressRules(networks=["10.0.0.0/8"]).require_allowed("https://127.0.0.1/")


async def test_a_name_that_changes_after_it_was_checked_leads_nowhere(receiver: Receiver) -> None:
    """DNS rebinding: public when it is asked for, this machine when it is connected to; nothing is connected to."""
    names = Names(rebound_example=[["1.1.1.1"], ["127.0.0.1"]])
    answer = await sent(f"https://rebound.example:{receiver.port}/", AddressRules(resolve=names.resolve))
    assert (answer.final, answer.error) == (
        True,
        "rebound.example resolves to 127.0.0.1, which is not a public address.",
    )
    assert (names.asked, receiver.connections) == (["rebound.example"] * 2, 0)


async def test_tls_checks_the_name_and_not_the_address(tmp_path: Path) -> None:
    """The connection goes to the address that was checked, the certificate and the request are of the name."""
    authority = Authority(tmp_path)
    trusted = ssl.create_default_context(cafile=str(authority.certificate))
    names = Names(hook_example=[["127.0.0.1"]], wrong_example=[["127.0.0.1"]])
    rules = AddressRules(networks=LOOPBACK, resolve=names.resolve)
    with Receiver(authority.server_context("hook.example")) as receiver:
        good = await sent(f"https://hook.example:{receiver.port}/x", rules, tls=trusted)
        wrong = await sent(f"https://wrong.example:{receiver.port}/x", rules, tls=trusted)
        unknown = await sent(f"https://hook.example:{receiver.port}/x", rules)
    assert (good.status, receiver.requests[0].headers["host"]) == (204, f"hook.example:{receiver.port}")
    assert receiver.names[0] == "hook.example"
    for refused in (wrong, unknown):
        assert (refused.status, refused.final) == (None, False)
        assert "certificate" in (refused.error or "").lower()
    assert len(receiver.requests) == 1


async def test_a_name_with_several_addresses_is_reached_at_one_that_answers(receiver: Receiver) -> None:
    """One machine may be down."""
    names = Names(two_example=[["127.0.0.2", "127.0.0.1"]])
    rules = AddressRules(["two.example"], resolve=names.resolve)
    assert (await sent(f"http://two.example:{receiver.port}/", rules)).status == 204


async def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    """Wherever it leads: its status is the answer."""
    receiver.plan = [Reply(302, {"Location": receiver.url}), Reply(307, {"Location": "http://169.254.169.254/"})]
    assert [(await sent(receiver.url)).status for _ in range(2)] == [302, 307]
    assert len(receiver.requests) == 2


async def test_proxies_of_the_environment_are_not_used(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy would look the name up itself, and reach what this machine may not."""
    with Receiver() as proxy:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert (await sent(receiver.url)).status == 204
    assert proxy.connections == 0


async def test_little_is_read_of_a_long_answer(receiver: Receiver) -> None:
    """The beginning is kept, whatever bytes it has; ten megabytes are neither waited for nor held."""
    receiver.plan = [Reply(500, body=b"\xff\x00" + b"x" * 10_000_000)]
    answer = await sent(receiver.url)
    assert (answer.status, len(answer.body or "")) == (500, 500)


async def test_a_slow_receiver_is_left(receiver: Receiver) -> None:
    """After the time that it has, whole and not byte by byte."""
    receiver.plan = [Reply(seconds=30)]
    began = time.monotonic()
    answer = await sent(receiver.url, timeout=0.5)
    assert (answer.status, answer.error, answer.final) == (None, "No answer within 0.5 seconds.", False)
    assert time.monotonic() - began < 5


async def test_an_answer_that_never_ends_is_left() -> None:
    """A server that sends a byte now and then holds nobody."""

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            while True:
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.05)
        writer.close()
        left.set()

    left = asyncio.Event()

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    async with server:
        answer = await sent(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", timeout=0.5)
        await asyncio.wait_for(left.wait(), 10)
    assert answer.error == "No answer within 0.5 seconds."


@pytest.mark.parametrize("spoken", [b"", b"SSH-2.0-x\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"])
async def test_what_speaks_no_http_is_an_error_that_may_pass(spoken: bytes) -> None:
    """A server that hangs up, speaks something else, or ends in the middle."""

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(spoken)
        writer.close()

    server = await asyncio.start_server(speak, "127.0.0.1", 0)
    async with server:
        answer = await sent(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    assert (answer.status, answer.final) == (None, False)
    assert answer.error


async def test_nobody_listening_is_an_error_that_may_pass() -> None:
    """The receiver is down."""
    with Receiver() as gone:
        pass
    answer = await sent(gone.url)
    assert (answer.status, answer.final) == (None, False)
    assert answer.error


async def test_a_wait_that_is_asked_for_is_heard(receiver: Receiver) -> None:
    """In seconds, or as a time by the clock of the receiver."""
    date = {"Date": "Wed, 27 Nov 2024 09:00:00 GMT", "Retry-After": "Wed, 27 Nov 2024 09:02:00 GMT"}
    receiver.plan = [Reply(429, {"Retry-After": "90"}), Reply(503, date), Reply(503)]
    assert [(await sent(receiver.url)).asked_wait for _ in range(3)] == [90, 120, None]
