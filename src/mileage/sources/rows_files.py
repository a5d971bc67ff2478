"""Text files as rows: CSV with a header, JSON lines, or one JSON array."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from mileage.domain.errors import Invalid
from mileage.sources.files import MAX_LINE_BYTES
from mileage.sources.json_records import elements
from mileage.sources.jsonl import decode
from mileage.sources.table_files import BOM, LARGEST_DOCUMENT, TOO_LARGE, csv_rows

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from typing import BinaryIO

    from mileage.sources.rows import Found

TABLE_SUFFIXES = (".csv", ".tsv")
TEXT_SUFFIXES = (*TABLE_SUFFIXES, ".ndjson", ".jsonl", ".json")
TOO_LONG = "line longer than the limit"

_rows = msgspec.json.Decoder(dict[str, Any])


def text_rows(
    path: str, delimiter: str, wanted: Collection[str] = ()
) -> Iterator[Found]:
    """Yield the rows of a text file; raises Invalid for what is none, OSError.

    ``wanted`` are the columns that are looked at, as ``csv_rows`` has it.
    """
    suffix = Path(path).suffix.lower()
    with Path(path).open("rb") as stream:
        if suffix in TABLE_SUFFIXES:
            yield from csv_rows(stream, "\t" if suffix == ".tsv" else delimiter, wanted)
        elif suffix == ".json":
            yield from _document(stream)
        else:
            yield from _lines(stream)


def _lines(stream: BinaryIO) -> Iterator[Found]:
    while line := stream.readline(MAX_LINE_BYTES):
        whole = len(line) < MAX_LINE_BYTES
        while not whole and (rest := stream.readline(MAX_LINE_BYTES)):
            whole = rest.endswith(b"\n")
            line = b""
        if not line:
            yield TOO_LONG
        elif line.strip():
            yield _row(line)


def _document(stream: BinaryIO) -> Iterator[Found]:
    content = stream.read(LARGEST_DOCUMENT + 1)
    if len(content) > LARGEST_DOCUMENT:
        raise Invalid(TOO_LARGE)
    content = content.removeprefix(BOM)
    if content.lstrip()[:1] == b"[":
        yield from (_row(one) for one in elements(content))
        return
    stream.seek(0)
    yield from _lines(stream)


def _row(line: bytes) -> Found:
    found = decode(_rows, line)
    # Its sentence may say where in the row, and keys are the file's own text.
    return "not a JSON object" if isinstance(found, str) else found
