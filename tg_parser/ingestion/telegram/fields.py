"""The single fields of a message as the API gives it: author, forward, links, reactions. Pure.

Objects are distinguished by class name, so that nothing here imports the library that made them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tg_parser.domain.marked_ids import marked_channel_id, marked_group_id
from tg_parser.domain.messages import Author, Chat, Forward, Link, Reaction

People = Mapping[str, str | None]
"""How people and chats are displayed, by their marked ids."""


def kind_of(thing: Any) -> str:
    """The name of an object's class in Telegram's scheme."""
    return type(thing).__name__


def marked_id(peer: Any) -> str | None:
    """Return the marked id of a peer; None without a peer."""
    if (channel := getattr(peer, "channel_id", None)) is not None:
        return marked_channel_id(channel)
    if (group := getattr(peer, "chat_id", None)) is not None:
        return marked_group_id(group)
    person = getattr(peer, "user_id", None)
    return None if person is None else str(person)


def people_of(users: Iterable[Any], chats: Iterable[Any]) -> dict[str, str | None]:
    """The display names that come with an answer. Deleted accounts have none."""
    names = {str(user.id): _full_name(user) for user in users}
    for chat in chats:
        basic = kind_of(chat).startswith("Chat")
        names[marked_group_id(chat.id) if basic else marked_channel_id(chat.id)] = getattr(chat, "title", None)
    return names


def author(message: Any, chat: Chat, people: People) -> Author:
    """Return the author. A signature names the person behind a channel's post, so it wins over the channel's name."""
    sender = marked_id(message.from_id) or marked_id(message.peer_id) or chat.channel_id
    known_as = chat.title if sender == chat.channel_id else people.get(sender)
    return Author(id=sender, name=getattr(message, "post_author", None) or known_as)


def forward(message: Any, people: People) -> Forward | None:
    """Return the origin of a forward; for a hidden sender only the name is known."""
    header = getattr(message, "fwd_from", None)
    if header is None:
        return None
    origin = marked_id(header.from_id)
    return Forward(
        name=header.from_name or (people.get(origin) if origin else None),
        peer_id=origin,
        message_id=None if header.channel_post is None else str(header.channel_post),
        date=header.date,
    )


def hidden_links(message: Any) -> tuple[Link, ...]:
    """Links behind words, in the order of the text. Telegram counts in units of UTF-16."""
    hidden = [each for each in getattr(message, "entities", None) or () if kind_of(each) == "MessageEntityTextUrl"]
    if not hidden:
        return ()
    units = message.message.encode("utf-16-le", "surrogatepass")
    return tuple(
        Link(text=units[2 * each.offset : 2 * (each.offset + each.length)].decode("utf-16-le", "replace"), url=each.url)
        for each in sorted(hidden, key=lambda entity: (entity.offset, entity.length))
    )


def reactions(message: Any) -> tuple[Reaction, ...]:
    """The counted reactions, in Telegram's order."""
    counted = getattr(message, "reactions", None)
    return () if counted is None else tuple(_reactions(counted.results))


def _reactions(results: Iterable[Any]) -> Iterator[Reaction]:
    for result in results:
        given = result.reaction
        kind = kind_of(given)
        if kind == "ReactionEmoji":
            yield Reaction(emoji=given.emoticon, count=result.count)
        elif kind == "ReactionCustomEmoji":
            yield Reaction(emoji=f"custom:{given.document_id}", count=result.count)
        elif kind == "ReactionPaid":
            yield Reaction(emoji="paid", count=result.count)


def _full_name(user: Any) -> str | None:
    names = (getattr(user, "first_name", None), getattr(user, "last_name", None))
    return " ".join(name for name in names if name) or None
