"""Words, stems and word lists, the common ground of the text tools."""

from __future__ import annotations

import threading

from tg_parser.nlp.words import common_words, stem, stop_words, words


def test_words_are_folded() -> None:
    """Case, ё, apostrophes and Arabic vowel signs make no difference; hyphens keep a word whole."""
    assert words("Ёлка’s ИИ-модель C++ وَلَقَدْ в’язниці हिन्दी 2024") == [
        "елка's",
        "ии-модель",
        "c",
        "ولقد",
        "в'язниці",
        "हिन्दी",
        "2024",
    ]


def test_stems_join_forms() -> None:
    """Forms of one word have one stem, in languages with a stemmer and in Ukrainian; else the word is its stem."""
    assert stem("процессорами", "ru") == stem("процессора", "ru") == "процессор"
    assert stem("models", "en") == stem("model", "en") == "model"
    assert stem("наркотиків", "uk") == stem("наркотики", "uk") == "наркотик"
    assert stem("слово", "xx") == "слово"
    assert stem("а" * 1000, "ru") == "а" * 1000


def test_stop_words_are_known_by_language() -> None:
    """Function words are listed, words with a meaning are not, an unknown language has no list."""
    assert {"и", "которых", "еще"} <= stop_words("ru")
    assert "процессор" not in stop_words("ru")
    assert {"the", "of"} <= stop_words("en")
    assert stop_words("xx") == common_words("xx") == frozenset()


def test_stems_are_the_same_from_many_threads() -> None:
    """Stemmers hold the word they work on, so threads must not share one."""
    forms = [
        f"{root}{ending}" for root in ("процессор", "новост", "программ") for ending in ("ами", "ы", "ов", "ах")
    ] * 200
    expected = [stem(form + "у", "ru") for form in forms]
    results: list[list[str]] = []
    threads = [
        threading.Thread(target=lambda: results.append([stem(form + "у", "ru") for form in forms])) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [expected] * 4
