"""A board as a file to take along: CSV, XLSX, Parquet, JSON.

What stands in a file is what the page shows to the same viewer: figures of others are
marked, whoever is hidden is not there, and the read is on record before the file is
made (``reports.answers``). Text that a spreadsheet would take for a formula is text.
"""

from __future__ import annotations

import csv
import string
from io import BytesIO, StringIO
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

import msgspec

from mileage.reports.shape import board_json
from mileage.store.tables_out import parquet_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mileage.domain.figures import Board
    from mileage.domain.people import Viewer

Form = Literal["csv", "xlsx", "parquet", "json"]
FORMS: tuple[Form, ...] = get_args(Form)
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - spreadsheets take these for the others
"""With what a cell begins that a spreadsheet computes, whatever it holds."""
UNSEEN = "\xa0\u200b\ufeff"
"""Spaces and marks that nobody sees before what a cell begins with."""
AS_TEXT = "'"
MONEY = "cost_usd"
LONGEST_CELL = 32_767
"""Characters of a cell of XLSX."""
EXACT = 10**15
"""A whole number of more digits is not what a spreadsheet keeps of it."""


class File(NamedTuple):
    """A file to send."""

    name: str
    media_type: str
    content: bytes


Row = dict[str, Any]


def exported(board: Board, form: Form, viewer: Viewer) -> File:
    """Write a board as this viewer sees it."""
    told = board_json(board)
    rows = [*told["rows"], *([told["own"]] if told["own"] else [])]
    about = _about(board, told, viewer)
    made = _WRITERS[form](rows, told, about)
    day = told["as_of"][:10]
    name = f"board-{board.lens}-{day}.{form}"
    return File(name, _MEDIA[form], made)


def _about(board: Board, told: Mapping[str, Any], viewer: Viewer) -> dict[str, str]:
    """Say what a file holds, on what it rests and for whom it was made."""
    snapshot = board.snapshot
    window = told["window"]
    return {
        "organisation": snapshot.organisation,
        "simulated": "yes" if snapshot.simulated else "no",
        "lens": board.lens,
        "unit": board.unit,
        "from": window["from"],
        "until": window["until"],
        "as of": told["as_of"],
        "ranked": f"{board.ranked}",
        "sources": ", ".join(one.source for one in snapshot.completeness.sources),
        "missing": " ".join(snapshot.completeness.missing),
        "input": snapshot.input_hash,
        "made for": viewer.name,
        "figures": "exact"
        if board.shows is None
        else "of others rounded to four digits, each copy in its own way",
    }


def _json(_: list[Row], told: dict[str, Any], about: dict[str, str]) -> bytes:
    return msgspec.json.format(msgspec.json.encode({**told, "about": about})) + b"\n"


def _csv(rows: list[Row], _: dict[str, Any], about: dict[str, str]) -> bytes:
    """Write one header and the rows; what the file is of stands in each."""
    of = {name: about[name] for name in ("lens", "from", "until", "as of")}
    text = StringIO()
    # Everything but numbers is quoted: some spreadsheets divide at semicolons too.
    writer = csv.writer(text, lineterminator="\r\n", quoting=csv.QUOTE_NONNUMERIC)
    for number, row in enumerate(rows):
        whole = {**row, **of}
        if number == 0:
            writer.writerow(whole)
        writer.writerow(map(cell, whole.values()))
    # Without the mark, spreadsheets take names for another encoding.
    return text.getvalue().encode("utf-8-sig")


def cell(value: object) -> object:
    """Return a value for CSV; text that could be a formula is marked as text."""
    if isinstance(value, list):
        return cell("; ".join(map(str, value)))
    if isinstance(value, str):
        # Some spreadsheets trim a cell before they look at it.
        bare = value.lstrip(string.whitespace + UNSEEN)
        is_formula = value.startswith(FORMULAS) or bare.startswith(FORMULAS)
        return AS_TEXT + value if is_formula else value
    return "" if value is None else value


def _parquet(rows: list[Row], _: dict[str, Any], about: dict[str, str]) -> bytes:
    of = {"lens": about["lens"], "window": f"{about['from']}/{about['until']}"}
    return parquet_bytes([{**row, **of, "as_of": about["as of"]} for row in rows])


def _xlsx(rows: list[Row], _: dict[str, Any], about: dict[str, str]) -> bytes:
    """Write two sheets; a cell is written as what it is and never as a formula."""
    # Loading it takes a fortieth of the server's start, and few ever ask for it.
    import xlsxwriter  # noqa: PLC0415

    content = BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        sheet = book.add_worksheet("Board")
        sheet.freeze_panes(1, 0)
        for column, name in enumerate(rows[0] if rows else ()):
            sheet.write_string(0, column, name)
            for line, row in enumerate(rows, start=1):
                _write(sheet, (line, column), _number(name, row[name]))
        notes = book.add_worksheet("About")
        for line, (name, text) in enumerate(about.items()):
            notes.write_string(line, 0, name)
            _write(notes, (line, 1), text)
    return content.getvalue()


def _number(name: str, value: object) -> object:
    """Return money as a number that a spreadsheet can add up."""
    return float(value) if name == MONEY and isinstance(value, str) else value


def _write(sheet: Any, at: tuple[int, int], value: object) -> None:  # noqa: ANN401 - the library has no types
    if isinstance(value, list):
        value = "; ".join(map(str, value))
    if value is None:
        return
    if isinstance(value, int | float) and abs(value) < EXACT:
        sheet.write_number(*at, value)
    else:
        sheet.write_string(*at, str(value)[:LONGEST_CELL])


_WRITERS: Mapping[Form, Callable[[list[Row], dict[str, Any], dict[str, str]], bytes]]
_WRITERS = {"csv": _csv, "xlsx": _xlsx, "parquet": _parquet, "json": _json}
_MEDIA: Mapping[Form, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
    "json": "application/json",
}
