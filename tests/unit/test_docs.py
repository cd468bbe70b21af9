"""The pages of the repository agree with its tree: links lead somewhere, files that are named exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("tests/**/*.md")])
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE_FILE = re.compile(r"`((?:tg_parser/)?[a-z_]+(?:/[a-z_]+)*/[a-z_]+\.(?:py|yaml))`")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def anchor_of(heading: str) -> str:
    """How a heading is linked to."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """Every link to a file of the repository names one that exists, and a heading that it has."""
    broken = []
    for target in LINK.findall(page.read_text("utf-8")):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, heading = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (heading and heading not in map(anchor_of, HEADING.findall(file.read_text("utf-8")))):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if page.parent.name in {"decisions", "explanation"} or page.parent == ROOT],
    ids=lambda page: page.name,
)
def test_named_files_exist(page: Path) -> None:
    """A page that says where something lives names a file that is there."""
    if page.name == "CHANGELOG.md":
        return
    named = {name.removeprefix("tg_parser/") for name in CODE_FILE.findall(page.read_text("utf-8"))}
    missing = {name for name in named if not any((ROOT / folder / name).exists() for folder in ("tg_parser", ""))}
    assert missing == set()
