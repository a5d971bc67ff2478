"""Holding what was published against the ledger: as it was then, and as it is now.

Everything is computed a second time, from calls alone and with the pure functions of
``honours``. Names, titles and tiers are not of the ledger and are taken as published.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from heapq import merge, nlargest
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from mileage.domain.errors import Invalid
from mileage.domain.figures import BoardRow, Standing
from mileage.domain.measured import Day, Measured, evenly_spent, saved_by_caches
from mileage.domain.people import Placed
from mileage.domain.recomputed import Amount, Changed, Recomputed
from mileage.domain.rights import ERASED
from mileage.domain.sums import Figures
from mileage.domain.window import Period, moment
from mileage.honours.lenses import value
from mileage.reports.boards import place_of
from mileage.store.recomputing import BEFORE, NOW, THEN, Recomputing
from mileage.store.retention import horizon

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from mileage.domain.figures import Snapshot
    from mileage.honours.lenses import Lens
    from mileage.store.ledger import Ledger
    from mileage.store.recomputing import Became, Use

_WORDS = {
    "late": "told later",
    "corrected": "corrected since",
    "priced": "priced anew",
    "into the window": "moved into the window by a corrected time",
    "out of the window": "moved out of the window by a corrected time",
    "from another account": "booked to another account then",
    "to another account": "booked to another account now",
    "another call": "found to be told of another call",
}
DIFFERS = "not what the ledger had recorded then"


@dataclass(frozen=True, slots=True)
class Again:
    """What is to be computed again, and with what."""

    head: Snapshot
    seq: int
    """The last append that was published."""
    who: Mapping[str, Placed]
    lenses: Sequence[Lens] | None
    """As they were published; None when they are others now."""
    hidden: frozenset[str]
    masked: Callable[[tuple[BoardRow, ...], str], tuple[BoardRow, ...]]
    lens: str = ""
    """'' for the first."""
    count: int = 250
    """How many accounts to name at most."""


class _Row(NamedTuple):
    kept: Standing | None
    now: Standing | None
    reasons: tuple[str, ...]

    @property
    def standing(self) -> Standing:
        found = self.now or self.kept
        assert found is not None  # noqa: S101 - one of them is, or nothing has changed
        return found

    @property
    def size(self) -> tuple[int, int, str]:
        """Rank by how much has changed."""
        then, now = (one.figures if one else Figures() for one in (self.kept, self.now))
        return (
            abs(now.tokens.total - then.tokens.total),
            abs((now.cost or 0) - (then.cost or 0)),
            self.standing.account_id,
        )


def recompute(ledger: Ledger, again: Again, kept: Iterable[Standing]) -> Recomputed:
    """Compute a published window again, and tell what it would be today.

    ``kept`` is in the order of accounts. Raises Invalid for what was published before
    publications kept what they were made of.
    """
    head = again.head
    if head.previous is None:
        day = moment(head.as_of)
        message = (
            f"the board of {day:%Y-%m-%d %H:%M} UTC was published by a version that "
            "did not keep which appends it was made of; it cannot be computed again"
        )
        raise Invalid(message)
    place_of(head, again.lens)
    of = Period(head.name, head.window, head.previous)
    with ledger.transaction() as cursor:
        recomputing = Recomputing(cursor, ledger.rules.clock, of, again.seq)
        comparison = _Comparison(again, recomputing)
        changed = nlargest(
            again.count, comparison.changes(kept), key=lambda row: row.size
        )
    border = horizon(ledger)
    provable = border <= head.previous.start
    return comparison.told(changed, recomputing.last, border if not provable else 0)


class _Comparison:
    """Compares account after account, and counts."""

    def __init__(self, again: Again, recomputing: Recomputing) -> None:
        self._again = again
        self._recomputing = recomputing
        self._sessions = recomputing.sessions()
        self._reasons = recomputing.reasons()
        self._days = {day: at for at, day in enumerate(again.head.days)}
        self._counts: dict[str, int] = defaultdict(int)
        self._differing: list[str] = []

    def changes(self, kept: Iterable[Standing]) -> Iterator[_Row]:
        """Yield the rows that would be others now; hidden people's are counted."""
        counts, hidden = self._counts, self._again.hidden
        for account, published, sides in _beside(kept, self._recomputing.uses()):
            counts["erased"] += published is not None and published.kind == ERASED
            like = published or self._blank(account)
            differs = self._as_told(like, sides) != published
            if differs:
                counts["differing"] += 1
                if len(self._differing) < self._again.count and account not in hidden:
                    self._differing.append(account)
            now = self._as_now(like, sides)
            if now == published:
                continue
            counts["changed"] += 1
            if account in hidden:
                counts["hidden"] += 1
                continue
            reasons = self._why(account, published, now)
            yield _Row(published, now, (*reasons, *([DIFFERS] if differs else ())))

    def told(self, rows: Sequence[_Row], last: int, border: int) -> Recomputed:
        """Put together what was found."""
        again, head, counts = self._again, self._again.head, self._counts
        place = place_of(head, again.lens)
        return Recomputed(
            as_of=head.as_of,
            window=head.name,
            lens=head.lenses[place].name,
            unit=head.lenses[place].unit,
            seq=again.seq,
            last=last,
            input_hash=head.input_hash,
            accounts=head.accounts,
            equal=not counts["differing"],
            provable=not border,
            differing=tuple(self._differing),
            differing_accounts=counts["differing"],
            notes=tuple(self._notes(border)),
            changed=tuple(self._changed(rows, place)),
            changed_accounts=counts["changed"],
        )

    def _blank(self, account: str) -> Standing:
        """Return the row of an account that had none."""
        who = self._again.who.get(account) or Placed(account, account, "unclaimed")
        return Standing(
            **who._asdict(),
            figures=Figures(),
            sessions=0,
            models=(),
            clients=(),
            active_days=0,
            daily=(),
        )

    def _as_told(
        self, like: Standing, sides: Mapping[str, list[Use]]
    ) -> Standing | None:
        account, lenses = like.account_id, self._again.lenses
        if THEN not in sides:
            return None
        sessions = self._sessions.get((account, THEN), 0)
        made = self._standing(like, sides[THEN], sessions)
        if lenses is None:
            return made
        before: tuple[int | None, ...] = ()
        if BEFORE in sides:
            sessions = self._sessions.get((account, BEFORE), 0)
            measured = _measured(sides[BEFORE], sessions)
            before = tuple(value(lens, measured) for lens in lenses)
        return replace(made, before=before)

    def _as_now(
        self, like: Standing, sides: Mapping[str, list[Use]]
    ) -> Standing | None:
        if NOW not in sides:
            return None
        account = like.account_id
        if like.kind != ERASED:
            who = self._again.who.get(account) or Placed(account, account, "unclaimed")
            like = replace(
                like,
                kind=who.kind,
                department=who.department,
                team=who.team,
                role=who.role,
            )
        return self._standing(like, sides[NOW], self._sessions.get((account, NOW), 0))

    def _standing(self, like: Standing, uses: Sequence[Use], sessions: int) -> Standing:
        measured, lenses = _measured(uses, sessions), self._again.lenses
        daily = [0] * len(self._days)
        for use in uses:
            daily[self._days[use.day.isoformat()]] += use.figures.tokens.total
        return replace(
            like,
            figures=measured.figures,
            sessions=sessions,
            models=_most_first((use.model, use) for use in uses),
            clients=_most_first((use.client, use) for use in uses),
            active_days=measured.active_days,
            daily=tuple(daily),
            simulated=any(use.simulated for use in uses),
            attended_calls=measured.attended_calls,
            unattended_calls=measured.unattended_calls,
            values=like.values
            if lenses is None
            else tuple(value(lens, measured) for lens in lenses),
        )

    def _why(
        self, account: str, kept: Standing | None, now: Standing | None
    ) -> Iterator[str]:
        for one in self._reasons.get(account, ()):
            yield _worded(one)
        if kept and now:
            for then, today in (
                (_place(kept), _place(now)),
                (kept.kind, now.kind),
                (kept.role, now.role),
            ):
                if then != today:
                    was, tells = then or "nothing", today or "nothing"
                    yield f"in the directory: {was} then, {tells} now"

    def _notes(self, border: int) -> Iterator[str]:
        counts = self._counts
        if border:
            yield (
                f"calls before {moment(border):%Y-%m-%d %H:%M} UTC were deleted: their "
                "sums by the hour stand for them, and sessions and what was told "
                "since cannot be told apart there"
            )
        if self._again.lenses is None:
            yield "lenses.toml has changed since: values of lenses are not compared"
        if self._again.head.simulated:
            yield "simulated use has no calls behind it and is taken as it stands"
        if counts["erased"]:
            yield (
                f"accounts that belong to nobody since an erasure: {counts['erased']}; "
                "their rows are compared, and the file is not that of before"
            )
        if counts["hidden"]:
            number = counts["hidden"]
            yield f"changes of people who stand on no board: {number}, not listed"

    def _changed(self, rows: Sequence[_Row], place: int) -> Iterator[Changed]:
        standings = tuple(BoardRow(0, 0, row.standing) for row in rows)
        shown = place if self._again.lenses is not None else None
        for row, under in zip(rows, self._again.masked(standings, ""), strict=True):
            yield Changed(
                under.standing.account_id,
                under.standing.name,
                _amount(row.kept, shown),
                _amount(row.now, shown),
                row.reasons,
            )


