"""Turns drafts into final topics: words from a model, new or old, unique titles, and what did not change (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Self

from tg_parser.domain.topics import BundleItem, TopicBundle, TopicCard
from tg_parser.topics.model import KnownTopic, TopicOptions
from tg_parser.topics.wording.cards import Draft, scope_out

Topic = tuple[TopicCard, TopicBundle]


@dataclass(frozen=True, slots=True)
class Edit:
    """A topic in a model's words. `made` says how: what was shown (`fingerprint`), model, prompt, tokens, cost."""

    title: str
    summary: str
    scope_in: tuple[str, ...]
    scope_out: tuple[str, ...]
    tags: tuple[str, ...]
    justifications: Mapping[str, str]
    made: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, topic: KnownTopic) -> Self | None:
        """The words that a topic of an earlier run got from a model; None if it got none."""
        card, made = topic.card, topic.card.metadata.get("wording")
        if made is None:
            return None
        said = set(made["justified"])
        items = topic.bundle.items if topic.bundle else ()
        why = {item.source_ref: item.justification for item in items if item.source_ref in said and item.justification}
        own = {key: value for key, value in made.items() if key not in _DERIVED}
        return cls(card.title, card.summary, card.scope_in, card.scope_out[: made["scope_out"]], card.tags, why, own)


_DERIVED = frozenset({"justified", "scope_out"})


def centre_moved(draft: Draft) -> bool:
    """Whether a topic is about something else than when it got its title.

    Then none of the messages that represented it does so with the same text any more, or it has twice as many messages.
    """
    if draft.before is None:
        return True
    titled = draft.before.card.metadata.get("titled")
    if titled is None:
        return True
    now = draft.card.metadata["titled"]
    if now["method"] != titled.get("method"):
        return True
    return not now["anchors"].items() & titled["anchors"].items() or now["messages"] >= 2 * titled["messages"]


def kept_edits(drafts: Sequence[Draft]) -> dict[str, Edit]:
    """The words of a model that still hold, by id: the centre of the topic has not moved since."""
    old = {draft.card.id: Edit.of(draft.before) for draft in drafts if draft.before and not centre_moved(draft)}
    return {id_: edit for id_, edit in old.items() if edit is not None}


def finalize(
    drafts: Sequence[Draft],
    kept: Mapping[str, Edit],
    fresh: Mapping[str, Edit],
    options: TopicOptions,
    others: Mapping[str, str] = MappingProxyType({}),
) -> list[Topic]:
    """The topics by id, in the words of their edits (`fresh` before `kept`), or else in their own.

    A title changes only when the centre of its topic has moved. `others` are the titles of other topics by id.
    Unchanged topics keep their time of change, so that writing them again changes nothing.
    """
    edits = {**kept, **fresh}
    still = {one.card.id: one.before.card for one in drafts if one.before and not centre_moved(one)}
    wished = {**{id_: card.title for id_, card in still.items()}, **{id_: edit.title for id_, edit in edits.items()}}
    titles = unique_titles(drafts, still.keys() - fresh.keys(), wished, others.values())
    every = {**others, **titles}
    made = [_worded(draft, edits.get(draft.card.id), every, options) for draft in drafts]
    made = [(_titled_as_before(card, still.get(card.id)), bundle) for card, bundle in made]
    before = {draft.card.id: draft.before for draft in drafts}
    return [_unchanged(card, bundle, before[card.id]) for card, bundle in sorted(made, key=lambda one: one[0].id)]


def _titled_as_before(card: TopicCard, before: TopicCard | None) -> TopicCard:
    if before is None or before.title != card.title:
        return card
    return card.model_copy(update={"metadata": {**card.metadata, "titled": before.metadata["titled"]}})


def unique_titles(
    drafts: Sequence[Draft], first: set[str], wished: Mapping[str, str], in_use: Iterable[str] = ()
) -> dict[str, str]:
    """Unique titles by id: those that users gave stay, then those of the ids `first`, then by id as `wished` for."""

    def rank(draft: Draft) -> tuple[bool, bool, str]:
        return draft.given_title is None, draft.card.id not in first, draft.card.id

    taken = {title.casefold() for title in in_use}
    titles: dict[str, str] = {}
    for draft in sorted(drafts, key=rank):
        own = draft.card.title
        title = own if draft.given_title else wished.get(draft.card.id, own)
        variants = _variants(title, own, draft.bundle)
        titles[draft.card.id] = next(one for one in variants if one.casefold() not in taken)
        taken.add(titles[draft.card.id].casefold())
    return titles


def _variants(title: str, own: str, bundle: TopicBundle) -> Iterator[str]:
    yield title
    yield own
    if title != own:
        yield f"{title} ({own})"
    if bundle.time_range is not None:
        yield f"{own} ({bundle.time_range.from_:%Y-%m-%d})"
    number = 2
    while True:
        yield f"{own} ({number})"
        number += 1


def _worded(draft: Draft, edit: Edit | None, titles: Mapping[str, str], options: TopicOptions) -> Topic:
    card, bundle = draft.card, draft.bundle
    near = [titles[other] for other in draft.apart]
    changes: dict[str, Any] = {
        "title": titles[card.id],
        "scope_out": scope_out(edit.scope_out if edit else (), near, draft.language, options, draft.reasons),
    }
    if edit is not None:
        items = [_justified(item, edit.justifications) for item in bundle.items]
        said = [ref for ref in (item.source_ref for item in items) if ref in edit.justifications]
        made = {**edit.made, "justified": said, "scope_out": len(edit.scope_out)}
        changes |= {"summary": edit.summary, "scope_in": edit.scope_in, "tags": edit.tags}
        changes |= {"metadata": {**card.metadata, "wording": made}}
        bundle = bundle.model_copy(update={"items": tuple(items)})
    return card.model_copy(update=changes), bundle


def _justified(item: BundleItem, why: Mapping[str, str]) -> BundleItem:
    said = why.get(item.source_ref) if item.role == "supporting" else None
    return item.model_copy(update={"justification": said}) if said else item


def _unchanged(card: TopicCard, bundle: TopicBundle, known: KnownTopic | None) -> Topic:
    """`card` and `bundle`, each with the time of the known one if it says the same."""
    if known is None:
        return card, bundle
    same_card = card.model_copy(update={"updated_at": known.card.updated_at})
    if known.bundle is not None:
        same_bundle = bundle.model_copy(update={"updated_at": known.bundle.updated_at})
        bundle = same_bundle if same_bundle == known.bundle else bundle
    return (same_card if same_card == known.card else card), bundle
