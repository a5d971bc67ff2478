"""Rejections added up, and what one looked like, without content."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from mileage.domain.witness import Rejected

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

MOST_KINDS = 200
"""Kinds of rejections that are told apart in one record, and of one account a day."""
OTHER = "other"
OTHER_REASONS = f"other reasons: more than {MOST_KINDS} kinds came in"
MOST_KEYS = 24
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+_-]{0,63}")
# Where a decoder stopped is another place for every body, and the reason is one.
_WHERE = re.compile(r"\[\d+\]| \(byte \d+\)| at column \d+")

Kind = tuple[str, str, str]
"""(source, reason, version of the client)"""


class RejectionGroup(NamedTuple):
    """Rejections of one source for one reason by one version of a client."""

    source: str
    reason: str
    client_version: str
    """'' when the record does not say."""
    records: int
    accounts: int
    """Whose credentials brought them; those of collectors are nobody's."""
    first: int
    last: int
    """UTC microseconds at which the ledger took in the first and the latest."""
    place: str
    """Where the latest one stood."""
    sample: str
    """Keys and types of one of them, '' when its source does not tell."""


class Rejections(NamedTuple):
    """The groups that are shown, and all of them in sum."""

    groups: tuple[RejectionGroup, ...]
    kinds: int
    records: int


@dataclass(frozen=True, slots=True)
class RejectedPage:
    """What could not be read, and why."""

    found: Rejections
    sources: tuple[tuple[str, int], ...]
    """Every source that has rejections, and how many records."""
    source: str
    """The only one shown, '' for all."""
    sort: str
    """One of ``SORTS``."""


SORTS = ("records", "latest")


def kind(one: Rejected) -> Kind:
    """Return what rejections are added up by."""
    return one.source, one.reason, one.client_version


def folded(
    rejected: Iterable[Rejected], known: Collection[Kind] = ()
) -> tuple[Rejected, ...]:
    """Add rejections of one kind up; what exceeds the bound becomes one kind.

    Exact in the number of records, whatever came in. ``known`` are kinds that are
    told apart already. The first of a kind gives the place and the sample.
    """
    found: dict[Kind, Rejected] = {}
    apart = set(known)
    for each in rejected:
        one = each._replace(reason=_WHERE.sub("", each.reason))
        if kind(one) not in apart and len(apart) >= MOST_KINDS:
            one = Rejected(OTHER, one.place, OTHER_REASONS, records=one.records)
        else:
            apart.add(kind(one))
        first = found.get(kind(one))
        if first is not None:
            one = first._replace(records=first.records + one.records)
        found[kind(one)] = one
    return tuple(found.values())


def less(rejected: Iterable[Rejected], known: Iterable[Rejected]) -> list[Rejected]:
    """Return what ``rejected`` has more than ``known``, by kind."""
    before = {kind(one): one.records for one in folded(known)}
    more = (
        one._replace(records=one.records - before.get(kind(one), 0))
        for one in folded(rejected)
    )
    return [one for one in more if one.records > 0]


def records(rejected: Iterable[Rejected]) -> int:
    """Count the records that rejections stand for."""
    return sum(one.records for one in rejected)


def version(text: object) -> str:
    """Return a client's version, or '' for what may be something else."""
    return text if isinstance(text, str) and _VERSION.fullmatch(text) else ""


def sample(values: Mapping[str, object], shown: Collection[str] | None = None) -> str:
    """Say which keys a record had and of what type their values were.

    Never a value. A key that is not ``shown`` may be content itself and is only
    counted; None stands for values that hold declared keys and no other.
    """
    named = sorted(key for key in values if shown is None or key in shown)
    told = [f"{key}: {_type(values[key])}" for key in named[:MOST_KEYS]]
    others = len(values) - len(told)
    return ", ".join([*told, *([f"{others} other"] if others else [])])


def _type(value: object) -> str:
    if value is None:
        return "no scalar"
    names = {bool: "boolean", str: "text", int: "integer", float: "number"}
    if isinstance(value, str) and not value:
        return "empty text"
    return names.get(type(value), "no scalar")
