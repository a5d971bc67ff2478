"""Which figures of groups may be published without telling on one of their people.

Groups are never hidden one by one. The people of a whole are divided into **blocks**,
each of which may be published, and what is published is a sum of blocks: whatever
anybody subtracts from whatever, at least one whole block is left over. So nothing has
to be searched for, and two hidden siblings cannot be told from their difference.

Rules: contributors and not seats are counted; the p%-rule for sums (Handbook on
Statistical Disclosure Control, section 4.2.2); people whose figures stand on a board by
name protect nobody; of a block at least as many people must have used something since
the publication before, so that the difference of two publications is no smaller.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

Part = TypeVar("Part")
Member = TypeVar("Member")

PERCENT = 100
STEPS = (1, 2, 5)
LEAST_RUNG = 1000


class Thresholds(NamedTuple):
    """How many people a published figure must cover; from ``mileage.toml``."""

    people: int = 5
    """Of any group, and of what is left of it when people known by name are taken."""
    managers: int = 10
    """Of a group that somebody looks at who sees people in it by name."""
    sums: int = 15
    """Of a group of which more is told than bands."""
    percent: int = 10
    """Nobody can work out somebody's figure of a sum closer than this."""


class Person(NamedTuple):
    """One person of a group."""

    account_id: str
    amounts: tuple[int, ...]
    """What is added up, one for each measure; all zero for who used nothing."""
    named: bool = False
    """Others see these amounts on a board, under a name."""
    fresh: bool = True
    """Some of it was used after the last publication, in this group."""


class Rest(NamedTuple):
    """What people who are not told of by name add up to, in one measure."""

    people: int
    """Of whom it is not zero."""
    total: int
    largest: int
    second: int


class Band(NamedTuple):
    """Bounds of a figure, the lower one included; steps of 1, 2 and 5."""

    low: int
    high: int


Crowd = tuple[Person, ...]
Block = tuple[str, ...]
"""Names of the parts that are told together, sorted."""


class Plan(NamedTuple):
    """What is told of each department: blocks of its teams."""

    bands: Mapping[str, tuple[Block, ...]]
    """May be told in bands; () for a department of which nothing is."""
    sums: Mapping[str, tuple[Block, ...]]
    """May be told to the last token; unions of blocks of ``bands``."""


def plan(tree: Mapping[str, Mapping[str, Crowd]], limits: Thresholds) -> Plan:
    """Decide about departments and their teams; '' stands for having none.

    The sums of all departments are of one whole, so that a total over everybody may be
    known: departments of which no sum is told are a block as well.
    """
    bands = {name: _bands_within(teams, limits) for name, teams in tree.items()}
    within = {name: _sums_within(tree[name], bands[name], limits) for name in tree}
    whole = {name: joined(teams.values()) for name, teams in tree.items()}
    among = blocks(whole, lambda crowd: tells_sums(crowd, limits))
    alone = {block[0] for block in among if len(block) == 1}
    sums = {name: within[name] if name in alone else () for name in tree}
    return Plan(bands, sums)


def _bands_within(teams: Mapping[str, Crowd], limits: Thresholds) -> tuple[Block, ...]:
    found = blocks(teams, lambda crowd: tells_bands(crowd, limits))
    return tuple(sorted(tuple(sorted(block)) for block in found))


def _sums_within(
    teams: Mapping[str, Crowd], told: tuple[Block, ...], limits: Thresholds
) -> tuple[Block, ...]:
    parts = {block: joined(teams[name] for name in block) for block in told}
    found = blocks(parts, lambda crowd: tells_sums(crowd, limits))
    return tuple(sorted(tuple(sorted(chain.from_iterable(block))) for block in found))


def blocks(
    parts: Mapping[Part, tuple[Member, ...]],
    tells: Callable[[tuple[Member, ...]], bool],
) -> tuple[tuple[Part, ...], ...]:
    """Divide parts into blocks that may all be told; () when not even the whole may.

    Parts that may not are put together, and the smallest others that help with them;
    of equal ones the first by name, so the order of people decides nothing.
    """
    peopled = {name: crowd for name, crowd in parts.items() if crowd}
    alone = sorted(
        (name for name, crowd in peopled.items() if tells(crowd)),
        key=lambda name: (len(peopled[name]), str(name)),
    )
    pool = [name for name in peopled if name not in set(alone)]
    while pool and not tells(together := joined(peopled[name] for name in pool)):
        if not alone:
            return ()
        helps = (one for one in alone if tells((*together, *peopled[one])))
        taken = next(helps, alone[0])
        alone.remove(taken)
        pool.append(taken)
    return (*((name,) for name in alone), *([tuple(pool)] if pool else []))


