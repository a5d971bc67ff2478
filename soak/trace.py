"""Leak figures of a board of 85,000 people in many ways, and look who is named.

    python soak/trace.py [--viewers 85000] [--tried 85000] [--trials 100]
        [--state var/soak/trace.json] [--only NAME]

A trial draws a board, one leaker or four, and what of their copies is published; the
rest of the road is the one of `mileage trace`: text, figures, matching, scores of all
viewers. Everybody but the leakers is innocent, so a trial of 85,000 viewers tries as
many accusations; with --tried fewer of them are scored, against the bound of all, which
is quicker and tells as much about the leakers. Progress is kept, so an interrupted run
goes on where it stopped.
The curve is measured by the leaker's own score against the bound of all viewers.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from mileage.access.leaked import lines_of
from mileage.access.marks import Marker, Marks
from mileage.access.tracing import Reading, Suspect, Verdict, needed, trace
from mileage.domain.figures import Completeness, Standing
from mileage.domain.sums import Figures
from mileage.domain.tokens import Tokens
from mileage.domain.window import Window
from mileage.honours.lenses import Lens
from mileage.reports.tracing import fits, traced
from mileage.web import numbers
from tests.ranking import Whole, whole_shown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mileage.domain.shown import Cell
    from mileage.reports.tracing import Figure, Shown

ROWS = 250
LARGEST = 281_000_000_000
COLLUDERS = 4
DAYS = 30
ONES = Tokens(*[100] * 7)
LENSES = (Lens("cost", "Cost", "micro_usd", Tokens(), "thrift", "by splitting"),)
COLUMNS = ("tokens", "written", "cost")
PAGE = (*COLUMNS, "cache_share")
CURVE_TRIALS = 200
EVENLY = 0.5


class KeptMarks(Marks):
    """Marks that remember the tables of all viewers: 340 MB for 85,000."""

    def __init__(self, key: bytes) -> None:
        super().__init__(key)
        self.tables: dict[str, bytes] = {}

    def table(self, viewer: str) -> bytes:
        """Return a viewer's coins."""
        found = self.tables.get(viewer)
        if found is None:
            found = self.tables[viewer] = super().table(viewer)
        return found


