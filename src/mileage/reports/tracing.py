"""Match a leak to the boards that were shown; compare it with every viewer's copy."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import reduce
from html import unescape
from typing import TYPE_CHECKING, Literal, NamedTuple

from mileage.access.leaked import says
from mileage.access.tracing import Reading, trace
from mileage.domain.cube import Totals
from mileage.domain.shown import told_figures
from mileage.reports.shown import tied

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mileage.access.leaked import Kind, Line, Written
    from mileage.access.marks import Marks
    from mileage.access.tracing import Verdict
    from mileage.domain.cube import Cube
    from mileage.domain.directory import AccessRow
    from mileage.domain.figures import BoardRow, PublishedLens, Snapshot
    from mileage.domain.shown import Cell, Cells

MONEY = "micro_usd"
FEWEST_TOGETHER = 2
"""Figures of one line without a name that must fit the same account."""
SERVICES = ("service accounts",)
_BETWEEN = re.compile(r'[\s,;|<>"]+')


class Figure(NamedTuple):
    """One figure of a board, as exact and as what it is shown."""

    account: str
    """'' for the organisation."""
    name: str
    kind: Kind
    value: int
    cell: Cell | None
    """None if it is shown as it is."""
    people: int = 1
    """By how many what the cell is of was divided before it was shown."""

    @property
    def written(self) -> Cell | None:
        """The two numbers of which one is shown; the coin is that of ``cell``."""
        if self.cell is None or self.people == 1:
            return self.cell
        low, high = (one // self.people for one in self.cell[:2])
        return self.cell._replace(low=low, high=high)


class Used(NamedTuple):
    """A figure of the leak, and what it was taken for."""

    line: int
    text: str
    account: str
    name: str
    reading: Reading | None
    """None if it fits and tells no viewer from another."""
    exact: bool = False
    """It has more digits than anybody but an operator is shown."""


Published = Literal["board", "departments"]


class Shown(NamedTuple):
    """Everything that a published snapshot or cube showed to people."""

    as_of: int
    figures: Mapping[str, tuple[Figure, ...]]
    """By account; by what ``_line_name`` says of departments."""
    names: Mapping[str, tuple[str, ...]]
    """Accounts by name, as ``_plain`` writes it."""
    boards: tuple[tuple[BoardRow, ...], ...] = ()
    """One a lens."""
    what: Published = "board"


@dataclass(frozen=True, slots=True)
class Traced:
    """What a leak tells, and what that rests on."""

    as_of: int | None
    """The snapshot that fits best, UTC microseconds; None if none fits."""
    written: int
    """Figures in the leak."""
    used: tuple[Used, ...]
    verdict: Verdict
    reads: Mapping[str, tuple[AccessRow, ...]]
    """Reads of that snapshot by each suspect; operators' under ''."""
    what: Published = "board"

    @property
    def exact(self) -> int:
        """Figures that nobody but an operator is shown."""
        return sum(one.exact for one in self.used)


def shown_of(
    snapshot: Snapshot,
    boards: Iterable[tuple[PublishedLens, tuple[BoardRow, ...]]],
    marks: Cells,
) -> Shown:
    """List what the boards of a snapshot show to people, whoever it is."""
    figures: dict[str, dict[tuple[Kind, int], Figure]] = defaultdict(dict)
    names: dict[str, dict[str, None]] = defaultdict(dict)
    ranked = []
    for lens, rows in boards:
        ranked.append(rows)
        for row in rows:
            account = row.standing.account_id
            names[_plain(row.standing.name)][account] = None
            for figure in _row_figures(row, lens, marks):
                figures[account].setdefault((figure.kind, figure.value), figure)
    for figure in _totals(snapshot, marks):
        figures[""].setdefault((figure.kind, figure.value), figure)
    return Shown(
        snapshot.as_of,
        {account: tuple(found.values()) for account, found in figures.items()},
        {name: tuple(accounts) for name, accounts in names.items()},
        tuple(ranked),
    )


