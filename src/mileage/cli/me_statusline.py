"""``mileage me statusline``: one short line, quickly, whatever happens."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mileage.cli.me_report import Asked
    from mileage.domain.quarter import QuarterRow, Usage

LONGEST_MODEL = 40
PARTS = ("model", "session", "today", "block", "pace")
MOST_INPUT = 1 << 20
HELP = """Print one line: model, this session, today, the block of five hours, the pace.

Reads the JSON that Claude Code hands to a status line on standard input, if there is
any, for the session and the model. In ~/.claude/settings.json:

\b
    "statusLine": {"type": "command", "command": "mileage me statusline"}

Works in a shell's prompt or in tmux too, without any input. It never fails: what is
not known is left out. A + behind dollars: some calls have no known price, and are not
in them.
"""


@click.command("statusline", help=HELP, short_help="One line for a status line.")
@click.option(
    "--show",
    type=click.Choice(PARTS),
    multiple=True,
    help=f"What to show; may be repeated. [default: {', '.join(PARTS)}]",
)
@click.pass_obj
def command(asked: Asked, *, show: tuple[str, ...]) -> None:
    """Read, and say it in a line."""
    from mileage.wiring.personal import usage_of

    told, now = _told(), time.time_ns() // 1_000
    usage = usage_of(asked.homes, asked.environ)
    said = dict(_parts(asked, usage.rows, told, now))
    wanted = (said.get(part) for part in show or PARTS)
    click.echo(" | ".join(part for part in wanted if part) or _nothing(usage, now))


def _nothing(usage: Usage, now: int) -> str:
    from mileage.cli.me_pace import nothing_found

    if any(row.first <= now for row in usage.rows):
        return "nothing today"
    return nothing_found(usage)


def _told() -> dict[str, Any]:
    """Return what the agent says on standard input; {} when it says nothing."""
    if sys.stdin is None or sys.stdin.isatty():
        return {}
    try:
        told = json.loads(sys.stdin.read(MOST_INPUT))
    except (ValueError, OSError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _parts(
    asked: Asked, rows: Sequence[QuarterRow], told: dict[str, Any], now: int
) -> Iterator[tuple[str, str]]:
    from mileage.cli.me_pace import span
    from mileage.cli.me_table import compact, spent
    from mileage.domain.printable import printable
    from mileage.domain.window import Clock, midnight
    from mileage.reports.local import figures
    from mileage.reports.pace import present_block

    model = told.get("model")
    if isinstance(model, dict) and isinstance(model.get("display_name"), str):
        yield "model", printable(model["display_name"][:LONGEST_MODEL])
    session = told.get("session_id")
    own = [row for row in rows if session and row.session == session]
    if own:
        yield "session", f"session {spent(figures(own))}"
    start = midnight(Clock(asked.zone).day(now), asked.zone)
    today = figures([row for row in rows if start <= row.quarter <= now])
    if today.calls:
        yield "today", f"today {spent(today)}, {compact(today.tokens.total)} tok"
    block = present_block(rows, now)
    if block:
        left = span(block.minutes_left)
        yield "block", f"block {spent(block.figures)}, {left} left"
        yield "pace", f"{compact(block.tokens_per_minute)} tok/min"
