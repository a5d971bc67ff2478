"""``mileage me``: what did I use, straight from the logs on this machine."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from mileage.cli.options import json_option

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime
    from zoneinfo import ZoneInfo

_GROUPINGS = (
    *("day", "week", "month", "block"),
    *("client", "model", "session", "project"),
)
_DAY = click.DateTime(formats=["%Y-%m-%d"])


_MORE = {
    "live": "Watch the present block, the pace and today, as calls happen.",
    "forecast": "Say where the present block and this month are heading.",
    "ratio": "Set tokens against your commits in the repositories here.",
    "statusline": "Print one line for the status line of an agent or a shell.",
    "picture": "Draw a picture to share: chosen figures, nothing identifying.",
}


class Asked(NamedTuple):
    """What every view of one's own usage is told: where to look, and whose days."""

    homes: Sequence[Path]
    environ: Mapping[str, str]
    zone: ZoneInfo
    zone_name: str


class _Views(click.Group):
    """The report by itself, or one of the other views, imported when it is asked."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(_MORE)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in _MORE:
            return None
        view = import_module(f"mileage.cli.me_{cmd_name}")
        command: click.Command = view.command
        return command

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        del ctx
        with formatter.section("Other views"):
            formatter.write_dl(list(_MORE.items()))


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
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Read the logs below this home folder; several are merged and every call "
    "counts once. [default: yours, or where CLAUDE_CONFIG_DIR and CODEX_HOME point]",
)
@click.option("--since", type=_DAY, metavar="DAY", help="First day (YYYY-MM-DD).")
@click.option("--until", type=_DAY, metavar="DAY", help="Last day, included.")
@click.option(
    "--by",
    type=click.Choice(_GROUPINGS),
    default="day",
    show_default=True,
    help="One row for each of these; a week is named by its Monday, a block of five "
    "hours by its start in UTC.",
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
        raise click.UsageError("--since is after --until: there is no such day.")
    context = click.get_current_context()
    asked = context.obj = _asked(homes, tz)
    if context.invoked_subcommand:
        return

    from mileage.reports.local import Question, dimension, local_json, local_report
    from mileage.wiring.personal import Asking, answer_of, finished, index_file

    places, environ = asked.homes, asked.environ
    question = Question(asked.zone, asked.zone_name, _date(since), _date(until), by)
    file = None if flags["no_index"] else index_file(places, environ)
    needed = dimension(by, windowed=bool(since or until))
    answer = answer_of(Asking(places, environ, file, needed, flags["rebuild_index"]))
    report = local_report(answer.usage, question)
    if flags["as_json"]:
        import json

        click.echo(json.dumps(local_json(report)))
    else:
        from mileage.cli.me_table import show
        from mileage.wiring.personal import roots_of

        show(report, [str(root) for root in roots_of(places, environ)])
    for remark in finished(answer):
        click.echo(f"mileage: {remark}", err=True)


def _asked(homes: Sequence[Path], tz: str | None) -> Asked:
    import os

    zone_name = tz or _local_zone(os.environ)
    # A named home is looked at as it is: this machine's settings are not about it.
    environ = {} if homes else os.environ
    return Asked(homes or (Path.home(),), environ, _zone(zone_name), zone_name)


def _date(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


def _zone(name: str) -> ZoneInfo:
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        hint = f"{name!r} is no time zone; name one such as Europe/Berlin or UTC."
        raise click.BadParameter(hint, param_hint="--tz") from None


def _local_zone(environ: Mapping[str, str]) -> str:
    """Name this machine's time zone; UTC where it cannot be told."""
    named = environ.get("TZ", "").removeprefix(":")
    if "/" in named and not named.startswith("/"):
        return named
    target = str(Path("/etc/localtime").resolve())
    _, mark, name = target.partition("zoneinfo/")
    return name if mark and name else "UTC"
