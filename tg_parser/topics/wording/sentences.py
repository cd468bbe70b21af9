"""The sentences of cards and bundles, in Russian or English, by the language of the messages."""

from __future__ import annotations

from collections.abc import Sequence

_RUSSIAN = {
    "held": "«{phrase}»: в сообщениях — {count} из {size}",
    "about": "«{phrase}»",
    "same": "Сообщения, близкие по смыслу к опорным",
    "near": "Отдельная близкая тема: «{title}»",
    "far": "Сообщения, чья оценка в этой теме ниже {least}",
    "shares": "Общее с темой: {phrases}; сходство {similarity} сверх случайного",
    "close": "Близко к теме по смыслу; сходство {similarity} сверх случайного",
}
_ENGLISH = {
    "held": "“{phrase}”: in {count} of {size} messages",
    "about": "“{phrase}”",
    "same": "Messages close in meaning to the anchors",
    "near": "A near topic of its own: “{title}”",
    "far": "Messages whose score in this topic is below {least}",
    "shares": "Shares with the topic: {phrases}; similarity {similarity} above chance",
    "close": "Close to the topic in meaning; similarity {similarity} above chance",
}


class Wording:
    """What cards and bundles say, in one language."""

    def __init__(self, language: str) -> None:
        self._say = _RUSSIAN if language == "ru" else _ENGLISH

    def held(self, phrase: str, count: int, size: int) -> str:
        """How many messages of a topic contain a phrase; for a single message, just the phrase."""
        return self._say["held" if size > 1 else "about"].format(phrase=phrase, count=count, size=size)

    def same(self) -> str:
        """What a topic without a common phrase contains."""
        return self._say["same"]

    def near(self, title: str) -> str:
        """That a neighbouring topic is not part of this one."""
        return self._say["near"].format(title=title)

    def far(self, least: float) -> str:
        """That unlike messages are not part of a topic."""
        return self._say["far"].format(least=f"{least:g}")

    def justification(self, phrases: Sequence[str], similarity: float) -> str:
        """Why a message is in a topic."""
        key = "shares" if phrases else "close"
        return self._say[key].format(phrases=", ".join(phrases), similarity=f"{similarity:.2f}")