def _row_figures(row: BoardRow, lens: PublishedLens, marks: Cells) -> Iterator[Figure]:
    account = row.standing.account_id
    for told in told_figures(row.standing.figures):
        cell = marks.cell(told.value, part=told.part)
        yield Figure(account, told.name, _kind_of(told.name), told.value, cell)
    kind: Kind = "money" if lens.unit == MONEY else "count"
    yield Figure(account, lens.name, kind, row.value, marks.cell(row.value))
    sessions = row.standing.sessions
    cell = marks.cell(sessions, part=True)
    yield Figure(account, "sessions", "count", sessions, cell)


def _totals(snapshot: Snapshot, marks: Cells) -> Iterator[Figure]:
    for told in told_figures(snapshot.total):
        cell = marks.cell(told.value, part=told.part)
        yield Figure("", told.name, _kind_of(told.name), told.value, cell)
    for day, value in zip(snapshot.days, snapshot.daily, strict=True):
        yield Figure("", day, "count", value, marks.cell(value))


def told_of(cube: Cube, marks: Cells) -> Shown:
    """List the sums that pages of departments show to people, whoever it is."""
    figures: dict[str, tuple[Figure, ...]] = {}
    names: dict[str, dict[str, None]] = defaultdict(dict)
    for one in cube.departments:
        sums = [summed.totals for summed in one.sums]
        lines = [(summed.teams, summed.totals) for summed in one.sums]
        whole = [((), reduce(Totals.plus, sums))] if sums else []
        for teams, totals in (*lines, *whole, (SERVICES, one.services)):
            line = _line_name(one.name, teams)
            figures[line] = tuple(_sum_figures(line, totals, marks))
            said = teams and ", ".join(team or "in no team" for team in teams)
            names[_plain(said or one.name)][line] = None
    found = {name: tuple(lines) for name, lines in names.items()}
    return Shown(cube.as_of, figures, found, what="departments")


def _line_name(department: str, teams: tuple[str, ...]) -> str:
    return f"{department}: {', '.join(teams)}" if teams else department


