"""What happened to topics in a run, as it is recorded: each step with its reason (pure)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from tg_parser.domain.topics import TopicChange
from tg_parser.topics.finalizing import Topic
from tg_parser.topics.grouping.found_topics import GroupStep
from tg_parser.topics.grouping.groups import Grouping

REASONS = {
    "born": "several messages tell the same",
    "grew": "new messages tell the same",
    "lost": "messages were edited, deleted, or tell something else",
    "merged": "both tell the same",
    "split": "the messages tell different things",
    "retired": "not enough of its messages are left",
    "revived": "its messages are back",
    "renamed": "what the topic is about has moved",
}

BORN = {
    "single": "one message that says enough to be a topic by itself",
    "story": "messages of several days belong together",
    "wanted": "it was asked for",
}


def changes_of(grouping: Grouping, topics: Sequence[Topic], retired: Sequence[str], now: datetime) -> list[TopicChange]:
    """The changes of a run by topic id, each topic's in their order."""
    documents, ids = grouping.prepared.corpus.documents, grouping.ids
    before = {topic.card.id: topic.card for topic in grouping.matched.values()}
    titles = {card.id: card.title for card, _ in topics}
    wording = {card.id: card.metadata.get("wording") for card, _ in topics}

    def change(id_: str, step: GroupStep, place: int | None = None, reason: str | None = None) -> TopicChange:
        other = ids[step.other] if isinstance(step.other, int) else step.other
        refs = tuple(sorted(documents[row].source_ref for row in step.rows))
        why = reason or why_of(step, place)
        return TopicChange(topic_id=id_, at=now, kind=step.kind, reason=why, other_id=other, messages=refs)

    def of(place: int, id_: str) -> Iterator[TopicChange]:
        if place not in grouping.touched:
            return
        steps = list(grouping.steps.get(place, ()))
        if id_ not in before and not any(step.kind in ("born", "split") for step in steps):
            steps.insert(0, GroupStep("born", tuple(grouping.groups[place].rows)))
        yield from (change(id_, step, place) for step in _joined(steps, is_new=id_ not in before))
        was = before.get(id_)
        if was is not None and id_ in titles and was.title != titles[id_]:
            by_model = wording[id_] is not None and wording[id_] != was.metadata.get("wording")
            why = "a model has named it" if by_model else REASONS["renamed"]
            yield change(id_, GroupStep("renamed"), place, f"{why}; before: {was.title}")

    def why_of(step: GroupStep, place: int | None) -> str:
        if step.kind != "born" or place is None:
            return REASONS[step.kind]
        group = grouping.groups[place]
        return BORN.get("single" if group.is_singleton else group.level, REASONS["born"])

    found = [one for place, id_ in enumerate(ids) for one in of(place, id_)]
    found += [change(id_, grouping.over.get(id_, GroupStep("retired"))) for id_ in retired]
    return sorted(found, key=lambda one: one.topic_id)


def _joined(steps: Sequence[GroupStep], *, is_new: bool) -> list[GroupStep]:
    """The steps of one run without repetition: messages that came one batch after the other came in this run."""
    first = next((step for step in steps if step.kind in ("born", "split", "revived")), None)
    came = tuple(sorted({row for step in steps if step.kind == "grew" and step.other is None for row in step.rows}))
    if first is not None and is_new:
        rest = [step for step in steps if step.kind == "grew" and step.other is not None]
        return [GroupStep(first.kind, tuple(sorted({*first.rows, *came})), first.other), *rest]
    found = [step for step in steps if step.kind != "grew" or step.other is not None]
    return [*found, GroupStep("grew", came)] if came else found
