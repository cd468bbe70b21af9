"""Signatures: what a channel closes its posts with is no part of the message."""

from __future__ import annotations

import pytest

from tg_parser.nlp.footers import ChannelProfile, build_profile, without_footer

NOTHING: frozenset[str] = frozenset()


def test_a_line_that_closes_many_posts_is_a_footer() -> None:
    """Footers stack: the line under them all, and above it a line that closes a third of what is left."""
    posts = [f"Новость номер {i}.\n\nРедакция «Дня»\n[Мы](https://t.me/x) в сети" for i in range(9)]
    profile = build_profile([*posts, "Ещё одна новость без подписи."])
    assert profile == ChannelProfile(frozenset({"мы в сети", "редакция дня"}))
    assert without_footer("Текст.\n\n**Редакция «Дня»**\nМы в сети 🔥", profile.footer_lines) == "Текст."


def test_few_posts_make_no_footer() -> None:
    """Two equal endings are chance, three are habit."""
    assert build_profile(["а\nконец", "б\nконец"]) == ChannelProfile()
    assert build_profile(["а\nконец", "б\nконец", "в\nконец"]) == ChannelProfile(frozenset({"конец"}))
    assert build_profile([]) == ChannelProfile()


def test_content_that_recurs_is_no_footer() -> None:
    """Equal one-line posts, hashtag lines, and lines that merely recur in some posts stay."""
    greetings = ["Доброе утро!"] * 10
    tagged = [f"Пост {i}\n#новости" for i in range(10)]
    prices = [f"Товар {i}\nЦена 500\nДоставка есть" for i in range(2)] + [
        f"Товар {i}\nЦена {i}\nДоставка есть" for i in range(8)
    ]
    assert build_profile(greetings) == ChannelProfile()
    assert build_profile(tagged) == ChannelProfile()
    assert build_profile(prices) == ChannelProfile(frozenset({"доставка есть"}))


@pytest.mark.parametrize(
    "signature",
    [
        "Подписаться",
        "👉 Подписывайтесь на наш канал",
        "@moscow | Чат | Boost",
        "Подписаться на Москвач | Прислать новость",
        "VK • YouTube • Чат",
        "Subscribe to our channel",
        "@durov | https://t.me/durov",
    ],
)
def test_calls_to_subscribe_are_signatures(signature: str) -> None:
    """A closing line that only calls to subscribe or names the channel's places needs no profile to go."""
    assert without_footer(f"Текст поста.\n\n{signature}\n", NOTHING) == "Текст поста."


@pytest.mark.parametrize(
    "line",
    [
        "Подписаться на рассылку министерства теперь можно и через портал Госуслуг.",
        "Москва | Санкт-Петербург | Казань",
        "Где: м. Маяковская, Литейный проспект, 46.",
        "Подробнее: https://a.ru/b",
        "#новости #хабр",
    ],
)
def test_ordinary_closing_lines_stay(line: str) -> None:
    """A sentence about subscribing, a list, an address, a link and hashtags are content."""
    assert without_footer(f"Текст поста.\n\n{line}", NOTHING) == f"Текст поста.\n\n{line}"


def test_a_post_that_is_only_signature_stays() -> None:
    """Nothing is cut where nothing would be left, and never above the end."""
    assert without_footer("Подписаться", NOTHING) == "Подписаться"
    assert without_footer("Подписаться\nПодписаться", NOTHING) == "Подписаться"
    assert without_footer("Подписаться\nи ещё текст", NOTHING) == "Подписаться\nи ещё текст"
