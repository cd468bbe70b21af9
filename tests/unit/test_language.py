"""Languages: by letters where they tell, by the model elsewhere, and nothing where it would be a guess."""

from __future__ import annotations

import pytest

from tg_parser.nlp.language import detect_language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Привет", "ru"),
        ("Гигантский астероид сместил ось спутника", "ru"),
        ("Історик знайшов батьківщину колеса", "uk"),
        ("Два грузовых парома столкнулись на реке Волга в Татарстане", "ru"),
        ("💸Курс доллара опустился к отметке 104 рубля", "ru"),
        ("У Житомирі затримали кіберполіцейського, який вимагав хабар у біткоїнах", "uk"),
        ("Головне, щоб тулуп не крутанув", "uk"),
        ("Сёння ў Мінску добрае надвор'е", "be"),
        ("Добър ден на всички приятели", "bg"),
        ("Қайырлы таң, достар", "kk"),
        ("The release fixes a memory leak", "en"),
        ("BREAKING NEWS FROM LONDON", "en"),
        ("O GATO DORME NA CASA", "pt"),
        ("thanks", "en"),
        ("Guten Morgen, wie geht es Ihnen heute?", "de"),
        ("Gracias por todo, amigos", "es"),
        ("قَدَّرَ اللَّهُ وَمَا شَاءَ فَعَلَ", "ar"),
        ("Sufyan ath-Thawrī رحمه الله said: the servant will not taste the sweetness of faith", "en"),
        ("日本語のテキストです", "ja"),
        ("שלום עולם", "he"),
        ("Senior Java Developer в Яндекс: вакансия с удалённой работой", "ru"),
    ],
)
def test_language_is_recognised(text: str, language: str) -> None:
    """Each text is in the language that most of it is written in; neighbours are told apart."""
    assert detect_language(text) == language


@pytest.mark.parametrize(
    "text", ["", "👍👍", "12 345", "да", "iPhone 16 Pro Max", "https://habr.com/ru/", "@durov #news", "!?"]
)
def test_no_language_without_evidence(text: str) -> None:
    """Emoji, numbers, links, names and a few letters have no language."""
    assert detect_language(text) is None
