"""``mileage collect --data``: into a directory on this machine."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

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
    take_in(data, logs, asked.account or own_identity(), growing=True)


def watch_into(data: Path, asked: Asked) -> None:
    """Read logs into a data directory whenever they have changed, until stopped.

    One that cannot be read is tried again, and said once.
    """
    from mileage.cli.collect_options import own_identity
    from mileage.domain.errors import MileageError
    from mileage.ingest.push_state import opened
    from mileage.ingest.push_watch import LONGEST, SHORTEST, Bell

    identity = asked.account or own_identity()
    places, bell = _places(asked), Bell()
    read: dict[str, Signature] = {}
    tried: dict[str, Signature] = {}
    with opened(asked.state), bell.on_signals():
        while not bell.rung:
            due = [one for one in places.logs() if _is_changed(one, read)]
            news = any(_is_changed(one, tried) for one in due)
            try:
                if due:
                    taken = read_in(data, _files(due), identity, shown=news)
                    if news or taken.witnesses or taken.rejected:
                        _tell(taken)
                    tried = {one.file.path: one.signature for one in due}
                    read |= {
                        path: signature
                        for path, signature in tried.items()
                        if path not in taken.passing
                    }
            except MileageError as trouble:
                click.echo(f"mileage collect: {trouble}", err=True)
            bell.wait(SHORTEST if news else LONGEST)


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


class TakenIn(NamedTuple):
    """What came of taking logs in."""

    logs: int
    identity: str
    witnesses: int
    """New ones."""
    rejected: int
    again: int
    """Rejected before, and not counted again."""
    passing: frozenset[str]
    """Paths of logs of which another reading may tell more, even if none changes."""


def take_in(
    data: Path,
    logs: list[tuple[LocalSource, LogFile]],
    identity: str,
    *,
    growing: bool,
) -> None:
    """Take the logs in for one account, and say what came of it.

    Clients may be writing to logs that are ``growing``.
    """
    _tell(read_in(data, logs, identity, growing=growing))


def _tell(taken: TakenIn) -> None:
    from mileage.cli.taken_in import files_read, tell_rejected
    from mileage.domain.plural import counted

    click.echo(
        f"{files_read(taken.logs)} for {taken.identity}: "
        f"{counted(taken.witnesses, 'new witness', 'new witnesses')}, "
        f"{taken.rejected:,} rejected."
    )
    tell_rejected(taken.rejected, taken.again)


def read_in(
    data: Path,
    logs: list[tuple[LocalSource, LogFile]],
    identity: str,
    *,
    growing: bool = True,
    shown: bool = True,
) -> TakenIn:
    """Take the logs in for one account, with progress."""
    from mileage.cli.options import control_in
    from mileage.ingest.collecting import log_records
    from mileage.ingest.told_once import Origin, told_once
    from mileage.sources.files import is_whole
    from mileage.wiring.operations import operations
    from mileage.wiring.policy import load_policy

    limit = load_policy(data).settings.max_line_bytes
    passing: set[str] = set()
    with operations(data) as owner:
        before = owner.settled()
        with control_in(data) as control:
            account_id = control.ensure_account(identity)
        size = sum(file.size for _, file in logs)
        with (
            told_once(data, account_id, owner.bounds()) as told,
            click.progressbar(
                length=size, label="Reading", file=sys.stderr, hidden=not shown
            ) as bar,
        ):
            for source, file in logs:
                origin = Origin(file.path, file.source, is_whole(source), growing)
                read = log_records(source, file, account_id, max_line_bytes=limit)
                for record in told.news(origin, _noting(read, file.path, passing)):
                    owner.take(record)
                bar.update(file.size)
        after = owner.settled()
    new, bad = (after[name] - before[name] for name in ("visible", "rejected"))
    passing |= told.growing
    return TakenIn(len(logs), identity, new, bad, told.again, frozenset(passing))


def _noting(
    records: Iterable[Record], path: str, passing: set[str]
) -> Iterator[Record]:
    """Yield the records of a log, and note whether another reading may tell more."""
    from mileage.sources.files import may_pass

    for record in records:
        if any(map(may_pass, record.reading.rejected)):
            passing.add(path)
        yield record
