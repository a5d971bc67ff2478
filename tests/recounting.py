"""A published organisation computed a second time, straight from calls and hours.

Plain Python over the calls of the ledger and the hours of simulated accounts, without
the code that publishes. `soak/oracle.py` holds a demo against it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

import duckdb

from tests.unit.reports.test_honours_by_brute_force import (
    capped,
    evenness,
    windows,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from mileage.domain.figures import Snapshot, Standing

CLASSES = (
    *("input", "cache_read", "cache_write", "cache_write_1h"),
    *("output", "reasoning", "tool_input"),
)
WEIGHTS = (100, 10, 125, 200, 500, 500, 100)
WITHOUT_CACHE = (100, 100, 100, 100, 500, 500, 100)
LENSES = (
    *("credit", "cost-weighted", "output", "cost"),
    *("savings", "breadth", "steadiness", "tokens"),
)
LADDER = {"bronze": 0, "silver": 50, "gold": 75, "platinum": 90, "emerald": 98}
HONOURED = {"person", "contractor"}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SHOWN = 20

USE = f"""
    select account, occurred_at, client, model, {", ".join(CLASSES)},
        cost, 1 as calls, session, attended is false as alone
    from current_call
    union all
    select account, hour * 1000000, client, model, {", ".join(CLASSES)},
        cost, calls, null, false
    from rollup_hour where origin = 'simulated-rollup'
    order by account
"""  # noqa: S608 - names of columns
SESSIONS = """
    select account, day, sessions from rollup_day where origin = 'simulated-rollup'
"""


class Use(NamedTuple):
    """A call, or an hour of a simulated account."""

    at: datetime
    day: Any
    tool: tuple[str, str]
    tokens: tuple[int, ...]
    cost: int | None
    calls: int
    session: str | None
    alone: bool


class Ledger:
    """Everybody's use, account by account."""

    def __init__(self, file: Path, zone: ZoneInfo) -> None:
        self._connection = duckdb.connect(str(file), read_only=True)
        self._zone = zone
        self.sessions: dict[str, list[tuple[Any, int]]] = defaultdict(list)
        for account, day, count in self._connection.execute(SESSIONS).fetchall():
            self.sessions[account].append((day, count))

    def accounts(self) -> Iterator[tuple[str, list[Use]]]:
        """Yield everybody's use; only one account is in memory."""
        rows = self._rows()
        for account, own in groupby(rows, key=lambda row: row[0]):
            yield account, [self._use(row) for row in own]

    def _rows(self) -> Iterator[tuple[Any, ...]]:
        cursor = self._connection.execute(USE)
        while some := cursor.fetchmany(10_000):
            yield from some

    def _use(self, row: tuple[Any, ...]) -> Use:
        _, at, client, model, *tokens, cost, calls, session, alone = row
        when = EPOCH + timedelta(microseconds=at)
        day = when.astimezone(self._zone).date()
        tool = (client, model)
        return Use(when, day, tool, tuple(tokens), cost, calls, session, alone)


