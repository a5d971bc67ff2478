"""``mileage me ratio``: tokens beside the commits that they went into."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from mileage.cli.options import json_option

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from mileage.cli.me_report import Asked
    from mileage.domain.quarter import Usage
    from mileage.ingest.git_work import Work
    from mileage.reports.output_ratio import OutputRatio, WeekOfWork

MOST_WEEKS = 520
HELP = """Set your tokens against your commits, week by week.

Looks into the git repositories in which your calls were made (on this machine, with
this machine's git) for commits and merges by that repository's user.email. Nothing
leaves the machine. A commit is a rough measure: one can be a typo or a week's work.
"""


@click.command("ratio", help=HELP, short_help="Tokens for each commit, by week.")
@click.option(
    "--weeks",
    type=click.IntRange(1, MOST_WEEKS),
    default=8,
    show_default=True,
    help="How many weeks, the present one included.",
)
@json_option
@click.pass_obj
def command(asked: Asked, *, weeks: int, as_json: bool) -> None:
    """Read logs and repositories, compare, print."""
    from mileage.cli.me_report import remark
    from mileage.domain.window import Clock, midnight
    from mileage.ingest.git_work import work
    from mileage.reports.output_ratio import last_weeks, output_ratio, ratio_json
    from mileage.wiring.personal import usage_of

    clock = Clock(asked.zone)
    now = time.time_ns() // 1_000
    usage = usage_of(asked.homes, asked.environ, remark)
    rows = usage.rows
    # What was committed before any log stands beside no tokens that are known.
    first = clock.day(min((row.first for row in rows), default=now))
    mondays = last_weeks(weeks, now, clock, first)
    start = midnight(max(mondays[0], first), asked.zone)
    end = midnight(mondays[-1] + timedelta(weeks=1), asked.zone)
    recent = {row.project for row in rows if row.project and row.quarter >= start}
    found = work(recent, start, end)
    folders = {folder for one in found.repositories for folder in one.folders}
    commits = [commit for one in found.repositories for commit in one.commits]
    ratio = output_ratio(rows, commits, folders, mondays, clock)
    if as_json:
        import json

        click.echo(json.dumps(ratio_json(ratio, found.problems)))
        return
    from mileage.cli.tables import console

    out = console()
    if rows:
        _show(out, ratio, found)
    else:
        out.print(_nothing(usage))
    if found.repositories and len(mondays) < weeks:
        out.print(f"Your logs begin on {first}, and so do these weeks.", style="dim")


def _nothing(usage: Usage) -> str:
    if any(source.files or source.gone for source in usage.sources):
        return "No call counts; `mileage me` says why."
    return "No calls found; `mileage me` says where it looked."


def _show(out: Console, ratio: OutputRatio, found: Work) -> None:
    if found.repositories:
        _show_ratio(out, ratio, len(found.repositories))
    elif not found.problems:
        out.print("None of your calls was made in a git repository that is still here.")
        out.print("Ratios need the repositories: run this where you work.")
    for problem in found.problems:
        out.print(problem, style="yellow", soft_wrap=True, markup=False)


def _show_ratio(out: Console, ratio: OutputRatio, number: int) -> None:
    from mileage.cli.me_table import compact, counted, explained

    out.print(_table(ratio))
    if ratio.trend is not None:
        change = "less" if ratio.trend < 0 else "more"
        out.print(
            f"The later half of these weeks took {abs(ratio.trend):.0%} {change} "
            "tokens for each commit than the earlier.",
            soft_wrap=True,
        )
    where = "1 repository" if number == 1 else f"{number} repositories"
    out.print(f"Commits of yours in {where} on this machine.", style="dim")
    for line in explained(ratio.total.spent):
        out.print(line)
    calls = ratio.elsewhere.calls
    if calls:
        tokens = compact(ratio.elsewhere.tokens.total)
        out.print(
            f"Not in the ratio: {counted(calls)} ({tokens} tokens) made outside of "
            "them, or in folders that are gone.",
            style="dim",
            soft_wrap=True,
        )


def _table(ratio: OutputRatio) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_footer=True)
    total = _cells(ratio.total)
    table.add_column("week of", "total", no_wrap=True)
    names = ("tokens", "cost", "commits", "merges", "lines", "tokens / commit")
    for name, footer in zip(names, total, strict=True):
        table.add_column(name, footer, justify="right", no_wrap=True)
    for week in ratio.weeks:
        table.add_row(week.monday.isoformat(), *_cells(week))
    return table


def _cells(week: WeekOfWork) -> tuple[str, ...]:
    from mileage.cli.me_table import compact, spent

    each = week.tokens_per_commit
    return (
        compact(week.spent.tokens.total),
        spent(week.spent),
        f"{week.commits:,}",
        f"{week.merges:,}",
        f"+{week.added:,} -{week.removed:,}",
        "\u2013" if each is None else compact(each),
    )
