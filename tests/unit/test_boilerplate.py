"""Boilerplate is what a post says to its readers and about its source; its subject stays."""

from __future__ import annotations

import pytest
from topic_samples import post

from tg_parser.nlp.boilerplate import without_boilerplate, without_service_lines
from tg_parser.topics.grouping.texts import corpus_of


@pytest.mark.parametrize(
    ("text", "language", "left"),
    [
        ("Доллар выше 109 рублей.\n\n👉 Топор Live. Подписаться", "ru", "Доллар выше 109 рублей."),
        ("Наш канал в MAX: https://max.ru/x\nСнег выпал", "ru", "Снег выпал"),
        ("Снег выпал\nЗеркало канала: https://t.me/x", "ru", "Снег выпал"),
        ("Снег выпал\nПодробнее: https://a.ru/b", "ru", "Снег выпал"),
        ("Доброе утро, Москва! Выпал снег.", "ru", "Выпал снег."),
        ("Друзья, привет! Вышел выпуск.\n00:00 Вступление\n01:20 Марс\nКонец", "ru", "Вышел выпуск.\nКонец"),
        ("Добрий ранок! Випав сніг.", "uk", "Випав сніг."),
        ("Good morning, everyone! Snow fell.", "en", "Snow fell."),
        ("Число погибших выросло до 11, сообщил Балицкий", "ru", "Число погибших выросло до 11"),
        ("Идёт эвакуация, передаёт корреспондент РИА Новости. Вода растёт.", "ru", "Идёт эвакуация. Вода растёт."),
        ("Все спасены, сообщает пресс-служба ведомства", "ru", "Все спасены"),
        ("Над Крымом сбили 25 беспилотников — Минобороны РФ", "ru", "Над Крымом сбили 25 беспилотников"),
        ("По данным SHOT, туристов спасли. Об этом сообщила прокуратура.", "ru", "Туристов спасли."),
        ("У Києві затримали злодія, повідомляє поліція", "uk", "У Києві затримали злодія"),
        ("The ship sank, Reuters reports.", "en", "The ship sank."),
    ],
)  # fmt: skip
def test_what_is_not_the_subject_goes(text: str, language: str, left: str) -> None:
    """Calls to subscribe, mirrors, pointers, greetings, chapters and sources are left out."""
    assert without_boilerplate(text, language) == left


@pytest.mark.parametrize(
    "text",
    [
        "12:00 — воздушное шоу\n13:00 — парад кораблей",
        "Премьер заявил, что приедет в Москву.",
        "Мужчина, сообщил он, вернётся домой",
        "Он взял деньги, передал их брату и ушёл",
        "Потолок — это лава",
        "Привет из Парижа: как мы съездили на Олимпиаду и не разорились",
        "Подписаться на рассылку министерства теперь можно и через портал Госуслуг.",
        "Доброе утро!",
    ],
)
def test_the_subject_stays(text: str) -> None:
    """Programmes of events, indirect speech, verbs with an object, and a text that is nothing else."""
    assert without_boilerplate(text, "ru") == text


def test_summaries_keep_who_said_it() -> None:
    """Service lines go without their sources: a statement of one side is no fact."""
    assert without_service_lines("Доброе утро! Сбит дрон, сообщил мэр.") == "Сбит дрон, сообщил мэр."


def test_similarity_does_not_see_boilerplate() -> None:
    """The stems of a post are those of its subject."""
    text = "Доброе утро! Выпал снег, сообщила пресс-служба города.\n👉 Подписаться"
    assert corpus_of([post(1, text)]).stems == [("выпа", "снег")]


def test_a_source_after_an_emoji_goes_too() -> None:
    """Posts begin with marks; the sentence after the source begins with a capital."""
    assert without_boilerplate("🎮 По оценкам врачей, спать полезно.", "ru") == "🎮 Спать полезно."