def _beside(
    kept: Iterable[Standing], used: Iterable[tuple[str, Mapping[str, list[Use]]]]
) -> Iterator[tuple[str, Standing | None, Mapping[str, list[Use]]]]:
    """Yield every account of either, with both."""
    either = merge(
        ((one.account_id, one, None) for one in kept),
        ((account, None, sides) for account, sides in used),
        key=lambda row: row[0],
    )
    for account, rows in groupby(either, key=lambda row: row[0]):
        standing: Standing | None = None
        sides: Mapping[str, list[Use]] = {}
        for _, one, other in rows:
            standing, sides = one or standing, other or sides
        yield account, standing, sides


def _measured(uses: Sequence[Use], sessions: int) -> Measured:
    total, by_day = Figures(), defaultdict[int, Figures](Figures)
    for use in uses:
        total = total.plus(use.figures)
        number = use.day.toordinal()
        by_day[number] = by_day[number].plus(use.figures)
    tools = _by_tool(uses)
    active = sorted(day for day, one in by_day.items() if one.tokens.total)
    return Measured(
        figures=total,
        days=[Day(one.tokens, one.cost) for one in by_day.values()],
        sessions=sessions,
        models=len({use.model for use in uses}),
        clients=len({use.client for use in uses}),
        active_days=len(active),
        streak=_longest_run(active),
        even_tools=evenly_spent(tool.cost for tool in tools),
        attended_calls=sum(use.attended for use in uses),
        unattended_calls=sum(use.unattended for use in uses),
        saved=saved_by_caches(tools),
    )


