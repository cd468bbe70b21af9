"""The network that marks Russian names."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from tg_parser.nlp.tagger_ru import russian_tagger

TEXTS = [
    "Корреспондент Sputnik в Ливане Абделькадер Аль-Бай получил ранения при обстреле, сообщили РИА Новости в агентстве",
    "Правительство Молдавии не признает долг в 709 миллионов долларов перед Газпромом, заявил глава Минэнерго Виктор.",
    "По его словам, этот вопрос давно обсуждали с президентом страны Майей Санду и с представителями Еврокомиссии.",
    "Глава Еврокомиссии Урсула фон дер Ляйен, выступая перед депутатами Европарламента, призвала повысить расходы.",
    "Осадки начались ночью и закончатся к вечеру. В Москве объявлен жёлтый уровень, сообщил Гидрометцентр России",
]


def test_the_tags_are_those_of_slovnet() -> None:
    """The network computed here, around capitals alone, finds what slovnet's own code finds in the whole text."""
    from navec import Navec
    from slovnet import NER

    package = find_spec("natasha")
    assert package is not None
    assert package.submodule_search_locations
    data = Path(package.submodule_search_locations[0], "data")
    theirs = NER.load(str(data / "model" / "slovnet_ner_news_v1.tar"))
    theirs.navec(Navec.load(str(data / "emb" / "navec_news_v1_1B_250K_300d_100q.tar")))
    for text in TEXTS:
        expected = [(span.start, span.stop, span.type) for span in theirs(text).spans]
        assert expected, text
        assert [tuple(span) for span in russian_tagger().spans(text)] == expected


def test_what_was_read_before_changes_nothing() -> None:
    """Remembered words give the same names as new ones; a text without capitals or words has none."""
    tagger = russian_tagger()
    first = [tagger.spans(text) for text in TEXTS]
    assert [tagger.spans(text) for text in reversed(TEXTS)] == first[::-1]
    assert tagger.spans("здесь никого нет, 12:30") == []
    assert tagger.spans("") == []
