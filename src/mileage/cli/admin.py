"""``mileage admin``: local administrators, for the first start and for emergencies."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from mileage.cli.credential_options import account_of, minute, table
from mileage.cli.options import control_in, data_option

if TYPE_CHECKING:
    from pathlib import Path


@click.group("admin", short_help="Make and remove local administrators.")
def command() -> None:
    """Make and remove local administrators, who sign in with a password.

    They run the system and see nobody's figures by that. For everybody else there is
    single sign-on, which remembers whom the provider means by whom.
    """


@command.command("set-password", short_help="Set somebody's password.")
@click.argument("email")
@data_option
def set_password(email: str, data: Path) -> None:
    """Let EMAIL sign in with a password, as an administrator.

    It is asked for, or read from standard input when that is no terminal. It has at
    least 15 characters. Sessions that an older one opened end.
    """
    from contextlib import suppress

    from mileage.domain.errors import Conflict
    from mileage.domain.people import HeldRole
    from mileage.store.control.passwords import check_password

    password = _asked()
    check_password(password)
    with control_in(data) as control:
        account_id = account_of(control, email)
        control.set_password(account_id, password)
        with suppress(Conflict):  # who has the role already keeps it
            control.grant_role(account_id, HeldRole("administrator"))
    click.echo(f"{email} signs in with this password at /sign-in")


@command.command("remove-password", short_help="Take somebody's password away.")
@click.argument("email")
@data_option
def remove_password(email: str, data: Path) -> None:
    """Forget the password of EMAIL and end the sessions that it opened."""
    from mileage.domain.errors import NotFound

    with control_in(data) as control:
        known = control.account_of_email(email)
        if known is None or not control.remove_password(known.account_id):
            raise NotFound(f"{email} has no password: see 'mileage admin list'")
    click.echo(f"{email} has no password any more")


@command.command("list", short_help="List who has a password.")
@data_option
def list_administrators(data: Path) -> None:
    """List the addresses that have a password, and since when."""
    with control_in(data) as control:
        found = control.local_administrators()
    rows = [(email, minute(set_at)) for email, set_at in found]
    header = ("address", "set (UTC)")
    table(header, rows, "none: make one with 'mileage admin set-password EMAIL'")


@command.command("unlink", short_help="Forget what the provider calls somebody.")
@click.argument("email")
@data_option
def unlink(email: str, data: Path) -> None:
    """Let whoever has EMAIL at the identity provider now take over its account.

    Needed when an address has passed to somebody else, or a provider was replaced.
    Sessions that single sign-on opened for it end.
    """
    from mileage.domain.errors import NotFound

    with control_in(data) as control:
        known = control.account_of_email(email)
        if known is None or not control.unlink(known.account_id):
            raise NotFound(f"nobody has signed in as {email} through a provider")
    click.echo(f"{email} is whoever the provider says from the next sign-in on")


def _asked() -> str:
    if sys.stdin.isatty():
        asked: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
        return asked
    return sys.stdin.readline().rstrip("\r\n")
