"""``mileage token``: ingest tokens, which let telemetry in.

A secret is printed once, alone on standard output, so that it can be piped; all
remarks go to standard error.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from mileage.cli.credential_options import (
    account_of,
    day,
    domains_of,
    end,
    limit,
    minute,
    rate_of,
    show_secret,
    span,
    table,
    validity,
)
from mileage.cli.options import control_in, data_option, json_option, new_data_option

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from typing import Any, TypeVar

    from mileage.domain.directory import IngestToken, Rate

    Command = TypeVar("Command", bound=Callable[..., Any])

TERMS = (
    click.option(
        "--expires",
        type=end,
        metavar="WHEN",
        help="When it ends: 90d, 2026-12-31 or never. [default: never]",
    ),
    click.option(
        "--rate",
        "limits",
        type=limit,
        metavar="LIMIT",
        multiple=True,
        help="requests=N or records=N a second; 0 is no limit. May be repeated. "
        "[default: mileage.toml]",
    ),
    click.option(
        "--domain",
        "domains",
        metavar="DOMAIN",
        multiple=True,
        help="Of which e-mail domain a collector may name people; others are "
        "parked. May be repeated. [default: any]",
    ),
)


def _terms(command: Command) -> Command:
    for option in reversed(TERMS):
        command = option(command)
    return command


@click.group("token", short_help="Make, change, rotate, list and revoke ingest tokens.")
def command() -> None:
    """Make, change, rotate, list and revoke ingest tokens, which let telemetry in."""


@command.command("create", short_help="Make a token and print it, once.")
@click.option("--account", metavar="EMAIL", help="Whose usage this token reports.")
@click.option(
    "--collector",
    metavar="NAME",
    help="A gateway or collector that itself says whose usage it is.",
)
@_terms
@new_data_option
def create_token(
    account: str | None,
    collector: str | None,
    expires: int | None,
    limits: Sequence[tuple[str, int | None]],
    domains: Sequence[str],
    data: Path,
) -> None:
    """Make an ingest token and print it, alone, on standard output.

    A token of an --account books everything to that account, whatever the telemetry
    says. A token of a --collector trusts the telemetry to name the user; such usage
    is marked as asserted.
    """
    from mileage.domain.directory import AS_SET, TokenTerms

    if bool(account) == bool(collector):
        raise click.UsageError("Name either --account EMAIL or --collector NAME.")
    if account and domains:
        raise click.UsageError("--domain is for a --collector: an account is one name.")
    terms = TokenTerms(expires or None, rate_of(limits, AS_SET), domains_of(domains))
    with control_in(data) as control:
        account_id = account_of(control, account) if account else ""
        made = control.create_token(
            account_id=account_id, collector=collector or "", terms=terms
        )
    show_secret(made, f"token {made.credential_id} of {account or collector}")


@command.command("change", short_help="Change when a token ends and what it may bring.")
@click.argument("token_id", metavar="ID")
@_terms
@data_option
def change_token(
    token_id: str,
    expires: int | None,
    limits: Sequence[tuple[str, int | None]],
    domains: Sequence[str],
    data: Path,
) -> None:
    """Change the token ID from the next request on; what is not named stays.

    ``--rate requests=default`` takes a limit of its own away, ``--domain any`` its
    domains.
    """
    from mileage.domain.directory import TokenTerms

    with control_in(data) as control:
        token = control.token(token_id)
        if token.account_id and domains:
            raise click.UsageError("--domain is for the token of a collector.")
        terms = TokenTerms(
            token.expires_at if expires is None else expires or None,
            rate_of(limits, token.rate),
            domains_of(domains) if domains else token.domains,
        )
        control.change_token(token_id, terms)
    click.echo(f"{token_id} is changed")


@command.command("rotate", short_help="Give a token a new secret and print it, once.")
@click.argument("token_id", metavar="ID")
@click.option(
    "--overlap",
    type=span,
    metavar="SPAN",
    default="24h",
    show_default=True,
    help="How long secrets before go on working, such as 7d; 0 ends them now.",
)
@data_option
def rotate_token(token_id: str, overlap: int, data: Path) -> None:
    """Give the token ID a new secret and print it, alone, on standard output.

    Whoever has the secret before can go on for the --overlap.
    """
    with control_in(data) as control:
        made = control.rotate_token(token_id, overlap)
        ends = minute(control.now() + overlap)
    former = f"the one before works until {ends} UTC" if overlap else "it works alone"
    show_secret(made, f"new secret of token {token_id}, {former}")


@command.command("list", short_help="List tokens, without their secrets.")
@data_option
@json_option
def list_tokens(data: Path, as_json: bool) -> None:  # noqa: FBT001
    """List ingest tokens, ended ones too."""
    with control_in(data) as control:
        tokens, now = control.tokens(), control.now()
    if as_json:
        click.echo(json.dumps([_as_json(token) for token in tokens]))
        return
    rows = [
        (
            token.token_id,
            "personal" if token.account_id else "collector",
            token.name,
            day(token.created_at),
            minute(token.last_used_at),
            _limits(token.rate),
            _state(token, now),
        )
        for token in tokens
    ]
    header = ("id", "kind", "name", "created", "last used", "rate", "state")
    table(header, rows, "none yet: make one with 'mileage token create'")


@command.command("revoke", short_help="End a token from the next request on.")
@click.argument("token_id", metavar="ID")
@data_option
def revoke_token(token_id: str, data: Path) -> None:
    """End the token ID from the next request on; what it brought in stays."""
    with control_in(data) as control:
        ended = control.revoke_token(token_id)
    click.echo(f"{token_id} {'is revoked' if ended else 'was revoked before'}")


def _as_json(token: IngestToken) -> dict[str, Any]:
    kind = "personal" if token.account_id else "collector"
    return {"kind": kind, **asdict(token), "rate": token.rate._asdict()}


def _limits(rate: Rate) -> str:
    said = [f"{name} {n}/s" for name, n in rate._asdict().items() if n is not None]
    return ", ".join(said) or "default"


def _state(token: IngestToken, now: int) -> str:
    said = validity(token.revoked_at, token.expires_at, now)
    if not said.startswith("valid"):
        return said
    if token.former_until is not None:
        said += f", former secret until {minute(token.former_until)}"
    if token.domains:
        said += f", names people of {' '.join(token.domains)}"
    return said
