"""``mileage dark``: close whatever names or ranks anybody, everywhere and at once."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

import click

from mileage.cli.credential_options import minute
from mileage.cli.options import control_in, data_option, json_option

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mileage.domain.darkness import Darkness
    from mileage.domain.people import Viewer
    from mileage.store.control import Control
    from mileage.wiring.dark import Dark

PATIENCE = 1.0
"""Seconds that the running server has for it."""


@click.group("dark", short_help="Close whatever names or ranks anybody.")
def command() -> None:
    """Turn the dark switch: when figures have got out.

    In the dark, boards, department pages, exports and answers of the API that name or
    rank anybody are closed in every process from its next request on. Personal pages
    stay open, and usage is still taken in.
    """


key_option = click.option(
    "--key",
    type=click.File(),
    metavar="FILE",
    help="A file with the API key of whoever does this (`-`: standard input). "
    "[default: the operator in this shell]",
)


@command.command("on", short_help="Turn it dark.")
@click.option("--reason", required=True, metavar="TEXT", help="Shown to everybody.")
@key_option
@data_option
@json_option
def turn_on(
    reason: str,
    key: IO[str] | None,
    data: Path,
    as_json: bool,  # noqa: FBT001
) -> None:
    """Turn it dark, and write a file of who saw what in the last seven days."""
    told = _by_the_server(data, reason) if key is None else None
    if told is None:
        with _desk(data) as (control, desk):
            told = desk.told(_actor(control, key), reason)
    if as_json:
        click.echo(json.dumps(told))
        return
    click.echo(f"It is dark. Incident {told['incident']}: {told['file']}")


def _by_the_server(data: Path, reason: str) -> dict[str, Any] | None:
    """Have the running server do it: it has loaded what takes a second to load.

    None without one, or when it does not answer at once: then it is done here. Who
    comes second finds it dark.
    """
    from mileage.domain.errors import Invalid, Unavailable
    from mileage.wiring.owner import owner_of

    try:
        with owner_of(data) as owner:
            if owner is None:
                return None
            return dict(json.loads(owner.act("darken", reason.encode(), PATIENCE)))
    except (Unavailable, Invalid):
        return None


@command.command("off", short_help="Ask for the end, or confirm it.")
@key_option
@data_option
@json_option
def turn_off(key: IO[str] | None, data: Path, as_json: bool) -> None:  # noqa: FBT001
    """Ask for the end of the darkness; another person's `off` confirms it.

    This shell is one person, whoever sits at it. A second one proves who they are
    with an API key, or uses the page /dark.
    """
    with _desk(data) as (control, desk):
        darkness = desk.off(_actor(control, key))
    if as_json:
        click.echo(json.dumps(darkness.as_json()))
    elif darkness.ended is None:
        click.echo(
            "Asked for. It stays dark until another person confirms within a day: on "
            "the page /dark, or with `mileage dark off --key FILE`."
        )
    else:
        click.echo("It is light again.")


@command.command("status", short_help="Say whether it is dark, since when and why.")
@data_option
@json_option
def status(data: Path, as_json: bool) -> None:  # noqa: FBT001
    """Say whether it is dark, since when and why; exit code 1 in the dark."""
    with _desk(data) as (control, desk):
        darkness = control.last_darkness()
        told: dict[str, Any] = {"dark": False}
        if darkness is not None:
            told = darkness.as_json()
            told["file"] = str(desk.incident_file(darkness.incident))
    if as_json:
        click.echo(json.dumps(told))
    else:
        click.echo(_status(darkness))
    if told["dark"]:
        raise click.exceptions.Exit(1)


def _status(darkness: Darkness | None) -> str:
    if darkness is None:
        return "It is light, and never was dark."
    if darkness.ended is not None:
        return f"It is light since {minute(darkness.ended.at)} UTC."
    asked = darkness.asked
    if asked is None:
        return darkness.notice
    return (
        f"{darkness.notice}\n{asked.name} has asked for the end at "
        f"{minute(asked.at)} UTC; another person has to confirm it."
    )


@contextmanager
def _desk(data: Path) -> Iterator[tuple[Control, Dark]]:
    from mileage.wiring.dark import Dark
    from mileage.wiring.roles_in_force import gate_on

    with control_in(data) as control:
        yield control, Dark(control, data, gate_on(data, control))


def _actor(control: Control, key: IO[str] | None) -> Viewer:
    from mileage.domain.errors import Unauthorised
    from mileage.domain.people import OPERATOR

    if key is None:
        return OPERATOR
    viewer = control.key_viewer(key.read().strip())
    if viewer is None:
        raise Unauthorised("this API key is unknown, revoked or over")
    return viewer
