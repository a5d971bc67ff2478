"""The kinds of ``mileage import`` that read other programs' exports."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from mileage.domain.people import Credential
    from mileage.domain.witness import Reading
    from mileage.ingest.record import Record
    from mileage.sources.base import BucketSource, ExportSource
    from mileage.sources.rows import Booker, Found
    from mileage.sources.rows_mapping import Mapping

PARQUET = ".parquet"
SHOWN = 10
"""Rows that a dry run shows."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What an import was asked for."""

    files: tuple[Path, ...]
    source: str
    account: str
    """Whose usage it is; '' where the files say so themselves."""
    mapping: Path | None
    dry_run: bool


def exports(data: Path, asked: Asked, source: ExportSource) -> None:
    """Take exports of a gateway in; each record may say whose it is."""
    _take(data, asked, lambda path: source.read_file(str(path), path.name))


def rows(data: Path, asked: Asked) -> None:
    """Take rows in, or show the first as they would be booked."""
    from mileage.ingest.screen import DAY
    from mileage.sources.rows import SOURCE, Booker
    from mileage.wiring.organisation import now

    mapping = _mapping(asked)
    _check_endings(asked)
    book = Booker(mapping, now() + DAY)
    if asked.dry_run:
        _show(asked, mapping, book)
        return
    _take(
        data,
        asked,
        lambda path: SOURCE.read_rows(book, _rows(path, mapping), path.name),
    )


def buckets(data: Path, asked: Asked, source: BucketSource) -> None:
    """Record a provider's buckets; --account is the account with the provider."""
    from mileage.cli.import_unusable import Unusable
    from mileage.cli.taken_in import files_read
    from mileage.domain.bucket import added_up
    from mileage.domain.witness import Reading
    from mileage.ingest.record import Record
    from mileage.ingest.told_once import Origin, told_once
    from mileage.wiring.operations import operations

    credential, unusable = _credential(asked, ""), Unusable()
    with (
        operations(data) as owner,
        told_once(data, credential.collector, owner.bounds()) as told,
    ):
        found = new = replaced = bad = 0
        for path in asked.files:
            read = source.read_buckets(str(path), path.name, asked.account)
            unusable.note(path, len(read.buckets), read.rejected)
            wholes = added_up(read.buckets)
            found += len(wholes)
            bad += len(read.rejected)
            recorded = owner.record_buckets(wholes)
            new += recorded.new
            replaced += recorded.replaced
            refused = Record(credential, asked.source, Reading(rejected=read.rejected))
            for record in told.news(Origin(str(path), asked.source), [refused]):
                if record.reading.rejected:
                    owner.take(record)
        owner.settle()
    click.echo(
        f"{files_read(len(asked.files))}: {found:,} buckets, {new:,} new, "
        f"{replaced:,} replaced, {bad:,} rejected. `mileage buckets` shows them beside "
        "the calls."
    )
    if replaced and not asked.account:
        click.echo("Of several accounts with the provider, name each by --account.")
    unusable.tell()


def _take(data: Path, asked: Asked, read: Callable[[Path], Iterable[Reading]]) -> None:
    """Hand what files say to the owner, with progress, and say what came of it."""
    from mileage.cli.import_unusable import Unusable
    from mileage.cli.options import control_in
    from mileage.cli.taken_in import files_read, tell_rejected
    from mileage.ingest.told_once import Origin, told_once
    from mileage.wiring.operations import operations
    from mileage.wiring.organisation import now

    with operations(data) as owner:
        before, began = owner.settled(), now()
        with control_in(data) as control:
            credential = _credential(
                asked, control.ensure_account(asked.account) if asked.account else ""
            )
        whose = credential.account_id or credential.collector
        progress = Progress(credential, asked.source)
        unusable = Unusable()
        with told_once(data, whose, owner.bounds()) as told:
            for path in asked.files:
                readings = unusable.noting(path, read(path))
                records = progress.records(readings)
                for record in told.news(Origin(str(path), asked.source), records):
                    owner.take(record)
        after = owner.settled()
        contradicted = owner.contradicted(asked.source, began)
    new = {
        name: after[name] - before[name] for name in ("visible", "rejected", "ignored")
    }
    click.echo(
        f"{files_read(len(asked.files))}, {progress.rows:,} rows: "
        f"{new['visible']:,} new witnesses, {new['rejected']:,} rejected, "
        f"{new['ignored']:,} ignored."
    )
    _tell_contradicted(contradicted)
    tell_rejected(new["rejected"], told.again)
    unusable.tell()


