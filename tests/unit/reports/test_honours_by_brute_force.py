"""Values, titles and tiers of a publication, against a second computation from calls.

It shares no code with the first one: local days, weights, caps and quantiles are
written out here once more, over the list of calls.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from random import Random
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from mileage.domain.awards import TIER, TITLE
from mileage.domain.settings import Settings
from mileage.domain.window import WINDOWS
from mileage.reports.honouring import Rules
from mileage.reports.snapshots import Snapshots
from mileage.reports.standings import Making, publish
from mileage.wiring.policy import load_policy
from tests.ledgers import FewPeople, booking, ledger_in
from tests.ranking import whole
from tests.unit.reports.test_honouring import Kept
from tests.witnesses import NOON, seen

if TYPE_CHECKING:
    from pathlib import Path

POLICY = load_policy(None)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
NAMES = tuple(f"acc_{n:02}" for n in range(24))
CLASSES = ("input", "cache_read", "cache_write", "output")
WEIGHT = {"input": 100, "cache_read": 10, "cache_write": 125, "output": 500}


class Firm(FewPeople, Kept):
    """People whose awards are kept in memory."""

    def __init__(self):
        FewPeople.__init__(self, NAMES)
        Kept.__init__(self)


def drawn(seed):
    """Draw calls of 24 people over 70 days, some of them every day, some seldom."""
    random, calls = Random(seed), []  # noqa: S311
    now = EPOCH + timedelta(microseconds=NOON)
    for place, name in enumerate(NAMES):
        for day in range(70):
            if random.random() > (place + 2) / 25:
                continue
            for _ in range(random.choice((1, 1, 2, 3))):
                at = now - timedelta(days=day, hours=random.random() * 12)
                size = random.choice((10**3, 10**5, 3 * 10**6))
                tokens = {one: random.randrange(size) for one in CLASSES}
                tokens["cache_read"] *= 20
                model = random.choice(("small", "large", "other", "unknown"))
                calls.append((name, at, model, tokens, f"s{day}"))
    return calls


def windows(now, zone):
    """Return (start, end, start before) of each window, by name."""
    end = now.replace(minute=0, second=0, microsecond=0) + HOUR
    found = {}
    for name, length in (("30d", 30), ("24h", 1), ("7d", 7), ("90d", 90)):
        start = end - timedelta(days=length)
        found[name] = (start, end, start - timedelta(days=length))
    day = now.astimezone(zone).date()
    monday = day - timedelta(days=day.weekday())
    month = day.replace(day=1)
    quarter = day.replace(day=1, month=(day.month - 1) // 3 * 3 + 1)
    for name, first, before in (
        ("week", monday, monday - timedelta(days=7)),
        ("month", month, (month - timedelta(days=1)).replace(day=1)),
        ("quarter", quarter, month_before(quarter, 3)),
    ):
        starts = [
            datetime(d.year, d.month, d.day, tzinfo=zone) for d in (first, before)
        ]
        found[name] = (starts[0].astimezone(UTC), end, starts[1].astimezone(UTC))
    return found


def midnight(day, zone):
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def month_before(day, months):
    for _ in range(months):
        day = (day - timedelta(days=1)).replace(day=1)
    return day


def values_of(calls, start, end, zone):
    """Return what each shipped lens gives, by account and the name of the lens."""
    mine = defaultdict(list)
    for name, at, model, tokens, _ in calls:
        if start <= at < end:
            mine[name].append((at.astimezone(zone).date(), model, tokens))
    return {name: lens_values(rows) for name, rows in mine.items()}


def lens_values(rows):
    days, tools = defaultdict(int), defaultdict(int)
    weighted_days, sums, cost = defaultdict(int), defaultdict(int), None
    for day, model, tokens in rows:
        total = sum(tokens.values())
        weighted_days[day] += sum(WEIGHT[one] * tokens[one] for one in CLASSES)
        for one in CLASSES:
            sums[one] += tokens[one]
        if model != "unknown":
            cost = (cost or 0) + total
            days[day] += total
            tools[model] += total
    paid = sum(WEIGHT[one] * sums[one] for one in CLASSES)
    enough = cost is not None and len(rows) >= 20
    return {
        "credit": sum(capped(one // 100) for one in weighted_days.values()),
        "cost-weighted": round(Fraction(paid, 100)),
        "output": sums["output"],
        "cost": cost,
        "savings": savings(rows),
        "breadth": evenness(tools.values()) if enough else None,
        "steadiness": evenness(days.values()) if enough else None,
        "tokens": sum(sums.values()),
    }


def savings(rows):
    """Of each model by itself; what has no price saves nothing that is known."""
    models, saved = defaultdict(lambda: defaultdict(int)), []
    for _, model, tokens in rows:
        for one in CLASSES:
            models[model][one] += tokens[one]
    for model, sums in models.items():
        paid = sum(WEIGHT[one] * sums[one] for one in CLASSES)
        if model != "unknown" and paid:
            gain = 90 * sums["cache_read"] - 25 * sums["cache_write"]
            saved.append(int(Fraction(gain * sum(sums.values()), paid)))
    return sum(saved) if saved else None


def capped(amount):
    worth, level, counted = 5_000_000, 5_000_000, 0
    if amount <= worth:
        return amount
    counted = Fraction(worth)
    while amount >= 2 * level:
        counted += Fraction(worth, 2)
        level *= 2
    # Within the doubling that is not full, straight; whole numbers as they are cut.
    part = (amount - level) * worth // level
    return int(counted + Fraction(part, 2))


def evenness(parts):
    squares = sum(one * one for one in parts)
    return 100 * sum(parts) ** 2 // squares if squares else 0


def tiers_of(calls, now, zone):
    """Return everybody's first tier: quantiles of the month before, scaled.

    In a draw of 70 days most have begun before that month.
    """
    start, _, before = windows(now, zone)["month"]
    past = values_of(calls, before, start, zone)
    old = {name for name, at, *_ in calls if at < before}
    assert 2 * len(old & past.keys()) >= len(past)
    ranked = sorted(one["credit"] for one in past.values() if one["credit"] > 0)
    assert len(ranked) >= 20, "too few people in this draw"
    shares = {"bronze": 0, "silver": 50, "gold": 75, "platinum": 90, "emerald": 98}
    length = Fraction(30 * 86400, int((start - before).total_seconds()))
    bounds = {
        name: max(
            1, round(ranked[min(len(ranked) - 1, len(ranked) * of // 100)] * length)
        )
        for name, of in shares.items()
    }
    begin, end, _ = windows(now, zone)["30d"]
    found = {}
    for name, values in values_of(calls, begin, end, zone).items():
        reached = [tier for tier, bound in bounds.items() if values["credit"] >= bound]
        if reached:
            found[name] = reached[-1]
    return found


def titles_of(calls, now, zone):
    """Return who earns which title, by the words of the policy."""
    start, end, before = windows(now, zone)["30d"]
    current = values_of(calls, start, end, zone)
    past = values_of(calls, before, start, zone)
    ranked = sorted(one["credit"] for one in current.values() if one["credit"] > 0)
    first = ranked[-max(1, len(ranked) // 200)]
    found = {}
    for name, values in current.items():
        mine = [one for one in calls if one[0] == name and start <= one[1] < end]
        days = {one[1].astimezone(zone).date() for one in mine if sum(one[3].values())}
        sessions = {one[4] for one in mine}
        sums = {c: sum(one[3][c] for one in mine) for c in CLASSES}
        prompt = sum(sums.values()) - sums["output"]
        parts = defaultdict(int)
        by_day = defaultdict(int)
        for _, at, model, tokens, _ in mine:
            paid = sum(tokens.values()) if model != "unknown" else 0
            parts[model] += paid
            by_day[at.astimezone(zone).date()] += paid
        active, cost, old = len(days), values["cost"], past.get(name, {})
        share = sums["cache_read"] * 10_000 // prompt if prompt else 0
        cheaper = cost is not None and cost * 10 <= (old.get("cost") or 0) * 8
        rules = {
            "Token Legend": values["credit"] >= first and active >= 10,
            "Session Immortal": active >= 20
            and evenness(by_day.values()) >= 1500
            and len(sessions) >= 40
            and sums["output"] >= 5000 * len(sessions),
            "Model Connoisseur": len(parts) >= 4
            and evenness(parts.values()) >= 200
            and active >= 8,
            "Cache Wizard": share >= 9600
            and (values["savings"] or 0) >= 20_000_000
            and sums["cache_read"] <= 400 * sums["output"]
            and active >= 8,
            "Light Foot": cheaper
            and old["cost"] >= 10_000_000
            and values["output"] * 10 >= old["output"] * 9
            and active >= 8,
            "Full Tank": 5_000_000 <= (cost or 0) <= 100_000_000
            and active >= 15
            and len(sessions) >= 20,
        }
        found[name] = {title for title, earned in rules.items() if earned}
    return {name: titles for name, titles in found.items() if titles}


def published(folder: Path, calls, zone):
    firm = Firm()
    rules = Rules(POLICY.lenses, POLICY.titles, POLICY.tiers, "r1")
    snapshots = Snapshots(folder / "snapshots")
    with ledger_in(folder, zone.key) as ledger:
        ledger.append(
            booking(
                seen(
                    account=name,
                    key=f"{n}",
                    link="",
                    session=session,
                    occurred_at=int((at - EPOCH) / timedelta(microseconds=1)),
                    model=model,
                    **tokens,
                )
                for n, (name, at, model, tokens, session) in enumerate(calls)
            )
        )
        making = Making(Settings(zone=zone.key), {}, NOON, POLICY.lenses, rules)
        publish(ledger, firm, making, snapshots)
    return snapshots, firm


@pytest.mark.parametrize(("seed", "zone"), [(1, "UTC"), (2, "Asia/Kolkata")])
def test_a_publication_is_what_a_second_computation_finds(tmp_path, seed, zone):
    calls, zone = drawn(seed), ZoneInfo(zone)
    calls = [(name, at.replace(microsecond=0), *rest) for name, at, *rest in calls]
    snapshots, firm = published(tmp_path, calls, zone)
    now = EPOCH + timedelta(microseconds=NOON)
    names = [lens.name for lens in POLICY.lenses]
    for window in WINDOWS:
        start, end, before = windows(now, zone)[window]
        current = values_of(calls, start, end, zone)
        past = values_of(calls, before, start, zone)
        standings = whole(snapshots, window, NOON).standings
        assert {
            one.account_id: dict(zip(names, one.values, strict=True))
            for one in standings
        } == current
        assert {
            one.account_id: dict(zip(names, one.before, strict=True))
            for one in standings
            if one.before
        } == {name: past[name] for name in past.keys() & current.keys()}
    shown = whole(snapshots, "", NOON).standings
    tiers = {one.account_id: one.tier for one in shown if one.tier}
    assert tiers == tiers_of(calls, now, zone)
    titles = {one.account_id: set(one.titles) for one in shown if one.titles}
    assert titles == titles_of(calls, now, zone)
    assert len(set(tiers.values())) >= 4, "a draw that tests little"
    assert len(set().union(*titles.values())) >= 3, "a draw that tests little"
    kept = defaultdict(set)
    for award in firm.awards_held():
        assert award.reason
        kept[award.kind].add((award.account_id, award.name))
    assert kept[TIER] == set(tiers.items())
    assert kept[TITLE] == {(who, one) for who, all_ in titles.items() for one in all_}
