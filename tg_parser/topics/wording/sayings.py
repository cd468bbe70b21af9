"""The sentences of cards and bundles around the words of the messages, by language."""

from __future__ import annotations

_RUSSIAN = {
    "held": "«{phrase}»: в сообщениях — {count} из {size}",
    "about": "«{phrase}»",
    "names": "Имена и названия: {names}",
    "places": "Места: {names}",
    "period": "Период: {period}",
    "near": "Отдельная близкая тема: «{title}»",
    "because": " — {why}",
    "place": "другое место: {said}",
    "time": "другое время: {said}",
    "name": "другие имена: {said}",
    "subject": "другой предмет: «{said}»",
    "far": "Сообщения, чья оценка в этой теме ниже {least:g}",
    "shares": "Общее с темой: {phrases}",
    "close": "Близко к теме по смыслу",
    "similarity": "; сходство {value:.2f} сверх случайного",
    "date": "%d.%m.%Y",
}
_UKRAINIAN = {
    "held": "«{phrase}»: у повідомленнях — {count} з {size}",
    "about": "«{phrase}»",
    "names": "Імена та назви: {names}",
    "places": "Місця: {names}",
    "period": "Період: {period}",
    "near": "Окрема близька тема: «{title}»",
    "because": " — {why}",
    "place": "інше місце: {said}",
    "time": "інший час: {said}",
    "name": "інші імена: {said}",
    "subject": "інший предмет: «{said}»",
    "far": "Повідомлення, чия оцінка в цій темі нижча за {least:g}",
    "shares": "Спільне з темою: {phrases}",
    "close": "Близько до теми за змістом",
    "similarity": "; схожість {value:.2f} понад випадкову",
    "date": "%d.%m.%Y",
}
_ENGLISH = {
    "held": "“{phrase}”: in {count} of {size} messages",
    "about": "“{phrase}”",
    "names": "Names: {names}",
    "places": "Places: {names}",
    "period": "Period: {period}",
    "near": "A near topic of its own: “{title}”",
    "because": " — {why}",
    "place": "another place: {said}",
    "time": "another time: {said}",
    "name": "other names: {said}",
    "subject": "another subject: “{said}”",
    "far": "Messages whose score in this topic is below {least:g}",
    "shares": "Shares with the topic: {phrases}",
    "close": "Close to the topic in meaning",
    "similarity": "; similarity {value:.2f} above chance",
    "date": "%Y-%m-%d",
}
_BY_LANGUAGE = {"ru": _RUSSIAN, "uk": _UKRAINIAN}


def sayings(language: str) -> dict[str, str]:
    """The sentences in `language`; English where it has none of its own."""
    return _BY_LANGUAGE.get(language, _ENGLISH)
