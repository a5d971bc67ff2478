"""``mileage import``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mileage.cli.options import FilePath, new_data_option

if TYPE_CHECKING:
    from pathlib import Path

    from mileage.cli.import_exports import Asked
    from mileage.sources.base import OtlpSource

EXISTING = FilePath(exists=True, dir_okay=False)


@click.command("import")
@new_data_option
@click.argument("files", nargs=-1, required=True, type=EXISTING)
@click.option("--source", required=True, help="Name of the source, see docs.")
@click.option(
    "--account",
    metavar="EMAIL",
    default="",
    help="Whose usage it is; needed unless the files say so themselves.",
)
@click.option(
    "--mapping",
    metavar="FILE",
    type=EXISTING,
    help="Says what the columns mean; for --source rows.",
)
@click.option(
    "--dry-run",
    is_flag=True,
    help="Show the first rows as they would be booked, and write nothing; for "
    "--source rows.",
)
def command(data: Path, **asked: Any) -> None:  # noqa: ANN401 - as the options say
    """Import FILES of one source into a data directory.

    Session logs (claude_code_log, codex_rollout, …), kept OTLP request bodies
    (claude_code_otlp, …; one a file: `.json`, else protobuf), exports of gateways
    (litellm), a provider's own buckets (openrouter_activity), or any table in CSV,
    JSON lines or Parquet (rows, with --mapping). Repeating an import changes nothing.
    """
    from mileage.cli.import_exports import Asked

    run(data, Asked(**asked))


def run(data: Path, asked: Asked) -> None:
    """Take the files in the way of their source."""
    _check_files(asked)
    from mileage.cli import import_exports
    from mileage.domain.errors import Invalid
    from mileage.sources.installed import (
        bucket_sources,
        export_sources,
        log_sources,
        otlp_sources,
    )
    from mileage.sources.rows import NAME as ROWS

    ways = {
        ROWS: lambda _: import_exports.rows(data, asked),
        **_by_name(log_sources(), lambda one: _logs(data, asked, one)),
        **_by_name(otlp_sources(), lambda one: _bodies(data, asked, one)),
        **_by_name(
            export_sources(), lambda one: import_exports.exports(data, asked, one)
        ),
        **_by_name(
            bucket_sources(), lambda one: import_exports.buckets(data, asked, one)
        ),
    }
    if asked.source not in ways:
        known = ", ".join(sorted(ways))
        raise Invalid(f"there is no source {asked.source!r}; there are {known}")
    if asked.source != ROWS and (asked.mapping or asked.dry_run):
        raise click.UsageError("--mapping and --dry-run belong to --source rows")
    ways[asked.source](None)


def _check_files(asked: Asked) -> None:
    """Refuse pipes: a file is read twice, to know what was said of it before."""
    pipes = [str(path) for path in asked.files if not path.is_file()]
    if pipes:
        message = f"{', '.join(pipes)} can be read only once; write it into a file"
        raise click.UsageError(message)


def _by_name(sources: tuple[Any, ...], way: Any) -> dict[str, Any]:  # noqa: ANN401 - several kinds
    return {one.traits.name: (lambda _, one=one: way(one)) for one in sources}


def _needed(asked: Asked) -> str:
    if not asked.account:
        message = f"--account EMAIL is needed: {asked.source} does not say whose it is"
        raise click.UsageError(message)
    return asked.account


def _logs(data: Path, asked: Asked, source: Any) -> None:  # noqa: ANN401 - of either kind
    from mileage.cli.collect_data import take_in
    from mileage.sources.files import LogFile

    account = _needed(asked)
    found = [
        (source, LogFile(asked.source, str(path), path.stat().st_size))
        for path in asked.files
    ]
    take_in(data, found, account, growing=False)


def _bodies(data: Path, asked: Asked, source: OtlpSource) -> None:
    from mileage.cli.import_unusable import Unusable
    from mileage.cli.options import control_in
    from mileage.cli.taken_in import files_read, tell_rejected
    from mileage.ingest.collecting import body_record
    from mileage.ingest.told_once import Origin, told_once
    from mileage.wiring.operations import operations

    account, unusable = _needed(asked), Unusable()
    with operations(data) as owner:
        before = owner.settled()
        with control_in(data) as control:
            account_id = control.ensure_account(account)
        with told_once(data, account_id, owner.bounds()) as told:
            for path in asked.files:
                body = body_record(source, path, account_id)
                unusable.note_reading(path, body.reading)
                for record in told.news(Origin(str(path), asked.source), [body]):
                    owner.take(record)
        after = owner.settled()
    new = after["visible"] - before["visible"]
    bad = after["rejected"] - before["rejected"]
    click.echo(
        f"{files_read(len(asked.files))}: {new:,} new witnesses, {bad:,} rejected."
    )
    tell_rejected(bad, told.again)
    unusable.tell()
