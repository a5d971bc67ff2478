"""The personal report as a table in a terminal."""

from __future__ import annotations

import os
from datetime import datetime
from typing import TYPE_CHECKING

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mileage.domain.block import BLOCK
from mileage.domain.days import micros, moment
from mileage.domain.plural import counted as counted_of
from mileage.domain.printable import printable
from mileage.reports.values import dollars

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from mileage.domain.quarter import LocalSource
    from mileage.domain.sums import Figures, Share
    from mileage.reports.local import LocalReport
    from mileage.reports.local_question import Question

_THOUSAND = 1_000
_UNITS = ("", "K", "M", "B", "T")
_LONGEST_NAME, _SHORTEST_NAME = 40, 10
_BEGAN = "2026-11-22 01:18"
_SHORTEST_ID = 6
_CENT = 10_000
_NONE = "\u2013"
_COLUMNS = (
    "calls",
    "input",
    "cache read",
    "cache write",
    "output",
    "reasoning",
    "tokens",
    "list price",
)
_FIRST_TO_GO = ("reasoning", "input", "cache write", "cache read", "output", "calls")
_ALL_COLUMNS = 110
_SHOWN_FROM = {
    **dict.fromkeys(("reasoning", "input", "cache write"), _ALL_COLUMNS),
    "cache read": 80,
}
"""So wide has a terminal to be for these, even if they fit into fewer columns."""
_BETWEEN, _EDGES = 3, 2
"""Columns of a terminal that lie between two of the table, and around all."""
_ADVICE = (
    "Are your logs below another home folder? Name it: --home DIR.",
    "Aider keeps a log only where AIDER_ANALYTICS_LOG names a file.",
    "`mileage demo` shows a made-up organisation meanwhile.",
)


def show(report: LocalReport, looked_in: Sequence[str]) -> None:
    """Print a report, or where was looked when there is nothing to report."""
    console = Console(highlight=False)
    if any(source.calls for source in report.sources):
        console.print(_heading(report))
        table, left_out = figures_table(report, width=console.width)
        console.print(table)
        _tell(console, *_remarks(report), *_legend(left_out), *left_out_line(left_out))
    elif ahead := sum(source.ahead for source in report.sources):
        dated = f"{counted(ahead)} {'is' if ahead == 1 else 'are'} dated"
        why = f"{dated} more than a day ahead (a clock was wrong)."
        console.print(f"No usage that counts: {why}", style="bold")
    else:
        console.print("No usage found.", style="bold")
        console.print("Looked for logs of coding agents in:")
        for folder in looked_in:
            note = "  (closed to you)" if _is_closed(folder) else ""
            console.print(
                f"  {folder}{note}", style="dim", soft_wrap=True, markup=False
            )
        _tell(console, *_ADVICE)
    known = [source for source in report.sources if source.calls or source.files]
    _tell(console, *map(_completeness, known))


def _is_closed(folder: str) -> bool:
    try:
        os.scandir(folder).close()
    except PermissionError:
        return True
    except OSError:
        return False
    return False


def _tell(console: Console, *lines: str) -> None:
    """Break lines between words for people; leave them whole for programs."""
    for line in lines:
        console.print(line, style="dim", soft_wrap=not console.is_terminal)


def _legend(left_out: Collection[str]) -> Iterator[str]:
    """Say in a line each what the columns mean."""
    yield "input: not cached. cache read: taken from the cache. cache write: put there."
    yield "list price: at the providers' public prices, whatever your plan costs."
    if "reasoning" not in left_out:
        yield "reasoning: where a client tells it apart; else it is part of output."


def left_out_line(left_out: Sequence[str]) -> list[str]:
    """Say which columns a terminal has no room for, if there are any."""
    if not left_out:
        return []
    return [f"Left out here: {', '.join(left_out)}. {_ALL_COLUMNS} columns show all."]


def _columns(widths: Mapping[str, int], width: int, names: int) -> list[str]:
    """Return the columns that fit beside names; cutting a number makes it another."""
    shown = [name for name in _COLUMNS if width >= _SHOWN_FROM.get(name, 0)]
    for last in (*_FIRST_TO_GO, *_COLUMNS):
        needed = _EDGES + names + sum(widths[name] + _BETWEEN for name in shown)
        if needed <= width:
            break
        shown = [name for name in shown if name != last]
    return shown


def compact(count: int) -> str:
    """Write a count with three significant digits: 281B, 60.2T, 1M."""
    value, unit = float(count), 0
    while round(value, _decimals(value)) >= _THOUSAND and unit < len(_UNITS) - 1:
        # 999,950 must read 1M, never 1000K: compare after rounding.
        value, unit = value / _THOUSAND, unit + 1
    if unit == 0:
        return str(count)
    digits = f"{value:.{_decimals(value)}f}"
    digits = digits.rstrip("0").rstrip(".") if "." in digits else digits
    return digits + _UNITS[unit]


def _decimals(value: float) -> int:
    return 2 if value < 9.995 else 1 if value < 99.95 else 0  # noqa: PLR2004


def _heading(report: LocalReport) -> Text:
    zone = report.question.zone
    line = Text("Your usage", style="bold")
    if report.window:
        first = moment(report.window.start, zone).date()
        last = moment(report.window.end - 1, zone).date()
        days = f"{first} to {last}" if first < last else f"{first}"
        line.append(f"  {days}, days of {report.question.zone_name}", "dim")
    return line


