"""``mileage me``: what did I use, straight from the logs on this machine."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from mileage.cli.me_report import Wanted, asked_of, report
from mileage.cli.options import FilePath, json_option

if TYPE_CHECKING:
    from datetime import date, datetime
    from pathlib import Path

_GROUPINGS = (
    *("day", "week", "month", "block"),
    *("client", "model", "session", "project"),
)
_OF_ALL = ("homes", "tz")
"""What every view is told; the other options are the report's."""


class _Day(click.DateTime):
    """A day, and an example of one where there is none."""

    def __init__(self) -> None:
        super().__init__(formats=["%Y-%m-%d"])

    def convert(
        self,
        value: Any,  # noqa: ANN401 - as click has it
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Any:  # noqa: ANN401
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            self.fail(f"{value!r} is no day; write it as 2026-11-23.", param, ctx)


_MORE = {
    "live": "Watch the present block, the pace and today, as calls happen.",
    "forecast": "Say where the present block and this month are heading.",
    "ratio": "Set tokens against your commits in the repositories here.",
    "unreadable": "Say which lines of your logs cannot be read, and why.",
    "statusline": "Print one line for the status line of an agent or a shell.",
    "picture": "Draw a picture to share: chosen figures, nothing identifying.",
}


class _Views(click.Group):
    """The report by itself, or one of the other views, imported when it is asked."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(_MORE)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        return _view(cmd_name) if cmd_name in _MORE else None

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        del ctx
        with formatter.section("Other views"):
            formatter.write_dl(list(_MORE.items()))


def _view(name: str) -> click.Command:
    view: click.Command = import_module(f"mileage.cli.me_{name}").command
    return view


@click.group(
    cls=_Views,
    invoke_without_command=True,
    subcommand_metavar="[VIEW]",
    short_help="What did I use? From the logs on this machine.",
    help="Report your own token usage straight from the session logs that coding "
    "agents keep on this machine. Needs no server, sends nothing.",
)
@click.option(
    "--home",
    "homes",
    multiple=True,
    type=FilePath(file_okay=False),
    metavar="DIR",
    help="Read the logs below this home folder; several are merged and every call "
    "counts once. [default: yours, or where CLAUDE_CONFIG_DIR and CODEX_HOME point]",
)
@click.option("--since", type=_Day(), metavar="DAY", help="First day (YYYY-MM-DD).")
@click.option("--until", type=_Day(), metavar="DAY", help="Last day, included.")
@click.option(
    "--by",
    type=click.Choice(_GROUPINGS),
    default="day",
    show_default=True,
    help="One row for each of these; a week is named by its Monday, a block of five "
    "hours by its start.",
)
@click.option("--tz", metavar="ZONE", help="Time zone of the days. [default: yours]")
@click.option(
    "--no-index",
    is_flag=True,
    help="Read straight from the logs: what deleted ones held does not count.",
)
@click.option(
    "--rebuild-index",
    is_flag=True,
    help="Read every log again; what was in deleted ones is kept.",
)
@json_option
def command(
    *,
    homes: tuple[Path, ...],
    since: datetime | None,
    until: datetime | None,
    by: str,
    tz: str | None,
    **flags: bool,
) -> None:
    """Read, count once, price, print."""
    if since and until and since > until:
        raise click.UsageError("--since is after --until: no day lies between them.")
    asked = asked_of(homes, tz)
    if asked is None:
        hint = f"{tz!r} is no time zone; name one such as Europe/Berlin or UTC."
        raise click.BadParameter(hint, param_hint="--tz")
    context = click.get_current_context()
    context.obj = asked
    if context.invoked_subcommand:
        _refuse_unheard(context, context.invoked_subcommand)
    else:
        report(asked, Wanted(_date(since), _date(until), by, **flags))


def _refuse_unheard(context: click.Context, name: str) -> None:
    """Refuse options of the report before a view, which would answer without them."""
    view = _view(name)
    for option in context.command.params:
        source = context.get_parameter_source(option.name or "")
        if option.name in _OF_ALL or source is not ParameterSource.COMMANDLINE:
            continue
        word = option.opts[0]
        if any(word in own.opts for own in view.params):
            why = f"Put {word} behind the name of the view: mileage me {name} {word}"
        else:
            why = f"{word} is for the report without a view: {name} does not have it."
        raise click.UsageError(why)


def _date(moment: datetime | None) -> date | None:
    return moment.date() if moment else None
