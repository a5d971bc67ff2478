"""Whose copy was it? Compare the digits of a leak with what each viewer was shown.

A score is the logarithm of how many times likelier the leaked digits are if this
viewer had a part in the leak than if not. Of somebody who had none, the factor is 1
on average, whatever the leak looks like and however the guilty chose among their
copies: so among N innocent viewers the chance that anyone reaches a factor F is at
most N / F (Markov's inequality). That bound is the error rate of a verdict. It holds
for the mean of several such factors as well, one a way in which a leak may come about,
so nothing has to be known about it beforehand.

The symmetric treatment of both digits and the uneven shares of `marks` follow Tardos,
"Optimal probabilistic fingerprint codes" (2003), and Skoric et al., "Symmetric Tardos
fingerprinting codes for arbitrary alphabet sizes" (2008).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cache
from heapq import nlargest
from itertools import islice
from math import comb, exp, inf, log
from operator import add
from typing import TYPE_CHECKING, Literal, NamedTuple

from mileage.access.marks import TABLE_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mileage.access.marks import Marks
    from mileage.domain.shown import Cell

LEAST_ERROR = 1e-9
"""Below it other causes than chance are likelier: a stolen session, a key in two hands.
"""
ERROR_RATE = 0.001
"""Nobody is named with more: of 1,000 leaks traced, one may name an innocent viewer."""
VIEWERS_AT_ONCE = 1024
"""Their tables are 4 MiB: what fits beside the processor is looked through fast."""
SPACER = bytes(64)
STRIDE = TABLE_BYTES + len(SPACER)
"""Tables a power of two apart would share the same few lines of the caches."""
UNIT = 10_000
"""Scores are summed as whole numbers of ten-thousandths."""
LANE = 4
"""Bytes of one viewer's sum: large integers add thousands of sums at once."""
MOST_IN_A_BYTE = 255
PARTNERS = 3
"""How many others are taken to be in it when copies were mixed."""
SHORTLIST = 48
FIRST_LOOK = 0.8
"""What a score for itself weighs beside one that takes others to have been in it."""


class Reading(NamedTuple):
    """A digit that a leak tells: the higher number of a cell, or the lower one."""

    cell: Cell
    high: bool


class Mixing(NamedTuple):
    """A way in which a leak may come about, and how much it is believed beforehand."""

    belief: float
    chosen: tuple[float, ...]
    """How likely the higher number is written if 0, 1, ... of them were shown it."""
    misread: float
    """Part of the readings that says nothing."""


_ALONE = (0.0, 1.0)
MIXINGS = (
    Mixing(0.45, _ALONE, 0.002),
    Mixing(0.06, _ALONE, 0.1),
    Mixing(0.06, _ALONE, 0.35),
    Mixing(0.06, (0.0, 0.5, 1.0), 0.01),
    Mixing(0.04, (0.0, 1 / 3, 2 / 3, 1.0), 0.01),
    Mixing(0.04, (0.0, 0.0, 1.0, 1.0), 0.01),
    Mixing(0.04, (0.0, 1.0, 0.0, 1.0), 0.01),
    Mixing(0.06, (0.0, 0.25, 0.5, 0.75, 1.0), 0.01),
    Mixing(0.04, (0.0, 0.0, 0.5, 1.0, 1.0), 0.01),
    Mixing(0.05, (0.0, 1.0, 0.5, 0.0, 1.0), 0.01),
    Mixing(0.05, (0.0, 0.7, 0.5, 0.3, 1.0), 0.01),
    Mixing(0.025, (0.0, 0.0, 0.0, 0.0, 1.0), 0.01),
    Mixing(0.025, (0.0, 1.0, 1.0, 1.0, 1.0), 0.01),
)
"""One leaker; two to four who choose by chance, by majority, by minority, anyhow, or
always the lower or the higher number."""
_BELIEFS = tuple(log(mixing.belief) for mixing in MIXINGS)


