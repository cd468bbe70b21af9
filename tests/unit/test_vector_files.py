"""Files of embeddings: what was kept comes back for the same state only, and a broken file is as good as none."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tg_parser.search.vector_files import VectorFiles
from tg_parser.search.vector_sets import VectorSet, coarse


def some_vectors() -> VectorSet:
    whole = np.eye(3, 4, dtype=np.float32)
    made = coarse(whole)
    return VectorSet(np.array([5, 7, 9]), made.rows, made.scales)


def test_kept_vectors_come_back(tmp_path: Path) -> None:
    """The same numbers and cosines, for this state, database and model alone; older states are removed."""
    files, sought = VectorFiles(tmp_path, "place", "m:1"), np.array([0, 1, 0, 0], np.float32)
    files.keep("old", some_vectors())
    files.keep("new", some_vectors())
    loaded = files.load("new")
    assert loaded is not None
    assert (loaded.numbers.tolist(), loaded.cosines(sought).tolist()) == ([5, 7, 9], [0.0, 1.0, 0.0])
    assert files.load("old") is None
    assert VectorFiles(tmp_path, "place", "m:2").load("new") is None
    assert VectorFiles(tmp_path, "other", "m:1").load("new") is None
    assert len(list(tmp_path.iterdir())) == 1


def test_a_broken_file_is_no_file(tmp_path: Path) -> None:
    """A file that was cut is not read, and what cannot be written is not kept."""
    files = VectorFiles(tmp_path / "kept", "place", "m:1")
    files.keep("state", some_vectors())
    (broken,) = (tmp_path / "kept").glob("*/rows.npy")
    broken.write_bytes(broken.read_bytes()[:40])
    assert files.load("state") is None
    (tmp_path / "file").write_text("")
    VectorFiles(tmp_path / "file", "place", "m:1").keep("state", some_vectors())
