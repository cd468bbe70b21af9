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
        ({"text": 5}, "text is expected"),
        ({"text": ""}, "it must not be empty"),
        ({"count": "many"}, "a whole number is expected"),
        ({"count": 0}, "1 or more is expected"),
        ({"count": 10}, "9 or less is expected"),
        ({"share": "x"}, "a number is expected"),
        ({"share": 0}, "more than 0.0 is expected"),
        ({"share": 1}, "less than 1.0 is expected"),
        ({"flag": "perhaps"}, "true or false is expected"),
        ({"names": "x"}, "a list is expected"),
        ({"names": []}, "it must not be empty"),
        ({"kind": "c"}, "it may be 'a' or 'b'"),
    ],
)
def test_problem_is_told_in_plain_words(given: dict[str, Any], words: str) -> None:
    """Kind, limit, emptiness and choice."""
    with pytest.raises(ValidationError) as caught:
        Shape.model_validate(given)
    assert in_words(caught.value.errors()[0]) == words
