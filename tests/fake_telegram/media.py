"""What a post can hold: photos, files, link previews, polls, reactions, as Telegram's own types."""

import hashlib
from datetime import UTC, datetime

from telethon.tl import types as tl

EPOCH = datetime(2024, 1, 1, tzinfo=UTC)


def stable_int(*parts, bits=62):
    digest = hashlib.sha256(repr(parts).encode()).digest()
    return int.from_bytes(digest[:8], "big") & ((1 << bits) - 1)


def photo(n=1, size=20_000, w=800, h=600):
    return tl.MessageMediaPhoto(
        photo=tl.Photo(
            id=stable_int("photo", n),
            access_hash=stable_int("ph", n),
            file_reference=b"ref",
            date=EPOCH,
            dc_id=2,
            sizes=[tl.PhotoSize("m", w // 2, h // 2, size // 4), tl.PhotoSize("x", w, h, size)],
        )
    )


def document(name="file.pdf", mime="application/pdf", size=50_000, n=1, attributes=(), **flags):
    attrs = list(attributes) + ([tl.DocumentAttributeFilename(name)] if name else [])
    return tl.MessageMediaDocument(
        document=tl.Document(
            id=stable_int("doc", name, n),
            access_hash=stable_int("dh", name, n),
            file_reference=b"ref",
            date=EPOCH,
            mime_type=mime,
            size=size,
            dc_id=2,
            attributes=attrs,
        ),
        **flags,
    )


def video(n=1, size=90_000, seconds=12.5):
    return document("clip.mp4", "video/mp4", size, n, [tl.DocumentAttributeVideo(seconds, 1280, 720)], video=True)


def voice(n=1, size=9_000, seconds=7):
    return document(None, "audio/ogg", size, n, [tl.DocumentAttributeAudio(seconds, voice=True)], voice=True)


def webpage(url="https://example.org/статья", title="Заголовок", description="Описание", n=1):
    return tl.MessageMediaWebPage(
        tl.WebPage(
            id=stable_int("web", url, n),
            url=url,
            display_url=url.split("//")[-1],
            hash=0,
            type="article",
            site_name="example.org",
            title=title,
            description=description,
        )
    )


def poll(question="Ваш выбор?", answers=("Да", "Нет"), n=1):
    text = lambda s: tl.TextWithEntities(s, [])
    options = [bytes([48 + i]) for i in range(len(answers))]
    return tl.MessageMediaPoll(
        tl.Poll(
            stable_int("poll", n),
            text(question),
            [tl.PollAnswer(text(a), o) for a, o in zip(answers, options, strict=True)],
            hash=0,
        ),
        tl.PollResults(
            results=[tl.PollAnswerVoters(o, voters=3 + i, recent_voters=[]) for i, o in enumerate(options)],
            total_voters=7,
        ),
    )


def reactions(counts):
    """{'👍': 5, 5368324170671202286: 1 (custom emoji id), 'paid': 2} -> MessageReactions."""

    def kind(key):
        if key == "paid":
            return tl.ReactionPaid()
        return tl.ReactionCustomEmoji(key) if isinstance(key, int) else tl.ReactionEmoji(key)

    return tl.MessageReactions([tl.ReactionCount(kind(k), n) for k, n in counts.items()])


def file_bytes(id, size):
    return b"".join(hashlib.sha256(f"{id}/{k}".encode()).digest() for k in range(size // 32 + 1))[:size]
