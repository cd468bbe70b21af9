from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from topic_model import TopicModel
from topic_samples import START, channel_posts, post

from tg_parser.llm.question import Purpose
from tg_parser.topics.finalizing import Edit, finalize, kept_edits, unique_titles
from tg_parser.topics.grouping.groups import Grouping, prepare
from tg_parser.topics.grouping.texts import corpus_of
from tg_parser.topics.llm_session import LlmSession
from tg_parser.topics.model import Group, KnownTopic, Member, TopicDocument, TopicOptions, WantedTopic
from tg_parser.topics.representatives import fingerprint, representatives, shown_text
from tg_parser.topics.wording.cards import Draft, draft_topics

OPTIONS = TopicOptions()


def group_of(*rows: int) -> Group:
    own = tuple(Member(row, round(0.9 - row / 100_000, 4), 0.3) for row in rows)
    return Group(own, own[:2])


def grouping_of(documents: list[TopicDocument], *groups: Group, before: KnownTopic | None = None) -> Grouping:
    vectors = np.ones((len(documents), 4), dtype=np.float32)
    matched = {0: before} if before else {}
    asked = TopicOptions(wanted=tuple(group.wanted for group in groups if group.wanted))
    prepared = prepare(documents, vectors, asked, np.ones((len(asked.wanted), 4), dtype=np.float32))
    return Grouping(
        prepared,
        groups,
        matched,
        parents={},
        touched=frozenset(range(len(groups))),
        steps={},
        over={},
        missing=(),
        verdicts={},
        taken=frozenset(one.card.id for one in matched.values()),
    )


def drafts_of(
    *groups: Group, documents: list[TopicDocument] | None = None, before: KnownTopic | None = None
) -> list[Draft]:
    grouping = grouping_of(documents or DOCUMENTS, *groups, before=before)
    return draft_topics(grouping, START)


DOCUMENTS = channel_posts("Снег в Москве", "Метель и снег", "Снег растает", "Курс доллара", "Доллар на бирже", "Рубль")
FIRST, SECOND = "topic:tg:-1001:post:1", "topic:tg:-1001:post:4"


def edit(title: str, shown: str = "", **changes: Any) -> Edit:
    return Edit(
        **{"title": title, "summary": "Сводка.", "scope_in": ("внутри",), "scope_out": ("снаружи",), "tags": ("снег",),
           "justifications": {}, "made": {"fingerprint": shown, "prompt_id": "sha256:1"}, **changes}
    )  # fmt: skip


def test_few_messages_speak_for_a_topic() -> None:
    """Anchors first, eight at most, each text once, cut between words."""
    documents = [post(number, f"Снег {number % 20}") for number in range(1, 41)]
    corpus = corpus_of(documents)
    shown = representatives(group_of(*range(40)), corpus)
    assert len(shown) == len({one.text for one in shown}) == 8
    assert [one.is_anchor for one in shown] == [True, True] + [False] * 6
    assert shown_text("слово " * 200) == "слово " * 98 + "слово…"


async def test_a_question_does_not_grow_with_its_topic() -> None:
    """A topic of fifty long messages and one of five thousand are asked about in the same number of characters."""
    sizes = []
    for count in (50, 5000):
        documents = [
            post(number, f"Метель номер {number:04} " + "снег идёт " * 90) for number in range(1000, 1000 + count)
        ]
        grouping = grouping_of(documents, group_of(*range(count)))
        model = TopicModel()
        editor = model.editor()
        session = editor.session(["-1001"], lambda _: None)
        edits = await editor.word(draft_topics(grouping, START), grouping.prepared.corpus, {}, session, force=False)
        assert len(edits) == 1
        assert session.purpose == Purpose("topics", "-1001")
        sizes.append([shown.chars for shown in model.asked])
    assert sizes[0] == sizes[1]
    assert sizes[0][0] < 8 * 600 + 3000


def test_a_found_topic_is_not_called_as_a_wanted_one() -> None:
    """The user's title is taken: where the messages of another topic would have it, they find another."""
    rising = ("Курс доллара растёт", "Курс доллара выше", "Биржа: курс доллара на максимуме")
    documents = channel_posts("Снег в Москве", "Метель и снег", "Снег растает", *rising)
    assert drafts_of(group_of(3, 4, 5), documents=documents)[0].card.title == "Курс доллара растёт"
    asked = replace(group_of(0, 1, 2), wanted=WantedTopic("КУРС ДОЛЛАРА РАСТЁТ"))
    titles = [draft.card.title for draft in drafts_of(asked, group_of(3, 4, 5), documents=documents)]
    assert titles == ["КУРС ДОЛЛАРА РАСТЁТ", "Биржа: курс доллара на максимуме"]


def test_a_topic_inside_a_wide_one_has_neighbours_of_its_own() -> None:
    """Both are related, and neither is told from the other: one lies in the other."""
    documents = channel_posts("Снег выпал", "Снег идёт", "Снег тает", "Снег сыплет", "Курс доллара", "Доллар и биржа")
    wide = replace(group_of(0, 1, 2, 3), wanted=WantedTopic("Зима"))
    drafts = {draft.card.title: draft for draft in drafts_of(wide, group_of(0, 1), documents=documents)}
    narrow = next(draft for title, draft in drafts.items() if title != "Зима")
    assert narrow.card.related_topics == (drafts["Зима"].card.id,)
    assert drafts["Зима"].card.related_topics == (narrow.card.id,)
    assert narrow.apart == drafts["Зима"].apart == ()


