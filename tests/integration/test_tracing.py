"""Spans: parts need a whole, errors leave their class alone, and nothing is made unless it is wanted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from otlp_receiver import Receiver, collecting
from samples import CHANNEL, NOW, message

from tg_parser.domain.errors import SourceError
from tg_parser.observability.tracing import span, traced, traceparent
from tg_parser.storage.engine.databases import Databases
from tg_parser.storage.engine.threads import in_thread
from tg_parser.storage.stores.raw import RawStorage


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with collecting() as receiver:
        yield receiver


async def test_transactions_are_parts_of_what_they_belong_to(databases: Databases, receiver: Receiver) -> None:
    """With their database, and without statement and values; one that belongs to nothing is no trace."""
    with traced(receiver.url, "test"):
        await databases.raw.ping()
        with span("work", channel_id=CHANNEL) as told:
            await RawStorage(databases.raw).store([message(1, "what was said")], NOW)
            told.tell(messages_new=1, not_known=None)
    (whole,) = receiver.named("work")
    assert (whole.parent, whole.facts) == ("", {"channel.id": CHANNEL, "messages.new": 1})
    parts = [each for each in receiver.spans if each is not whole]
    assert {each.facts["db.namespace"] for each in parts} == {"raw"}
    assert all(receiver.inside(each, whole) for each in parts)
    assert "write raw" in {each.name for each in parts}
    assert b"what was said" not in b"".join(receiver.bodies)


def test_an_error_leaves_its_class(receiver: Receiver) -> None:
    """Its text may hold anything."""
    with traced(receiver.url, "test"), pytest.raises(SourceError), span("outer"), span("inner"):
        raise SourceError("the secret channel")
    assert [(each.name, each.failed, each.facts, each.events) for each in receiver.spans] == [
        ("inner", True, {"error.type": "SourceError"}, 0),
        ("outer", True, {"error.type": "SourceError"}, 0),
    ]
    assert b"secret" not in b"".join(receiver.bodies)


async def test_a_span_goes_on_in_threads_and_in_other_processes(receiver: Receiver) -> None:
    """Threads know it by themselves, a process by the text that it is given."""

    def in_a_thread() -> str | None:
        with span("thread"):
            return traceparent()

    with traced(receiver.url, "test"):
        with span("outer"):
            told = await in_thread(in_a_thread)
        with span("elsewhere", parent=told):
            pass
        with span("stray", parent="nonsense"):
            pass
    (outer,), (elsewhere,), (stray,) = map(receiver.named, ("outer", "elsewhere", "stray"))
    assert receiver.inside(elsewhere, outer)
    assert stray.parent == ""


def test_nothing_is_traced_unless_it_is_wanted() -> None:
    """Without an address there are no spans, and nobody has to ask whether there are."""
    with traced(None, "test"), span("work", some=1) as told:
        told.tell(more=2)
        told.rename("other")
        assert traceparent() is None
