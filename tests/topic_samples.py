"""Small channels for the tests of topics: posts about snow, the dollar and the zoo, and one about none of these."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from tg_parser.topics.model import TopicDocument

START = datetime(2024, 11, 1, 9, tzinfo=UTC)

SNOW = (
    "В Москве выпал первый снег, дороги посыпают реагентами",
    "Первый снег выпал в Москве этой ночью, синоптики ждут метель",
    "Синоптики: сильный снег и метель накроют Москву в выходные",
    "Первый снег в Москве растает к среде, сообщили синоптики",
)
DOLLAR = (
    "Курс доллара превысил 107 рублей на бирже",
    "Биржа: курс доллара поднялся до 108 рублей, евро подорожал",
    "Центробанк объяснил рост курса доллара на бирже",
    "Курс доллара на бирже опустился ниже 105 рублей",
)
ZOO = (
    "В Московском зоопарке родился детёныш панды",
    "Панда Катюша из Московского зоопарка отметила день рождения",
    "Московский зоопарк показал, как панда играет со снеговиком",
    "Посетители зоопарка выбрали имя для детёныша панды",
)
ODD = "Шахматный турнир перенесли на весну"


def post(
    number: int,
    text: str,
    *,
    days: float | None = None,
    channel: str = "-1001",
    language: str | None = "ru",
    key_phrases: tuple[str, ...] = (),
) -> TopicDocument:
    """A post of the channel, an hour after the one before unless `days` after the start are given."""
    moment = START + (timedelta(hours=number) if days is None else timedelta(days=days))
    return TopicDocument(
        source_ref=f"tg:{channel}:post:{number}",
        channel_id=channel,
        message_id=str(number),
        message_type="post",
        date=moment,
        text=text,
        thread_id=str(number),
        key_phrases=key_phrases,
        language=language,
    )


def channel_posts(*texts: str) -> list[TopicDocument]:
    return [post(number, text) for number, text in enumerate(texts, 1)]


def directions(*places: int, width: int = 8) -> np.ndarray:
    """Unit vectors along the axes `places`: equal places are the same meaning, others unrelated ones."""
    return np.eye(width, dtype=np.float32)[list(places)]
