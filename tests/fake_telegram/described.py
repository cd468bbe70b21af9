"""A world from its description in JSON: README.md, “Channels as JSON”."""

from datetime import UTC, datetime

from telethon.tl import types as tl

from fake_telegram.media import document, photo, poll, video, voice, webpage
from fake_telegram.world import World


def world_from_json(spec):
    """See README.md, 'Channels as JSON'."""
    world = World()
    users = {
        u["name"]: world.user(u["name"], username=u.get("username"), deleted=u.get("deleted"))
        for u in spec.get("users", [])
    }
    person = lambda name: users.get(name) or users.setdefault(name, world.user(name))
    when = lambda text: text and datetime.fromisoformat(text).astimezone(UTC)
    kinds = dict(photo=photo, document=document, video=video, voice=voice, webpage=webpage, poll=poll)

    def media(m):
        m = {"type": m} if isinstance(m, str) else dict(m)
        return kinds[m.pop("type")](**m)

    def fields(p):
        kw = {k: p[k] for k in ("id", "views", "forwards", "grouped_id", "post_author", "pinned", "reply_to") if k in p}
        kw.update({k: when(p[k]) for k in ("date", "edit_date") if k in p})
        if "media" in p:
            kw["media"] = media(p["media"])
        if "fwd" in p:
            kw["fwd"] = world.by_username(p["fwd"]) or p["fwd"] if p["fwd"].startswith("@") else p["fwd"]
        if "service" in p:
            kw = {k: v for k, v in kw.items() if k in ("id", "date")}
            kw["action"] = (
                tl.MessageActionChatEditTitle(p["service"][6:])
                if p["service"].startswith("title:")
                else tl.MessageActionPinMessage()
            )
        return dict(kw, html_text=p.get("html"), react=p.get("reactions"), text=p.get("text", ""))

    for c in spec["channels"]:
        chat = world.channel(
            c.get("username"),
            c.get("title"),
            id=c.get("id"),
            discussion=c.get("discussion", False),
            about=c.get("about", ""),
            private=c.get("private", False),
            invite=c.get("invite"),
        )
        for p in c.get("posts", []):
            post, made = chat.post(**fields(p), discuss=p.get("discuss", True)), []
            for m in p.get("comments", []):
                kw = fields(m)
                if "reply_to" in kw:
                    kw["reply_to"] = made[kw["reply_to"]].id  # index of an earlier comment of this post
                made.append(chat.comment(post.id, user=person(m.get("user", "Аня")), **kw))
        if "fill" in c:
            chat.fill(**c["fill"])
    return world
