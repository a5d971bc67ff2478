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

from collections import Counter
from dataclasses import dataclass
from functools import cache
from itertools import islice
from math import comb, exp, inf, log
from typing import TYPE_CHECKING, Literal, NamedTuple

from mileage.access.marks import TABLE_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mileage.access.marks import Marks
    from mileage.domain.shown import Cell

LEAST_ERROR = 1e-9
"""Below it other causes than chance are likelier: a stolen session, a key in two hands.
"""
ERROR_RATE = 0.001
"""Nobody is named with more: of 1,000 leaks traced, one may name an innocent viewer."""
VIEWERS_AT_ONCE = 1024
"""Their tables are 4 MiB: what fits beside the processor is looked through fast."""
UNIT = 10_000
"""Scores are summed as whole numbers of ten-thousandths."""
LANE = 4
"""Bytes of one viewer's sum: large integers add thousands of sums at once."""
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
    Mixing(0.5, _ALONE, 0.002),
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
)
"""One leaker; two to four who choose by chance, by majority, by minority, anyhow."""


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
    scored = sorted(
        zip(scores(marks, viewers, told), viewers, strict=True),
        key=lambda pair: (-pair[0], pair[1]),
    )
    scored = _together(marks, scored, told)
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
    factors = [
        [_factors(mixing, one.cell.cut, one.high) for one in readings]
        for mixing in MIXINGS
    ]
    found: list[float] = []
    for some in _batched(viewers, VIEWERS_AT_ONCE):
        tables = b"".join(map(marks.table, some))
        coins = [_coins(tables, reading.cell, len(some)) for reading in readings]
        sums = [_sums(coins, each, len(some)) for each in factors]
        found += [
            _mean(
                [
                    (mixing.belief, log_factor)
                    for mixing, log_factor in zip(MIXINGS, column, strict=True)
                ]
            )
            for column in zip(*sums, strict=True)
        ]
    return found


def _coins(tables: bytes, cell: Cell, viewers: int) -> int:
    """Return 1 in the lane of each viewer who was shown the higher number."""
    first, second = (
        tables[cell.first :: TABLE_BYTES],
        tables[cell.second :: TABLE_BYTES],
    )
    mixed = int.from_bytes(first, "little") ^ int.from_bytes(second, "little")
    lanes = bytearray(LANE * viewers)
    lanes[::LANE] = mixed.to_bytes(viewers, "little").translate(_raised(cell.cut))
    return int.from_bytes(lanes, "little")


@cache
def _raised(cut: int) -> bytes:
    return bytes(number < cut for number in range(256))


def _sums(
    coins: Sequence[int], factors: Sequence[tuple[int, int]], viewers: int
) -> list[float]:
    """Add up, for all viewers at once: what is below zero in a sum of its own."""
    base = up = down = 0
    for coin, (if_low, if_high) in zip(coins, factors, strict=True):
        base += if_low
        if if_high >= if_low:
            up += coin * (if_high - if_low)
        else:
            down += coin * (if_low - if_high)
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