@dataclass(frozen=True, slots=True)
class Suspect:
    """A viewer whose copy fits, and how surely."""

    viewer: str
    score: float
    """Natural logarithm of the factor."""
    viewers: int
    """Among how many it was looked for."""

    @property
    def error_rate(self) -> float:
        """Bound on the chance that any innocent viewer reaches this score."""
        return min(1.0, max(LEAST_ERROR, self.viewers * exp(-self.score)))

    @property
    def probability(self) -> float:
        """How likely it had a part, if each of the viewers was as likely before."""
        return 1 / (1 + max(LEAST_ERROR, self.viewers * exp(-self.score)))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a leak tells about its source."""

    readings: int
    """Digits that could have told one viewer from another."""
    viewers: int
    needed: int
    """Digits from which a single careless leaker of that many viewers is found."""
    suspects: tuple[Suspect, ...]
    """The likeliest first, named or not."""

    @property
    def named(self) -> tuple[Suspect, ...]:
        """Those whose error rate is low enough to name them."""
        return tuple(one for one in self.suspects if one.error_rate <= ERROR_RATE)

    @property
    def outcome(self) -> Literal["traced", "untraceable"]:
        """Whether anybody can be named."""
        return "traced" if self.named else "untraceable"


def trace(
    marks: Marks, viewers: Sequence[str], readings: Iterable[Reading], most: int = 5
) -> Verdict:
    """Return the viewers whose copies a leak fits best.

    A cell read twice counts once: its two readings share one coin.
    """
    told = tuple({reading.cell: reading for reading in readings}.values())
    # Whoever is further behind cannot get past them by being looked at again.
    front = _front(marks, viewers, told, SHORTLIST + PARTNERS + most)
    scored = _together(marks, front, told)
    suspects = [Suspect(viewer, score, len(viewers)) for score, viewer in scored]
    return Verdict(
        len(told), len(viewers), needed(len(viewers)), tuple(suspects[:most])
    )


def needed(viewers: int) -> int:
    """Return how many digits find one who leaks alone, each even and read rightly."""
    alone = MIXINGS[0]
    each = log(2 - alone.misread)
    odds = max(viewers, 1) / (ERROR_RATE * alone.belief * FIRST_LOOK)
    return int(log(odds) / each) + 1


def scores(
    marks: Marks, viewers: Sequence[str], readings: Sequence[Reading]
) -> list[float]:
    """Return each viewer's score, in the order of the viewers."""
    return [
        _score(column)
        for some in _batched(viewers, VIEWERS_AT_ONCE)
        for column in zip(*_columns(marks, some, readings), strict=True)
    ]


def _front(
    marks: Marks, viewers: Sequence[str], readings: Sequence[Reading], many: int
) -> list[tuple[float, str]]:
    """Return so many of the best scores, best first, and who has them.

    A score lies between the largest believed sum of a viewer and that much more than
    all ways together can add: it is worked out only for who may be among the best.
    """
    found: list[tuple[float, str]] = []
    largest: list[float] = []
    for some in _batched(viewers, VIEWERS_AT_ONCE):
        columns = _columns(marks, some, readings)
        bounds = [
            max(map(add, _BELIEFS, column)) for column in zip(*columns, strict=True)
        ]
        largest = nlargest(many, largest + bounds)
        least = largest[-1] - log(len(MIXINGS))
        found += [
            (_score([column[at] for column in columns]), some[at])
            for at, bound in enumerate(bounds)
            if bound >= least
        ]
    return sorted(found, key=lambda pair: (-pair[0], pair[1]))[:many]


def _score(sums: Sequence[float]) -> float:
    """Return the score of a viewer with these sums, one a mixing."""
    pairs = zip(MIXINGS, sums, strict=True)
    return _mean([(mixing.belief, log_factor) for mixing, log_factor in pairs])


def _columns(
    marks: Marks, viewers: Sequence[str], readings: Sequence[Reading]
) -> list[list[float]]:
    """Return for each mixing everybody's sum of logarithms.

    Readings of one kind have one factor: who was shown the higher number is counted
    first, and a sum has as few terms as there are kinds.
    """
    tables = SPACER.join(map(marks.table, viewers))
    kinds: dict[tuple[int, bool], list[Cell]] = defaultdict(list)
    for one in readings:
        kinds[one.cell.cut, one.high].append(one.cell)
    counted = {
        kind: (len(cells), _counts(tables, cells, len(viewers)))
        for kind, cells in kinds.items()
    }
    return [_sums(counted, mixing, len(viewers)) for mixing in MIXINGS]


def _counts(tables: bytes, cells: Sequence[Cell], viewers: int) -> int:
    """Return in the lane of each viewer of how many cells the higher number was."""
    found = 0
    for first in range(0, len(cells), MOST_IN_A_BYTE):
        some = cells[first : first + MOST_IN_A_BYTE]
        counts = sum(_coins(tables, cell, viewers) for cell in some)
        lanes = bytearray(LANE * viewers)
        lanes[::LANE] = counts.to_bytes(viewers, "little")
        found += int.from_bytes(lanes, "little")
    return found


