"""The kinds of ``mileage import`` that read other programs' exports."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from mileage.domain.people import Credential
    from mileage.domain.witness import Reading
    from mileage.sources.base import BucketSource, ExportSource
    from mileage.sources.rows import Found
    from mileage.sources.rows_mapping import Mapping

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
    readings = (
        reading
        for path in asked.files
        for reading in source.read_file(str(path), path.name)
    )
    _take(data, asked, readings)


def rows(data: Path, asked: Asked) -> None:
    """Take rows in, or show the first as they would be booked."""
    from mileage.sources.rows import SOURCE

    mapping = _mapping(asked)
    if asked.dry_run:
        _show(asked, mapping)
        return
    readings = (
        reading
        for path in asked.files
        for reading in SOURCE.read_rows(mapping, _rows(path, mapping), path.name)
    )
    _take(data, asked, readings)


def buckets(data: Path, asked: Asked, source: BucketSource) -> None:
    """Record a provider's buckets; --account is the account with the provider."""
    from mileage.domain.people import Credential
    from mileage.domain.witness import Reading
    from mileage.ingest.record import Record
    from mileage.wiring.operations import operations

    with operations(data) as owner:
        found = new = bad = 0
        for path in asked.files:
            read = source.read_buckets(str(path), path.name, asked.account)
            found += len(read.buckets)
            bad += len(read.rejected)
            new += owner.record_buckets(read.buckets)
            if read.rejected:
                credential = Credential("", "", _collector(asked))
                refused = Reading(rejected=read.rejected)
                owner.take(Record(credential, asked.source, refused))
        owner.settle()
    click.echo(
        f"{len(asked.files)} files read: {found:,} buckets, {new:,} new or changed, "
        f"{bad:,} rejected. `mileage buckets` shows them beside the calls."
    )


def _take(data: Path, asked: Asked, readings: Iterable[Reading]) -> None:
    """Hand readings to the owner, with progress, and say what came of it."""
    from mileage.cli.options import control_in
    from mileage.ingest.record import Record
    from mileage.wiring.operations import operations

    with operations(data) as owner:
        before = owner.settled()
        with control_in(data) as control:
            credential = _credential(
                asked, control.ensure_account(asked.account) if asked.account else ""
            )
        read = 0
        for reading in readings:
            owner.take(Record(credential, asked.source, reading))
            read += len(reading.witnesses) + len(reading.rejected) + reading.ignored
            _progress(read)
        after = owner.settled()
    new = {
        name: after[name] - before[name] for name in ("visible", "rejected", "ignored")
    }
    click.echo(
        f"{len(asked.files)} files read, {read:,} rows: {new['visible']:,} new "
        f"witnesses, {new['rejected']:,} rejected, {new['ignored']:,} ignored."
    )
    if new["rejected"]:
        click.echo("`mileage doctor` says what was rejected and why.")


def _progress(read: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\rReading: {read:,} rows", err=True, nl=False)


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


def _rows(path: Path, mapping: Mapping) -> Iterator[Found]:
    """Read a file by its name's ending; a reason why it breaks off is its last row."""
    from mileage.domain.errors import Invalid, TooLarge
    from mileage.sources.rows import of_table
    from mileage.sources.rows_files import TABLE_SUFFIXES, TEXT_SUFFIXES, text_rows
    from mileage.store.tabular import parquet_rows

    suffix = path.suffix.lower()
    if suffix not in (*TEXT_SUFFIXES, ".parquet"):
        known = ", ".join((*TEXT_SUFFIXES, ".parquet"))
        raise click.UsageError(f"{path.name}: the name must end in one of {known}")
    try:
        if suffix == ".parquet":
            yield from of_table(mapping, parquet_rows(str(path)))
        elif suffix in TABLE_SUFFIXES:
            yield from of_table(mapping, text_rows(str(path), mapping.delimiter))
        else:
            yield from text_rows(str(path), mapping.delimiter)
    except (Invalid, TooLarge) as error:
        yield str(error)


def _show(asked: Asked, mapping: Mapping) -> None:
    from mileage.cli.import_preview import preview

    for path in asked.files:
        click.echo(preview(mapping, _rows(path, mapping), path.name, SHOWN))
