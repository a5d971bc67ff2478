"""The command line: one module a command, loaded when it is asked for."""

from __future__ import annotations

import sys
from importlib import import_module

import click

from mileage import __version__
from mileage.domain.errors import MileageError

COMMANDS = {
    "demo": "Build a simulated organisation and serve it.",
    "serve": "Serve the board, the API and the door for telemetry.",
    "me": "Show your own usage, straight from local session logs.",
    "collect": "Read local session logs into a data directory or a server.",
    "import": "Import files of one source into a data directory.",
    "board": "Show the board in the terminal.",
    "buckets": "Show providers' own figures beside the calls.",
    "people": "Import the directory; claim usage of unknown people.",
    "person": "Give people what they may ask of their own data.",
    "token": "Create, rotate, list and revoke ingest tokens.",
    "key": "Create, list and revoke API keys.",
    "audit": "List who changed what about access.",
    "check": "Validate every policy file.",
    "doctor": "Say what is collected, what is missing, what is stale.",
    "setup": "Print the settings that make a client report.",
    "verify": "Check segments, calls, roll-ups and snapshots.",
    "backup": "Write everything of a data directory into one file.",
    "restore": "Make a new data directory of a backup.",
    "retention": "Delete what is older than the policy keeps.",
    "session": "List and end sessions.",
    "admin": "Make and remove local administrators.",
    "sign-in": "Print a new one-time sign-in link for the operator.",
    "completion": "Print the script that completes commands in a shell.",
}
MODULES = {"import": "import_files", "token": "tokens", "key": "keys"}


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


def main() -> None:
    """Run the command line; errors are sentences, never tracebacks."""
    try:
        root(prog_name="mileage", standalone_mode=False)
    except MileageError as error:
        click.echo(f"mileage: {error}", err=True)
        sys.exit(error.exit_code)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        click.echo("mileage: stopped", err=True)
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        what = f"{error.filename}: " if error.filename else ""
        click.echo(f"mileage: {what}{error.strerror or error}", err=True)
        sys.exit(4)