def figures_table(report: LocalReport, *, width: int) -> tuple[Table, list[str]]:
    """Lay the rows out; also return the columns for which there is no room."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_footer=True, expand=False)
    total = _cells(report.total)
    question = report.question
    rows = [(row, _cells(row.figures)) for row in report.rows]
    widths = {
        name: max(map(len, (name, total[name], *(cells[name] for _, cells in rows))))
        for name in _COLUMNS
    }
    shortest = len(_BEGAN) if question.by == "block" else _SHORTEST_NAME
    shown = _columns(widths, width, shortest)
    table.add_column(question.by, "total", overflow="ellipsis", no_wrap=True)
    for name in shown:
        table.add_column(name, total[name], justify="right", min_width=widths[name])
    room = width - _EDGES - sum(widths[name] + _BETWEEN for name in shown)
    longest = min(_LONGEST_NAME, max(_SHORTEST_NAME, room))
    for row, cells in rows:
        title = Text(_title(row, question, longest))
        table.add_row(title, *(cells[name] for name in shown))
    return table, [name for name in _COLUMNS if name not in shown]


def _title(row: Share, question: Question, longest: int) -> str:
    """Name a row; a block and a session by when it began where the person is."""
    if question.by == "block":
        return _local(row.name, question)
    room = longest - len(_BEGAN) - 1
    if not row.note or room < _SHORTEST_ID:
        return _short(row.name, longest)
    return f"{_local(row.note, question)} {_short(row.name, room)}"


def _local(instant: str, question: Question) -> str:
    return f"{datetime.fromisoformat(instant).astimezone(question.zone):%Y-%m-%d %H:%M}"


def _cells(figures: Figures) -> dict[str, str]:
    tokens = figures.tokens
    return {
        "calls": f"{figures.calls:,}",
        "input": compact(tokens.input + tokens.tool_input),
        "cache read": compact(tokens.cache_read),
        "cache write": compact(tokens.cache_write + tokens.cache_write_1h),
        "output": compact(tokens.output),
        "reasoning": compact(tokens.reasoning),
        "tokens": compact(tokens.total),
        "list price": money(figures.cost),
    }


def money(micro: int | None) -> str:
    """Write micro-dollars in dollars and cents, or a dash where none is known."""
    if micro is None:
        return _NONE
    if 0 < micro < _CENT:
        return "<$0.01"
    return f"${float(dollars(micro) or 0):,.2f}"


def spent(figures: Figures) -> str:
    """Write what calls cost; ``+`` says that some of them have no known price."""
    return made_of(figures, figures.cost)


def made_of(figures: Figures, micro: int | None) -> str:
    """Write dollars that were worked out from what these calls cost."""
    return f"{money(micro)}{'+' if _is_part(figures) else ''}"


def explained(*shown: Figures | None) -> list[Text]:
    """Say what a ``+`` means that stands behind the dollars of any of these."""
    if not any(map(_is_part, filter(None, shown))):
        return []
    return [Text("+ calls without a known price, which are in no dollars.", "dim")]


def _is_part(figures: Figures) -> bool:
    return figures.cost is not None and figures.unpriced_calls > 0


def counted(calls: int) -> str:
    """Write a number of calls."""
    return counted_of(calls, "call")


def _short(name: str, longest: int = _LONGEST_NAME) -> str:
    """Keep the end of a long name, measured as shown: folders differ there."""
    if not name:
        return "(unknown)"
    name = printable(name)
    if cell_len(name) <= longest:
        return name
    kept = len(name)
    while cell_len(name[kept - 1 :]) < longest:
        kept -= 1
    while kept < len(name) and not cell_len(name[kept]):
        kept += 1  # Accents go with the letter before them.
    return f"…{name[kept:]}"


def _remarks(report: LocalReport) -> Iterator[str]:
    yield from _cut(report)
    total = report.total
    if total.cache_share is not None:
        yield f"{total.cache_share:.1%} of all prompt tokens came from the cache."
    if unpriced := total.unpriced_calls:
        have, are = ("has", "is") if unpriced == 1 else ("have", "are")
        yield (
            f"{unpriced:,} of {counted(total.calls)} {have} no known price "
            f"and {are} not in the sum (--by model shows which)."
        )
    if total.unmeasured_calls:
        yield (
            f"Of {total.unmeasured_calls:,} of {total.calls:,} calls no source reports "
            "the tokens: they are not 0, but unknown."
        )


def _cut(report: LocalReport) -> Iterator[str]:
    """Say which blocks reach beyond the days that are asked for."""
    question, window = report.question, report.window
    if question.by != "block" or window is None:
        return
    for row in report.rows:
        start = micros(datetime.fromisoformat(row.name))
        began_before = question.since and start < window.start
        if began_before or (question.until and start + BLOCK > window.end):
            yield (
                f"The block of {_local(row.name, question)} reaches beyond these days: "
                "its row has only its calls within them."
            )


def _completeness(source: LocalSource) -> str:
    """Say what the figures rest on; answers cut off midway are in no log."""
    files = counted_of(source.files, "file")
    line = f"{source.source}: {files}, no usage that counts (estimates do not)"
    if source.first is not None and source.last is not None:
        first, last = (moment(edge).date() for edge in (source.first, source.last))
        days = f"from {first} to {last}" if first < last else f"on {first}"
        line = f"{source.source}: {files}, {counted(source.calls)} {days} (UTC)"
    if source.gone:
        gone = counted_of(source.gone, "deleted file")
        line += f", {gone} still {'counts' if source.gone == 1 else 'count'}"
    if source.ahead:
        line += f", {counted(source.ahead)} dated more than a day ahead left out: "
        line += "a clock was wrong"
    if source.rejected:
        line += f", {counted_of(source.rejected, 'line')} could not be read"
        line += " (`mileage me unreadable` says which)"
    return line
