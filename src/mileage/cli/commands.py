"""All commands in one group, each loaded when it is asked for."""

from __future__ import annotations

import sys
from importlib import import_module

import click

from mileage import __version__
from mileage.cli import COMMANDS, MODULES


class LazyGroup(click.Group):
    """A group whose commands are imported when they are run, not for ``--help``."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command's module and return the command."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module_name = MODULES.get(cmd_name, cmd_name.replace("-", "_"))
        module = import_module(f"mileage.cli.{module_name}")
        command: click.Command = module.command
        return command

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """List the commands from the table, without importing any."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Start with `mileage demo` to look around, or `mileage me` for your own "
    "figures. Every command explains itself with --help.",
)
@click.version_option(__version__, prog_name="mileage")
def root() -> None:
    """Count the AI tokens that an organisation uses, exactly and decently."""


def run() -> None:
    """Run what the arguments say; leave by ``SystemExit`` where that is no success."""
    try:
        # A command that leaves by ``Exit`` does not raise it here: its code comes back.
        code = root(prog_name="mileage", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except click.Abort:
        raise KeyboardInterrupt from None
    if code:
        sys.exit(code)
