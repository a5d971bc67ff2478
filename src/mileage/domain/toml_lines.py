"""On which line of a TOML text each key stands; the standard parser does not tell.

Reads only texts that the standard parser has accepted, so it need not judge them.
"""

from __future__ import annotations

import re

Path = tuple[str | int, ...]
"""Keys from the root down; the entries of a ``[[list]]`` are numbered from 0."""

_WORD = r"""(?:[\w-]+|"(?:[^"\\]|\\.)*"|'[^']*')"""
_KEY = rf"{_WORD}(?:\s*\.\s*{_WORD})*"
_HEADER = re.compile(rf"\s*(\[\[?)\s*({_KEY})\s*\]")
_PAIR = re.compile(rf"\s*({_KEY})\s*=(.*)", re.DOTALL)
_PART = re.compile(_WORD)
# What may hold brackets and line ends without meaning them.
_QUOTED = re.compile(
    r"""
      \"{3} (?:[^\\]|\\.)*? (?: \"{3,5} | (?P<open_basic>\Z) )
    | '{3} .*? (?: '{3,5} | (?P<open_literal>\Z) )
    | " (?:[^"\\\n]|\\.)* "
    | ' [^'\n]* '
    | \#[^\n]*
    """,
    re.DOTALL | re.VERBOSE,
)


def key_lines(text: str) -> dict[Path, int]:
    """Return the line, from 1, of every key and every table header."""
    lines: dict[Path, int] = {}
    table: Path = ()
    counts: dict[Path, int] = {}
    statement, start = "", 1
    for number, line in enumerate(text.split("\n"), start=1):
        statement, start = (statement, start) if statement else ("", number)
        statement += line + "\n"
        if _is_open(statement):
            continue
        if header := _HEADER.match(statement):
            table = _table(header, counts)
            lines[table] = start
        elif pair := _PAIR.match(statement):
            for end in range(1, len(parts := _parts(pair[1])) + 1):
                lines.setdefault((*table, *parts[:end]), start)
        statement = ""
    return lines


def _is_open(statement: str) -> bool:
    """Tell whether a value goes on in the next line."""
    if any(one.lastgroup for one in _QUOTED.finditer(statement)):
        return True
    bare = _QUOTED.sub("", statement)
    opened = bare.count("[") + bare.count("{")
    return opened > bare.count("]") + bare.count("}")


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
