"""A provider's own aggregates: kept beside the calls, never added to them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from hashlib import blake2b
from itertools import repeat
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from mileage.domain.witness import Rejected


class Bucket(NamedTuple):
    """What a provider counted over a time, for one combination of dimensions.

    Providers split tokens differently, so the two wholes are what is compared:
    ``prompt`` is every token that went in, cached or not, ``answer`` every token that
    came out. A part that the provider does not tell is None.
    """

    source: str
    provider: str
    """As calls name it: ``openrouter``, ``anthropic``, ..."""
    account: str
    """Which account with the provider, or ''."""
    start: int
    """UTC microseconds since 1970."""
    end: int
    """Not included."""
    model: str
    dimensions: str
    """What else it is broken down by, as sorted ``name=value`` separated by spaces."""
    requests: int | None
    prompt: int | None
    answer: int | None
    cache_read: int | None
    cache_write: int | None
    reasoning: int | None
    cost: int | None
    """Micro-dollars."""

    @property
    def covers(self) -> tuple[object, ...]:
        """Whose it is and when: an export has every bucket of what it covers."""
        return self[:5]

    @property
    def is_withdrawn(self) -> bool:
        """Tell whether a later export of its day has no such bucket."""
        return self == self.withdrawn()

    def withdrawn(self) -> Bucket:
        """Return the version that says so: without any figure."""
        return Bucket(*self[:7], *repeat(None, len(self) - 7))

    @property
    def bucket_id(self) -> str:
        """The same for every version of one bucket."""
        parts = (*self[:3], str(self.start), str(self.end), self.model, self.dimensions)
        return blake2b("\0".join(parts).encode(), digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class BucketReading:
    """What one export turned out to be."""

    buckets: tuple[Bucket, ...] = ()
    rejected: tuple[Rejected, ...] = ()


class Recorded(NamedTuple):
    """What recording buckets has changed."""

    new: int
    replaced: int
    """Buckets that were known with other figures, or are told no more."""


def added_up(found: Iterable[Bucket]) -> list[Bucket]:
    """Add up what one export says of the same bucket, in the order of the first.

    A provider may break its rows down further than a bucket tells: by the version of
    a model, or by key. Then several rows are parts of one bucket.
    """
    wholes: dict[tuple[object, ...], Bucket] = {}
    for part in found:
        known = wholes.get(part[:7])
        wholes[part[:7]] = part if known is None else _plus(known, part)
    return list(wholes.values())


def _plus(one: Bucket, other: Bucket) -> Bucket:
    pairs = zip(one[7:], other[7:], strict=True)
    figures = [
        mine if theirs is None else theirs + (mine or 0) for mine, theirs in pairs
    ]
    return Bucket(*one[:7], *figures)


class Compared(NamedTuple):
    """Sums of either side over a UTC day and a model."""

    requests: int = 0
    prompt: int = 0
    answer: int = 0
    cost: int | None = None
    """Micro-dollars; None when nothing has a cost."""

    def plus(self, other: Compared) -> Compared:
        """Add two sums."""
        costs = [cost for cost in (self.cost, other.cost) if cost is not None]
        return Compared(
            self.requests + other.requests,
            self.prompt + other.prompt,
            self.answer + other.answer,
            sum(costs) if costs else None,
        )


class DayModel(NamedTuple):
    """Where a bucket and calls meet."""

    day: date
    """Of UTC, as providers cut theirs."""
    provider: str
    model: str


class Beside(NamedTuple):
    """A provider's figures beside the calls of the same day and model."""

    where: DayModel
    bucket: Compared | None
    """None where the provider tells nothing."""
    calls: Compared | None
    """None where no call is known."""


def bare(model: str) -> str:
    """Return a model without its vendor and variant: both sides name it differently."""
    return model.rpartition("/")[2].partition(":")[0].lower()


def beside(
    buckets: Iterable[tuple[DayModel, Compared]],
    calls: Iterable[tuple[DayModel, Compared]],
) -> list[Beside]:
    """Put the two sides next to one another, by day and bare name of the model."""
    told, known = _summed(buckets), _summed(calls)
    return [
        Beside(where, told.get(where), known.get(where))
        for where in sorted(told.keys() | known.keys())
    ]


def _summed(
    rows: Iterable[tuple[DayModel, Compared]],
) -> dict[DayModel, Compared]:
    sums: dict[DayModel, Compared] = defaultdict(Compared)
    for where, figures in rows:
        key = where._replace(model=bare(where.model))
        sums[key] = sums[key].plus(figures)
    return dict(sums)
