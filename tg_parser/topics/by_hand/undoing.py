"""What undoing an edit brings back, as far as later edits and runs have left it (pure)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from tg_parser.domain.errors import TopicEditError
from tg_parser.domain.topics import TopicEdit, TopicEditKind
from tg_parser.topics.by_hand.bench import Bench

_REASON = "what a person did was undone"


def undo(bench: Bench, edit: TopicEdit, edits: Sequence[TopicEdit]) -> None:
    """Take back an edit; `edits` are all of its topic. Raises TopicEditError if its topic is over."""
    topic = edit.other_id if edit.kind == "split" and edit.other_id else edit.topic_id
    if topic not in bench.topics or bench.card(topic).status != "active":
        raise TopicEditError(
            f"Topic {topic!r} no longer exists: undo first what ended it.", case="topic_over", topic_id=topic
        )
    if edit.kind == "rename":
        _title_back(bench, edit, edits)
    else:
        _UNDO[edit.kind](bench, edit)
    bench.settle_stories()


def _title_back(bench: Bench, edit: TopicEdit, edits: Sequence[TopicEdit]) -> None:
    given = [one for one in edits if one.title is not None and one.topic_id == edit.topic_id and one != edit]
    live = [one.title for one in given if one.undone_at is None]
    title = live[-1] if live else edit.old_title
    for one in reversed(given if not live else []):
        title = one.old_title if one.title == title else title
    now = bench.card(edit.topic_id).title
    if title is not None and title != now:
        bench.update(edit.topic_id, title=title)
        bench.note(edit.topic_id, "renamed", f"{_REASON}; before: {now}")


def _merge(bench: Bench, edit: TopicEdit) -> None:
    gone, kept = edit.other_id or "", edit.topic_id
    back = [ref for ref in edit.before.get(gone, ()) if ref in bench.members[kept]]
    if back and gone in bench.topics and bench.card(gone).status == "retired":
        _revive(bench, gone, kept, back)


def _split(bench: Bench, edit: TopicEdit) -> None:
    new, old = edit.other_id or "", edit.topic_id
    if old not in bench.topics or bench.card(old).status != "active":
        raise TopicEditError(
            f"Topic {old!r} no longer exists: undo first what ended it.", case="topic_over", topic_id=old
        )
    refs = sorted(bench.members[new])
    for event in bench.events_of(new):
        bench.update(event, parent_id=old)
    bench.note(new, "merged", _REASON, old, refs)
    bench.note(old, "grew", _REASON, new, bench.give(old, bench.take(new, refs)))
    bench.end(new)


def _move(bench: Bench, edit: TopicEdit) -> None:
    to = edit.topic_id
    for old, refs in sorted(edit.before.items()):
        back = [ref for ref in refs if ref in bench.members[to]]
        if not back or old not in bench.topics:
            continue
        if bench.level(old) == "event" and bench.level(to) == "story":
            # The event was in no story.
            bench.update(old, parent_id=None)
            continue
        if bench.card(old).status == "retired":
            _revive(bench, old, to, back)
            continue
        _events_back(bench, to, old, back)
        bench.note(to, "lost", _REASON, old, back)
        bench.note(old, "moved", _REASON, to, bench.give(old, bench.take(to, back)))


def _revive(bench: Bench, gone: str, kept: str, back: Sequence[str]) -> None:
    """A topic that an edit ended has its messages again, with their scores."""
    own = {item.source_ref: item for item in bench.topics[gone][1].items}
    came = {item.source_ref: item for item in bench.take(kept, back)}
    bench.members[gone] = {ref: own.get(ref, item) for ref, item in came.items()}
    parent = bench.card(gone).parent_id
    is_there = parent in bench.topics and bench.card(parent).status == "active"
    bench.update(gone, status="active", parent_id=parent if is_there else None)
    _events_back(bench, kept, gone, back)
    bench.note(gone, "revived", _REASON, kept, back)
    bench.note(kept, "lost", _REASON, gone, back)


def _events_back(bench: Bench, story: str, to: str, refs: Sequence[str]) -> None:
    if bench.level(to) == "story":
        for event in bench.events_of(story):
            if bench.members[event].keys() <= set(refs):
                bench.update(event, parent_id=to)


def _hide(bench: Bench, edit: TopicEdit) -> None:
    bench.update(edit.topic_id, hidden=False)
    bench.note(edit.topic_id, "shown", _REASON)


def _pin(bench: Bench, edit: TopicEdit) -> None:
    bench.update(edit.topic_id, pinned=False)
    bench.note(edit.topic_id, "unpinned", _REASON)


_UNDO: Mapping[TopicEditKind, Callable[[Bench, TopicEdit], None]] = {
    "merge": _merge,
    "split": _split,
    "move": _move,
    "hide": _hide,
    "pin": _pin,
}
