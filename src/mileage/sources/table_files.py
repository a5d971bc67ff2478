"""Exports of other tools as JSON records: JSON, JSON lines, or CSV with a header."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from mileage.domain.errors import Invalid
from mileage.sources.files import MAX_LINE_BYTES
from mileage.sources.json_records import NOT_JSON, elements

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from typing import BinaryIO

LARGEST_DOCUMENT = 32 * 1024 * 1024
"""Of a file that is one JSON document; JSON lines and CSV may be of any size."""

TOO_LARGE = "a JSON document above 32 MiB; export it as JSON lines or CSV"
TOO_LONG = "a line above 32 MiB"
NOT_TEXT = "not UTF-8 text; unpack what is compressed"
NOT_CSV = "not CSV with a header"
CELLS_MISSING = "not as many cells as the header has: cut off, or a stray delimiter"
TWICE = "the header names a column twice that is to be read"
BOM = b"\xef\xbb\xbf"
"""What some programs begin every text with."""
_PEEK = 64


def entries_of(path: str, *, key: str) -> Iterator[bytes]:
    """Yield the records of an export as JSON objects.

    A document may be an array, or an object that holds the array under ``key``.
    Raises Invalid for what is none of these, OSError for what cannot be opened.
    """
    with Path(path).open("rb") as stream:
        start = stream.read(_PEEK).removeprefix(BOM).lstrip()[:1]
        stream.seek(0)
        if start == b"[":
            yield from elements(_whole(stream))
        elif start == b"{":
            yield from _objects(stream, key)
        else:
            yield from map(_encoded, csv_rows(stream))


def csv_rows(
    stream: BinaryIO, delimiter: str = ",", wanted: Collection[str] = ()
) -> Iterator[dict[str, Any] | str]:
    """Yield the rows of a CSV file by the names of its header; raises Invalid.

    ``wanted`` are the columns that are looked at, () if any may be: of two with one
    name nobody knows which is meant.
    A row whose cells cannot be told apart for sure is a reason instead: what is taken
    for an empty cell, or for another's, would be a wrong count.
    """
    # A row of a table may hold whole messages; what is too long is refused below.
    usual = csv.field_size_limit(MAX_LINE_BYTES)
    with io.TextIOWrapper(stream, "utf-8-sig", newline="") as lines:
        reader = csv.DictReader(_bounded(lines), strict=True, delimiter=delimiter)
        try:
            if not reader.fieldnames:
                raise Invalid(NOT_CSV)
            if _doubled(reader.fieldnames, wanted):
                raise Invalid(TWICE)
            yield from map(_whole_row, reader)
        except UnicodeDecodeError:
            raise Invalid(NOT_TEXT) from None
        except csv.Error:
            raise Invalid(f"{NOT_CSV}, or broken in line {reader.line_num}") from None
        finally:
            csv.field_size_limit(usual)


def _doubled(header: Sequence[str], wanted: Collection[str]) -> bool:
    named = [one for one in header if one and (one in wanted or not wanted)]
    return len(set(named)) < len(named)


def _bounded(lines: io.TextIOWrapper) -> Iterator[str]:
    while line := lines.readline(MAX_LINE_BYTES):
        if len(line) == MAX_LINE_BYTES:
            raise Invalid(TOO_LONG)
        yield line


def _whole_row(row: dict[str, Any]) -> dict[str, Any] | str:
    """Return a row that has a cell for each column, and nothing behind them."""
    # Python's reader puts cells without a column under None, and None where one lacks.
    beyond = row.pop(None, ())  # type: ignore[call-overload]
    return CELLS_MISSING if any(beyond) or None in row.values() else row


def _encoded(row: dict[str, Any] | str) -> bytes:
    """Write a CSV row as JSON; an empty cell is one that is not there."""
    if isinstance(row, str):
        return json.dumps(row).encode()
    named = {name: cell for name, cell in row.items() if name and cell}
    return json.dumps(named).encode()


def _objects(stream: BinaryIO, key: str) -> Iterator[bytes]:
    """Tell JSON lines from one document by whether the first line stands alone."""
    first = stream.readline(MAX_LINE_BYTES)
    if _is_json(first) and not _holds(first, key):
        yield first
        while line := stream.readline(MAX_LINE_BYTES):
            if len(line) == MAX_LINE_BYTES:
                raise Invalid(TOO_LONG)
            if line.strip():
                yield line
        return
    stream.seek(0)
    yield from elements(_list_under(_whole(stream), key))


def _is_json(line: bytes) -> bool:
    try:
        msgspec.json.decode(line, type=msgspec.Raw)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return False
    return True


def _holds(document: bytes, key: str) -> bool:
    try:
        found = msgspec.json.decode(document, type=dict[str, msgspec.Raw])
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return False
    return key in found and bytes(found[key])[:1] == b"["


def _list_under(document: bytes, key: str) -> bytes:
    if not _holds(document, key):
        raise Invalid(NOT_JSON)
    found = msgspec.json.decode(document, type=dict[str, msgspec.Raw])
    return bytes(found[key])


def _whole(stream: BinaryIO) -> bytes:
    content = stream.read(LARGEST_DOCUMENT + 1)
    if len(content) > LARGEST_DOCUMENT:
        raise Invalid(TOO_LARGE)
    return content.removeprefix(BOM)
