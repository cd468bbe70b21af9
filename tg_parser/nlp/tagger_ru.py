"""Marks the people, organisations and places in Russian text, with the weights of natasha's news model.

The network is computed here, because slovnet's own code needs five times as long: the words that occur often are
multiplied once, and tags are chosen together only around what may be a name.
"""

from __future__ import annotations

import re
import tarfile
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

Floats = NDArray[np.float32]

_TOKEN = re.compile(r"[^\W\d_]+(?:[-’'][^\W_]+)*|\d+(?:[.,]\d+)*(?:-[^\W\d_]+)?|\.{2,}|[?!]{2,}|[^\w\s]|_+")
_REMEMBERED = 6000
"""Words whose first products are kept: 3 kB each."""
_CERTAIN = 5.0
"""A word this much likelier to be no name than to be one is none, whatever stands beside it."""
_OUTSIDE = "O"
_CONTEXT = 6
"""Words around a capital that are read: what a tag depends on, for the capital and those at its side."""


class Span(NamedTuple):
    """A part of a text that is a name of `kind` PER, ORG or LOC."""

    start: int
    end: int
    kind: str


class RussianTagger:
    """The network; one for a process, because it takes 50 MB."""

    def __init__(self, model: Path, embeddings: Path) -> None:
        # Needed at the first Russian text, not when a command starts.
        from slovnet.api import NER  # noqa: PLC0415
        from slovnet.shape import word_shape  # noqa: PLC0415

        loaded = NER.load(str(model)).infer
        self._shape_of: Callable[[str], str] = word_shape
        self._words, self._shapes = loaded.encoder.words_vocab, loaded.encoder.shapes_vocab
        self._tags: Sequence[str] = [*loaded.decoder.tags_vocab.items]
        network = loaded.model
        self._shape_vectors: Floats = network.emb.shape.weight.array
        self._indexes, self._codes = _quantised(embeddings)
        self._layers = [_layer(layer) for layer in network.encoder.layers]
        self._head = network.head.proj.weight.array, network.head.proj.bias.array
        self._transitions: Floats = network.head.crf.transitions.array
        self._outside = self._tags.index(_OUTSIDE)
        self._known: dict[str, int] = {}
        self._products = np.zeros((_REMEMBERED, 3, self._layers[0].filters), np.float32)
        self._threads, self._lock = ThreadpoolController(), Lock()

    def spans(self, text: str) -> list[Span]:
        """The names in `text`, in order."""
        tokens = _near_capitals([*_TOKEN.finditer(text)])
        if not tokens:
            return []
        # Its matrices are small: threads make it up to eight times slower.
        with self._lock, self._threads.limit(limits=1):
            emissions = self._emissions([token[0] for token in tokens])
        return [
            Span(tokens[first].start(), tokens[last].end(), kind)
            for first, last, kind in _runs([self._tags[tag] for tag in self._chosen(emissions)])
        ]

    def _emissions(self, words: Sequence[str]) -> Floats:
        first, *others = self._layers
        products = self._products_of(words)
        total = products[:, 1] + first.bias
        total[1:] += products[:-1, 0]
        total[:-1] += products[1:, 2]
        hidden = first.activated(total)
        for layer in others:
            hidden = layer.activated(layer.convolved(hidden))
        weight, bias = self._head
        emissions: Floats = hidden @ weight + bias
        return emissions

    def _products_of(self, words: Sequence[str]) -> Floats:
        """For each word, what it adds to the first layer at the word after it, at itself, and at the word before."""
        new = [word for word in dict.fromkeys(words) if word not in self._known]
        rows = {word: place for place, word in enumerate(new)}
        computed = self._layers[0].products(self._vectors(new)) if new else self._products[:0]
        found = self._products[[self._known.get(word, 0) for word in words]]
        unknown = [place for place, word in enumerate(words) if word in rows]
        found[unknown] = computed[[rows[words[place]] for place in unknown]]
        for word in new[: _REMEMBERED - len(self._known)]:
            self._products[len(self._known)] = computed[rows[word]]
            self._known[word] = len(self._known)
        return found

    def _vectors(self, words: Sequence[str]) -> Floats:
        ids = [self._words.encode(word.lower()) for word in words]
        shapes = [self._shapes.encode(self._shape_of(word)) for word in words]
        parts = self._codes[np.arange(len(self._codes)), self._indexes[ids]]
        return np.concatenate([parts.reshape(len(words), -1), self._shape_vectors[shapes]], axis=1)

    def _chosen(self, emissions: Floats) -> list[int]:
        """The most probable tag of each token; those around a possible name are chosen together."""
        rest = emissions.copy()
        rest[:, self._outside] = -np.inf
        unsure = emissions[:, self._outside] - rest.max(axis=1) < _CERTAIN
        chosen = [self._outside] * len(emissions)
        for start, end in _islands(unsure.tolist()):
            chosen[start:end] = self._best_path(emissions[start:end])
        return chosen

    def _best_path(self, emissions: Floats) -> list[int]:
        score, history = emissions[0], []
        for row in emissions[1:]:
            paths = score[:, None] + self._transitions
            history.append(paths.argmax(axis=0).tolist())
            score = paths.max(axis=0) + row
        path = [int(score.argmax())]
        for before in reversed(history):
            path.append(before[path[-1]])
        return path[::-1]


