"""How well the Russian grammar of key phrases agrees with a tagger that reads whole sentences, and what it costs.

python benchmarks/bench_key_phrases.py

Needs the extra `ner`, whose package holds the tagger. Of every third Russian post of the sample data: parts of speech
word by word, and how many phrases are a noun with what depends on it. The tagger errs in two or three words of 100.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import shared_posts
from natasha import Doc, NewsEmbedding, NewsMorphTagger, NewsSyntaxParser, Segmenter

from tg_parser.nlp.grammar_ru import kind
from tg_parser.nlp.keyphrases import key_phrases
from tg_parser.nlp.phrases import phrases, runs
from tg_parser.nlp.words import folded, stop_words

CHARS = 3000
WORD = re.compile(r"[а-яё][а-яё-]*")
NOT_IN_PHRASES = frozenset({"ADV", "CCONJ", "ADP", "PRON", "VERB"})


class Token(NamedTuple):
    """A word as the tagger reads it; `head` is the place of the word it depends on."""

    text: str
    part: str
    feats: dict[str, str]
    head: int

    @property
    def kind(self) -> str | None:
        """What it should be, or None where that is a matter of taste: names, participles, numbers."""
        if self.part in {"PROPN", "PUNCT", "SYM", "X", "NUM"} or self.is_participle:
            return None
        if self.part == "ADJ" and self.feats.get("Variant") != "Short" and self.feats.get("Degree") != "Cmp":
            return "adjective"
        return "noun" if self.part == "NOUN" else "other"

    @property
    def is_participle(self) -> bool:
        return self.feats.get("VerbForm") == "Part" and self.feats.get("Variant") != "Short"


class Tagger:
    """The reference: sentences of tokens."""

    def __init__(self) -> None:
        vectors = NewsEmbedding()
        self._segmenter, self._morph, self._syntax = Segmenter(), NewsMorphTagger(vectors), NewsSyntaxParser(vectors)

    def read(self, text: str) -> list[list[Token]]:
        doc = Doc(text)
        doc.segment(self._segmenter)
        doc.tag_morph(self._morph)
        doc.parse_syntax(self._syntax)
        return [self._sentence(sentence.tokens) for sentence in doc.sents]

    @staticmethod
    def _sentence(tokens: Sequence[object]) -> list[Token]:
        places = {one.id: place for place, one in enumerate(tokens)}
        return [Token(one.text, one.pos, dict(one.feats or {}), places.get(one.head_id, -1)) for one in tokens]


def posts() -> Iterator[str]:
    for name in ("habr", "moskvach", "naked_science"):
        yield from (post.text for post in shared_posts.channel(name) if post.language == "ru")
    for name in ("ria_2024_04_ru", "spb_events_ru"):
        yield from (post.text for post in shared_posts.dump(name) if post.language == "ru")


def measure_words(sentences: Sequence[Sequence[Token]]) -> None:
    stop, counts = stop_words("ru"), Counter[tuple[str, str]]()
    for token in (one for sentence in sentences for one in sentence[1:]):
        if token.kind and WORD.fullmatch(token.text) and folded(token.text) not in stop:
            counts[token.kind, kind(folded(token.text))] += 1
    print(f"words: {sum(n for (one, other), n in counts.items() if one == other) / counts.total():.1%} alike")
    for one in ("noun", "adjective", "other"):
        found = sum(n for (_, ours), n in counts.items() if ours == one)
        wanted = sum(n for (theirs, _), n in counts.items() if theirs == one)
        print(f"  {one:<10} precision {counts[one, one] / found:.3f}, recall {counts[one, one] / wanted:.3f}")


def measure_phrases(texts: Sequence[str], read: Sequence[list[list[Token]]]) -> None:
    """Phrases before they are put into the nominative, which changes their words."""
    for label, sizes in (("single words", (1,)), ("several words", (2, 3, 4))):
        verdicts = [
            is_whole(words, sentences)
            for text, sentences in zip(texts, read, strict=True)
            for words in {phrase for phrase in candidates(text) if len(phrase) in sizes}
        ]
        known = [verdict for verdict in verdicts if verdict is not None]
        print(f"{label}: {sum(known) / len(known):.1%} of {len(known)} are a noun with what depends on it")


def candidates(text: str) -> Iterator[tuple[str, ...]]:
    for run in runs(text, "ru"):
        for phrase in phrases(run, "ru"):
            yield tuple(word.surface.lower() for word in phrase)


def is_whole(words: tuple[str, ...], sentences: Sequence[list[Token]]) -> bool | None:
    """None where the tagger splits the words in another way."""
    places = [
        (sentence, range(start, start + len(words)))
        for sentence in sentences
        for start in range(len(sentence) - len(words) + 1)
        if all(token.text.lower() == word for token, word in zip(sentence[start:], words, strict=False))
    ]
    return any(_is_noun_phrase(sentence, span) for sentence, span in places) if places else None


def _is_noun_phrase(sentence: Sequence[Token], span: range) -> bool:
    heads = [place for place in span if sentence[place].head not in span]
    within = all(sentence[place].part not in NOT_IN_PHRASES or sentence[place].is_participle for place in span)
    return within and len(heads) == 1 and sentence[heads[0]].part in {"NOUN", "PROPN", "X"}


def measure_time(texts: Sequence[str]) -> None:
    """Caches hold what earlier texts had, so the second reading shows what a long run comes near to."""
    for label in ("first", "second"):
        started = time.process_time()
        for text in texts:
            key_phrases(text, "ru")
        print(f"{label} reading: {1000 * (time.process_time() - started) / len(texts):.2f} ms a post")


def main() -> None:
    shared_posts.need_data()
    texts = [text[:CHARS] for text in posts() if text]
    key_phrases("Словарь русского языка", "ru")  # the dictionary is loaded once
    measure_time(texts)
    some = texts[::3]
    read = list(map(Tagger().read, some))
    measure_words([sentence for sentences in read for sentence in sentences])
    measure_phrases(some, read)


if __name__ == "__main__":
    main()
