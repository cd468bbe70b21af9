"""Messages of every kind in any number, the same from the same seed."""

import random
from datetime import timedelta

from telethon.tl import types as tl

from fake_telegram.media import EPOCH, document, photo, poll, video, voice, webpage

_SAID = (
    "сегодня вчера Москва рынок вырос упал 📈 📉 рубль курс новости срочно ⚡️ источник сообщает эксперты "
    "считают #экономика @channel 10% ёж щука 😀 “цитата” — тире"
)
_WORDS = _SAID.split()
_NAMES = ("Иван", "Ольга 🌸", "Пётр")


def fill_chat(chat, n, seed, comments, step):
    """Add n messages of every kind: text, entities, media, albums, forwards, edits, service, empty."""
    rng = random.Random(seed)
    people = [chat.world.user(name, username=f"user{chat.id}_{i}") for i, name in enumerate(_NAMES)]
    date = chat.messages[chat.ids[-1]].date if chat.ids else EPOCH
    stop = len(chat.ids) + n
    while len(chat.ids) < stop:
        date += step
        post = _post(chat, rng, people, date, stop - len(chat.ids))
        if post.id in chat.roots and rng.random() < comments:
            _discuss(chat, rng, people, date, post)


def _post(chat, rng, people, date, left):
    """One message of a kind that is drawn; `left` is how many more there may be."""
    i = chat.next_id
    kw = {"date": date, "views": rng.randrange(50, 90_000), "forwards": rng.randrange(300)}
    if rng.random() < 0.5:
        kw["react"] = {"👍": rng.randrange(1, 99), "🔥": rng.randrange(1, 50)}
    body = f"Пост №{i}: " + " ".join(rng.choices(_WORDS, k=rng.randrange(4, 60)))
    kind, link = rng.randrange(16), f"https://example.org/{i}"
    marked = f'🚀🇷🇺 <b>Пост №{i}</b> и <a href="{link}">ссылка 👨‍👩‍👧</a> <i>курсив</i> <code>x = {i}</code>'
    makers = {
        6: lambda: chat.post(html_text=marked, **kw),
        7: lambda: chat.post(body, media=photo(i), **kw),
        8: lambda: chat.post("", media=rng.choice([photo, video, voice])(n=i), **kw),
        9: lambda: chat.post(body, media=document(f"отчёт_{i}.pdf", n=i), **kw),
        10: lambda: chat.post(link, media=webpage(link), entities=[tl.MessageEntityUrl(0, len(link))], **kw),
        11: lambda: chat.post(body, fwd=rng.choice([chat, people[0], "Скрытый автор"]), **kw),
        12: lambda: chat.post(body + " (исправлено)", edit_date=date + timedelta(minutes=3), **kw),
        14: lambda: chat.service(date=date, action=rng.choice(_actions(chat))),
    }
    if left >= 4:
        makers[13] = lambda: chat.album([photo(i + k) for k in range(rng.randrange(2, 5))], body, **kw)[0]
    if kind < 6:
        return chat.post(body, **kw)
    return makers.get(kind, lambda: chat.post("", media=poll(f"Опрос {i}?", n=i), **kw))()


def _actions(chat):
    return [tl.MessageActionPinMessage(), tl.MessageActionChatEditTitle(chat.title)]


def _discuss(chat, rng, people, date, post):
    made = []
    for k in range(rng.randrange(1, 6)):
        reply = rng.choice(made) if made and rng.random() < 0.4 else None
        text, when = f"Комментарий {k} к {post.id} 😀", date + timedelta(minutes=k)
        made.append(chat.comment(post.id, text, user=rng.choice(people), reply_to=reply, date=when).id)