def _sum_figures(line: str, totals: Totals, marks: Cells) -> Iterator[Figure]:
    """Tell a sum, and what of it is told a person on the board of teams."""
    yield Figure(line, "calls", "count", totals.calls, marks.cell(totals.calls))
    people = totals.users
    for name, value in (("tokens", totals.tokens), ("cost", totals.cost)):
        if value is None:
            continue
        kind, cell = _kind_of(name), marks.cell(value)
        yield Figure(line, name, kind, value, cell)
        if people:
            yield Figure(line, f"{name} a person", kind, value // people, cell, people)


def _kind_of(name: str) -> Kind:
    return "money" if name == "cost" else "share" if name == "cache_share" else "count"


def fits(lines: Iterable[Line], shown: Shown) -> tuple[Used, ...]:
    """Return the figures of a leak that this snapshot can have shown.

    Which ones fit does not depend on any viewer, so the snapshot that fits best may
    be chosen by it without making anybody look guilty.
    """
    everything = [one for found in shown.figures.values() for one in found]
    index = _index(everything)
    used: list[Used] = []
    for line in lines:
        used += _line_fits(line, shown, index)
    return tuple(used)


def _index(figures: Iterable[Figure]) -> Mapping[tuple[Kind, int], list[Figure]]:
    """File figures under every number that they are shown as, and the exact one."""
    index: dict[tuple[Kind, int], list[Figure]] = defaultdict(list)
    for one in figures:
        numbers = {one.value}
        if one.written is not None:
            numbers |= {one.written.low, one.written.high}
        for number in numbers:
            index[one.kind, number].append(one)
    return index


def _line_fits(
    line: Line, shown: Shown, index: Mapping[tuple[Kind, int], list[Figure]]
) -> Iterator[Used]:
    accounts = _named_in(line.words, shown)
    if not accounts:
        accounts = _together(line, index)
    for written in line.figures:
        candidates: Iterable[Figure]
        if accounts:
            candidates = (one for who in accounts for one in shown.figures[who])
        else:
            candidates = index.get((written.kind, written.value), ())
        used = _fit(line.number, written, candidates)
        if used is not None:
            yield used


def _named_in(words: str, shown: Shown) -> tuple[str, ...]:
    """Return the accounts whose name stands on a line, the longest name first."""
    told = f" {_plain(words)} "
    best = max(
        (name for name in shown.names if f" {name} " in told), key=len, default=""
    )
    return shown.names[best] if best else ()


def _plain(words: str) -> str:
    """Return words as they compare, whatever stands between them: HTML, CSV, pipes."""
    return " ".join(_BETWEEN.split(unescape(words).casefold())).strip()


def _together(
    line: Line, index: Mapping[tuple[Kind, int], list[Figure]]
) -> tuple[str, ...]:
    """Return the one account that several figures of a line fit."""
    counts: dict[str, int] = defaultdict(int)
    for written in line.figures:
        for account in {
            one.account for one in index.get((written.kind, written.value), ())
        }:
            counts[account] += 1
    most = max(counts.values(), default=0)
    best = [account for account, count in counts.items() if count == most]
    return tuple(best) if most >= FEWEST_TOGETHER and len(best) == 1 else ()


def _fit(line: int, written: Written, candidates: Iterable[Figure]) -> Used | None:
    """Return what a figure was taken for; None if for nothing, or for two things."""
    readings: dict[Reading, Figure] = {}
    plain: Figure | None = None
    for one in candidates:
        taken = _taken(written, one)
        if isinstance(taken, Reading):
            readings.setdefault(taken, one)
        elif taken:
            plain = plain or one
    if len(readings) == 1 and plain is None:
        ((reading, figure),) = readings.items()
        return Used(line, written.text, figure.account, figure.name, reading)
    if plain is None:
        return None
    exact = plain.cell is not None and written.value == plain.value
    return Used(line, written.text, plain.account, plain.name, None, exact)


def _taken(written: Written, one: Figure) -> Reading | bool:
    """Tell what a figure says if it is this one; whether it may be, if nothing."""
    if one.kind != written.kind:
        return False
    if written.value == one.value or one.cell is None or one.written is None:
        return written.value == one.value
    try:
        high = says(written, one.written)
    except ValueError:
        return False
    return True if high is None else Reading(one.cell, high)


def order_readings(
    lines: Iterable[Line], shown: Shown, marks: Cells
) -> Iterator[Reading]:
    """Tell in which order neighbours of equal rank stand, on boards in their order."""
    place: dict[str, int] = {}
    for number, line in enumerate(lines):
        for account in _named_in(line.words, shown)[:1]:
            place.setdefault(account, number)
    for rows in shown.boards:
        ranks = {row.standing.account_id: row.rank for row in rows}
        told = [ranks.get(who) for who in sorted(place, key=place.__getitem__)]
        known = [one for one in told if one is not None]
        if len(known) < len(told) or known != sorted(known):
            continue
        for index, cell in tied(rows, marks):
            one, other = (rows[index + more].standing.account_id for more in (0, 1))
            if one in place and other in place:
                yield Reading(cell, place[other] < place[one])


def traced(
    lines: Sequence[Line],
    boards: Iterable[Shown],
    marks: Marks,
    viewers: Sequence[str],
) -> tuple[Shown | None, tuple[Used, ...], Verdict]:
    """Return the snapshot that fits best, what was used of the leak, the verdict."""
    best: Shown | None = None
    used: tuple[Used, ...] = ()
    figures = sum(len(line.figures) for line in lines)
    for shown in boards:
        found = fits(lines, shown)
        if len(found) > len(used):
            best, used = shown, found
        if len(used) == figures:
            break
    readings = [one.reading for one in used if one.reading is not None]
    if best is not None:
        readings += order_readings(lines, best, marks)
    return best, used, trace(marks, viewers, readings)
