"""Markdown-like marks in message texts: bold, italics, strike-out, spoilers, code, links behind words.

Some exports write formatting as marks. A mark is removed only if it cannot be code: `__init__`, `2 ** 3`, `**kwargs`
and code spans that contain such marks stay as they are.
"""

from __future__ import annotations

import re
from collections import Counter

from tg_parser.domain.messages import Link
from tg_parser.nlp.links import LINK

_TAG = (
    r"(?:(?:bash|c|cpp|c\+\+|c#|csharp|css|dart|diff|dockerfile|go|html|ini|java|javascript|js|json|kotlin|lua|makefile|perl|php"
    r"|powershell|python|py|r|ruby|rust|scala|sh|shell|sql|swift|toml|ts|typescript|xml|yaml|yml|text|txt)[ \t]*\n)?"
)
"""The language of a fenced block; any other word there is content."""
_BLOCK = rf"(?<!`)```{_TAG}(?P<block>[^`]++(?:`{1, 2}[^`]++)*+)```(?!`)"
_INLINE = r"(?<![`\w])(?P<tick>`{1,2})(?![`\s])(?P<inline>[^`]{1,400}+)(?<!\s)(?P=tick)(?![`\w])"
_CODE = f"{_BLOCK}|{_INLINE}"
_CODE_SPAN = re.compile(_CODE)
_BRACKETS = re.compile(rf"{_CODE}|\[|\](?:\((?P<url>(?:https?|tg)://[^\s()]*+(?:\([^\s()]*+\)[^\s()]*+)*+)\))?")
_RUNS = re.compile(
    rf"{_CODE}|(?i:{LINK.pattern})"
    r"|(?<!\w)__[a-z0-9]++(?:_[a-z0-9]++)*__(?!\w)"  # dunder names
    r"|(?<=[(,{\[ ])\*\*[A-Za-z_]\w*+\)|\(\*\*[A-Za-z_]\w*+,"  # **kwargs, char **argv
    r"|(?P<run>(?P<mark>[*_~|])(?P=mark)[*_~|]*+)"
)
_DOUBLED = ("**", "__", "~~", "||")
_CODE_MARKS = frozenset("*_~|[]`")


def without_marks(text: str) -> tuple[str, list[Link]]:
    """`text` without its outermost marks, and the links that its marks gave to words, in order."""
    plain, links = _open_links(text)
    return _drop_runs(_CODE_SPAN.sub(_open_code, plain) if "`" in plain else plain), links


def _open_links(text: str) -> tuple[str, list[Link]]:
    """Replace `[words](url)` by its words. Brackets may nest, and may be plain text."""
    if "](" not in text:
        return text, []
    pieces: list[str] = []
    open_at: list[int] = []
    links: list[tuple[int, str, int]] = []
    end = 0
    for match in _BRACKETS.finditer(text):
        if match[0][0] == "`":
            continue
        pieces.append(text[end : match.start()])
        end = match.end()
        if match[0] == "[":
            open_at.append(len(pieces))
        elif match["url"] and open_at:
            start = open_at.pop()
            pieces[start] = ""
            links.append((start, match["url"], len(pieces)))
            pieces.append("")
            continue
        elif open_at:
            open_at.pop()
        pieces.append(match[0])
    pieces.append(text[end:])
    return "".join(pieces), [Link(text=_bare("".join(pieces[a:b])), url=url) for a, url, b in sorted(links)]


def _bare(words: str) -> str:
    return _drop_runs(_CODE_SPAN.sub(_open_code, words)).strip("*_~| \n")


def _open_code(match: re.Match[str]) -> str:
    content = match["block"] or match["inline"]
    return match[0] if _CODE_MARKS.intersection(content) else content


def _drop_runs(text: str) -> str:
    """Remove the doubled marks that open and close in pairs."""
    if not any(mark in text for mark in _DOUBLED):
        return text
    runs = [match for match in _RUNS.finditer(text) if match["run"] and _is_mark(text, match)]
    if not runs:
        return text
    total = Counter(kind for run in runs for kind in _kinds(run["run"]))
    pieces, end, seen = [], 0, Counter[str]()
    for run in runs:
        pieces.append(text[end : run.start()])
        for kind in _kinds(run["run"]):
            seen[kind] += 1
            if seen[kind] == total[kind] and total[kind] % 2:
                pieces.append(kind)  # nothing closes it
        end = run.end()
    pieces.append(text[end:])
    return "".join(pieces)


def _kinds(run: str) -> list[str]:
    return [run[i : i + 2] for i in range(0, len(run), 2)]


def _is_mark(text: str, match: re.Match[str]) -> bool:
    run = match["run"]
    if len(run) > 8 or any(kind[0] != kind[-1] or len(kind) == 1 for kind in _kinds(run)):
        return False
    before = text[match.start() - 1 : match.start()] or "\n"
    after = text[match.end() : match.end() + 1] or "\n"
    if before.isspace() and after.isspace() and (run in ("____", "~~~~") or before == after == " "):
        return False  # a ruler, or an operator between its operands
    if after == "/" or (before == "/" and after.isspace() and run == "**"):
        return False  # a glob or a comment of C
    return not (_is_word(before) and _is_word(after))  # a power, a name, a censored word


def _is_word(char: str) -> bool:
    return char.isalnum() or char in ")]"
