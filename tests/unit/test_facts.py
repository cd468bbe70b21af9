"""What a text states: names, figures and days."""

from __future__ import annotations

from datetime import date

import pytest

from tg_parser.nlp.days import days_apart
from tg_parser.nlp.facts import facts_of

FRIDAY = date(2024, 11, 22)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("каток откроется 26 ноября", ["2024-11-26"]),
        ("ярмарка пройдет с 29 декабря по 8 января", ["2024-12-29", "2025-01-08"]),
        ("дожди 30 и 31 октября", ["2024-10-30", "2024-10-31"]),
        ("снег 2-4 декабря", ["2024-12-02", "2024-12-03", "2024-12-04"]),
        ("впервые с 16 марта 2022 года", ["2022-03-16"]),
        ("the vote on november 26, 2019 and on 3rd of may 2020", ["2019-11-26", "2020-05-03"]),
        ("завтра в столице дождь", ["2024-11-23"]),
        ("вчера и сегодня", ["2024-11-21", "2024-11-22"]),
        ("в понедельник похолодает", ["2024-11-25"]),
        ("в среду было тепло", ["2024-11-20"]),
        ("30 февраля не бывает", []),
        ("до завтрака и после", []),
    ],
)
def test_days_are_resolved_by_the_day_of_the_post(text: str, days: list[str]) -> None:
    """A date without a year is the nearest one, and words like "tomorrow" count from the day of the post."""
    found, _ = days_apart(text, FRIDAY)
    assert sorted(day.isoformat() for day in found) == days


def test_numbers_of_dates_are_no_figures() -> None:
    """Figures are written one way; years and the numbers of dates are none."""
    facts = facts_of("С 3 декабря 2024 года билет за 1 500,50 рубля вместо 2000, скидка 7%.", "ru", FRIDAY)
    assert facts.figures == ("1500.5", "7")
    assert facts.days == ("2024-12-03",)


def test_a_name_has_a_capital_inside_a_sentence() -> None:
    """A capital at the beginning of a sentence makes no name; one inside, an acronym, and a Latin word do."""
    facts = facts_of(
        "Пожар в Царицыно: горит склад. Он принадлежит Сбербанку. Сообщает МЧС, видео у Mash", "ru", FRIDAY
    )
    assert facts.names == ("mash", "мчс", "сбербанк", "царицын")


def test_a_name_that_begins_a_sentence_counts_if_it_is_one_elsewhere() -> None:
    """Once a word is known for a name, it is counted where it begins a sentence, too."""
    facts = facts_of("Apple sued. Lawyers of Apple said nothing.", "en", FRIDAY)
    assert facts.names == ("appl", "appl")


def test_links_state_nothing() -> None:
    """Neither the words nor the digits of an address are facts."""
    facts = facts_of("смотри https://Example.com/News/2024-11-22/id12345", "ru", FRIDAY)
    assert (facts.names, facts.figures, facts.days) == ((), (), ())
