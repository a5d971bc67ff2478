"""``mileage session``: who is signed in where, and ending it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from mileage.cli.credential_options import minute, table
from mileage.cli.options import control_in, data_option, json_option
from mileage.domain.people import OPERATOR, Viewer

if TYPE_CHECKING:
    from pathlib import Path


@click.group("session", short_help="List and end sessions.")
def command() -> None:
    """List who is signed in, and end sessions from the next request on."""


@command.command("list", short_help="List open sessions.")
@data_option
@json_option
def list_sessions(data: Path, as_json: bool) -> None:  # noqa: FBT001
    """List everybody's open sessions, oldest first, without their secrets."""
    with control_in(data) as control:
        found = control.open_sessions()
    if as_json:
        click.echo(json.dumps([asdict(one) for one in found]))
        return
    rows = [
        (
            one.session_id,
            one.name,
            one.method or "-",
            one.device or "-",
            minute(one.created_at),
            minute(one.last_seen_at),
            minute(one.ends_at),
        )
        for one in found
    ]
    header = ("id", "name", "by", "device", "since (UTC)", "last used", "ends")
    table(header, rows, "nobody is signed in")


@command.command("end", short_help="End a session, somebody's, or all.")
@click.argument("session_id", metavar="[ID]", default="")
@click.option("--account", metavar="EMAIL", help="End all sessions of this person.")
@click.option("--all", "everybody", is_flag=True, help="End everybody's sessions.")
@data_option
def end_sessions(
    session_id: str,
    account: str | None,
    everybody: bool,  # noqa: FBT001
    data: Path,
) -> None:
    """End the session ID, those of an account, or all, from the next request on."""
    if sum((bool(session_id), account is not None, everybody)) != 1:
        raise click.UsageError("name one: a session's ID, --account EMAIL or --all")
    from mileage.domain.errors import NotFound

    with control_in(data) as control:
        if everybody:
            count = control.end_all_sessions(OPERATOR)
        elif account is not None:
            known = control.account_of_email(account)
            if known is None:
                raise NotFound(f"nobody has the address {account}")
            of = Viewer(known.account_id, known.name)
            count = control.end_sessions(of, OPERATOR)
        else:
            control.end_session(session_id, OPERATOR, own=False)
            count = 1
    click.echo(f"{count} ended")
