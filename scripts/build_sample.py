"""Build the bundled sample, tg_parser/sample/result.json, from a folder of openly licensed data.

python scripts/build_sample.py DATA_FOLDER [OUT]

DATA_FOLDER holds channel_posts_ru/, gold_pairs/, gold_categories/ and sentiment/ as tg_parser/sample/SOURCES.md
describes them. The same folder gives the same bytes.
"""

from __future__ import annotations

import csv
import html
import json
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

RUSSIAN = (("naked_science", 1000724666, "2024-11-09"), ("habr", 1032086354, "2024-11-17"))
"""File, Telegram's id of the channel, and the day from which its posts are taken."""
HEADLINES = "World headlines, November 2019"
HEADLINE_FILES = ("gold_categories/en_cat_training.tsv", "gold_pairs/en_train_pool.tsv")
NOT_FOR_A_SAMPLE = re.compile(
    r"rape|molest|dismember|intimate|steamy|if you're high|\| breitbart|clearance|death", re.IGNORECASE
)
SHORT_POSTS = "Short posts in English"
SUBJECTS = re.compile(
    r"\b(school|exam|homework|class|teacher|college|book|rain|snow|sun|sunny|weather|storm|song|music|album|band|concert|"
    r"movie|film|phone|iphone|ipad|google|app|apple|twitter|youtube|video|game|team|match|win|football|dinner|lunch|"
    r"breakfast|food|pizza|coffee|birthday|sleep|tired|work|office|monday)\b",
    re.IGNORECASE,
)
UNFIT = re.compile(
    r"fuck|shit|bitch|\bass\b|asshole|damn|\bhell\b|\bsex|crap|nigg|fag|slut|whore|rape|\bkill|shoot|wtf"
    r"|url_removed|@anonymous|\brt\b|\d{3}\W\d{4}",
    re.IGNORECASE,
)
"""Coarse words, texts whose link or addressee was taken out, telephone numbers."""
TOKEN = re.compile(
    r"\[(?P<words>[^\[\]]+)\]\((?P<href>https?://[^\s()]*(?:\([^\s()]*\)[^\s()]*)*)\)"
    r"|(?P<link>https?://[^\s<>()]*[^\s<>().,;:!?»*_])|(?P<hashtag>#\w*[^\W\d]\w*)|(?P<mention>(?<!\w)@[A-Za-z]\w{3,})"
    r"|(?P<mark>```|\*\*|__|~~|`)"
)
STYLES = {"**": "bold", "__": "italic", "~~": "strikethrough", "`": "code", "```": "pre"}

Entity = dict[str, str]


def entities_of(markdown: str) -> list[Entity]:
    """The text entities that Telegram Desktop would write for a text with Markdown-like marks."""
    found: list[Entity] = []
    styles: list[str] = []
    at = 0
    for token in TOKEN.finditer(markdown):
        _add(found, styles, markdown[at : token.start()])
        at = token.end()
        if token["mark"]:
            style = STYLES[token["mark"]]
            styles.remove(style) if style in styles else styles.append(style)
        elif token["href"]:
            words = re.sub(r"\*\*|__|~~|`", "", token["words"])
            found.append({"type": "text_link", "text": words, "href": token["href"]})
        else:
            found.append({"type": str(token.lastgroup), "text": token[0]})
    _add(found, styles, markdown[at:])
    return found


def _add(found: list[Entity], styles: list[str], text: str) -> None:
    kind = styles[0] if styles else "plain"
    if text and found and found[-1]["type"] == kind:
        found[-1]["text"] += text
    elif text:
        found.append({"type": kind, "text": text})


def exported(number: int, moment: datetime, sender: dict[str, str], entities: list[Entity]) -> dict[str, object]:
    """A message as Telegram Desktop exports it; the exporting computer's zone is UTC."""
    text: list[str | Entity] = [entity["text"] if entity["type"] == "plain" else entity for entity in entities]
    if text and not isinstance(text[-1], str):
        text.append("")
    return {
        "id": number,
        "type": "message",
        "date": moment.strftime("%Y-%m-%dT%H:%M:%S"),
        "date_unixtime": str(int(moment.timestamp())),
        **sender,
        "text": text[0] if len(text) == 1 else text or "",
        "text_entities": entities,
    }


