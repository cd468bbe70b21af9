"""Names of topic files (pure): safe on every file system, and reversible to the topic id."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

_SAFE = "@+"
_NAME = re.compile(r"topic_tg_(?P<channel>.+)_(?P<type>post|comment)_(?P<id>[^_]+)\.json")


def topic_file_name(topic_id: str) -> str:
    """`topic:tg:-100123:post:2` gives `topic_tg_-100123_post_2.json`; unsafe characters are encoded as %XX."""
    parts = topic_id.removeprefix("topic:").split(":")
    # In the last part an underscore would be taken for a separator.
    coded = [quote(part, safe=_SAFE) for part in parts]
    coded[-1] = coded[-1].replace("_", "%5F")
    return f"topic_{'_'.join(coded)}.json"


def topic_id_of(file_name: str) -> str | None:
    """The id of the topic in a file; None for a name that `topic_file_name` never gives."""
    match = _NAME.fullmatch(file_name)
    if match is None:
        return None
    channel, message_id = unquote(match["channel"]), unquote(match["id"])
    return f"topic:tg:{channel}:{match['type']}:{message_id}"


def former_topic_file_name(topic_id: str) -> str:
    """The name in earlier versions."""
    return f"topic_{topic_id.replace(':', '_')}.json"
