"""Everybody who is heard of, looked over a few accounts at a time.

An organisation of 85,000 has a quarter of a million sources of accounts. Nobody reads
them all, and no request has the time: this counts what is missing by kind, keeps the
first of each, and remembers by which names people are found.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from mileage.domain.coverage import RECENT_DAYS, coverages
from mileage.domain.people import PEOPLE, found_by
from mileage.domain.problems import problems_of
from mileage.reports.completeness import DAY, SKEW_DAYS, completeness
from mileage.store import queries
from mileage.store.heard import hearing

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from mileage.domain.client_faults import Fault
    from mileage.domain.coverage import Coverage
    from mileage.domain.figures import Completeness
    from mileage.domain.people import Account
    from mileage.domain.problems import Problem
    from mileage.store.heard import Heard
    from mileage.store.ledger import Ledger

TOGETHER = 1000
"""Accounts looked at at once, which bounds memory."""
FIRST = 100
"""Accounts whose rows are kept."""
KEPT_OF_A_KIND = 200
"""Problems that are kept one by one; all are counted."""


class Named(NamedTuple):
    """Somebody who is heard of, and by what they are found."""

    text: str
    """Name and address, folded; the id of an account that nobody knows."""
    account: str


@dataclass(frozen=True, slots=True)
class Overview:
    """What is heard of everybody, as of one moment."""

    at: int
    """UTC microseconds."""
    heard: tuple[Named, ...]
    """In the order of their names."""
    known: int
    """Accounts in the directory."""
    silent: int
    """People of the directory of whom nothing was ever heard."""
    first: Mapping[str, tuple[Coverage, ...]]
    """The rows of the first by name: what most who look at everybody see."""
    lines: int
    """Sources of accounts."""
    problems: tuple[Problem, ...]
    """The first of each kind, to do before notes."""
    counts: Mapping[str, int]
    """All problems, by kind."""
    completeness: Completeness

    def matching(self, wanted: str) -> list[str]:
        """Return whose name or address holds every word, by name."""
        found: Sequence[Named] = self.heard
        for word in wanted.casefold().split():
            found = [one for one in found if word in one.text]
        return [one.account for one in found]


def look_over(
    ledger: Ledger,
    accounts: Sequence[Account],
    faults: Sequence[Fault] = (),
    now: int | None = None,
    left: Collection[str] = (),
) -> Overview:
    """Look everybody over; memory does not grow with the organisation's history.

    Of those who have ``left`` nothing is missed.
    """
    at = ledger.now() if now is None else now
    known = {one.account_id: one for one in accounts}
    with hearing(ledger) as heard:
        owners = heard.accounts()
        named = sorted(_named(owner, known.get(owner)) for owner in owners)
        sums = _Sums({one.account for one in named[:FIRST]})
        for some in _chunks(sorted(owners)):
            booked = [account for owner in some for account in owners[owner]]
            covered = covered_by(ledger, heard, booked, at)
            found = problems_among(ledger, heard, booked, covered, faults)
            sums.add(covered, [one for one in found if one.account not in left])
    return Overview(
        at=at,
        heard=tuple(named),
        known=len(accounts),
        silent=_silent(
            ledger, owners, (one for one in accounts if one.account_id not in left)
        ),
        first={owner: tuple(rows) for owner, rows in sums.rows.items()},
        lines=sums.lines,
        problems=sums.problems(),
        counts=dict(sums.counts),
        completeness=completeness(ledger),
    )


def covered_by(
    ledger: Ledger, heard: Heard, accounts: Sequence[str], at: int
) -> list[Coverage]:
    """Return how completely each source covers each client of some accounts."""
    rows = heard.presence(accounts, at - SKEW_DAYS * DAY)
    return coverages(rows, ledger.rules.traits, ledger.rules.clock.day(at))


def problems_among(
    ledger: Ledger,
    heard: Heard,
    accounts: Sequence[str],
    covered: Iterable[Coverage],
    faults: Sequence[Fault],
) -> list[Problem]:
    """Return what is missing or wrong in what was heard of some accounts."""
    since = ledger.rules.clock.day(ledger.now()) - timedelta(days=RECENT_DAYS)
    versions = heard.versions(accounts, since) if faults else []
    return problems_of(covered, versions, faults)


class _Sums:
    """What is counted and kept on the way."""

    def __init__(self, first: set[str]) -> None:
        self.rows: dict[str, list[Coverage]] = {owner: [] for owner in first}
        self.lines = 0
        self.counts: Counter[str] = Counter()
        self._kept: list[Problem] = []

    def add(self, covered: Sequence[Coverage], problems: Iterable[Problem]) -> None:
        self.lines += len(covered)
        for row in covered:
            if row.account in self.rows:
                self.rows[row.account].append(row)
        for one in problems:
            self.counts[one.kind] += 1
            if self.counts[one.kind] <= KEPT_OF_A_KIND:
                self._kept.append(one)

    def problems(self) -> tuple[Problem, ...]:
        return tuple(sorted(self._kept, key=lambda one: one.severity != "todo"))


def _chunks(owners: Iterable[str]) -> Iterator[list[str]]:
    remaining = iter(owners)
    while some := list(islice(remaining, TOGETHER)):
        yield some


def _named(owner: str, account: Account | None) -> Named:
    if account is None:
        return Named(owner.casefold(), owner)
    return Named(found_by(account.name, account.email), owner)


def _silent(
    ledger: Ledger, owners: Mapping[str, object], accounts: Iterable[Account]
) -> int:
    """Count people without usage; a simulated one has some, from nobody's client."""
    simulated = queries.simulated_accounts(ledger)
    return sum(
        one.kind in PEOPLE
        and one.account_id not in owners
        and one.account_id not in simulated
        for one in accounts
    )
