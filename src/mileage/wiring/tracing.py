"""Tracing a leak in one data directory, while it is served or in the dark."""

from __future__ import annotations

import re
from collections import defaultdict
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from mileage.access.leaked import lines_of
from mileage.access.marks import Marks
from mileage.domain.errors import Invalid, NotFound
from mileage.domain.figures import Asked
from mileage.domain.people import PEOPLE
from mileage.reports.boards import SCOPES, Boards
from mileage.reports.cube_files import Cubes
from mileage.reports.incident import is_about, suspects_json
from mileage.reports.snapshots import Snapshots
from mileage.reports.tracing import Traced, shown_of, told_of, traced
from mileage.store.control import FILE_NAME, open_control
from mileage.store.control.audit import Change
from mileage.wiring.dark import Dark
from mileage.wiring.organisation import now
from mileage.wiring.policy import load_policy
from mileage.wiring.roles_in_force import gate_on

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from mileage.domain.directory import AccessRow
    from mileage.domain.figures import BoardRow, PublishedLens, Snapshot
    from mileage.domain.people import Account
    from mileage.reports.tracing import Published, Shown
    from mileage.store.control import Control
    from mileage.wiring.policy import Policy

    _Of = tuple[Published, int]
    """What was published, and as of when."""

DAY = 86_400_000_000
READS_SHOWN = 20
_WINDOW = re.compile(r"\bwindow (\w+)")
_REPORTS: Mapping[str, Published] = {
    "board": "board",
    "department": "departments",
    "groups": "departments",
}
_AS_OF = re.compile(r"\bas of (\d+)$")


class Period(NamedTuple):
    """When the figures may have been seen, UTC microseconds, half-open."""

    since: int
    until: int


class Found(NamedTuple):
    """What a trace tells, with the accounts it speaks of."""

    traced: Traced
    people: dict[str, Account]
    """By id."""
    tried: int
    """Snapshots that people had read and that are still kept."""
    incident: int | None = None
    """In whose file the named ones are noted."""


def trace_leak(
    data: Path, text: str, period: Period, tell: Callable[[int], None]
) -> Found:
    """Compare a leak with what each viewer was shown; noted in the audit log.

    ``tell`` hears how many snapshots were tried. Raises Invalid for a text without
    figures.
    """
    lines = lines_of(text)
    if not lines:
        raise Invalid("there is no figure in it; give the figures as they were seen")
    policy = load_policy(data)
    with open_control(data / FILE_NAME, clock=now) as control:
        marks = Marks(control.marks_key())
        people = {one.account_id: one for one in control.accounts()}
        reads = _reads(control, period)
        viewers = [who for who, one in people.items() if one.kind in PEOPLE]
        tried = _Counted(_boards(data, policy, marks, reads), tell)
        best, used, verdict = traced(lines, tried, marks, viewers)
        found = Traced(
            as_of=best.as_of if best else None,
            written=sum(len(line.figures) for line in lines),
            used=used,
            verdict=verdict,
            reads=_by_viewer(
                reads.get((best.what, best.as_of), ()) if best else (),
                {"", *(one.viewer for one in verdict.suspects)},
            ),
            what=best.what if best else "board",
        )
        detail = f"{found.written} figures, {verdict.readings} marks, {verdict.outcome}"
        control.record_change(Change("leak traced", "", detail))
        incident = _note_suspects(_desk(control, data), control, period, found, people)
    return Found(found, people, tried.count, incident)


def _desk(control: Control, data: Path) -> Dark:
    return Dark(control, data, gate_on(data, control))


def _note_suspects(
    desk: Dark,
    control: Control,
    period: Period,
    found: Traced,
    people: Mapping[str, Account],
) -> int | None:
    """Note whom it names in the incident's file, if it is about that time."""
    darkness = control.last_darkness()
    named = suspects_json(found.verdict, found.as_of, people, control.now())
    if not named or darkness is None or not is_about(darkness, *period):
        return None
    if not desk.incident_file(darkness.incident).exists():
        return None
    desk.add_suspects(darkness.incident, named)
    return darkness.incident


class _Counted:
    """An iterator that counts."""

    def __init__(self, boards: Iterator[Shown], tell: Callable[[int], None]) -> None:
        self._boards = boards
        self._tell = tell
        self.count = 0

    def __iter__(self) -> Iterator[Shown]:
        for shown in self._boards:
            self.count += 1
            self._tell(self.count)
            yield shown


def _reads(control: Control, period: Period) -> dict[_Of, list[AccessRow]]:
    """Return who read which snapshot's board or cube's sums in the period."""
    found: dict[_Of, list[AccessRow]] = defaultdict(list)
    for row in control.accesses(since=period.since):
        told, what = _AS_OF.search(row.detail), _REPORTS.get(row.report)
        if told and what and row.at < period.until:
            found[what, int(told[1])].append(row)
    return found


def _boards(
    data: Path, policy: Policy, marks: Marks, reads: Mapping[_Of, Sequence[AccessRow]]
) -> Iterator[Shown]:
    """Read the windows that somebody was shown, newest first; some may be gone.

    Of departments there is the present cube.
    """
    boards = Boards(Snapshots(data / "snapshots"))
    for what, as_of in sorted(reads, reverse=True):
        if what != "board":
            continue
        for window in sorted({_window_of(row) for row in reads[what, as_of]}):
            with suppress(NotFound):
                head = boards.head(window, as_of)
                if head.as_of == as_of:
                    yield shown_of(head, _ranked(boards, head, policy), marks)
    with suppress(NotFound):
        cube = Cubes(data / "cubes").latest()
        if ("departments", cube.as_of) in reads:
            yield told_of(cube, marks)


def _window_of(row: AccessRow) -> str:
    told = _WINDOW.search(row.detail)
    return told[1] if told else ""


def _ranked(
    boards: Boards, head: Snapshot, policy: Policy
) -> Iterator[tuple[PublishedLens, tuple[BoardRow, ...]]]:
    """Return the top of every lens, of people and of others."""
    for lens in head.lenses:
        for scope in SCOPES:
            asked = Asked(lens.name, count=policy.settings.top, scope=scope)
            yield lens, boards.rows(head, asked).rows


def _by_viewer(
    rows: Iterable[AccessRow], viewers: Iterable[str]
) -> dict[str, tuple[AccessRow, ...]]:
    wanted = set(viewers)
    found: dict[str, list[AccessRow]] = defaultdict(list)
    for row in rows:
        if row.viewer in wanted:
            found[row.viewer].append(row)
    return {viewer: tuple(some[-READS_SHOWN:]) for viewer, some in found.items()}
