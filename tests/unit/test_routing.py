"""The router: which messages are worth a model."""

from __future__ import annotations

import pytest
from samples import message

from tg_parser.agents.routing import Route, route
from tg_parser.domain.messages import Link
from tg_parser.processing.analyzer import Task

STORY = "Сегодня утром в городе открыли новый мост через реку, и движение по нему уже началось."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("🔥🔥🔥", Route("simple", ("no words",))),
        ("https://example.org/a #news", Route("simple", ("no words",))),
        ("Доброе утро, друзья!", Route("simple", ("few words",))),
        (f"Реклама. ООО «Ромашка», erid: 2VtzqwP8fGh. {STORY}", Route("simple", ("advertisement",))),
        (
            "Читать https://example.org/a-very-long-address/with/many/parts-of-it-and-more-and-more-and-more-and-more",
            Route("simple", ("mostly links",)),
        ),
        (STORY, Route("deep", ("whole sentences",))),
        (f"{STORY} Он стоил 5 миллиардов.", Route("deep", ("whole sentences", "figures"))),
        (f"{STORY} " * 6, Route("deep", ("long text",))),
    ],
    ids=lambda value: value.reasons[0] if isinstance(value, Route) else None,
)
def test_features_choose_the_way(text: str, expected: Route) -> None:
    """What text tools read as well goes to them; whole sentences go to the model; the first reason says why."""
    assert route(Task(message(1, text))) == expected


def test_comment_in_whole_sentences_is_deep() -> None:
    """A comment that says something is read with its thread."""
    assert route(Task(message(1, STORY, kind="comment"))) == Route("deep", ("whole sentences", "comment in a thread"))


def test_hidden_advertising_link_counts() -> None:
    """A link behind words marks an advertisement as well as one in the text."""
    hidden = (Link(text="сюда", url="https://example.org/?erid=2VtzqwP8fGh"),)
    assert route(Task(message(1, STORY, links=hidden))).reasons == ("advertisement",)