def values(use: Sequence[Use]) -> tuple[int | None, ...]:
    """Return what each shipped lens gives for use in one window."""
    days: Counter[Any] = Counter()
    tools: Counter[tuple[str, str]] = Counter()
    weighted: Counter[Any] = Counter()
    for one in use:
        days[one.day] += one.cost or 0
        tools[one.tool] += one.cost or 0
        weighted[one.day] += times(one.tokens, WEIGHTS)
    sums = summed(use)
    priced = [one.cost for one in use if one.cost is not None]
    cost = sum(priced) if priced else None
    paid, saved = times(sums, WEIGHTS), saved_by_caches(use)
    enough = cost is not None and sum(one.calls for one in use) >= 20
    return (
        sum(capped(one // 100) for one in weighted.values()),
        round(Fraction(paid, 100)),
        sums[4] + sums[5],
        cost,
        saved,
        evenness(tools.values()) if enough else None,
        evenness(days.values()) if enough else None,
        sum(sums),
    )


def saved_by_caches(use: Sequence[Use]) -> int | None:
    """Estimate it of each tool that has a price, and add up."""
    tools: defaultdict[tuple[str, str], list[Use]] = defaultdict(list)
    for one in use:
        tools[one.tool].append(one)
    saved = []
    for some in tools.values():
        priced = [one.cost for one in some if one.cost is not None]
        sums = summed(some)
        if priced and (paid := times(sums, WEIGHTS)):
            gain = (times(sums, WITHOUT_CACHE) - paid) * sum(priced)
            saved.append(int(Fraction(gain, paid)))
    return sum(saved) if saved else None


def summed(use: Sequence[Use]) -> tuple[int, ...]:
    """Return the tokens by class."""
    if not use:
        return (0,) * len(CLASSES)
    return tuple(map(sum, zip(*(one.tokens for one in use), strict=True)))


def times(tokens: Sequence[int], weights: Sequence[int]) -> int:
    """Return weighted tokens, in hundredths."""
    return sum(count * weight for count, weight in zip(tokens, weights, strict=True))


def titles(
    use: Sequence[Use],
    sessions: int,
    now: tuple[int | None, ...],
    before: tuple[int | None, ...],
    first: int,
) -> set[str]:
    """Return what is earned, by the words of the policy."""
    given, past = (
        dict(zip(LENSES, now, strict=True)),
        dict(zip(LENSES, before, strict=True)),
    )
    days, tools = Counter(), Counter()
    for one in use:
        days[one.day] += one.cost or 0
        tools[one.tool] += one.cost or 0
    active = len({one.day for one in use if sum(one.tokens)})
    sums, calls = summed(use), sum(one.calls for one in use)
    prompt = sum(sums) - sums[4] - sums[5]
    alone = sum(one.calls for one in use if one.alone)
    cost, spent = given["cost"], past["cost"] or 0
    models = len({model for _, model in tools})
    share = sums[1] * 10_000 // prompt if prompt else 0
    rules = {
        "Token Legend": (given["credit"] or 0) >= first
        and active >= 10
        and alone * 2 <= calls,
        "Session Immortal": active >= 20
        and evenness(days.values()) >= 1500
        and sessions >= 40
        and sums[4] >= 5000 * sessions
        and alone * 2 <= calls,
        "Model Connoisseur": models >= 4
        and evenness(tools.values()) >= 200
        and active >= 8,
        "Cache Wizard": share >= 9600
        and (given["savings"] or 0) >= 20_000_000
        and sums[1] <= 400 * (sums[4] + sums[5])
        and active >= 8
        and alone * 2 <= calls,
        "Light Foot": cost is not None
        and spent >= 10_000_000
        and cost * 10 <= spent * 8
        and (given["output"] or 0) * 10 >= (past["output"] or 0) * 9
        and active >= 8,
        "Full Tank": cost is not None
        and 5_000_000 <= cost <= 100_000_000
        and active >= 15
        and sessions >= 20,
    }
    return {name for name, earned in rules.items() if earned}


class Comparing:
    """Holds what was published against what is computed."""

    def __init__(self, heads: dict[str, Snapshot], shown: dict[str, Any]) -> None:
        self._shown = shown
        self._zone = ZoneInfo(heads["30d"].zone)
        self._now = EPOCH + timedelta(microseconds=heads["30d"].as_of)
        self._spans = windows(self._now, self._zone)
        self.differing: Counter[str] = Counter()
        self.compared: Counter[str] = Counter()
        self.told: list[str] = []
        for name, head in heads.items():
            start, end, before = self._spans[name]
            found = (head.window.start, head.window.end, head.previous.start)
            wanted = tuple(
                int((one - EPOCH) / timedelta(microseconds=1))
                for one in (start, end, before)
            )
            self._see(f"bounds of {name}", found, wanted)

    def credits(
        self, ledger: Ledger, people: set[str]
    ) -> tuple[dict[str, int], list[int]]:
        """Return credit in the window by person, and that of everybody's last month.

        Of a month in which most had only begun there is none.
        """
        start, end, _ = self._spans["30d"]
        until, _, since = self._spans["month"]
        first = since.astimezone(self._zone).date()
        now, past, new = {}, [], []
        for account, use in ledger.accounts():
            if account not in people:
                continue
            if any(since <= one.at < until for one in use):
                began = min(one.at for one in use).astimezone(self._zone).date()
                new.append(began > first)
            mine = values([one for one in use if start <= one.at < end])[0] or 0
            then = values([one for one in use if since <= one.at < until])[0] or 0
            now[account] = mine
            if then > 0:
                past.append(then)
        return now, past if sum(new) * 2 <= len(new) else []

    def tiers(self, credit: dict[str, int], past: list[int]) -> None:
        """Compare everybody's first tier; too few last month: by the window itself."""
        start, _, before = self._spans["month"]
        length = Fraction(30 * 86400, int((start - before).total_seconds()))
        ranked = sorted(past)
        if len(ranked) < 20:
            ranked, length = (
                sorted(one for one in credit.values() if one > 0),
                Fraction(1),
            )
        least = {
            name: max(
                1, round(ranked[min(len(ranked) - 1, len(ranked) * of // 100)] * length)
            )
            for name, of in LADDER.items()
        }
        for account, worth in credit.items():
            reached = [tier for tier, bound in least.items() if worth >= bound]
            shown = self._shown["30d"].get(account)
            self._see(
                "tier", shown.tier if shown else "", reached[-1] if reached else ""
            )

    def account(
        self,
        account: str,
        use: Sequence[Use],
        sessions: Sequence[tuple[Any, int]],
        first: int,
    ) -> None:
        """Compare values in every window, before it, and titles."""
        for name, (start, end, before) in self._spans.items():
            mine = [one for one in use if start <= one.at < end]
            shown: Standing | None = self._shown[name].get(account)
            if not mine:
                self._see(f"absent {name}", shown, None)
                continue
            given = values(mine)
            past = [one for one in use if before <= one.at < start]
            then = values(past) if past else ()
            self._see(f"values {name}", shown and tuple(shown.values), given)
            self._see(f"before {name}", shown and tuple(shown.before), then)
            if name == "30d" and shown and shown.kind in HONOURED:
                held = len({(one.tool[0], one.session) for one in mine if one.session})
                held += sum(
                    count
                    for day, count in sessions
                    if start.astimezone(self._zone).date() <= day
                )
                earned = titles(mine, held, given, then or values([]), first)
                self._see("titles", set(shown.titles), earned)

    def _see(self, what: str, published: object, computed: object) -> None:
        self.compared[what] += 1
        if published != computed:
            self.differing[what] += 1
            if self.differing[what] <= SHOWN:
                self.told.append(f"{what}: published {published}, computed {computed}")
