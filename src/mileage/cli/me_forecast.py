"""``mileage me forecast``: where the present block and this month are heading."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from mileage.cli.options import json_option

if TYPE_CHECKING:
    from mileage.cli.me_report import Asked

HELP = """Say how fast you are using tokens, and where that leads.

The present block of five hours goes on at its own pace so far. The month goes on
like the average of up to 28 days before today, idle days included; 4 of 5 such
months end inside the range. With less than 7 days of history, or no calls in
those 28 days, there is none.
"""


@click.command("forecast", help=HELP, short_help="Pace of the block and the month.")
@json_option
@click.pass_obj
def command(asked: Asked, *, as_json: bool) -> None:
    """Read, forecast, print."""
    from mileage.cli.me_report import remark
    from mileage.domain.window import Clock
    from mileage.reports.pace import (
        is_idle,
        last_end,
        month_ahead,
        pace_json,
        present_block,
    )
    from mileage.wiring.personal import quarter_rows

    now = time.time_ns() // 1_000
    rows = quarter_rows(asked.homes, asked.environ, remark)
    block = present_block(rows, now)
    clock = Clock(asked.zone)
    month = month_ahead(rows, now, clock)
    if as_json:
        import json

        click.echo(json.dumps(pace_json(block, month)))
        return
    from mileage.cli.me_pace import block_lines, month_lines
    from mileage.cli.me_table import explained
    from mileage.cli.tables import console

    out = console()
    said = [
        *block_lines(block, last_end(rows, now), asked.zone),
        "",
        *month_lines(month, idle=is_idle(rows, now, clock)),
    ]
    used = block and block.figures, month and month.rests_on
    for line in [*said, *explained(*used)]:
        out.print(line, soft_wrap=True)