def board(random: Random, marks: Marks) -> Shown:
    """Draw the first 250 of an organisation: a heavy tail, mostly cache reads."""
    standings = []
    for index in range(ROWS):
        total = int(LARGEST / (1 + index) ** 0.55 * random.uniform(0.97, 1))
        output = int(total * random.uniform(0.001, 0.004))
        writes = int(total * random.uniform(0.02, 0.05))
        fresh = int(total * random.uniform(0.002, 0.02))
        cost = int(total * random.uniform(0.11, 0.19))
        tokens = Tokens(fresh, total - output - writes - fresh, writes, 0, output)
        figures = Figures(total // 90_000, tokens, cost)
        standings.append(
            Standing(
                f"acc-row{index}",
                f"Person {index}x",
                *("person", "", "", figures, random.randint(20, 1900)),
                *((), (), 30, (total // DAYS,) * DAYS),
            )
        )
    total_of_all = standings[0].figures
    for one in standings[1:]:
        total_of_all = total_of_all.plus(one.figures)
    days = tuple(f"day {number}" for number in range(DAYS))
    window = Window(0, DAYS * 86_400_000_000)
    snapshot = Whole(
        *(window, "UTC", 1, days, total_of_all, (0,) * DAYS),
        *(Completeness((), None), {}, ""),
        standings=tuple(standings),
    )
    return whole_shown(snapshot, LENSES, ROWS, marks)


def cells_of(shown: Shown, names: Sequence[str]) -> list[Figure]:
    """Return the marked figures of some columns, each coin once."""
    found: dict[Cell, Figure] = {}
    for figures in shown.figures.values():
        for one in figures:
            if one.cell is not None and one.account and one.name in names:
                found.setdefault(one.cell, one)
    return list(found.values())


def written(figure: Figure, value: int) -> str:
    """Write a figure as the page does."""
    how = {
        "money": numbers.money_four,
        "share": numbers.percent_four,
        "count": numbers.four,
    }
    return how[figure.kind](value)


def copied(figures: Sequence[Figure], marker: Marker) -> list[str]:
    """Return lines with a name and the figure that this viewer was shown."""
    return [
        f"{figure.account.replace('acc-row', 'Person ')}x "
        + written(figure, figure.cell.shown(marker.table))
        for figure in figures
        if figure.cell is not None
    ]


def among(verdict: Verdict, viewers: int) -> Verdict:
    """Return the verdict with the bound of so many viewers."""
    suspects = (Suspect(one.viewer, one.score, viewers) for one in verdict.suspects)
    return replace(verdict, suspects=tuple(suspects))


class Trial:
    """One leak: who did it, and everybody's verdict."""

    def __init__(
        self, marks: KeptMarks, viewers: list[str], among: int, seed: str
    ) -> None:
        self.marks = marks
        self.viewers = viewers
        self.among = among
        self.random = Random(seed)  # noqa: S311 - made up
        self.shown = board(self.random, marks)

    def copy(self, columns: Sequence[str], count: int, lost: float) -> dict[str, Any]:
        """Publish some cells of one copy, of which a part is missing or misread."""
        who = self.random.choice(self.viewers)
        marker = Marker(self.marks, who)
        some = self.random.sample(cells_of(self.shown, columns), count)
        lines = copied(some, marker)
        for index in range(count):
            if self.random.random() < lost:
                lines[index] = self._misread(lines[index])
        told = lines_of("\n".join(lines))
        _, _, verdict = traced(told, [self.shown], self.marks, self.viewers)
        return self._result({who}, verdict)

    def _misread(self, line: str) -> str:
        """Lose a line, or get one of its digits wrong."""
        if self.random.random() < 1 / 3:
            return ""
        name, _, figure = line.rpartition(" ")
        places = [index for index, char in enumerate(figure) if char.isdigit()]
        place = self.random.choice(places)
        digit = self.random.choice("0123456789")
        return f"{name} {figure[:place]}{digit}{figure[place + 1 :]}"

    def together(
        self, choose: Callable[[Random, Sequence[bool]], bool | None]
    ) -> dict[str, Any]:
        """Publish a whole page, chosen where the copies of four differ.

        What is chosen as None is no number that anybody was shown.
        """
        who = self.random.sample(self.viewers, COLLUDERS)
        tables = [self.marks.table(one) for one in who]
        readings = []
        for figure in cells_of(self.shown, PAGE):
            assert figure.cell is not None
            saw = [figure.cell.raised(table) for table in tables]
            said = saw[0] if len(set(saw)) == 1 else choose(self.random, saw)
            if said is not None:
                readings.append(Reading(figure.cell, said))
        return self._result(set(who), trace(self.marks, self.viewers, readings))

    def quarters(self) -> dict[str, Any]:
        """Publish a page of which each of four gave a quarter of the rows."""
        who = self.random.sample(self.viewers, COLLUDERS)
        tables = [self.marks.table(one) for one in who]
        owner: dict[str, bytes] = {}
        readings = []
        for figure in cells_of(self.shown, PAGE):
            assert figure.cell is not None
            table = owner.setdefault(
                figure.account, tables[len(owner) * COLLUDERS // ROWS % COLLUDERS]
            )
            readings.append(Reading(figure.cell, figure.cell.raised(table)))
        return self._result(set(who), trace(self.marks, self.viewers, readings))

    def _result(self, guilty: set[str], verdict: Verdict) -> dict[str, Any]:
        named = {one.viewer for one in among(verdict, self.among).named}
        return {
            "found": len(named & guilty),
            "innocent": len(named - guilty),
            "tried": len(self.viewers) - len(guilty),
            "readings": verdict.readings,
        }


def by_majority(random: Random, saw: Sequence[bool]) -> bool:
    """Write what most of four saw."""
    high = sum(saw)
    return high * 2 > COLLUDERS or (high * 2 == COLLUDERS and random.random() < EVENLY)


def by_minority(random: Random, saw: Sequence[bool]) -> bool:
    """Write what fewest of four saw."""
    return not by_majority(random, saw)


def against(random: Random, saw: Sequence[bool]) -> bool:
    """Write what says least of anybody where half of all viewers see either."""
    return random.random() < (0, 0.75, 0.5, 0.25)[sum(saw)]


TRIALS: dict[str, Callable[[Trial], dict[str, Any]]] = {
    "30 cells": lambda t: t.copy(COLUMNS, 30, 0),
    "80 cells, 30 % lost": lambda t: t.copy(COLUMNS, 80, 0.3),
    "four by majority": lambda t: t.together(by_majority),
    "four by chance": lambda t: t.together(lambda r, saw: r.choice(saw)),
    "four by minority": lambda t: t.together(by_minority),
    "four, a quarter of the rows each": Trial.quarters,
    "four, the mean of them": lambda t: t.together(lambda *_: None),
    "four, the mean of them in four digits": lambda t: t.together(
        lambda _, saw: sum(saw) * 2 >= COLLUDERS
    ),
    "four, always the lower one": lambda t: t.together(lambda *_: False),
    "four, always the higher one": lambda t: t.together(lambda *_: True),
    "four by coin": lambda t: t.together(lambda r, _: r.random() < EVENLY),
    "four against it": lambda t: t.together(against),
    "30 cells of all columns": lambda t: t.copy(PAGE, 30, 0),
    "40 cells of all columns": lambda t: t.copy(PAGE, 40, 0),
}


def point(how: tuple[int, float, int], viewers: int, marks: Marks) -> float:
    """Return in which part of trials the leaker is named.

    ``how`` is the number of cells, the part of which the last digit is the other one,
    and the digits to which figures are rounded.
    """
    count, wrong, digits = how
    found = 0
    for seed in range(CURVE_TRIALS):
        random = Random(f"{how} {seed}")  # noqa: S311 - made up
        shown = board(random, marks) if seed % 20 == 0 else shown  # noqa: F821
        marker = Marker(marks, f"leaker-{seed}")
        cells = cells_of(shown, COLUMNS)
        some = random.sample(cells, min(count, len(cells)))
        flip = [random.random() < wrong / 2 for _ in some]
        lines = [_rounded(line, digits) for line in _flipped(some, marker, flip)]
        used = fits(lines_of("\n".join(lines)), shown)
        readings = [one.reading for one in used if one.reading is not None]
        verdict = trace(marks, [marker.viewer, "b", "c", "d", "e"], readings)
        named = among(verdict, viewers).named
        found += any(one.viewer == marker.viewer for one in named)
    return found / CURVE_TRIALS


def _flipped(
    figures: Sequence[Figure], marker: Marker, flip: Sequence[bool]
) -> list[str]:
    lines = []
    for figure, wrong in zip(figures, flip, strict=True):
        assert figure.cell is not None
        high = figure.cell.raised(marker.table) != wrong
        value = figure.cell.high if high else figure.cell.low
        name = figure.account.replace("acc-row", "Person ") + "x"
        lines.append(f"{name} {written(figure, value)}")
    return lines


def _rounded(line: str, digits: int) -> str:
    """Round the figure of a line to fewer digits, as the press does."""
    name, _, figure = line.rpartition(" ")
    money, unit = figure.startswith("$"), figure[-1] if figure[-1].isalpha() else ""
    number = float(figure.strip("$" + unit).replace(",", ""))
    kept = float(f"{number:.{digits}g}")
    places = max(0, digits - len(str(int(kept))))
    return f"{name} {'$' if money else ''}{kept:.{places}f}{unit}"


CURVE = [
    *((count, wrong, 4) for count in (30, 60, 80, 160) for wrong in (0, 0.1, 0.2, 0.3)),
    *((count, 0.5, 4) for count in (80, 160, 320, 700)),
    *((count, 0, 3) for count in (100, 250, 500, 700)),
    *((count, 0, 2) for count in (250, 700)),
]


def main() -> None:
    """Run what is missing and print the sums."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--viewers", type=int, default=85_000)
    parser.add_argument("--tried", type=int, default=85_000)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--state", type=Path, default=Path("var/soak/trace.json"))
    parser.add_argument("--only")
    asked = parser.parse_args()
    marks = KeptMarks(b"soak" * 8)
    state: dict[str, Any] = defaultdict(dict)
    if asked.state.exists():
        state.update(json.loads(asked.state.read_text("utf-8")))
    viewers = [f"acc-{number}" for number in range(asked.tried)]
    print(f"{needed(asked.viewers)} digits are needed among {asked.viewers} viewers")
    names = [name for name in [*TRIALS, "curve"] if asked.only in (None, name)]
    for name in names:
        if name == "curve":
            _draw(state["curve"], asked, marks, state)
            continue
        for number in range(asked.trials):
            if str(number) not in state[name]:
                trial = Trial(marks, viewers, asked.viewers, f"{name} {number}")
                began = time.process_time()
                result = TRIALS[name](trial)
                result["seconds"] = round(time.process_time() - began, 2)
                state[name][str(number)] = result
                _save(asked.state, state)
        print(_summary(name, state[name]), flush=True)
    innocent = sum(r["innocent"] for n in TRIALS for r in state[n].values())
    tried = sum(r["tried"] for n in TRIALS for r in state[n].values())
    print(f"{innocent} of {tried:,} innocent viewers named")
    sys.exit(1 if innocent else 0)


def _draw(
    curve: dict[str, float],
    asked: argparse.Namespace,
    marks: Marks,
    state: Any,  # noqa: ANN401
) -> None:
    for how in CURVE:
        key = f"{how[0]} cells, {how[1]:.0%} random, {how[2]} digits"
        if key not in curve:
            curve[key] = point(how, asked.viewers, marks)
            _save(asked.state, state)
        print(f"{key}: {curve[key]:.3f}", flush=True)


def _summary(name: str, results: dict[str, Any]) -> str:
    some = sum(bool(one["found"]) for one in results.values())
    seconds = sorted(one["seconds"] for one in results.values())[len(results) // 2]
    return f"{name}: found in {some} of {len(results)}, {seconds} s of processor time"


def _save(path: Path, state: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix(".part").write_text(json.dumps(state), "utf-8")
    path.with_suffix(".part").replace(path)


if __name__ == "__main__":
    main()
