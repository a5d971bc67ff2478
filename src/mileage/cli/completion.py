"""``mileage completion``."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print the script that completes commands and options in SHELL.

    For bash: put the output into a file that your ~/.bashrc reads; see the
    reference of commands in the documentation.
    """
    found = get_completion_class(shell)
    assert found is not None  # noqa: S101 - the choices are click's own shells
    complete = found(context.find_root().command, {}, "mileage", "_MILEAGE_COMPLETE")
    click.echo(complete.source())
