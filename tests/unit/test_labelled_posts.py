"""Labelled posts are sound enough to measure topics against."""

from __future__ import annotations

import pytest
from labelled_posts import FOLDER, LabelledPost, load, names

MAIN = "ru_2024-11-22_2024-11-30"
TWO_LEVELS = (MAIN, "ru_2024-09-30_2024-10-04")
LETTERS = {"Хабр": "h", "Москвач • Новости Москвы": "m", "Naked Science": "n"}


@pytest.fixture(params=names())
def posts(request: pytest.FixtureRequest) -> list[LabelledPost]:
    return load(request.param)


def test_all_sets_are_found() -> None:
    """The loader offers the shared day and both sets with two levels."""
    assert set(names()) == {"ru_2024-11-27", *TWO_LEVELS}


def test_a_post_stands_once(posts: list[LabelledPost]) -> None:
    """No post is counted twice in one set."""
    assert len({(post.channel_id, post.message_id) for post in posts}) == len(posts)


def test_an_event_lies_in_one_story(posts: list[LabelledPost]) -> None:
    """Stories are unions of events: no event is divided between two."""
    assert len({(post.event, post.story) for post in posts}) == len({post.event for post in posts})


def test_every_post_names_its_source(posts: list[LabelledPost]) -> None:
    """The licence asks for attribution, and each line carries it."""
    assert all("NKTKLN" in post.attribution and "CC BY 4.0" in post.attribution for post in posts)


def test_the_main_set_is_large_enough() -> None:
    """The main set holds at least 250 posts, each long enough to say something."""
    posts = load(MAIN)
    assert len(posts) >= 250
    assert min(len(post.text) for post in posts) >= 60


@pytest.mark.parametrize("name", TWO_LEVELS)
def test_events_and_stories_differ(name: str) -> None:
    """Sets that calibrate two levels have stories of several events."""
    posts = load(name)
    assert len({post.event for post in posts}) - len({post.story for post in posts}) >= 5


@pytest.mark.parametrize("name", TWO_LEVELS)
def test_doubtful_posts_are_explained(name: str) -> None:
    """Every label that could be read otherwise has its other reading in the README."""
    rows = (FOLDER / "README.md").read_text("utf-8").splitlines()
    explained = {word for row in rows if row.startswith("| `") for word in row.split("|")[1].split("`")}
    doubtful = {f"{LETTERS[post.channel]}{post.message_id}" for post in load(name) if post.doubtful}
    assert doubtful
    assert doubtful <= explained
