"""``mileage collect``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from mileage.cli.collect_options import asked, own_identity, pushing_options
from mileage.cli.options import new_data_option

if TYPE_CHECKING:
    from mileage.cli.collect_options import Asked


class CollectGroup(click.Group):
    """``mileage collect`` does something by itself, and has a command below it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands without importing them."""
        del ctx
        return ["install"]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command when it is asked for."""
        del ctx
        if cmd_name != "install":
            return None
        from mileage.cli.collect_install import install

        return install


@click.group("collect", cls=CollectGroup, invoke_without_command=True)
@new_data_option
@pushing_options
@click.option(
    "--watch/--once",
    "watched",
    default=False,
    help="Go on collecting until stopped. [default: once]",
)
@click.option(
    "--again", is_flag=True, help="Push everything anew, for a server that lost it."
)
@click.pass_context
def command(ctx: click.Context, /, **options: Any) -> None:  # noqa: ANN401 - as click gives
    """Read local session logs into a data directory, or push them to a server.

    Reads what coding agents left on this machine. Only counts and ids are taken: no
    prompt, answer, file name or command is ever written or sent. Repeating it changes
    nothing. With --to, what cannot be sent waits in a spool; with --data it works
    while `mileage serve` runs on the same directory.
    """
    if ctx.invoked_subcommand is not None:
        return
    given = asked(options)
    if not given.to:
        _into_directory(given, options)
    elif ctx.get_parameter_source("data") is ParameterSource.COMMANDLINE:
        raise click.UsageError("give either --data DIR or --to URL, not both")
    else:
        _to_server(given, options)


def _into_directory(given: Asked, options: dict[str, Any]) -> None:
    from mileage.cli.collect_data import collect_into, watch_into

    collect = watch_into if options["watched"] else collect_into
    collect(options["data"], given)


def _to_server(given: Asked, options: dict[str, Any]) -> None:
    from mileage.cli.collect_push import keep_pushing, push_once
    from mileage.wiring.collector import collecting

    plan = given.plan()
    if plan.token.open_to_others:
        click.echo(
            f"mileage: others can read {plan.token.file}: chmod 600 it", err=True
        )
    with collecting(plan, own_identity) as collector:
        if options["again"]:
            collector.start_over()
        if options["watched"]:
            keep_pushing(collector, plan.url)
        else:
            push_once(collector, plan.url)