def _tell_contradicted(calls: int) -> None:
    if calls:
        told = "call was told" if calls == 1 else "calls were told"
        click.echo(
            f"{calls:,} {told} with other counts before: the larger ones stay, and the "
            "page *Disagreements* shows both. docs/how-to/import-a-file.md says how a "
            "wrong import is taken back."
        )


class Progress:
    """Turns readings into records, and shows how many rows they had."""

    def __init__(self, credential: Credential, source: str) -> None:
        self.rows = 0
        self._credential = credential
        self._source = source

    def records(self, readings: Iterable[Reading]) -> Iterator[Record]:
        """Yield a record for each reading."""
        from mileage.ingest.record import Record

        for reading in readings:
            self.rows += len(reading.witnesses) + len(reading.rejected)
            self.rows += reading.ignored
            yield Record(self._credential, self._source, reading)
            if sys.stderr.isatty():
                click.echo(f"\rReading: {self.rows:,} rows", err=True, nl=False)


def _credential(asked: Asked, account_id: str) -> Credential:
    """Book everything to one account, or each record to whom it names."""
    from mileage.domain.people import Credential

    return Credential("", account_id, "" if account_id else _collector(asked))


def _collector(asked: Asked) -> str:
    return f"import {asked.source}"


def _mapping(asked: Asked) -> Mapping:
    from mileage.sources.rows_mapping import parse_mapping

    if asked.mapping is None:
        message = "--source rows needs --mapping FILE (docs/how-to/import-a-file.md)"
        raise click.UsageError(message)
    try:
        text = asked.mapping.read_text("utf-8")
    except UnicodeDecodeError:
        raise click.UsageError(f"{asked.mapping} is not UTF-8 text") from None
    return parse_mapping(text, str(asked.mapping))


def _check_endings(asked: Asked) -> None:
    """Refuse a file of no known form before any other is taken in."""
    from mileage.sources.rows_files import TEXT_SUFFIXES

    known = (*TEXT_SUFFIXES, PARQUET)
    unknown = [one.name for one in asked.files if one.suffix.lower() not in known]
    if unknown:
        raise click.UsageError(
            f"{', '.join(unknown)}: the name must end in one of {', '.join(known)}; "
            "unpack what is compressed"
        )


def _rows(path: Path, mapping: Mapping) -> Iterator[Found]:
    """Read a file by its name's ending; a reason why it breaks off is its last row."""
    from mileage.domain.errors import Invalid, TooLarge
    from mileage.sources.rows import of_lines, of_table
    from mileage.sources.rows_files import TABLE_SUFFIXES, text_rows
    from mileage.store.tabular import parquet_rows

    suffix = path.suffix.lower()
    try:
        if suffix == PARQUET:
            yield from of_table(mapping, parquet_rows(str(path)))
        elif suffix in TABLE_SUFFIXES:
            wanted = {column for _, column in mapping.read}
            read = text_rows(str(path), mapping.delimiter, wanted)
            yield from of_table(mapping, read)
        else:
            read = text_rows(str(path), mapping.delimiter)
            yield from of_lines(mapping, read, partial(_tell_lacking, path))
    except (Invalid, TooLarge) as error:
        yield str(error)


def _tell_lacking(path: Path, columns: str) -> None:
    click.echo(f"{path.name}: no row has what is mapped to {columns}")


def _show(asked: Asked, mapping: Mapping, book: Booker) -> None:
    from mileage.cli.import_preview import preview

    for path in asked.files:
        click.echo(preview(book, _rows(path, mapping), path.name, SHOWN))
