"""Headlines say what happened, in whole clauses."""

from __future__ import annotations

import pytest

from tg_parser.nlp.headlines import has_verb, headlines, says_something, shortened


def first(text: str, language: str = "ru", longest: int = 80) -> str | None:
    return next((one.text for one in headlines(text, language, longest)), None)


@pytest.mark.parametrize(
    ("text", "language", "headline"),
    [
        ("⚡️⚡️ Молния: «Зенит» обыграл «Спартак».", "ru", "«Зенит» обыграл «Спартак»"),
        ("8️⃣ Сбой на Калининской линии метро", "ru", "Сбой на Калининской линии метро"),
        ("12:40 Поезда задерживаются на час", "ru", "Поезда задерживаются на час"),
        ("Сегодня в 10:00 откроют новый мост", "ru", "Откроют новый мост"),
        ("Сегодня — день города в Туле", "ru", "Сегодня — день города в Туле"),
        ("Итоги дня\nПарламент принял бюджет страны", "ru", "Парламент принял бюджет страны"),
        ("Новости недели.\nПодкаст", "ru", None),
        ("Средний чек — 1 500₽", "ru", None),
        ("Он уехал. Это всё.", "ru", None),
        ("Он объявил о банкротстве завода. Рабочие завода вышли на улицу", "ru", "Рабочие завода вышли на улицу"),
        ("ДЕСЯТЬ УЖИНОВ В ДЕСЯТИ РЕСТОРАНАХ ГОРОДА", "ru", "Десять ужинов в десяти ресторанах города"),
        ("Терміново! У Києві зупинили метро", "uk", "У Києві зупинили метро"),
        ("BREAKING: The ship sank near Malta.", "en", "The ship sank near Malta"),
    ],
)
def test_the_first_sentence_that_says_something(text: str, language: str, headline: str | None) -> None:
    """Labels, times, marks and genres go; a text that says nothing has no headline."""
    assert first(text, language) == headline


@pytest.mark.parametrize(
    ("sentence", "short"),
    [
        ("Акции Газпрома рухнули до исторического минимума — на данный момент они торгуются по одному доллару",
         "Акции Газпрома рухнули до исторического минимума"),
        ("Премьер Словакии сообщил прессе, что намерен принять участие в параде девятого мая в Москве",
         "Премьер Словакии сообщил прессе, что намерен принять участие в параде…"),
        ("Голова сельсовета, которого поймали на взятке в пять тысяч гривен, выиграл выборы в своём селе снова",
         "Голова сельсовета выиграл выборы в своём селе снова"),
        ("Средства ПВО с 8.30 до 10.30 мск уничтожили двадцать пять беспилотников над морем и полуостровом",
         "Средства ПВО уничтожили двадцать пять беспилотников над морем и полуостровом"),
        ("Прогулочное судно с пассажирами перевернулось в Баренцевом море рядом с селом Териберка днём",
         "Прогулочное судно с пассажирами перевернулось в Баренцевом море"),
        ("Губернатор назвал преступной халатностью «работу строителей, из-за которой погибли люди», и уволил министра",
         "Губернатор назвал преступной халатностью работу строителей…"),
        ("Министр обороны приехал на передовую и осмотрел новые позиции вместе с губернатором и прессой",
         "Министр обороны приехал на передовую и осмотрел новые позиции…"),
        ("Газета «Вести нашего большого и славного города» написала, что мост закроют на долгий ремонт весной",
         "Газета «Вести нашего большого и славного города» написала, что мост закроют…"),
    ],
)  # fmt: skip
def test_a_long_sentence_is_cut_at_a_clause(sentence: str, short: str) -> None:
    """Insertions and times go first; no verb loses its object, no speech what was said, no quotation its end."""
    assert len(shortened(sentence, 80, "ru")[0]) <= 80
    assert shortened(sentence, 80, "ru")[0] == short


def test_a_short_sentence_is_whole() -> None:
    """What fits is not touched, and only a cut inside a clause is marked."""
    assert shortened("Снег выпал, дороги чистят", 80, "ru") == ("Снег выпал, дороги чистят", True)
    assert shortened("слово " * 30, 20, "ru")[1] is False


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Риск", False), ("Прогноз погоды", False), ("Видео дня", False), ("Telegram сбоит", True),
     ("Памятник петербургскому дождю", True), ("Главные новости недели", False)],
)  # fmt: skip
def test_a_genre_or_a_bare_noun_says_nothing(text: str, expected: bool) -> None:
    """Two words that are no genre are the least."""
    assert says_something(text, "ru") is expected


def test_the_verb_of_a_subordinate_clause_does_not_count() -> None:
    """“The man who left” tells nothing of the man."""
    assert has_verb("Мужчина ушёл", "ru")
    assert not has_verb("Мужчина, который ушёл", "ru")
    assert has_verb("Чоловік викликав поліцію", "uk")
