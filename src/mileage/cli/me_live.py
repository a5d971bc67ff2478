"""``mileage me live``: the present block, the pace and today, as calls happen."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from rich.console import Group

    from mileage.cli.me_report import Asked

SHORTEST, LONGEST = 1, 3_600
HELP = """Show the present block of five hours, its pace, and today by model.

Keeps it up to date until Ctrl-C. Where the output is no terminal it is printed once.
"""


@click.command("live", help=HELP, short_help="Watch your use as it happens.")
@click.option(
    "--every",
    type=click.IntRange(SHORTEST, LONGEST),
    default=3,
    show_default=True,
    metavar="SECONDS",
    help="How often to look.",
)
@click.pass_obj
def command(asked: Asked, *, every: int) -> None:
    """Look again and again."""
    from rich.live import Live

    from mileage.cli.tables import console

    out = console()
    if not sys.stdout.isatty():
        out.print(_screen(asked, out.width))
        return
    with Live(
        _screen(asked, out.width), console=out, screen=True, auto_refresh=False
    ) as live:
        try:
            while True:
                time.sleep(every)
                live.update(_screen(asked, out.width), refresh=True)
        except KeyboardInterrupt:
            return


def _screen(asked: Asked, width: int) -> Group:
    from rich.console import Group
    from rich.text import Text

    from mileage.cli.me_pace import block_lines, nothing_found
    from mileage.cli.me_table import explained, figures_table, left_out_line
    from mileage.domain.window import Clock, moment
    from mileage.reports.local import local_report
    from mileage.reports.local_question import Question
    from mileage.reports.pace import last_end, present_block
    from mileage.wiring.personal import usage_of

    now = time.time_ns() // 1_000
    remarks: list[str] = []
    usage = usage_of(asked.homes, asked.environ, remarks.append)
    today = Clock(asked.zone).day(now)
    question = Question(asked.zone, asked.zone_name, today, today, "model")
    report = local_report(usage, question)
    table, left_out = figures_table(report, width=width)
    latest = max((row.last for row in usage.rows if row.last <= now), default=None)
    clock = moment(now, asked.zone).strftime("%H:%M:%S")
    last = nothing_found(usage) if latest is None else _last(latest, now, asked.zone)
    heading = Text("Today", style="bold")
    heading.append(f"  {today}, days of {asked.zone_name}", "dim")
    block = present_block(usage.rows, now)
    return Group(
        *block_lines(block, last_end(usage.rows, now), asked.zone),
        *explained(block and block.figures),
        Text(""),
        heading,
        table if report.total.calls else Text("  no calls yet"),
        *(Text(said, "dim") for said in left_out_line(left_out) if report.rows),
        Text(f"{clock}  {last}", "dim"),
        *(Text(said, "dim") for said in remarks),
    )


def _last(latest: int, now: int, zone: ZoneInfo) -> str:
    """Say when the last call was: how long ago, and after a day on which day."""
    from mileage.cli.me_pace import DAY, span
    from mileage.domain.window import moment

    ago = (now - latest) // 60_000_000
    when = f"{span(ago)} ago" if ago < DAY else f"on {moment(latest, zone):%Y-%m-%d}"
    hint = " Ctrl-C ends." if sys.stdout.isatty() else ""
    return f"last call {when}.{hint}"
