"""The documentation as text, by heading."""

from __future__ import annotations

import re
from functools import cache

from tests.architecture.tree import DOCS

HEADING = re.compile(r"^(#{1,6})\s+(.+?)\s*$")


@cache
def page(name: str) -> str:
    return (DOCS / name).read_text("utf-8")


def sections(text: str, level: int = 2) -> dict[str, str]:
    """Text below each heading of one level, up to the next of it or above."""
    found: dict[str, list[str]] = {}
    current: list[str] | None = None
    for line in without_code(text).splitlines():
        heading = HEADING.match(line)
        if heading and len(heading[1]) <= level:
            current = None
            if len(heading[1]) == level:
                current = found.setdefault(heading[2].strip("`"), [])
        elif current is not None:
            current.append(line)
    return {title: "\n".join(lines) for title, lines in found.items()}


def without_code(text: str) -> str:
    """Code blocks keep their lines, but a comment in one is no heading."""
    return re.sub(
        r"^```.*?^```",
        lambda block: block[0].replace("\n#", "\n "),
        text,
        flags=re.DOTALL | re.MULTILINE,
    )


def anchors(text: str) -> set[str]:
    """The anchors of headings, as Markdown renderers make them."""
    titles = (HEADING.match(line) for line in without_code(text).splitlines())
    return {
        re.sub(r"[^\w\- ]", "", title[2].lower()).replace(" ", "-")
        for title in titles
        if title
    }


def table_keys(text: str) -> set[str]:
    """What stands in code in the first column of tables."""
    keys: set[str] = set()
    for line in text.splitlines():
        if line.startswith("|"):
            keys.update(re.findall(r"`([^`]+)`", line.split("|")[1]))
    return keys