def test_words_are_those_of_the_model_and_neighbours_are_called_as_they_are_now() -> None:
    """Scope tells a near topic by the title that it has got."""
    drafts = drafts_of(group_of(0, 1, 2), group_of(3, 4, 5))
    near = [Draft(one.card, one.bundle, one.named, (other.card.id,), one.language, None)
            for one, other in zip(drafts, drafts[::-1], strict=True)]  # fmt: skip
    (first, _), (second, _) = finalize(near, {}, {FIRST: edit("Зима")}, OPTIONS)
    assert (first.title, first.summary, first.tags) == ("Зима", "Сводка.", ("снег",))
    assert first.scope_out == ("снаружи", f"Отдельная близкая тема: «{second.title}»")
    assert second.scope_out == ("Отдельная близкая тема: «Зима»",)
    assert first.metadata["wording"] == {
        "fingerprint": "", "prompt_id": "sha256:1", "justified": [], "scope_out": 1
    }  # fmt: skip


def test_the_card_says_what_tells_near_topics_apart() -> None:
    """The reason stands behind the title of the near topic, also in the final card."""
    first, second = drafts_of(group_of(0, 1, 2), group_of(3, 4, 5))
    near = replace(first, apart=(second.card.id,), reasons=("другое место: Казань",))
    (card, _), _ = finalize([near, second], {}, {}, OPTIONS)
    assert card.scope_out == (f"Отдельная близкая тема: «{second.card.title}» — другое место: Казань",)


def test_a_topic_that_did_not_change_is_told_apart_by_its_card() -> None:
    """Its messages are not read again for that; without its card there would be no reason."""
    groups = (group_of(0, 1, 2), group_of(3, 4, 5))
    _, second = drafts_of(*groups)
    before = KnownTopic(second.card.model_copy(update={"tags": ("курс доллара",)}), second.bundle)
    grouping = replace(grouping_of(DOCUMENTS, *groups), matched={1: before}, touched=frozenset({0}))
    (draft,) = draft_topics(grouping, START)
    assert draft.card.scope_out == (f"Отдельная близкая тема: «{second.card.title}» — другой предмет: «курс доллара»",)


def test_only_supporting_messages_are_justified() -> None:
    """An anchor needs no reason; the offline one stays where the model gave none."""
    why = {f"tg:-1001:post:{number}": "Потому что снег." for number in (1, 3)}
    draft = drafts_of(group_of(0, 1, 2))[0]
    ((card, bundle),) = finalize([draft], {}, {FIRST: edit("Зима", justifications=why)}, OPTIONS)
    assert [item.justification for item in bundle.items] == [None, None, "Потому что снег."]
    assert card.metadata["wording"]["justified"] == ["tg:-1001:post:1", "tg:-1001:post:3"]


def test_words_hold_while_the_messages_that_speak_for_a_topic_do() -> None:
    """One of its anchors is enough, also without a model; the words go when all say something else or it doubles."""
    draft = drafts_of(group_of(0, 1, 2))[0]
    shown = fingerprint(representatives(group_of(0, 1, 2), corpus_of(DOCUMENTS)))
    found = finalize([draft], {}, {FIRST: edit("Зима", shown, justifications={"tg:-1001:post:3": "Снег."})}, OPTIONS)
    before = KnownTopic(*found[0])
    same = drafts_of(group_of(0, 1, 2), before=before)
    assert finalize(same, kept_edits(same), {}, OPTIONS) == found
    one = [*channel_posts("Снег в Туле"), *DOCUMENTS[1:]]
    assert kept_edits(drafts_of(group_of(0, 1, 2), documents=one, before=before)).keys() == {FIRST}
    assert kept_edits(drafts_of(group_of(0, 1, 2, 3, 4), before=before)).keys() == {FIRST}
    assert kept_edits(drafts_of(group_of(0, 1, 2, 3, 4, 5), before=before)) == {}
    both = [*channel_posts("Снег в Туле", "Снег в Орле"), *DOCUMENTS[2:]]
    assert kept_edits(drafts_of(group_of(0, 1, 2), documents=both, before=before)) == {}


def test_titles_are_unique_in_a_fixed_order() -> None:
    """Who kept a title has it first, then the lower id; the others fall back on their own, then on both together."""
    drafts = drafts_of(group_of(0, 1, 2), group_of(3, 4, 5))
    own = {draft.card.id: draft.card.title for draft in drafts}
    assert unique_titles(drafts, set(), {FIRST: "Тема", SECOND: "ТЕМА"}) == {FIRST: "Тема", SECOND: own[SECOND]}
    assert unique_titles(drafts, {SECOND}, {FIRST: "Тема", SECOND: "ТЕМА"}) == {FIRST: own[FIRST], SECOND: "ТЕМА"}
    stolen = {FIRST: own[SECOND], SECOND: own[SECOND]}
    assert unique_titles(drafts, set(), stolen)[SECOND] == f"{own[SECOND]} (2024-11-01)"


async def test_an_inquiry_adds_up_what_was_paid() -> None:
    """Tokens of all answers; a price that nobody knows makes the sum unknown."""
    drafts = drafts_of(group_of(0, 1, 2), group_of(3, 4, 5))
    editor = TopicModel().editor()
    session: LlmSession = editor.session(["-1001", "-1002"], lambda _: None)
    await editor.word(drafts, corpus_of(DOCUMENTS), {}, session, force=False)
    told = session.edit_report(worded=2)
    assert (told.asked, told.worded, told.input_tokens, told.output_tokens, told.cost_usd) == (2, 2, 200, 20, None)
    assert session.purpose.channel_id is None
