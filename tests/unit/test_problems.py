"""What is wrong in a file is told without the words of the library that found it."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field, ValidationError

from tg_parser.domain.problems import in_words


class Shape(BaseModel):
    text: str = Field(default="x", min_length=1)
    count: int = Field(default=1, ge=1, le=9)
    share: float = Field(default=0.5, gt=0, lt=1)
    flag: bool = False
    names: list[str] = Field(default=["x"], min_length=1)
    kind: Literal["a", "b"] = "a"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"text": 5}, "expected text"),
        ({"text": ""}, "it must not be empty"),
        ({"count": "many"}, "expected a whole number"),
        ({"count": 0}, "expected 1 or more"),
        ({"count": 10}, "expected 9 or less"),
        ({"share": "x"}, "expected a number"),
        ({"share": 0}, "expected more than 0.0"),
        ({"share": 1}, "expected less than 1.0"),
        ({"flag": "perhaps"}, "expected true or false"),
        ({"names": "x"}, "expected a list"),
        ({"names": []}, "it must not be empty"),
        ({"kind": "c"}, "expected 'a' or 'b'"),
    ],
)
def test_problem_is_told_in_plain_words(given: dict[str, Any], words: str) -> None:
    """Kind, limit, emptiness and choice."""
    with pytest.raises(ValidationError) as caught:
        Shape.model_validate(given)
    assert in_words(caught.value.errors()[0]) == words
