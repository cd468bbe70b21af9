"""The topics that the program finds by itself, from what earlier runs found and from new messages (pure)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tg_parser.domain.topics import TopicChangeKind
from tg_parser.topics.grouping.constraints import own_refs, standing
from tg_parser.topics.grouping.growth import Growing, Growth
from tg_parser.topics.grouping.membership import members_of, misfits
from tg_parser.topics.grouping.similarity import Items
from tg_parser.topics.grouping.singletons import find_singletons, strength
from tg_parser.topics.grouping.texts import Corpus
from tg_parser.topics.matching import known_refs, match_known
from tg_parser.topics.model import EDITED, METHOD, Group, KnownTopic, Level, Member, TopicOptions


@dataclass(frozen=True, slots=True)
class GroupStep:
    """What happened to a topic in a run: with which messages (rows), and with which other one.

    The other topic is a place among the groups, or the id of one that no longer exists.
    """

    kind: TopicChangeKind
    rows: tuple[int, ...] = ()
    other: int | str | None = None

    def moved(self, by: int) -> GroupStep:
        """The same if the groups are `by` places further on."""
        return replace(self, other=self.other + by) if isinstance(self.other, int) else self

    def placed(self, there: Mapping[int, int]) -> GroupStep:
        """The same if the groups are at other places."""
        return replace(self, other=there[self.other]) if isinstance(self.other, int) else self


@dataclass(frozen=True, slots=True)
class FoundTopics:
    """Groups, biggest first, singletons last; by place the topics they continue, their stories, and what happened.

    `untouched` groups are exactly as they were; `over` is what happened, by id, to topics that no longer exist.
    """

    groups: list[Group] = field(default_factory=list)
    matched: dict[int, KnownTopic] = field(default_factory=dict)
    parents: dict[int, int] = field(default_factory=dict)
    steps: dict[int, list[GroupStep]] = field(default_factory=dict)
    untouched: set[int] = field(default_factory=set)
    over: dict[str, GroupStep] = field(default_factory=dict)

    def only(self, places: Sequence[int]) -> FoundTopics:
        """Without the groups at other places."""
        there = {place: now for now, place in enumerate(places)}

        def kept(one: GroupStep) -> GroupStep:
            is_left_out = isinstance(one.other, int) and one.other not in there
            return replace(one, other=None) if is_left_out else one.placed(there)

        return FoundTopics(
            [self.groups[place] for place in places],
            {there[place]: topic for place, topic in self.matched.items() if place in there},
            {there[place]: there[up] for place, up in self.parents.items() if place in there and up in there},
            {there[place]: list(map(kept, own)) for place, own in self.steps.items() if place in there},
            {there[place] for place in self.untouched if place in there},
            {id_: kept(step) for id_, step in self.over.items()},
        )


def find_groups(items: Items, corpus: Corpus, known: Sequence[KnownTopic], options: TopicOptions) -> FoundTopics:
    """The found topics of a corpus: `known` ones keep their messages, new messages join them or found others.

    Topics of an earlier method are found anew; they pass their ids on by the messages they share. The messages of
    topics that a user no longer asks for are taken up again.
    """
    ended = [topic for topic in known if topic.card.status == "retired" or topic.card.level == "wanted"]
    live = [topic for topic in known if topic.card.status == "active" and topic.card.level != "wanted"]
    anew = options.rebuild or any(topic.card.metadata.get("method") != METHOD for topic in live)
    at_hand = {document.source_ref: row for row, document in enumerate(corpus.documents)}
    begun, lost = _begun(standing(live) if anew else live, at_hand, items, corpus)
    taken_up = {row for one in begun for row in one.rows}
    released = {row for rows in lost.values() for row in rows}
    asked_before = (topic for topic in ended if topic.card.status == "active")
    released |= {at_hand[ref] for topic in asked_before for ref in known_refs(topic) if ref in at_hand}
    free = [row for row in range(len(corpus.documents)) if row not in taken_up]
    new = [row for row in free if anew or corpus.documents[row].is_new or row in released]
    growth = Growth([document.date for document in corpus.documents], items, begun)
    growth.add(new, settled=set(free) - set(new))
    topics = sorted(
        (one for one in growth.topics if not one.is_over), key=lambda one: (-len(one.rows), one.level, one.rows)
    )
    found = FoundTopics()
    for one in topics:
        group = _group(one, items, corpus, options)
        if group is not None:
            one.place = len(found.groups)
            found.groups.append(group)
    found.groups.extend(find_singletons(items, corpus, found.groups, new, options))
    for one in topics:
        if one.place is not None and one.parent is not None and one.parent.place is not None:
            found.parents[one.place] = one.parent.place
    refs = [[corpus.documents[row].source_ref for row in group.rows] for group in found.groups]
    if anew:
        held = {one.place: one.known for one in topics if one.place is not None and one.known is not None}
        found.matched.update(match_known(refs, known, held))
        _note_regrouping(found, live, refs, at_hand)
    else:
        _note_growth(found, growth, lost, {topic.card.id for topic in known if topic.card.hidden})
        _revive(found, refs, ended)
    return found


def _begun(
    live: Sequence[KnownTopic], at_hand: Mapping[str, int], items: Items, corpus: Corpus
) -> tuple[list[Growing], dict[str, list[int]]]:
    """The topics as they begin, with the messages that are still theirs; and by id the rows that no longer fit."""
    begun, lost = dict[str, Growing](), dict[str, list[int]]()
    for topic in live:
        level: Level = "story" if topic.card.level == "story" else "event"
        refs, by_hand = own_refs(topic), topic.by_hand
        rows = sorted(
            (at_hand[ref] for ref in refs if ref in at_hand), key=lambda row: (corpus.documents[row].date, row)
        )
        changed = [row for row in rows if (said := corpus.documents[row]).is_new and said.source_ref not in by_hand.own]
        gone = misfits(items, rows, changed, level)
        lost[topic.card.id] = gone
        begun[topic.card.id] = Growing(
            level,
            [row for row in rows if row not in gone],
            topic,
            missing=len(refs) - len(rows),
            barred=frozenset(at_hand[ref] for ref in by_hand.barred if ref in at_hand),
        )
    for one in begun.values():
        one.parent = begun.get(one.known.card.parent_id or "") if one.known else None
        if one.parent is not None:
            story = one.parent
            # A story has all messages of its events.
            story.rows = sorted({*story.rows, *one.rows}, key=lambda row: (corpus.documents[row].date, row))
    return list(begun.values()), lost


def _group(one: Growing, items: Items, corpus: Corpus, options: TopicOptions) -> Group | None:
    """A topic as a group. A topic keeps its messages: what fits less than when it joined keeps the least score."""
    if len(one.rows) == 1:
        return _single(one, corpus, options)
    members = members_of(items, one.rows, one.level)
    if one.known is None:
        members = [member for member in members if member.score >= options.supporting_min_score]
    sure = [member for member in members if member.score >= options.anchor_min_score]
    if one.known is None and len(sure) < 2:
        return None
    if len(sure) < 2:
        sure = [replace(member, score=max(member.score, options.anchor_min_score)) for member in members[:2]]
        members = [*sure, *members[2:]]
    kept = [replace(member, score=max(member.score, options.supporting_min_score)) for member in members]
    return Group(tuple(kept), tuple(sure[: options.max_anchors]), level=one.level)


def _single(one: Growing, corpus: Corpus, options: TopicOptions) -> Group | None:
    """A topic of one message, if the message is strong enough for it or a person wants it."""
    row = one.rows[0]
    score = strength(corpus.stems[row])
    is_weak = len(corpus.documents[row].text) < options.singleton_min_chars or score < options.singleton_min_score
    if is_weak and not one.is_held:
        return None
    return Group((Member(row, score, 1.0),), (Member(row, score, 1.0),), level=one.level)


def _note_growth(found: FoundTopics, growth: Growth, lost: Mapping[str, list[int]], hidden: Collection[str]) -> None:
    """What happened to topics that grew. A card that names a `hidden` topic is written anew."""
    for one in growth.topics:
        mine = _steps(one, lost)
        if one.place is None:
            if one.known is not None:
                found.over[one.known.card.id] = next(
                    (step for step in mine if step.kind == "merged"), GroupStep("retired")
                )
            continue
        if one.known is not None:
            found.matched[one.place] = one.known
        if mine:
            found.steps[one.place] = mine
        elif _stands(one, hidden):
            found.untouched.add(one.place)
    for place in range(len(found.groups)):
        if place not in found.matched and place not in found.steps:
            found.steps[place] = [GroupStep("born", tuple(found.groups[place].rows))]


def _revive(found: FoundTopics, refs: Sequence[Sequence[str]], retired: Sequence[KnownTopic]) -> None:
    """A topic whose messages are back has its id again."""
    born = [place for place in range(len(refs)) if place not in found.matched]
    for at, topic in match_known([refs[place] for place in born], retired).items():
        found.matched[born[at]] = topic
        found.steps[born[at]] = [GroupStep("revived", tuple(found.groups[born[at]].rows))]


def _stands(one: Growing, hidden: Collection[str]) -> bool:
    """Whether the card of a topic without new or lost messages still holds."""
    if one.known is None or one.known.card.metadata.get(EDITED) or not _has_its_parent(one):
        return False
    return not set(hidden).intersection(one.known.card.related_topics)


def _has_its_parent(one: Growing) -> bool:
    then = one.known.card.parent_id if one.known else None
    now = one.parent.known if one.parent is not None and one.parent.place is not None else None
    return then == (now.card.id if now else None) and (one.parent is None or now is not None)


def _steps(one: Growing, lost: Mapping[str, list[int]]) -> list[GroupStep]:
    steps = [GroupStep(step.kind, step.rows, _name(step.other)) for step in one.steps]
    gone = [row for row in (lost.get(one.known.card.id, []) if one.known else []) if row not in one.rows]
    if gone or one.missing:
        steps.append(GroupStep("lost", tuple(gone)))
    return steps


def _name(other: Growing | None) -> int | str | None:
    if other is None or other.place is not None:
        return other.place if other else None
    return other.known.card.id if other.known else None


def _note_regrouping(
    found: FoundTopics, live: Sequence[KnownTopic], refs: Sequence[Sequence[str]], at_hand: Mapping[str, int]
) -> None:
    """What became of topics that were found anew: by the messages they share."""
    home = {ref: place for place, own in enumerate(refs) for ref in own}
    matched = {topic.card.id for topic in found.matched.values()}
    for place, own in enumerate(refs):
        before = found.matched.get(place)
        if before is None:
            found.steps[place] = [GroupStep("born", tuple(at_hand[ref] for ref in own))]
            continue
        then, now = known_refs(before), set(own)
        came, went = sorted(now - then), sorted(ref for ref in then - now if ref in at_hand)
        steps = [GroupStep("revived")] if before.card.status == "retired" else []
        steps += [GroupStep("grew", tuple(at_hand[ref] for ref in came))] if came else []
        steps += [GroupStep("lost", tuple(at_hand[ref] for ref in went))] if then - now else []
        found.steps[place] = steps
    for topic in live:
        if topic.card.id not in matched:
            places = [home[ref] for ref in sorted(known_refs(topic)) if ref in home]
            most = max(sorted(set(places)), key=places.count, default=None)
            found.over[topic.card.id] = GroupStep("retired") if most is None else GroupStep("merged", other=most)
