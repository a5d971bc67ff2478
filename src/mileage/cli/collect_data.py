"""``mileage collect --data``: into a directory on this machine."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mileage.cli.collect_options import Asked
    from mileage.ingest.push_marks import Signature
    from mileage.ingest.push_reading import Found, Places
    from mileage.ingest.record import Record
    from mileage.sources.files import LocalSource, LogFile


def collect_into(data: Path, asked: Asked) -> None:
    """Read all logs into a data directory, once."""
    from mileage.cli.collect_options import own_identity

    places = _places(asked)
    logs = [(found.source, found.file) for found in places.logs()]
    if not logs:
        folders = ", ".join(map(str, places.homes))
        click.echo(f"No session logs below {folders}.", err=True)
        return
    take_in(data, logs, asked.account or own_identity())


def watch_into(data: Path, asked: Asked) -> None:
    """Read logs into a data directory whenever they have changed, until stopped."""
    from mileage.cli.collect_options import own_identity
    from mileage.domain.errors import MileageError
    from mileage.ingest.push_state import opened
    from mileage.ingest.push_watch import LONGEST, SHORTEST, Bell

    identity = asked.account or own_identity()
    places, bell = _places(asked), Bell()
    read: dict[str, Signature] = {}
    refused: dict[str, int] = {}
    with opened(asked.state), bell.on_signals():
        while not bell.rung:
            changed = [one for one in places.logs() if _is_changed(one, read)]
            try:
                if changed:
                    take_in(data, _files(changed), identity, refused)
                    read.update((one.file.path, one.signature) for one in changed)
            except MileageError as trouble:
                click.echo(f"mileage collect: {trouble}", err=True)
            bell.wait(SHORTEST if changed else LONGEST)


def _is_changed(found: Found, read: dict[str, Signature]) -> bool:
    return read.get(found.file.path) != found.signature


def _files(changed: Iterable[Found]) -> list[tuple[LocalSource, LogFile]]:
    return [(one.source, one.file) for one in changed]


def _places(asked: Asked) -> Places:
    import os

    from mileage.ingest.push_reading import Places
    from mileage.sources.installed import log_sources

    environ = {} if asked.homes else dict(os.environ)
    return Places(log_sources(), asked.homes or (Path.home(),), environ)


def take_in(
    data: Path,
    logs: list[tuple[LocalSource, LogFile]],
    identity: str,
    refused: dict[str, int] | None = None,
) -> None:
    """Take the logs in for one account, with progress, and say what came of it.

    ``refused`` says how much of each log was refused before, by path, and is kept up:
    a log is read whole each time that it has grown, and the same is not told again.
    """
    from mileage.cli.options import control_in
    from mileage.ingest.collecting import log_records
    from mileage.wiring.operations import operations
    from mileage.wiring.policy import load_policy

    limit = load_policy(data).settings.max_line_bytes
    known = {} if refused is None else refused
    with operations(data) as owner:
        before = owner.settled()
        with control_in(data) as control:
            account_id = control.ensure_account(identity)
        size = sum(file.size for _, file in logs)
        with click.progressbar(length=size, label="Reading", file=sys.stderr) as bar:
            for source, file in logs:
                read = log_records(source, file, account_id, max_line_bytes=limit)
                for record in _not_told(read, file.path, known):
                    owner.take(record)
                bar.update(file.size)
        after = owner.settled()
    new = {name: after[name] - before[name] for name in ("visible", "rejected")}
    click.echo(
        f"{len(logs)} files read for {identity}: {new['visible']:,} new witnesses, "
        f"{new['rejected']:,} rejected."
    )
    if new["rejected"]:
        click.echo("`mileage doctor` says what was rejected and why.")


def _not_told(
    records: Iterable[Record], path: str, known: dict[str, int]
) -> Iterator[Record]:
    """Leave out as many rejections of a log as are known, and know the others."""
    seen, before = 0, known.get(path, 0)
    for record in records:
        reading = record.reading
        fresh = reading.rejected[max(0, before - seen) :]
        seen += len(reading.rejected)
        yield record._replace(reading=reading._replace(rejected=fresh))
    known[path] = max(before, seen)
