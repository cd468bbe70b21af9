"""Notes of the history: bounded in size, and without secrets."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tg_parser.agents.history import noted, noted_error
from tg_parser.config import logging
from tg_parser.domain.errors import ProviderError

SECRET = "sk-test-0123456789abcdef"


@pytest.fixture
def _told_of_the_secret() -> Iterator[None]:
    logging.configure_logging(logging.LoggingSettings(_env_file=None), [SECRET])
    yield
    logging.configure_logging(logging.LoggingSettings(_env_file=None))


def test_large_values_are_cut() -> None:
    """Texts, lists, keys and depth have their limits; numbers, truth and nothing stay as they are."""
    value = {"text": "a" * 1000, "many": list(range(100)), "deep": [[[[[[[1]]]]]]], "n": 3, "ok": True, "no": None}
    assert noted(value) == {
        "text": "a" * 400 + "… (1000 characters)",
        "many": [*range(20), "… 80 more"],
        "deep": [[[[["…"]]]]],
        "n": 3,
        "ok": True,
        "no": None,
    }
    assert len(noted({str(key): key for key in range(1000)})) == 20


def test_no_value_grows_beyond_its_bounds() -> None:
    """The widest and deepest value that there is stays far below a megabyte."""
    huge = {str(key): [{"x" * 10: ["y" * 10_000] * 50}] * 50 for key in range(50)}
    assert len(json.dumps(noted(huge))) < 4_000_000
    assert len(json.dumps(noted({"text": "y" * 10**7}))) < 1000


@pytest.mark.usefixtures("_told_of_the_secret")
def test_secrets_are_masked_before_anything_is_cut() -> None:
    """At any depth, in errors, and where the cut would go through the middle of the secret."""
    value = {"list": [{"text": f"the key is {SECRET}"}], "edge": "a" * 390 + SECRET}
    assert "sk-test" not in json.dumps(noted(value))
    assert noted(value)["list"] == [{"text": "the key is ***"}]
    assert noted_error(ProviderError(f"Wrong key {SECRET}.")) == "ProviderError: Wrong key ***."
