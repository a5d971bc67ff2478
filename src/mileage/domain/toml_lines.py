"""On which line of a TOML text each key stands; the standard parser does not tell.

Reads only texts that the standard parser has accepted, so it need not judge them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

Path = tuple[str | int, ...]
"""Keys from the root down; the entries of a ``[[list]]`` are numbered from 0."""

_WORD = r"""(?:[\w-]+|"(?:[^"\\]|\\.)*"|'[^']*')"""
_KEY = rf"{_WORD}(?:\s*\.\s*{_WORD})*"
_HEADER = re.compile(rf"\s*(\[\[?)\s*({_KEY})\s*\]")
_PAIR = re.compile(rf"\s*({_KEY})\s*=(.*)", re.DOTALL)
_PART = re.compile(_WORD)
# Brackets and line ends, and what may hold both without meaning them.
_TOKEN = re.compile(
    r"""
      (?P<quoted>
          \"{3} (?:[^\\]|\\.)*? \"{3,5}
        | '{3} .*? '{3,5}
        | " (?:[^"\\\n]|\\.)* "
        | ' [^'\n]* '
        | \#[^\n]*
      )
    | (?P<opens> [\[{] ) | (?P<closes> [\]}] ) | (?P<ends> \n )
    """,
    re.DOTALL | re.VERBOSE,
)


def key_lines(text: str) -> dict[Path, int]:
    """Return the line, from 1, of every key and every table header."""
    lines: dict[Path, int] = {}
    table: Path = ()
    counts: dict[Path, int] = {}
    for line, statement in _statements(text + "\n"):
        if header := _HEADER.match(statement):
            table = _table(header, counts)
            lines[table] = line
        elif pair := _PAIR.match(statement):
            for end in range(1, len(parts := _parts(pair[1])) + 1):
                lines.setdefault((*table, *parts[:end]), line)
    return lines


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Yield each statement with the line on which it begins; values may be long."""
    begin, first, line, depth = 0, 1, 1, 0
    for token in _TOKEN.finditer(text):
        depth += (token.lastgroup == "opens") - (token.lastgroup == "closes")
        line += token[0].count("\n")
        if token.lastgroup == "ends" and not depth:
            yield first, text[begin : token.end()]
            begin, first = token.end(), line


def _table(header: re.Match[str], counts: dict[Path, int]) -> Path:
    """Return the path a header opens; below a ``[[list]]`` it means the last one."""
    path: Path = ()
    parts = _parts(header[2])
    for at, part in enumerate(parts):
        path = (*path, part)
        if header[1] == "[[" and at == len(parts) - 1:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path


def _parts(dotted: str) -> list[str]:
    return [part.strip("\"'") for part in _PART.findall(dotted)]
