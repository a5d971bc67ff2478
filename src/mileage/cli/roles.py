"""``mileage role``: who has which role, beside what the org chart gives."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from mileage.cli.credential_options import day, end, table, validity
from mileage.cli.options import control_in, data_option, json_option

if TYPE_CHECKING:
    from pathlib import Path

    from mileage.access.roles import Roles
    from mileage.store.control import Control

GRANTED = ("grant", "department grant")
account_option = click.option(
    "--account", metavar="EMAIL", required=True, help="Whose role it is."
)
department_option = click.option(
    "--of",
    "department",
    metavar="DEPARTMENT",
    default="",
    help="Of which department, for a role that is of one.",
)


@click.group("role", short_help="Grant, revoke and list roles.")
def command() -> None:
    """Grant, revoke and list the roles of roles.toml; in force from the next request.

    Whoever has people below them in the org chart is their manager without a grant.
    """


@command.command("grant", short_help="Give somebody a role.")
@click.argument("role")
@account_option
@department_option
@click.option(
    "--expires",
    type=end,
    metavar="WHEN",
    help="When it ends: 90d or 2026-12-31. [default: never]",
)
@data_option
def grant_role(
    role: str, account: str, department: str, expires: int | None, data: Path
) -> None:
    """Give the owner of an address the role ROLE, from the next request on."""
    from mileage.domain.people import HeldRole
    from mileage.wiring.policy import load_policy

    _check(load_policy(data).roles, role, department)
    with control_in(data) as control:
        _check_department(control, department)
        made = control.grant_role(
            _account(control, account),
            HeldRole(role, department),
            expires_at=expires or None,
        )
    click.echo(f"{made}: {account} is {_named(role, department)} now")


@command.command("revoke", short_help="Take a role from somebody.")
@click.argument("role")
@account_option
@department_option
@data_option
def revoke_role(role: str, account: str, department: str, data: Path) -> None:
    """Take the role ROLE from the owner of an address, from the next request on."""
    from mileage.domain.people import HeldRole

    with control_in(data) as control:
        control.revoke_role(_account(control, account), HeldRole(role, department))
    click.echo(f"{account} is {_named(role, department)} no more")


@command.command("list", short_help="List granted roles, ended ones too.")
@data_option
@json_option
def list_roles(data: Path, as_json: bool) -> None:  # noqa: FBT001
    """List granted roles, oldest first."""
    with control_in(data) as control:
        grants, now = control.granted_roles(), control.now()
    if as_json:
        click.echo(json.dumps([asdict(one) for one in grants]))
        return
    rows = [
        (
            one.grant_id,
            one.role,
            one.department or "-",
            one.name,
            day(one.granted_at),
            validity(one.revoked_at, one.expires_at, now),
        )
        for one in grants
    ]
    header = ("id", "role", "of", "name", "granted", "state")
    table(header, rows, "none yet: grant one with 'mileage role grant'")


def _check(roles: Roles, name: str, department: str) -> None:
    """Refuse roles that do not exist or are not granted; raises Invalid."""
    from mileage.domain.errors import Invalid

    role = roles.role(name)
    granted = [one.name for one in roles.roles if one.held_by in GRANTED]
    if role is None or role.held_by not in GRANTED:
        problem = "there is no role" if role is None else "nobody is granted the role"
        raise Invalid(f"{problem} {name!r}; roles to grant: {', '.join(granted)}")
    if (role.held_by == "department grant") != bool(department):
        remedy = "leave --of out" if department else "name it with --of DEPARTMENT"
        kind = "is of no department" if department else "is of a department"
        raise Invalid(f"the role {name!r} {kind}: {remedy}")


def _check_department(control: Control, department: str) -> None:
    from mileage.domain.errors import NotFound

    known = {one.department for one in control.memberships()}
    if department and department not in known:
        raise NotFound(
            f"nobody belongs to a department {department!r}: its name has to be the "
            "one that 'mileage people import' brought, letter by letter"
        )


def _account(control: Control, email: str) -> str:
    from mileage.domain.errors import NotFound

    known = control.account_of_email(email)
    if known is None:
        raise NotFound(
            f"nobody has the address {email}: bring them in with "
            "'mileage people import' first"
        )
    return known.account_id


def _named(role: str, department: str) -> str:
    return f"{role} of {department}" if department else role
