"""Read a directory file (``people.csv``): pure, one pass, every fault named."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from mileage.domain.directory import PersonRow
from mileage.domain.people import ACCOUNT_KINDS, AccountKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

REQUIRED = ("email", "name", "department", "team", "manager")
OPTIONAL = ("kind", "role", "from", "until")
KINDS = tuple(kind for kind in ACCOUNT_KINDS if kind not in ("unclaimed", "erased"))
LONGEST_CELL = 320
EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+")
DAY = re.compile(r"\d{4}-\d\d-\d\d")


class Problem(NamedTuple):
    """A row that cannot be imported."""

    file: str
    line: int
    what: str
    remedy: str

    def __str__(self) -> str:
        """Return ``file:line: what: what to do``."""
        return f"{self.file}:{self.line}: {self.what}: {self.remedy}"


@dataclass(frozen=True, slots=True)
class DirectoryFile:
    """What a directory file says, good rows and bad."""

    rows: tuple[PersonRow, ...]
    problems: tuple[Problem, ...]
    ignored_columns: tuple[str, ...]
    """Columns that mean nothing here; their cells were not read."""


class _BadRow(Exception):
    """What is wrong with a row, and what to do."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.what, self.remedy = what, remedy


class _Line(NamedTuple):
    number: int
    cells: list[str]


def parse_people(content: bytes, file: str) -> DirectoryFile:
    """Read the bytes of a directory file; ``file`` is how problems call it."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return _unusable(file, line, "not UTF-8", "save the file as CSV in UTF-8")
    problems: list[Problem] = []
    lines = _lines(text, file, problems)
    header = next(lines, None)
    if header is None:
        first = problems[0] if problems else None
        what = first.what if first else "the file is empty"
        line = first.line if first else 1
        return _unusable(file, line, what, f"start it with: {','.join(REQUIRED)}")
    columns = [name.strip().lower() for name in header.cells]
    fault = _fault_of_header(columns)
    if fault:
        remedy = f"name each of these once: {','.join(REQUIRED)}"
        return _unusable(file, header.number, fault, remedy)
    rows = tuple(_rows(lines, columns, file, problems))
    ignored = (name for name in columns if name not in REQUIRED + OPTIONAL)
    return DirectoryFile(rows, tuple(problems), tuple(ignored))


def _unusable(file: str, line: int, what: str, remedy: str) -> DirectoryFile:
    return DirectoryFile((), (Problem(file, line, what, remedy),), ())


def _lines(text: str, file: str, problems: list[Problem]) -> Iterator[_Line]:
    """Yield what is not blank, with the number of the line on which it starts."""
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True
    )
    while True:
        number = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            remedy = "close each quoted cell and double the quotes inside it"
            problems.append(Problem(file, number, f"not CSV ({error})", remedy))
            continue
        if any(cell.strip() for cell in cells):
            yield _Line(number, cells)


def _delimiter(text: str) -> str:
    """Spreadsheets of half of Europe write semicolons."""
    header = text.lstrip().partition("\n")[0]
    return ";" if ";" in header and "," not in header else ","


def _fault_of_header(columns: list[str]) -> str:
    missing = [name for name in REQUIRED if name not in columns]
    if missing:
        return f"the header has no column {', '.join(missing)}"
    known = [name for name in columns if name in REQUIRED + OPTIONAL]
    if len(known) != len(set(known)):
        return "the header names a column twice"
    return ""


def _rows(
    lines: Iterator[_Line], columns: list[str], file: str, problems: list[Problem]
) -> Iterator[PersonRow]:
    begun: dict[tuple[str, date | None], PersonRow] = {}
    for line in lines:
        try:
            row = _row(line.cells, columns)
            _refuse_contradiction(begun.setdefault((row.email, row.since), row), row)
        except _BadRow as bad:
            problems.append(Problem(file, line.number, bad.what, bad.remedy))
        else:
            yield row


def _row(cells: list[str], columns: list[str]) -> PersonRow:
    if len(cells) != len(columns):
        raise _BadRow(
            f"{len(cells)} cells where the header has {len(columns)}",
            "give every column a cell and quote cells that hold the separator",
        )
    cell = {
        name: _clean(name, value) for name, value in zip(columns, cells, strict=True)
    }
    if not EMAIL.fullmatch(cell["email"]):
        raise _BadRow(
            f"email {cell['email']!r} is not an address", "write one, as in ana@x.org"
        )
    if not cell["name"]:
        raise _BadRow("name is empty", "write the name that pages show")
    since, until = _day(cell, "from"), _day(cell, "until")
    if since and until and until < since:
        raise _BadRow(
            f"until {until} is before from {since}", "both days are included; swap them"
        )
    return PersonRow(
        cell["email"].lower(),
        cell["name"],
        _kind(cell.get("kind", "")),
        cell["department"],
        cell["team"],
        cell["manager"],
        cell.get("role", ""),
        since,
        until,
    )


def _clean(name: str, value: str) -> str:
    value = value.strip()
    if len(value) > LONGEST_CELL or not value.isprintable():
        raise _BadRow(
            f"{name} holds a line break, a control character or over {LONGEST_CELL} "
            "characters",
            "shorten it to one printable line",
        )
    return value


def _kind(value: str) -> AccountKind:
    for kind in KINDS:
        if kind == (value.lower() or "person"):
            return kind
    raise _BadRow(f"kind {value!r} is unknown", f"write one of {', '.join(KINDS)}")


def _day(cell: Mapping[str, str], name: str) -> date | None:
    value = cell.get(name, "")
    if not value:
        return None
    try:
        if DAY.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise _BadRow(f"{name} {value!r} is not a day", "write it as 2026-01-31")


def _refuse_contradiction(first: PersonRow, row: PersonRow) -> None:
    """Two memberships may overlap (the later begun wins), not begin together."""
    if first != row:
        raise _BadRow(
            f"{row.email} has another membership that begins on the same day",
            "give each its own from, or remove one",
        )