def _longest_run(days: Sequence[int]) -> int:
    longest = run = 0
    for at, day in enumerate(days):
        run = run + 1 if at and days[at - 1] == day - 1 else 1
        longest = max(longest, run)
    return longest


def _by_tool(uses: Sequence[Use]) -> list[Figures]:
    tools = defaultdict[tuple[str, str], Figures](Figures)
    for use in uses:
        tools[use.client, use.model] = tools[use.client, use.model].plus(use.figures)
    return list(tools.values())


def _most_first(named: Iterable[tuple[str, Use]]) -> tuple[str, ...]:
    tokens: dict[str, int] = defaultdict(int)
    for name, use in named:
        tokens[name] += use.figures.tokens.total
    return tuple(sorted(tokens, key=lambda name: (-tokens[name], name)))


def _worded(one: Became) -> str:
    calls = f"{one.calls:,} call{'s' if one.calls != 1 else ''}"
    by = f" ({one.tokens:+,} tokens)" if one.tokens else ""
    prices = ""
    if one.reason == "priced" and one.prices_then != one.prices_now:
        then, now = (
            ", ".join(filter(None, p)) for p in (one.prices_then, one.prices_now)
        )
        prices = f": prices {then} then, {now} now"
    return f"{calls} {_WORDS[one.reason]}{by}{prices}"


def _place(one: Standing) -> str:
    return " / ".join(filter(None, (one.department, one.team)))


def _amount(one: Standing | None, place: int | None) -> Amount | None:
    if one is None:
        return None
    found = one.figures
    given = None if place is None else one.values[place]
    return Amount(found.calls, found.tokens.total, found.cost, given)
