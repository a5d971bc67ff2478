"""``mileage collect --data``: into a directory on this machine."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mileage.cli.collect_options import Asked
    from mileage.ingest.push_marks import Signature
    from mileage.ingest.push_reading import Found, Places
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
    with opened(asked.state), bell.on_signals():
        while not bell.rung:
            changed = [one for one in places.logs() if _is_changed(one, read)]
            try:
                if changed:
                    take_in(data, _files(changed), identity)
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


def take_in(data: Path, logs: list[tuple[LocalSource, LogFile]], identity: str) -> None:
    """Take the logs in for one account, with progress, and say what came of it."""
    from mileage.cli.options import control_in
    from mileage.cli.taken_in import files_read, tell_rejected
    from mileage.ingest.collecting import log_records
    from mileage.ingest.told_once import Origin, told_once
    from mileage.sources.files import is_whole
    from mileage.wiring.operations import operations
    from mileage.wiring.policy import load_policy

    limit = load_policy(data).settings.max_line_bytes
    with operations(data) as owner:
        before = owner.settled()
        with control_in(data) as control:
            account_id = control.ensure_account(identity)
        size = sum(file.size for _, file in logs)
        with (
            told_once(data, account_id, owner.bounds()) as told,
            click.progressbar(length=size, label="Reading", file=sys.stderr) as bar,
        ):
            for source, file in logs:
                origin = Origin(file.path, file.source, is_whole(source))
                read = log_records(source, file, account_id, max_line_bytes=limit)
                for record in told.news(origin, read):
                    owner.take(record)
                bar.update(file.size)
        after = owner.settled()
    new = {name: after[name] - before[name] for name in ("visible", "rejected")}
    click.echo(
        f"{files_read(len(logs))} for {identity}: {new['visible']:,} new witnesses, "
        f"{new['rejected']:,} rejected."
    )
    tell_rejected(new["rejected"], told)
