"""Read the figures out of whatever was published: CSV, JSON, pasted or typed text.

A figure is kept as it was written: how much its last digit counts decides whether it
can be told from the figure of another viewer (``says``).
"""

from __future__ import annotations

import csv
import json
import re
from decimal import Decimal, InvalidOperation
from io import StringIO
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mileage.domain.shown import Cell

Kind = Literal["count", "money", "share"]
"""Tokens and the like; micro-dollars; millionths."""
MICRO = 1_000_000
MOST_BYTES = 32 * 1024 * 1024

_THOUSAND, _MILLION, _BILLION, _TRILLION = 10**3, 10**6, 10**9, 10**12
_SIZES = {
    **dict.fromkeys(("k", "thousand"), _THOUSAND),
    **dict.fromkeys(("m", "mio", "million"), _MILLION),
    **dict.fromkeys(("b", "bn", "mrd", "billion"), _BILLION),
    **dict.fromkeys(("t", "tn", "trillion"), _TRILLION),
}
_SIZE_WORDS = "thousand|million|billion|trillion|mio|mrd|bn|tn|[kmbt]"
# The last is what Decimal says of an exponent beyond all bounds.
_NO_JSON = (ValueError, RecursionError, InvalidOperation)
_NUMBER = re.compile(
    r"(?<![\w.,])(?<!\w-)(?P<money>\$\s?|USD\s?|US\$\s?)?"
    r"(?P<digits>\d{1,3}(?:[,'\u2009\u202f\u00a0]\d{3})+(?:\.\d+)?|"
    # A decimal comma where nothing else can be meant: 281,4 Mrd.
    rf"\d+,\d{{1,2}}(?=\s?(?:%|(?:{_SIZE_WORDS})\b))|"
    # Dots between thousands where there are two of them: 281.400.000.000.
    r"\d{1,3}(?:\.\d{3}){2,}(?:,\d+)?(?![.,]?\d)|"
    r"\d+(?:\.\d+)?)(?P<power>e\+?\d{1,2})?"
    rf"(?:\s?(?P<size>{_SIZE_WORDS})\b|\s?(?P<share>%)|(?![\w]))",
    re.IGNORECASE,
)
_DECIMAL_COMMA = re.compile(r"(\d+),(\d{1,2})")
_GROUPS = re.compile("[,'\u2009\u202f\u00a0]")
_DOTTED = re.compile(r"(\d+(?:\.\d{3}){2,})(?:,(\d+))?")
_FOUR_DIGITS = re.compile(r"\d{4}")
_LONGEST = 24
"""Characters of a number: none of ours has more."""


class Written(NamedTuple):
    """One figure as it was written."""

    text: str
    kind: Kind
    value: int
    """In whole tokens, micro-dollars or millionths."""
    unit: int
    """How much one in its last written digit is; 1 where all digits are written."""


class Line(NamedTuple):
    """Figures that stand together, and the words beside them."""

    number: int
    words: str
    figures: tuple[Written, ...]


def lines_of(text: str) -> tuple[Line, ...]:
    """Return the lines that hold a figure; a JSON object or a CSV row is a line."""
    found = _json_lines(text)
    if found is None:
        found = _csv_lines(text)
    if found is None:
        found = [
            Line(number, line, tuple(written_in(line)))
            for number, line in enumerate(text.splitlines(), start=1)
        ]
    return tuple(line for line in found if line.figures)


