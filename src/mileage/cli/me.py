"""``mileage me``: what did I use, straight from the logs on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mileage.cli.options import json_option

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime
    from zoneinfo import ZoneInfo

_GROUPINGS = (
    *("day", "week", "month", "block"),
    *("client", "model", "session", "project"),
)
_DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.command(
    short_help="What did I use? From the logs on this machine.",
    help="Report your own token usage straight from the session logs that coding "
    "agents keep on this machine. Needs no server, sends nothing, stores nothing.",
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
@json_option
def command(
    *,
    homes: tuple[Path, ...],
    since: datetime | None,
    until: datetime | None,
    by: str,
    tz: str | None,
    as_json: bool,
) -> None:
    """Read, count once, price, print."""
    import os

    from mileage.reports.local import Question, local_json, local_report
    from mileage.wiring.personal import usage_of

    if since and until and since > until:
        raise click.UsageError("--since is after --until: there is no such day.")
    zone_name = tz or _local_zone(os.environ)
    zone = _zone(zone_name)
    # A named home is looked at as it is: this machine's settings are not about it.
    environ = {} if homes else os.environ
    places = homes or (Path.home(),)
    question = Question(zone, zone_name, _date(since), _date(until), by)
    report = local_report(usage_of(places, environ), question)
    if as_json:
        import json

        click.echo(json.dumps(local_json(report)))
    else:
        from mileage.cli.me_table import show
        from mileage.wiring.personal import roots_of

        show(report, [str(root) for root in roots_of(places, environ)])


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