def russian_channel(data: Path, name: str, channel_id: int, since: str) -> dict[str, object]:
    """The posts of a Russian channel from `since` on."""
    posts = json.loads((data / "channel_posts_ru" / f"{name}.json").read_text("utf-8"))
    kept = sorted((post for post in posts if post["date"] >= since), key=lambda post: post["message_id"])
    title = kept[0]["channel"]
    sender = {"from": title, "from_id": f"channel{channel_id}"}
    return {
        "name": title,
        "type": "public_channel",
        "id": channel_id,
        "messages": [
            exported(post["message_id"], datetime.fromisoformat(post["date"]), sender, entities_of(post["text"]))
            for post in kept
        ],
    }


def nameless_channel(title: str, posts: Iterator[tuple[datetime, list[Entity]]]) -> dict[str, object]:
    """Posts that come from no Telegram channel: a chat without an id, so that no link pretends to lead anywhere."""
    messages = [
        exported(number, moment, {"from": title}, entities) for number, (moment, entities) in enumerate(posts, 1)
    ]
    return {"name": title, "type": "public_channel", "messages": messages}


def headlines(data: Path) -> Iterator[tuple[datetime, list[Entity]]]:
    """Headline and link of each article, in the order of the dates in their addresses, ten minutes apart."""
    found: dict[str, str] = {}
    for name in HEADLINE_FILES:
        for row in rows(data / name):
            for prefix in ("", "first_", "second_"):
                url, title = row.get(f"INPUT:{prefix}url"), row.get(f"INPUT:{prefix}title")
                if url and title and not NOT_FOR_A_SAMPLE.search(title + url):
                    found.setdefault(url.partition("?")[0], " ".join(title.split()))
    dated = sorted((day_in(url), url) for url in found)
    for number, (day, url) in enumerate(dated):
        entities: list[Entity] = [{"type": "bold", "text": found[url]}, {"type": "plain", "text": "\n\n"}]
        yield day + timedelta(hours=7, minutes=number * 10), [*entities, {"type": "link", "text": url}]


def day_in(url: str) -> datetime:
    """The day that an address of November 2019 names; the middle of the month where it names none."""
    day = re.search(r"2019/?-?(?:11|nov)/?-?(\d{1,2})(?!\d)", url)
    return datetime(2019, 11, int(day[1]) if day and 0 < int(day[1]) <= 30 else 15, tzinfo=UTC)


def short_posts(data: Path) -> Iterator[tuple[datetime, list[Entity]]]:
    """Rated tweets about everyday subjects in clean language, three hours apart."""
    start = datetime(2014, 6, 1, 6, tzinfo=UTC)
    in_order = sorted(rows(data / "sentiment/vader_tweets_en_b.tsv"), key=lambda row: int(row["id"]))
    texts = [html.unescape(row["text"]).strip() for row in in_order]
    kept = [text for text in texts if len(text) >= 45 and SUBJECTS.search(text) and not UNFIT.search(text)]
    for number, text in enumerate(kept):
        yield start + timedelta(hours=3 * number), entities_of(text)


class Tweets(csv.excel_tab):
    """Tab-separated, nothing quoted."""

    quoting = csv.QUOTE_NONE


def rows(path: Path) -> list[dict[str, str]]:
    """The rows of a tab-separated table with a header; in the tweets, quotes are ordinary characters."""
    dialect: type[csv.Dialect] = Tweets if path.name.startswith("vader") else csv.excel_tab
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, dialect=dialect))


def main(data: Path, out: Path) -> None:
    """Write the sample and say what it holds."""
    csv.field_size_limit(1 << 24)
    chats = [russian_channel(data, *channel) for channel in RUSSIAN]
    chats += [nameless_channel(HEADLINES, headlines(data)), nameless_channel(SHORT_POSTS, short_posts(data))]
    account = {"about": "A sample in the shape of a Telegram Desktop export; see SOURCES.md.", "chats": {"list": chats}}
    out.write_text(json.dumps(account, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    for chat in chats:
        messages = chat["messages"]
        print(f"{chat['name']}: {len(messages) if isinstance(messages, list) else 0} posts")
    print(f"{out}: {out.stat().st_size:,} bytes")


if __name__ == "__main__":
    default = Path(__file__).parent.parent / "tg_parser" / "sample" / "result.json"
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else default)
