"""``mileage key``: API keys, which let figures out.

A secret is printed once, alone on standard output, so that it can be piped; all
remarks go to standard error.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, cast

import click

from mileage.cli.credential_options import (
    account_of,
    day,
    end,
    minute,
    show_secret,
    table,
    validity,
)
from mileage.cli.options import control_in, data_option, json_option

if TYPE_CHECKING:
    from pathlib import Path

    from mileage.domain.directory import KeyScope


@click.group("key", short_help="Make, list and revoke API keys.")
def command() -> None:
    """Make, list and revoke API keys, which let figures out."""


@command.command("create", short_help="Make a key and print it, once.")
@click.option("--account", metavar="EMAIL", required=True, help="Who asks with it.")
@click.option(
    "--scope",
    type=click.Choice(("read", "operator", "scim")),
    required=True,
    help="read: what this person may see. operator: everything, each read recorded. "
    "scim: a directory service keeps people and groups with it, and reads no figures.",
)
@click.option(
    "--expires",
    type=end,
    metavar="WHEN",
    help="When it ends: 90d or 2026-12-31. [default: never]",
)
@data_option
def create_key(account: str, scope: str, expires: int | None, data: Path) -> None:
    """Make an API key and print it, alone, on standard output."""
    with control_in(data) as control:
        account_id = account_of(control, account)
        made = control.create_key(
            account_id,
            cast("KeyScope", scope),
            expires_at=expires or None,
        )
    show_secret(made, f"key {made.credential_id} of {account}, scope {scope}")


@command.command("list", short_help="List keys, without their secrets.")
@data_option
@json_option
def list_keys(data: Path, as_json: bool) -> None:  # noqa: FBT001
    """List API keys, ended ones too."""
    with control_in(data) as control:
        keys, now = control.keys(), control.now()
    if as_json:
        click.echo(json.dumps([asdict(key) for key in keys]))
        return
    rows = [
        (
            key.key_id,
            key.scope,
            key.name,
            day(key.created_at),
            minute(key.last_used_at),
            validity(key.revoked_at, key.expires_at, now),
        )
        for key in keys
    ]
    header = ("id", "scope", "name", "created", "last used", "state")
    table(header, rows, "none yet: make one with 'mileage key create'")


@command.command("revoke", short_help="End a key and the sessions it opened.")
@click.argument("key_id", metavar="ID")
@data_option
def revoke_key(key_id: str, data: Path) -> None:
    """End the key ID, and the sessions it opened, from the next request on."""
    with control_in(data) as control:
        ended = control.revoke_key(key_id)
    click.echo(f"{key_id} {'is revoked' if ended else 'was revoked before'}")
