"""Keeps the embeddings of an index in files that are mapped into memory, so that a command need not read them anew."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tg_parser.search.vector_sets import VectorSet

_PARTS = ("numbers", "rows", "scales")
_DIGITS = 16


class VectorFiles:
    """The files of one database and model in `folder`; each state of the index has a folder of its own."""

    def __init__(self, folder: Path, place: str, model_id: str) -> None:
        self._folder = folder
        self._name = f"vectors-{_digest(f'{place} {model_id}')}"

    def load(self, state: str) -> VectorSet | None:
        """The embeddings as of `state`; None if they are not kept."""
        try:
            parts = [np.load(self._of(state) / f"{part}.npy", mmap_mode="r") for part in _PARTS]
        except (OSError, ValueError):
            return None
        return VectorSet(*parts)

    def keep(self, state: str, vectors: VectorSet) -> None:
        """Write the embeddings as of `state` and remove those of others; where nothing can be written, do nothing."""
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            older = list(self._kept())
            draft = Path(tempfile.mkdtemp(prefix=f"{self._name}-", suffix=".part", dir=self._folder))
            for part in _PARTS:
                np.save(draft / f"{part}.npy", getattr(vectors, part))
            # A killed process leaves a draft, never a folder that is not complete.
            draft.replace(self._of(state))
            for folder in older:
                shutil.rmtree(folder, ignore_errors=True)

    def _of(self, state: str) -> Path:
        return self._folder / f"{self._name}-{_digest(state)}"

    def _kept(self) -> Iterator[Path]:
        return self._folder.glob(f"{self._name}-*")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]
