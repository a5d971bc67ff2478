"""What ``mileage collect`` and ``mileage collect install`` are told alike."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from mileage.cli.options import FilePath

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mileage.wiring.collector import Plan, Token

Command = TypeVar("Command", bound="Callable[..., Any]")
MIB = 2**20


class Asked(NamedTuple):
    """The shared options, as given."""

    to: str | None
    token: str | None
    token_file: Path | None
    homes: tuple[Path, ...]
    account: str | None
    state: Path
    spool_mib: int
    insecure: bool

    def credential(self) -> Token:
        """Return where the token is; an option wins over the environment."""
        from mileage.wiring.collector import Token

        if self.token and self.token_file:
            raise click.UsageError("give either --token or --token-file, not both")
        if self.token_file:
            return Token(file=self.token_file)
        return Token(
            self.token or os.environ.get("MILEAGE_TOKEN", ""), default_token_file()
        )

    def plan(self) -> Plan:
        """Return what to do with a server."""
        from mileage.ingest.push_collector import Limits
        from mileage.wiring.collector import Plan

        return Plan(
            url=self.to or "",
            token=self.credential(),
            homes=self.homes,
            state=self.state,
            account=self.account or "",
            insecure=self.insecure,
            limits=Limits(spool_bytes=self.spool_mib * MIB),
        )


def asked(options: dict[str, Any]) -> Asked:
    """Take the shared options out of all options."""
    return Asked(**{name: options.pop(name) for name in Asked._fields})


def default_token_file() -> Path:
    """Return where ``install`` keeps a token, and ``collect`` looks for one."""
    from platformdirs import user_config_path

    return user_config_path("mileage", appauthor=False) / "token"


def _state_directory() -> str:
    from platformdirs import user_state_path

    return str(user_state_path("mileage", appauthor=False) / "collect")


def own_identity() -> str:
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


_OPTIONS = (
    click.option("--to", metavar="URL", help="Push to this server instead of --data."),
    click.option(
        "--token",
        metavar="TOKEN",
        help="Ingest token. Others see it in the list of processes: rather set "
        "MILEAGE_TOKEN or use a file.",
    ),
    click.option(
        "--token-file",
        type=FilePath(dir_okay=False),
        metavar="FILE",
        help="File that holds the ingest token. [default: the one of `install`]",
    ),
    click.option(
        "--home",
        "homes",
        multiple=True,
        type=FilePath(exists=True, file_okay=False),
        metavar="DIR",
        help="A home folder to look below; may be repeated. [default: yours]",
    ),
    click.option(
        "--account",
        metavar="EMAIL",
        help="Whose usage it is, where the token does not say. [default: your git "
        "user.email, else your login]",
    ),
    click.option(
        "--state",
        type=FilePath(file_okay=False),
        envvar="MILEAGE_STATE",
        default=_state_directory,
        metavar="DIR",
        help="Where it is remembered what was sent, and what could not be sent waits. "
        "[default: $MILEAGE_STATE, else below the platform's state directory]",
    ),
    click.option(
        "--spool-mib",
        type=click.IntRange(1, 100_000),
        default=256,
        show_default=True,
        metavar="N",
        help="The most that may wait, in MiB.",
    ),
    click.option(
        "--insecure",
        is_flag=True,
        help="Allow plain HTTP to another machine: the token can be overheard.",
    ),
)


def pushing_options(command: Command) -> Command:
    """Add the shared options, in the order of the table."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