def written_in(text: str, heading: str = "") -> Iterator[Written]:
    """Find the figures of a text; a heading says what figures without a sign are."""
    for match in _NUMBER.finditer(text):
        digits = _plain_digits(match["digits"])
        if len(digits) > _LONGEST:
            continue
        kind = _kind(match, heading)
        size = _SIZES[match["size"].lower()] if match["size"] else 1
        scale = {"count": 1, "money": MICRO, "share": MICRO // 100}[kind] * size
        # Spreadsheets write large numbers as 2.814E+11.
        power = int(match["power"][1:]) if match["power"] else 0
        value = (Decimal(digits) * scale).scaleb(power)
        unit = Decimal(scale).scaleb(power - len(digits.partition(".")[2]))
        # Digits below one token or one micro-dollar are none of ours.
        yield Written(match[0].strip(), kind, int(value), max(1, int(unit)))


def _plain_digits(written: str) -> str:
    """Return digits with a decimal point and nothing between the thousands."""
    if comma := _DECIMAL_COMMA.fullmatch(written):
        return ".".join(comma.groups())
    if dotted := _DOTTED.fullmatch(written):
        whole, part = dotted[1].replace(".", ""), dotted[2]
        return f"{whole}.{part}" if part else whole
    return _GROUPS.sub("", written)


def _kind(match: re.Match[str], heading: str) -> Kind:
    told = heading.casefold()
    if match["share"] or "share" in told:
        return "share"
    if match["money"] or any(word in told for word in ("cost", "usd", "$", "price")):
        return "money"
    return "count"


def says(written: Written, cell: Cell) -> bool | None:
    """Tell whether a figure is the higher number (True) or the lower one (False).

    None if it could be both: cut or rounded to fewer digits. Raises ValueError if it
    is neither.
    """
    low, high = (_could_be(written, number) for number in (cell.low, cell.high))
    if not low and not high:
        raise ValueError(written.text)
    return None if low and high else high


def _could_be(written: Written, number: int) -> bool:
    """Tell whether somebody may have written this number so, cut or rounded."""
    unit = written.unit
    return written.value in {
        number // unit * unit,
        (2 * number + unit) // (2 * unit) * unit,
    }


def _json_lines(text: str) -> list[Line] | None:
    """Return the objects of JSON or JSON Lines, None if it is neither."""
    if text.lstrip()[:1] not in {"{", "["}:
        return None
    try:
        documents = [json.loads(text, parse_float=Decimal)]
    except _NO_JSON:
        try:
            documents = [
                json.loads(line, parse_float=Decimal)
                for line in text.splitlines()
                if line.strip()
            ]
        except _NO_JSON:
            return None
    found: list[Line] = []
    waiting = documents[::-1]
    while waiting:
        value = waiting.pop()
        if not isinstance(value, list | dict):
            continue
        told = (
            list(value.items())
            if isinstance(value, dict)
            else [("", one) for one in value]
        )
        if isinstance(value, dict) or any(
            not isinstance(one, list | dict) for one in value
        ):
            found.append(_json_line(len(found) + 1, told))
        waiting += [one for _, one in reversed(told)]
    return found


def _json_line(number: int, told: list[tuple[str, Any]]) -> Line:
    words: list[str] = []
    figures: list[Written] = []
    for name, value in told:
        if isinstance(value, bool):
            continue
        if isinstance(value, int | Decimal) or _is_number(value):
            figures += written_in(str(value), name)
        elif isinstance(value, str):
            words.append(value)
    return Line(number, " ".join(words), tuple(figures))


def _is_number(value: object) -> bool:
    if not isinstance(value, str) or len(value) > _LONGEST:
        return False
    try:
        Decimal(value)
    except InvalidOperation:
        return False
    return True


def _csv_lines(text: str) -> list[Line] | None:
    """Return the rows of a table, None if it is none; its heading may be left out."""
    first = text.partition("\n")[0]
    mark = next((one for one in ("\t", ";", ",") if one in first), None)
    numbers = any(char.isdigit() for char in first)
    # Text with tabs or semicolons is read line by line as well as a table is.
    if mark is None or (numbers and mark != ","):
        return None
    try:
        header, *rows = csv.reader(StringIO(text), delimiter=mark)
    except (csv.Error, ValueError):
        return None
    if any(len(row) > len(header) for row in rows):
        return None
    if numbers and not all(
        _is_row(row, len(header)) for row in rows or [header] if row
    ):
        return None
    headless = any(_whole_figure(field) for field in header)
    start, named = (1, [""] * len(header)) if headless else (2, header)
    return [
        _csv_line(number, named, row)
        for number, row in enumerate([header, *rows] if headless else rows, start)
    ]


def _is_row(row: list[str], width: int) -> bool:
    """Tell a row from words with commas in them, and from numbers with commas."""
    return (
        len(row) == width
        and all(field == field.strip() for field in row)
        and any(
            _whole_figure(field)
            and (_FOUR_DIGITS.match(field) or not before[-1:].isdigit())
            for before, field in pairwise(row)
        )
    )


def _whole_figure(field: str, heading: str = "") -> Written | None:
    found = list(written_in(field, heading))
    return found[0] if len(found) == 1 and found[0].text == field.strip() else None


def _csv_line(number: int, header: list[str], row: list[str]) -> Line:
    words: list[str] = []
    figures: list[Written] = []
    for heading, field in zip(header, row, strict=False):
        figure = _whole_figure(field, heading)
        if figure is None:
            words.append(field)
        else:
            figures.append(figure)
    return Line(number, " ".join(words), tuple(figures))
