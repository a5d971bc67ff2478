"""``mileage token`` and ``mileage key``: credentials for machines.

A secret is printed once, alone on standard output, so that it can be piped; all
remarks go to standard error.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from mileage.cli.options import control_in, data_option, json_option

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Any

    from mileage.domain.directory import ApiKey, IngestToken, NewSecret
    from mileage.store.control import Control

DAY = 24 * 3600 * 1_000_000
LONGEST_LIFE = 3650


@click.group("token", short_help="Make, list and revoke ingest tokens.")
def command() -> None:
    """Make, list and revoke ingest tokens, which let telemetry in."""


@click.group("key", short_help="Make, list and revoke API keys.")
def key_command() -> None:
    """Make, list and revoke API keys, which let figures out."""


@command.command("create", short_help="Make a token and print it, once.")
@click.option("--account", metavar="EMAIL", help="Whose usage this token reports.")
@click.option(
    "--collector",
    metavar="NAME",
    help="A gateway or collector that itself says whose usage it is.",
)
@click.option(
    "--expires",
    metavar="DAYS",
    type=click.IntRange(1, LONGEST_LIFE),
    help="Days until it ends by itself. [default: never]",
)
@data_option
def create_token(
    account: str | None, collector: str | None, expires: int | None, data: Path
) -> None:
    """Make an ingest token and print it, alone, on standard output.

    A token of an --account books everything to that account, whatever the telemetry
    says. A token of a --collector trusts the telemetry to name the user; such usage
    is marked as asserted.
    """
    if bool(account) == bool(collector):
        raise click.UsageError("Name either --account EMAIL or --collector NAME.")
    with control_in(data) as control:
        account_id = _account(control, account) if account else ""
        ends = control.now() + expires * DAY if expires else None
        made = control.create_token(
            account_id=account_id, collector=collector or "", expires_at=ends
        )
    _print(made, f"token {made.credential_id} of {account or collector}")


@command.command("list", short_help="List tokens, without their secrets.")
@data_option
@json_option
def list_tokens(data: Path, as_json: bool) -> None:  # noqa: FBT001
    """List ingest tokens, revoked ones too."""
    with control_in(data) as control:
        tokens, now = control.tokens(), control.now()
    if as_json:
        click.echo(json.dumps([_token_json(token) for token in tokens]))
        return
    rows = [
        (
            token.token_id,
            "personal" if token.account_id else "collector",
            token.name,
            _day(token.created_at),
            _state(token, now),
        )
        for token in tokens
    ]
    _table(("id", "kind", "name", "created", "state"), rows, "mileage token create")


@command.command("revoke", short_help="End a token from the next request on.")
@click.argument("token_id", metavar="ID")
@data_option
def revoke_token(token_id: str, data: Path) -> None:
    """End the token ID from the next request on; what it brought in stays."""
    with control_in(data) as control:
        ended = control.revoke_token(token_id)
    click.echo(f"{token_id} {'is revoked' if ended else 'was revoked before'}")


@key_command.command("create", short_help="Make a key and print it, once.")
@click.option("--account", metavar="EMAIL", required=True, help="Who asks with it.")
@click.option(
    "--scope",
    type=click.Choice(("read", "operator")),
    required=True,
    help="read: what this person may see. operator: everything, each read recorded.",
)
@data_option
def create_key(account: str, scope: str, data: Path) -> None:
    """Make an API key and print it, alone, on standard output."""
    with control_in(data) as control:
        account_id = _account(control, account)
        made = control.create_key(
            account_id, "operator" if scope == "operator" else "read"
        )
    _print(made, f"key {made.credential_id} of {account}, scope {scope}")


@key_command.command("list", short_help="List keys, without their secrets.")
@data_option
@json_option
def list_keys(data: Path, as_json: bool) -> None:  # noqa: FBT001
    """List API keys, revoked ones too."""
    with control_in(data) as control:
        keys = control.keys()
    if as_json:
        click.echo(json.dumps([asdict(key) for key in keys]))
        return
    rows = [
        (key.key_id, key.scope, key.name, _day(key.created_at), _key_state(key))
        for key in keys
    ]
    _table(("id", "scope", "name", "created", "state"), rows, "mileage key create")


@key_command.command("revoke", short_help="End a key and the sessions it opened.")
@click.argument("key_id", metavar="ID")
@data_option
def revoke_key(key_id: str, data: Path) -> None:
    """End the key ID, and the sessions it opened, from the next request on."""
    with control_in(data) as control:
        ended = control.revoke_key(key_id)
    click.echo(f"{key_id} {'is revoked' if ended else 'was revoked before'}")


def _account(control: Control, email: str) -> str:
    """Return the account of an address, a new one when nobody has it yet."""
    from mileage.domain.errors import Invalid
    from mileage.ingest.people_csv import EMAIL

    known = control.account_of_email(email)
    if known is not None:
        return known.account_id
    if not EMAIL.fullmatch(email.strip()):
        raise Invalid(f"{email!r} is no e-mail address: write one, as in ana@x.org")
    click.echo(
        f"{email} was unknown: made an account for it, which 'mileage people import' "
        "fills in when its file names this address",
        err=True,
    )
    return control.ensure_account(email)


def _print(made: NewSecret, what: str) -> None:
    click.echo(f"{what}; it is shown only now, so keep it safe:", err=True)
    click.echo(made.secret)


def _token_json(token: IngestToken) -> dict[str, Any]:
    kind = "personal" if token.account_id else "collector"
    return {"kind": kind, **asdict(token)}


def _state(token: IngestToken, now: int) -> str:
    if token.revoked_at is not None:
        return f"revoked {_day(token.revoked_at)}"
    if token.expires_at is None:
        return "valid"
    ends = _day(token.expires_at)
    return f"expired {ends}" if token.expires_at <= now else f"valid until {ends}"


def _key_state(key: ApiKey) -> str:
    return "valid" if key.revoked_at is None else f"revoked {_day(key.revoked_at)}"


def _day(instant: int) -> str:
    from mileage.domain.window import moment

    return moment(instant).date().isoformat()


def _table(
    header: tuple[str, ...], rows: Sequence[tuple[str, ...]], maker: str
) -> None:
    if not rows:
        click.echo(f"none yet: make one with '{maker}'", err=True)
        return
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    for row in (header, *rows):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(cells).rstrip())
