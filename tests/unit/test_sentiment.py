"""Sentiment speaks where it is sure and is silent elsewhere."""

import pytest

from tg_parser.nlp.sentiment import BUCKETS, features, load_model, sentiment


@pytest.mark.parametrize(
    ("text", "language", "label"),
    [
        ("Классно! Люблю этот канал ❤️", "ru", "positive"),
        ("Хорошая новость)))", "ru", "positive"),
        ("Ребёнка жалко, ужасно 😭", "ru", "negative"),
        ("Какой кошмар(((", "ru", "negative"),
        (
            "Исследователи надеются, что им удастся определить, какие существа жили в озере в прошлом веке",
            "ru",
            "neutral",
        ),
        ("Love it :)", "en", "positive"),
        ("Thank you, great article!", "en", "positive"),
        ("This sucks", "en", "negative"),
        ("I hate it so much", "en", "negative"),
    ],
)
def test_clear_tones(text, language, label):
    """Plain praise, plain complaint and plain news are told apart, with a certainty above the model's least."""
    tone = sentiment(text, language)
    assert tone is not None
    assert tone.label == label
    assert 0.6 <= tone.score <= 1.0


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("", "ru"),
        ("Я не согласен", "ru"),
        ("not good at all", "en"),
        ("Not bad", "en"),
        ("The meeting is at 10", "en"),
        ("Чудово, дякую!", "uk"),
        ("great", None),
        ("great", "../../x"),
    ],
)
def test_silence_without_certainty(text, language):
    """Unclear texts, negated praise and languages without a model get no label."""
    assert sentiment(text, language) is None


def test_a_negation_changes_the_words_after_it():
    """ "not good" shares no feature of "good" alone, up to the next punctuation."""
    assert not set(features("good", "en")) & set(features("not good", "en"))
    assert set(features("good", "en")) <= set(features("not now. good", "en"))


def test_emoji_count_as_emoticons():
    """A smiling emoji is the same feature as a smiling emoticon, so what tweets taught serves Telegram."""
    assert features("😊", "ru") == features(":)", "ru") != features("😭", "ru")


def test_features_are_stable():
    """Buckets depend on the text alone: these numbers hold on every machine and in every process."""
    assert features(":(", "en") == features("☹", "en") == [8073]
    assert all(0 <= bucket < BUCKETS for bucket in features("Любой текст!", "ru"))


def test_the_shipped_models_say_what_they_are_sure_of():
    """Both models have a row a bucket and a column a label; English never claims to be neutral."""
    russian, english = load_model("ru"), load_model("en")
    assert russian is not None
    assert english is not None
    assert russian.weights.shape == english.weights.shape == (32768, 3)
    assert english.certain[1] > 1
    assert load_model("de") is None