class _Layer(NamedTuple):
    """A convolution over three words, cut at zero, then scaled."""

    weight: Floats
    bias: Floats
    scale: Floats
    shift: Floats

    @property
    def filters(self) -> int:
        return len(self.bias)

    def products(self, vectors: Floats) -> Floats:
        """The vectors times the weights of each of the three places."""
        return np.stack([vectors @ part for part in np.split(self.weight, 3)], axis=1)

    def convolved(self, hidden: Floats) -> Floats:
        edge = np.zeros((1, hidden.shape[1]), np.float32)
        wide = np.concatenate([edge, hidden, edge])
        total: Floats = np.concatenate([wide[:-2], wide[1:-1], wide[2:]], axis=1) @ self.weight
        total += self.bias
        return total

    def activated(self, total: Floats) -> Floats:
        np.maximum(total, 0, out=total)
        total *= self.scale
        total += self.shift
        return total


def _near_capitals(tokens: Sequence[re.Match[str]]) -> list[re.Match[str]]:
    """The tokens around those with a capital; nothing else is a name."""
    kept: list[re.Match[str]] = []
    done = 0
    for place, token in enumerate(tokens):
        if not token[0].islower() and token[0].lower() != token[0]:
            start = max(done, place - _CONTEXT)
            done = max(start, place + _CONTEXT + 1)
            kept += tokens[start:done]
    return kept


def _layer(layer: Any) -> _Layer:
    norm, weight = layer.norm, layer.conv.weight.array  # filters x inputs x places
    scale = norm.weight.array / norm.std.array
    by_place = np.ascontiguousarray(weight.transpose(2, 1, 0).reshape(-1, weight.shape[0]))
    return _Layer(by_place, layer.conv.bias.array, scale, norm.bias.array - norm.mean.array * scale)


def _quantised(path: Path) -> tuple[NDArray[np.uint8], Floats]:
    """The word vectors as indexes into a code book; mapped, so that processes share what they read."""
    with tarfile.open(path) as archive:
        start = archive.getmember("pq.bin").offset_data
    vectors, parts, centroids = np.fromfile(path, np.uint32, 4, offset=start)[[0, 2, 3]].tolist()
    indexes = np.memmap(path, np.uint8, "r", offset=start + 16, shape=(vectors, parts))
    size = parts * centroids * 3
    codes = np.fromfile(path, np.float32, size, offset=start + 16 + vectors * parts)
    return indexes, codes.reshape(parts, centroids, -1)


def _islands(unsure: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """Where tokens that may be names begin and end, with a token on each side."""
    start, end = 0, -1
    for place, flag in enumerate(unsure):
        if not flag:
            continue
        if place - 1 > end:
            if end > start:
                yield start, end
            start = max(0, place - 1)
        end = min(len(unsure), place + 2)
    if end > start:
        yield start, end


def _runs(tags: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """The first and last token and the kind of each name in tags such as B-PER, I-PER, O."""
    start, kind = 0, ""
    for place, tag in enumerate([*tags, _OUTSIDE]):
        if kind and tag != f"I-{kind}":
            yield start, place - 1, kind
            kind = ""
        if tag.startswith("B-"):
            start, kind = place, tag[2:]


@cache
def russian_tagger() -> RussianTagger:
    """The tagger of this process, with the files in natasha's package, which is not imported."""
    package = find_spec("natasha")
    if package is None or not package.submodule_search_locations:
        raise ModuleNotFoundError("natasha is not installed: install TG_parser anew, it is part of it")
    data = Path(package.submodule_search_locations[0]) / "data"
    return RussianTagger(
        data / "model" / "slovnet_ner_news_v1.tar", data / "emb" / "navec_news_v1_1B_250K_300d_100q.tar"
    )