def joined(crowds: Iterable[tuple[Member, ...]]) -> tuple[Member, ...]:
    """Return everybody of several groups."""
    return tuple(chain.from_iterable(crowds))


def each_once(crowd: Crowd) -> Crowd:
    """Make one of those who were in several of the groups one after the other."""
    found: dict[str, Person] = {}
    for one in crowd:
        other = found.get(one.account_id)
        found[one.account_id] = one if other is None else _both(other, one)
    return crowd if len(found) == len(crowd) else tuple(found.values())


def _both(one: Person, other: Person) -> Person:
    amounts = tuple(map(sum, zip(one.amounts, other.amounts, strict=True)))
    return one._replace(amounts=amounts, fresh=one.fresh or other.fresh)


def tells_bands(crowd: Crowd, limits: Thresholds) -> bool:
    """Tell whether a group is large enough to say anything about it."""
    people = each_once(crowd)
    return _users(people) >= limits.people and all(
        _users(part) >= limits.people for part in _left_over(people)
    )


def tells_sums(crowd: Crowd, limits: Thresholds) -> bool:
    """Tell whether a group's sums give none of its people away."""
    people = each_once(crowd)
    return _adds_up(people, limits.sums, limits) and all(
        _adds_up(part, limits.people, limits) for part in _left_over(people)
    )


def _left_over(crowd: Crowd) -> tuple[Crowd, ...]:
    """Return who is left when those are taken whose figures are known anyway."""
    hidden = tuple(one for one in crowd if not one.named)
    return (hidden,) if hidden else ()


def _adds_up(crowd: Crowd, least: int, limits: Thresholds) -> bool:
    fresh = sum(one.fresh for one in crowd if any(one.amounts))
    measures = zip(*(one.amounts for one in crowd), strict=True)
    return fresh >= limits.people and all(
        _holds(amounts, least, limits.percent) for amounts in measures
    )


def _holds(amounts: Sequence[int], least: int, percent: int) -> bool:
    """Apply the p%-rule: the second largest cannot estimate the largest closely."""
    used = sorted((amount for amount in amounts if amount), reverse=True)
    if len(used) < least:
        return False
    rest = sum(used[2:])
    return rest * PERCENT >= percent * used[0]


def tells_rest(rest: Iterable[Rest], limits: Thresholds) -> bool:
    """Tell whether a total may be told beside the names of all others but these."""
    return all(
        one.people >= limits.people
        and (one.total - one.largest - one.second) * PERCENT
        >= limits.percent * one.largest
        for one in rest
        if one.people
    )


def _users(crowd: Crowd) -> int:
    return sum(any(one.amounts) for one in crowd)


def gives_away(
    users: Collection[str],
    idle: Collection[str],
    known: Collection[str],
    least: int,
    perhaps: Collection[str] = (),
) -> bool:
    """Tell whether a sum tells too few people's to somebody who sees the others'.

    ``users`` and ``idle`` are who is in it without a name on a board. Of ``perhaps``
    they may have seen all, some or nothing: whichever leaves the fewest to be told.
    """
    everybody = {*users, *idle}
    seen = everybody.intersection((*known, *perhaps))
    fewest = set(users) - seen
    return bool(seen) and bool(everybody.difference(known)) and len(fewest) < least


def spread(amounts: Iterable[int]) -> tuple[Band, Band]:
    """Return the bands of the median and of the middle half of what is not zero.

    Each is as coarse as its steps, because a median is somebody's own figure.
    """
    used = sorted(amount for amount in amounts if amount)
    last = len(used) - 1
    low, middle, high = (rung(used[last * part // 4]) for part in (1, 2, 3))
    return middle, Band(low.low, high.high)


def rung(amount: int) -> Band:
    """Return the band that an amount lies in."""
    low, high = 0, LEAST_RUNG
    place = 0
    while amount >= high:
        place += 1
        low, high = high, LEAST_RUNG * STEPS[place % 3] * 10 ** (place // 3)
    return Band(low, high)


def at_most(users: int, members: int, limits: Thresholds) -> tuple[int, bool]:
    """Return how many people used something, and whether it may be more.

    When nearly everybody did, the few who did not are not told from their number.
    """
    most = members - limits.people
    return (users, False) if users <= most else (max(most + 1, limits.people), True)
