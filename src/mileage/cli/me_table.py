"""The personal report as a table in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mileage.domain.window import moment
from mileage.reports.shape import dollars

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mileage.domain.quarter import LocalSource
    from mileage.domain.sums import Figures
    from mileage.reports.local import LocalReport

_THOUSAND = 1_000
_UNITS = ("", "K", "M", "B", "T")
_LONGEST_NAME = 40
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


def show(report: LocalReport, looked_in: Sequence[str]) -> None:
    """Print a report, or where was looked when there is nothing to report."""
    console = Console(highlight=False)
    if any(source.calls for source in report.sources):
        console.print(_heading(report))
        console.print(figures_table(report, width=console.width))
        for line in _remarks(report):
            console.print(line, style="dim", soft_wrap=True)
    else:
        console.print("No usage found.", style="bold")
        console.print("Looked for session logs of Claude Code and Codex in:")
        for folder in looked_in:
            console.print(f"  {folder}", style="dim", soft_wrap=True)
        console.print("Name another home folder with --home DIR.")
    for source in report.sources:
        if source.calls or source.files:
            console.print(_completeness(source), style="dim", soft_wrap=True)


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
        line.append(f"  {first} to {last}, days of {report.question.zone_name}", "dim")
    return line


def figures_table(report: LocalReport, *, width: int) -> Table:
    """Lay the rows out, with fewer columns in a narrow terminal."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_footer=True, expand=False)
    narrow = width < 110  # noqa: PLR2004
    left_out = {"input", "cache write", "reasoning"} if narrow else set()
    table.add_column(report.question.by, "total", overflow="ellipsis", no_wrap=True)
    total = dict(zip(_COLUMNS, _cells(report.total), strict=True))
    for name in _COLUMNS:
        if name not in left_out:
            table.add_column(name, total[name], justify="right", no_wrap=True)
    for row in report.rows:
        cells = zip(_COLUMNS, _cells(row.figures), strict=True)
        shown = [cell for name, cell in cells if name not in left_out]
        table.add_row(Text(_short(row.name)), *shown)
    return table


def _cells(figures: Figures) -> Iterator[str]:
    tokens = figures.tokens
    yield f"{figures.calls:,}"
    yield compact(tokens.input + tokens.tool_input)
    yield compact(tokens.cache_read)
    yield compact(tokens.cache_write + tokens.cache_write_1h)
    yield compact(tokens.output)
    yield compact(tokens.reasoning)
    yield compact(tokens.total)
    yield _money(figures.cost)


def _money(cost: int | None) -> str:
    return _NONE if cost is None else f"${float(dollars(cost) or 0):,.2f}"


def _short(name: str) -> str:
    """Keep the end of a long name: folders differ there."""
    if not name:
        return "(unknown)"
    return name if len(name) <= _LONGEST_NAME else "…" + name[1 - _LONGEST_NAME :]


def _remarks(report: LocalReport) -> Iterator[str]:
    total = report.total
    if total.cache_share is not None:
        yield f"{total.cache_share:.1%} of all prompt tokens came from the cache."
    if total.unpriced_calls:
        yield (
            f"{total.unpriced_calls:,} of {total.calls:,} calls have no known price "
            "and are not in the sum (add one in a prices.toml)."
        )
    if total.unmeasured_calls:
        yield (
            f"Of {total.unmeasured_calls:,} of {total.calls:,} calls no source reports "
            "the tokens: they are not 0, but unknown."
        )


def _completeness(source: LocalSource) -> str:
    """Say what the figures rest on; answers cut off midway are in no log."""
    line = f"{source.source}: {source.files:,} files, {source.calls:,} calls"
    if source.first is not None and source.last is not None:
        first, last = (moment(edge).date() for edge in (source.first, source.last))
        line += f" from {first} to {last} (UTC)"
    if source.gone:
        line += f", {source.gone:,} deleted files still count"
    if source.rejected:
        line += f", {source.rejected:,} lines could not be read"
    return line
