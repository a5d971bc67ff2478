"""``mileage collect``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from mileage.cli.options import data_option

if TYPE_CHECKING:
    from mileage.sources.files import LocalSource, LogFile


@click.command("collect")
@data_option
@click.option(
    "--home",
    "homes",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A home folder to look below; may be repeated. [default: yours]",
)
@click.option(
    "--account",
    metavar="EMAIL",
    help="Whose usage it is. [default: your git user.email, else your login]",
)
def command(data: Path, homes: tuple[Path, ...], account: str | None) -> None:
    """Read local session logs into a data directory.

    Reads what Claude Code and Codex left on this machine. Only counts and ids are
    taken: no prompt, answer, file name or command is ever written. Repeating it
    changes nothing. Works while `mileage serve` runs on the same directory.
    """
    import os

    from mileage.ingest.collecting import found_logs
    from mileage.sources.installed import log_sources

    environ = {} if homes else dict(os.environ)
    folders = homes or (Path.home(),)
    logs = found_logs(log_sources(), folders, environ)
    if not logs:
        click.echo(f"No session logs below {', '.join(map(str, folders))}.", err=True)
        return
    take_in(data, logs, account or _own_identity())


def take_in(data: Path, logs: list[tuple[LocalSource, LogFile]], identity: str) -> None:
    """Take the logs in for one account, with progress, and say what came of it."""
    from mileage.cli.options import control_in
    from mileage.ingest.collecting import log_records
    from mileage.wiring.operations import operations
    from mileage.wiring.policy import load_policy

    limit = load_policy(data).settings.max_line_bytes
    with operations(data) as owner:
        before = owner.status()
        with control_in(data) as control:
            account_id = control.ensure_account(identity)
        size = sum(file.size for _, file in logs)
        with click.progressbar(length=size, label="Reading", file=_terminal()) as bar:
            for source, file in logs:
                for record in log_records(
                    source, file, account_id, max_line_bytes=limit
                ):
                    owner.take(record)
                bar.update(file.size)
        owner.settle()
        after = owner.status()
    new = {name: after[name] - before[name] for name in ("visible", "rejected")}
    click.echo(
        f"{len(logs)} files read for {identity}: {new['visible']:,} new witnesses, "
        f"{new['rejected']:,} rejected."
    )
    if new["rejected"]:
        click.echo("`mileage doctor` says what was rejected and why.")


def _terminal() -> TextIO:
    import sys

    return sys.stderr


def _own_identity() -> str:
    """Return who runs this: git knows the e-mail, the login is the last resort."""
    import getpass
    import subprocess

    try:
        asked = subprocess.run(
            ["git", "config", "--global", "user.email"],  # noqa: S607 - the user's own git
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return f"installation:{getpass.getuser()}"
    return asked.stdout.strip() or f"installation:{getpass.getuser()}"