def _coins(tables: bytes, cell: Cell, viewers: int) -> int:
    """Return 1 in the byte of each viewer who was shown the higher number."""
    first = int.from_bytes(tables[cell.first :: STRIDE], "little")
    second = int.from_bytes(tables[cell.second :: STRIDE], "little")
    mixed = (first ^ second).to_bytes(viewers, "little")
    return int.from_bytes(mixed.translate(_raised(cell.cut)), "little")


@cache
def _raised(cut: int) -> bytes:
    return bytes(number < cut for number in range(256))


def _sums(
    counted: Mapping[tuple[int, bool], tuple[int, int]], mixing: Mixing, viewers: int
) -> list[float]:
    """Add up, for all viewers at once: what is below zero in a sum of its own."""
    base = up = down = 0
    for (cut, high), (count, coins) in counted.items():
        if_low, if_high = _factors(mixing, cut, high)
        base += count * if_low
        if if_high >= if_low:
            up += coins * (if_high - if_low)
        else:
            down += coins * (if_low - if_high)
    raised = memoryview(up.to_bytes(LANE * viewers, "little")).cast("I")
    lowered = memoryview(down.to_bytes(LANE * viewers, "little")).cast("I")
    return [(base + a - b) / UNIT for a, b in zip(raised, lowered, strict=True)]


@cache
def _factors(
    mixing: Mixing,
    cut: int,
    told_high: bool,  # noqa: FBT001 - what was read
    seen: tuple[bool, ...] = (),
) -> tuple[int, int]:
    """Return the logarithms of a reading's factor for who saw low and who saw high.

    ``seen`` is what others who were in it saw. Rounded down: a bound stays one.
    """
    share, misread = cut / 256, mixing.misread
    others = len(mixing.chosen) - 2 - len(seen)
    known = sum(seen)
    low, high = (
        sum(
            comb(others, more)
            * share**more
            * (1 - share) ** (others - more)
            * mixing.chosen[known + own + more]
            for more in range(others + 1)
        )
        for own in (0, 1)
    )
    told = [(1 - misread) * one + misread / 2 for one in (low, high)]
    if not told_high:
        told = [1 - one for one in told]
    anyhow = (1 - share) * told[0] + share * told[1]
    return int(log(told[0] / anyhow) * UNIT // 1), int(
        log(told[1] / anyhow) * UNIT // 1
    )


def _together(
    marks: Marks, scored: list[tuple[float, str]], readings: Sequence[Reading]
) -> list[tuple[float, str]]:
    """Look again at the likeliest, taking it that the likeliest others were in it.

    Who the others are and what they saw does not depend on what this one saw: the
    factor is 1 on average for an innocent as before, and so is its mean with the first.
    """
    front = scored[: SHORTLIST + PARTNERS]
    saw = {
        viewer: [reading.cell.raised(table) for reading in readings]
        for _, viewer in front
        for table in (marks.table(viewer),)
    }
    again = []
    for score, viewer in front[:SHORTLIST]:
        others = [saw[other] for _, other in front if other != viewer]
        means = [
            (
                (1 - FIRST_LOOK) / PARTNERS,
                _beside(readings, saw[viewer], others[:partners]),
            )
            for partners in range(1, PARTNERS + 1)
        ]
        again.append((_mean([(FIRST_LOOK, score), *means]), viewer))
    rest = [(score + log(FIRST_LOOK), viewer) for score, viewer in scored[SHORTLIST:]]
    return sorted(again + rest, key=lambda pair: (-pair[0], pair[1]))


def _beside(
    readings: Sequence[Reading], own: Sequence[bool], others: Sequence[Sequence[bool]]
) -> float:
    """Return a viewer's score if the others are taken to have been in it."""
    fitting = [one for one in MIXINGS if len(one.chosen) - 2 >= len(others)]
    whole = sum(one.belief for one in fitting)
    alike = Counter(
        zip(
            ((one.cell.cut, one.high) for one in readings),
            own,
            zip(*others, strict=True),
            strict=True,
        )
    )
    return _mean(
        [
            (
                mixing.belief / whole,
                sum(
                    many * _factors(mixing, *told, seen)[high]
                    for (told, high, seen), many in alike.items()
                )
                / UNIT,
            )
            for mixing in fitting
        ]
    )


def _mean(weighted: Sequence[tuple[float, float]]) -> float:
    """Return the logarithm of a weighted mean of factors given as logarithms."""
    most = max((score for _, score in weighted), default=-inf)
    return most + log(sum(weight * exp(score - most) for weight, score in weighted))


def _batched(viewers: Sequence[str], size: int) -> Iterator[tuple[str, ...]]:
    iterator = iter(viewers)
    while batch := tuple(islice(iterator, size)):
        yield batch
