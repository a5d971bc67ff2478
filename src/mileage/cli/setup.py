"""``mileage setup``: the exact settings that make a client report."""

from __future__ import annotations

import json
import shlex
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from mileage.cli.client_settings import (
    CLIENTS,
    COLLECTED,
    TOKEN_TO_FILL_IN,
    checked,
    settings_for,
)
from mileage.cli.options import json_option

if TYPE_CHECKING:
    from mileage.cli.client_settings import ClientSettings, Reporting, SettingsFile

TOKEN_NAME = "MILEAGE_TOKEN"  # noqa: S105 - the variable that holds one
SYSTEM = "macos" if sys.platform == "darwin" else "linux"


@click.command("setup")
@click.argument("client", type=click.Choice([*CLIENTS, *COLLECTED]), metavar="CLIENT")
@click.option(
    "--endpoint",
    metavar="URL",
    default="http://127.0.0.1:8470",
    show_default=True,
    help="Where `mileage serve` answers.",
)
@click.option(
    "--token",
    metavar="TOKEN",
    help="An ingest token of `mileage token create`; left out, a gap to fill in.",
)
@click.option(
    "--identity",
    metavar="EMAIL",
    help="Who it is, for a collector token; a personal token says so by itself.",
)
@json_option
def command(
    client: str,
    endpoint: str,
    token: str | None,
    identity: str | None,
    *,
    as_json: bool,
) -> None:
    """Print the settings that make a client report, and where they go.

    Content logging is off, and attributes that say who it is are on. Changes
    nothing. CLIENT is claude-code, codex, gemini-cli, copilot, opencode or
    qwen-code; for pi, amp, droid, kimi, kilo and aider it says how they are collected.
    """
    to = checked(endpoint, token, identity)
    if client in COLLECTED:
        _say_collect(client, to, as_json=as_json)
        return
    found = settings_for(client, to)
    if as_json:
        click.echo(json.dumps(_as_json(found, to), indent=2))
    else:
        _show(found, to)


def _say_collect(client: str, to: Reporting, *, as_json: bool) -> None:
    where = ["--to", to.endpoint]
    where += ["--account", to.identity] if to.identity else []
    once, always = (
        shlex.join(["mileage", "collect", *install, *where])
        for install in ([], ["install"])
    )
    if as_json:
        told = {"client": client, "covered_by": "collect", "reads": COLLECTED[client]}
        typed = {"commands": [once, always], "environment": {TOKEN_NAME: to.token}}
        click.echo(json.dumps({**told, **typed}, indent=2))
        return
    click.echo(
        f"{client} sends no telemetry that Mileage reads; `mileage collect` covers "
        f"it.\nIt reads {COLLECTED[client]}.\n\n"
        f"Once, now:\n\n  export {TOKEN_NAME}={shlex.quote(to.token)}\n  {once}\n\n"
        f"From now on:\n\n  {always}"
    )
    _say_what_is_missing(to)


def _as_json(found: ClientSettings, to: Reporting) -> dict[str, Any]:
    return {
        "client": found.client,
        "covered_by": "telemetry",
        "endpoint": to.endpoint,
        "token_to_fill_in": to.token == TOKEN_TO_FILL_IN,
        "sources": list(found.sources),
        "files": [asdict(file) for file in found.files],
        "test": found.test,
        "notes": list(found.notes),
    }


def _show(found: ClientSettings, to: Reporting) -> None:
    for file in found.files:
        _show_file(file)
    if any(file.what == "environment" for file in found.files):
        own = next(file.own for file in found.files if file.what == "environment")
        click.echo(
            f"# A shell that is open knows nothing of it: log in again, or run  "
            f". {own[SYSTEM]}  first."
        )
    click.echo(f"# Test it: run  {found.test}")
    click.echo(
        f"# and see {' or '.join(found.sources)} on the ingest page, or in "
        "`mileage doctor`, within a minute."
    )
    for note in found.notes:
        click.echo(f"# Note: {note}")
    _say_what_is_missing(to)


def _say_what_is_missing(to: Reporting) -> None:
    if to.token == TOKEN_TO_FILL_IN:
        click.echo(
            f"mileage: fill in {TOKEN_TO_FILL_IN} yourself: `mileage token create "
            "--account EMAIL` prints one, once",
            err=True,
        )


def _show_file(file: SettingsFile) -> None:
    """Print one file below the comments that say where it goes, this system first."""
    word = {"settings": "Settings", "environment": "Environment of the shell"}
    click.echo(f"# {word[file.what]}; add to what is there:")
    names = {"linux": "Linux", "macos": "macOS"}
    for system in sorted(names, key=lambda one: one != SYSTEM):
        if file.managed:
            click.echo(f"#   {names[system]}, for everybody: {file.managed[system]}")
        if file.own:
            click.echo(f"#   {names[system]}, for yourself:  {file.own[system]}")
    if file.what == "environment":
        click.echo("#   Linux with zsh, which reads no ~/.profile: ~/.zshenv")
    click.echo(f"\n{file.content}")
