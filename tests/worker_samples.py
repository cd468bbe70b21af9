"""What worker processes of tests run; it must be importable there."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

FIELD = np.full(512, 0.5, dtype=np.float32)


class KillingEmbedder:
    """An Embedder that kills its process at a text with `deadly` in it, as often as there are files `lives`."""

    model_id = "deadly"
    dimensions = 512

    def __init__(self, deadly: str, lives: Path, bad: str = "") -> None:
        self.deadly, self.lives, self.bad = deadly, lives, bad

    def embed(self, texts: Sequence[str]) -> Any:
        for text in texts:
            if text == self.bad:
                raise NotAloneError(text, "two arguments")
            if self.deadly in text:
                killed(self.lives)
        return np.stack([FIELD] * len(texts))


class NotAloneError(Exception):
    """An error that cannot be sent to another process: it is made of other arguments than it keeps."""

    def __init__(self, text: str, _: str) -> None:
        super().__init__(f"{text} cannot be read")


def own_pid(seconds: float = 0.0) -> int:
    """The number of the process that runs this."""
    time.sleep(seconds)
    return os.getpid()


def killed(lives: Path) -> str:
    """`alive`, once all files in `lives` have been used up; each kills the process once."""
    for life in sorted(lives.iterdir()):
        life.unlink()
        os.kill(os.getpid(), signal.SIGKILL)
    return "alive"
