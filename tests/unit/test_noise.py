"""Noise is what tells nothing, and advertising that gives itself away."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tg_parser.domain.messages import Link, RawMessage
from tg_parser.nlp.cleaning import clean
from tg_parser.nlp.noise import has_words, is_noise


def message(text: str, **more: Any) -> RawMessage:
    return RawMessage(
        id="1",
        message_type="post",
        source_ref="tg:-1001:post:1",
        channel_id="-1001",
        date=datetime(2024, 11, 30, tzinfo=UTC),
        text=text,
        **more,
    )


def noise(text: str, **more: Any) -> bool:
    return is_noise(message(text, **more), clean(text).text)


@pytest.mark.parametrize(
    "text", ["👍👍", "!!! ... ?", "https://habr.com/ru/", "@durov", "#новости #хабр", "12 345", "+1 🔥", "\u200b"]
)
def test_nothing_said_is_noise(text: str) -> None:
    """Bare emoji, punctuation, numbers, links, mentions and hashtags tell nothing."""
    assert noise(text)


@pytest.mark.parametrize("text", ["", "  \n"])
def test_a_message_without_text_is_no_noise(text: str) -> None:
    """A photo alone says nothing wrong; it is counted by itself."""
    assert not noise(text)


def test_a_service_message_is_noise() -> None:
    """A message that Telegram wrote itself tells nothing, whatever its text."""
    assert noise("Иван присоединился к группе", service_action="join_group_by_link")


@pytest.mark.parametrize(
    "text",
    [
        "Лучший сервис #реклама",
        "Баллы за траты по карте: [открыть счёт](https://alfa.me/F0dEm8?erid=2Vtzqwp6wy1)",
        "Турнир для профи.\n\nERID: 2VSb5ywoX6Q\nРеклама. ООО «Облачные технологии»",
        "Курсы для всех. Реклама ООО «ДубльГИС» ИНН 5405276278",
        "На правах рекламы: новые квартиры",
        "This is a sponsored post about phones",
        "Билеты по ссылке. Скидка 25% по промокоду ПЯТНИЦА, успейте купить",
        "Мы дарим три iPhone!\n1. Подпишитесь на @msk и на @moscow\n2. Нажмите «Участвовать»",
        "Напоминаем про актуальный розыгрыш iPhone, итоги завтра",
        "Подписывайтесь на канал: t.me/+abcDEF, розыгрыш призов, промокод внутри",
        "Скидка 25% по промокоду ПЯТНИЦА на все спектакли театра",
        "Знижка 20% за промокодом: LVIV20 на перше замовлення",
        "Get 15% off with promo code SPRING15 until Friday",
        "Участвуйте в розыгрыше 115 призов: нужно сделать покупку",
        "Конкурс репостов! Подпишитесь, сделайте репост и ждите итогов",
        "Розіграш iPhone: підпишіться на канал і поставте лайк",
        "GIVEAWAY! Follow us and retweet, winners on Monday",
        "Фрибет 5000 рублей новым игрокам — регистрируйся по ссылке",
        "Бонус от БК: делай ставки на финал и забирай деньги",
        "Казино дарує бонус за промокодом, реєструйся та грай",
        "Claim your bonus at the best casino and play now",
    ],
)
def test_advertising_is_noise(text: str) -> None:
    """What the law makes advertisers write, or several of their habits at once, gives an advertisement away."""
    assert noise(text)


def test_a_mark_in_a_hidden_link_counts() -> None:
    """The advertiser's mark in a link behind words is seen, too."""
    assert noise("Открыть счёт", links=(Link(text="счёт", url="https://alfa.me/x?erid=2Vtzq"),))


@pytest.mark.parametrize(
    "text",
    [
        "да",
        "Спасибо 👍",
        "Coca-Cola выпустила новую рождественскую рекламу, созданную ИИ",
        "Реклама в интернете подорожала на 20%, заявил рынок",
        "В магазинах проходит Чёрная пятница со скидками до 50%",
        "Закон о промокодах приняли в первом чтении",
        "Материнский капитал составит 676 тыс. рублей: https://tass.ru/1?utm_source=tg",
        "Подпишитесь на нашу рассылку, чтобы не пропустить",
        "The advertising market grew; discounts were rare",
        "Госдума приняла закон, запрещающий букмекерам принимать ставки от должников по алиментам",
        "Суд приговорил организаторов подпольного казино к трём годам",
        "В Думе предложили запретить розыгрыши в Telegram без регистрации",
        "Букмекер обанкротился: клиенты не получили бонусы, пишет РБК",
        "Мошенники рассылают промокоды от имени банка, предупредили в полиции",
        "Житель Омска выиграл миллион в лотерее и отказался от приза",
        "Верховна Рада ухвалила закон про лотереї та гральний бізнес",
        "The regulator fined a bookmaker for adverts aimed at children",
        "The central bank raised its key rate; bets on a cut fell",
    ],
)
def test_news_about_money_and_advertising_is_not_noise(text: str) -> None:
    """One habit alone, or a text about advertising, hides nothing."""
    assert not noise(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", False),
        ("🔥 12:30 — @канал #тег_1 https://example.org/слово www.example.org/слово", False),
        ("#тег слово", True),
        ("@канал https://example.org/a) и", True),
        ("1_а", True),
        ("https:// а", True),
    ],
)
def test_words_are_what_is_left_without_links_mentions_and_hashtags(text: str, expected: bool) -> None:
    """The search ends at the first word, wherever the links, mentions and hashtags stand."""
    assert has_words(text) is expected
