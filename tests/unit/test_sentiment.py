"""Sentiment: what a message's embedding, emoticons and words of praise say of its tone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tg_parser.nlp.embeddings import SentenceEncoder
from tg_parser.nlp.sentiment import LABELS, MARGIN, inputs, listed, marks, needs_vector, sentiment, told, weights

POSITIVE = (
    "Классно! Люблю этот канал ❤️",
    "Хорошая новость)))",
    "Спасибо за обзор, очень полезно 👍",
    "Всё работает, супер, спасибо разработчикам!",
    "Очень вкусно и уютно, придём ещё",
    "Поздравляю с днём рождения!",
    "Какая красота, глаз не оторвать",
    "Ура, мы победили!",
    "Love it :)",
    "Thank you, great article!",
    "Works great, love it",
    "Happy birthday!",
    "What a beautiful morning",
    "Congratulations, well deserved!",
    "The staff was kind and helpful",
)
NEGATIVE = (
    "Ребёнка жалко, ужасно 😭",
    "Какой кошмар(((",
    "Совсем не понравилось, зря потратил деньги",
    "Это полный провал, верните деньги",
    "Никто не помог, поддержка молчит",
    "Не согласен",
    "Не советую",
    "Мне страшно за детей",
    "Как же бесит эта реклама",
    "This sucks",
    "I hate it so much",
    "not good at all",
    "The app crashes every time",
    "Terrible service, never again",
    "I am so tired and sad today",
)
NEUTRAL = (
    "Исследователи надеются, что им удастся определить, какие существа жили в озере в прошлом веке",
    "Доставка в понедельник",
    "Кто-нибудь знает, во сколько открывается?",
    "Заседание совета директоров назначено на 5 декабря",
    "Вышла версия 2.1",
    "а где ссылка?",
    "The meeting is at 10",
    "Does anyone know when it opens?",
    "Release 2.1 is out",
    "The company reported quarterly revenue of 2 billion",
)
TONES = [
    (text, label)
    for label, texts in (("positive", POSITIVE), ("negative", NEGATIVE), ("neutral", NEUTRAL))
    for text in texts
]


@pytest.fixture(scope="module")
def encoder() -> SentenceEncoder:
    return SentenceEncoder()


@pytest.mark.parametrize(("text", "label"), TONES)
def test_clear_tones(encoder: SentenceEncoder, text: str, label: str) -> None:
    """Plain praise, plain complaint and plain news are told apart in both languages."""
    language = "en" if text.isascii() else "ru"
    tone = sentiment(text, language, encoder.embed([text])[0])
    assert tone is not None
    assert tone.label == label
    assert 1 / 3 <= tone.score <= 1.0


@pytest.mark.parametrize(
    ("text", "language", "label"),
    [
        ("Das ist wunderbar", "de", "positive"),
        ("C'est horrible", "fr", "negative"),
        ("Вийшла версія 2.1", "uk", "neutral"),
        ("素晴らしい", "ja", "positive"),
    ],
)
def test_languages_without_data_of_their_own(encoder: SentenceEncoder, text: str, language: str, label: str) -> None:
    """Where the encoder puts a sentence near its translations, the tone is heard too."""
    tone = sentiment(text, language, encoder.embed([text])[0])
    assert tone is not None
    assert tone.label == label


@pytest.mark.parametrize(
    "text",
    [
        "Президент номинировал нового главу ведомства",
        "Сегодня опять дождь",
    ],
)
def test_tones_too_close_to_tell(encoder: SentenceEncoder, text: str) -> None:
    """Where the two likeliest tones are within the margin, no label is given, and the scores are kept."""
    tone = sentiment(text, "ru", encoder.embed([text])[0])
    assert tone is not None
    assert tone.scores is not None
    best, second, _ = sorted((tone.scores.positive, tone.scores.neutral, tone.scores.negative), reverse=True)
    assert (tone.label, tone.score) == (None, best)
    assert best - second < MARGIN


@pytest.mark.parametrize(("lead", "label"), [(MARGIN + 0.01, "negative"), (MARGIN - 0.01, None)])
def test_the_margin_decides(lead: float, label: str | None) -> None:
    """A tone that leads by the margin is the label; with less there is none."""
    chances = np.array([0.4 + lead / 2, 0.4 - lead / 2, 0.2])
    tone = told(np.log(chances))
    assert (tone.label, tone.score) == (label, round(0.4 + lead / 2, 3))


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("👍👍", "positive"),
        ("🔥", "positive"),
        ("😭", "negative"),
        ("👎", "negative"),
        ("(((", "negative"),
        ("100", "neutral"),
    ],
)
def test_texts_without_words(text: str, label: str) -> None:
    """Emoji and emoticons speak alone, without an embedding; what says nothing at all is neutral."""
    assert not needs_vector(text, None)
    tone = sentiment(text, None, None)
    assert tone is not None
    assert tone.label == label


@pytest.mark.parametrize("language", ["he", "hi", "../../x"])
def test_unknown_languages_get_no_tone(language: str) -> None:
    """Of languages that the encoder does not know nothing is said, and no embedding is made for it."""
    assert not needs_vector("some words", language)
    assert sentiment("some words", language, np.ones(512, np.float32)) is None


def test_a_text_too_short_to_tell_its_language_goes_by_its_script(encoder: SentenceEncoder) -> None:
    """ "Бред" is judged as Russian and "wtf" as English, though no language was detected."""
    for text, language in (("Бред", "ru"), ("wtf", "en")):
        vector = encoder.embed([text])[0]
        assert sentiment(text, None, vector) == sentiment(text, language, vector)


@pytest.mark.parametrize(
    ("text", "language", "balance"),
    [
        ("good", "en", 1.0),
        ("not good", "en", -0.707),
        ("bad", "en", -1.0),
        ("not bad", "en", 0.354),
        ("not now. good", "en", 0.577),
        ("не понравилось", "ru", -0.707),
        ("Спасибо!", "ru", 1.0),
        ("good", "ru", 0.0),
        ("good", "", 0.0),
        ("https://good.com/good @good", "en", 0.0),
    ],
)
def test_praise_and_blame(text: str, language: str, balance: float) -> None:
    """A negated word counts for the other side up to the next punctuation; links and names are not what is said."""
    assert round(marks(text, language)[-1], 3) == balance


def test_emoji_count_as_emoticons() -> None:
    """A smiling emoji is the same mark as a smiling emoticon, so what tweets taught serves Telegram."""
    assert marks("😊", "ru") == marks(":)", "ru") == [0.5, 0, 0, 0, 0, 0]
    assert marks("😭", "ru") == [0, 0.5, 0, 0, 0, 0]
    assert marks("Что?! Да…", "ru") == [0, 0, 0.5, 0.5, 0.5, 0]


def test_the_shipped_weights_fit_the_inputs() -> None:
    """A row an input, a column a label, for each of the three models."""
    for model in ("ru", "en", "other"):
        assert weights(model).shape == (len(inputs("x", "en", None)), len(LABELS)) == (519, 3)
    assert listed("praise", "ru") & listed("blame", "ru") == frozenset()
    assert listed("praise", "en") & listed("blame", "en") == frozenset()


@given(st.text(max_size=300), st.sampled_from(["ru", "en", "ja", None]))
def test_any_text_has_a_tone(text: str, language: str | None) -> None:
    """Whatever the text, there is one label with a certainty between a third and one."""
    tone = sentiment(text, language, None)
    assert tone is not None
    assert 0.333 <= tone.score <= 1
