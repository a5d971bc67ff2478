"""What was done beside calls: rows in, and their sums by hour.

A fact may be told again, with a larger amount, at an earlier time, or by a credential
that knows better whose it is. Every version stays; sums have what is in force.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from mileage.store import past
from mileage.store.identities import stable_id
from mileage.store.statements import insert, run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    import duckdb

    from mileage.domain.booking import Done
    from mileage.store.rules import Rules

_Fact = tuple[str, str, str]
"""(source, kind, key)"""


class _Version(NamedTuple):
    """What one append told of a fact."""

    seq: int
    account: str
    asserted: bool
    client: str
    session: str
    name: str
    precedence: int
    hour: int
    day: date
    amount: int


class _Sum(NamedTuple):
    """What facts are added up by."""

    hour: int
    day: str
    account: str
    client: str
    session: str
    kind: str
    name: str
    precedence: int


def take(
    cursor: duckdb.DuckDBPyConnection,
    rules: Rules,
    stamp: tuple[int, int],
    done: Sequence[Done],
) -> None:
    """Store what is new of activities, and add it up."""
    if not done:
        return
    known = _known(cursor, done)
    before = {fact: list(versions) for fact, versions in known.items()}
    news: dict[_Fact, None] = {}
    rows = []
    for one in done:
        told = one.activity
        fact = (told.source, told.kind, told.key)
        versions = known.setdefault(fact, [])
        if not versions or told.amount > versions[-1].amount:
            versions.append(_version(rules, stamp[0], one))
            news[fact] = None
            rows.append(one)
    if rows:
        insert(cursor, "activity.insert", _columns(rules, stamp, rows))
        changed = [(one, before.get(one, []), known[one]) for one in news]
        _add_up(cursor, stamp[1], changed)


def fill(cursor: duckdb.DuckDBPyConnection) -> None:
    """Add up all activities of a ledger that has no sums of them."""
    run(cursor, "told_again.all")
    for (day,) in run(cursor, "activity_days"):
        run(cursor, "rollup_activity.fill", day=day)
    _add_told_again(cursor)


def expire(cursor: duckdb.DuckDBPyConnection, day: date) -> None:
    """Delete what was told of earlier days, and add up what is left of it."""
    run(cursor, "told_again.both_sides", day=day)
    for table in ("activity", "rollup_activity"):
        run(cursor, f"{table}.expire", day=day)
    _add_told_again(cursor)


def _add_told_again(cursor: duckdb.DuckDBPyConnection) -> None:
    run(cursor, "rollup_activity.again")
    run(cursor, "told_again.drop")


def _known(
    cursor: duckdb.DuckDBPyConnection, done: Sequence[Done]
) -> dict[_Fact, list[_Version]]:
    """Return the stored versions of each fact, in the order they were told."""
    ids = list({_own_id(one) for one in done})
    found: dict[_Fact, list[_Version]] = defaultdict(list)
    for source, kind, key, *row in run(cursor, "known_activities", ids=ids):
        found[source, kind, key].append(_Version(*row))
    return found


def _version(rules: Rules, seq: int, one: Done) -> _Version:
    told = one.activity
    return _Version(
        seq, one.account, one.asserted, told.client, told.session, told.name,
        rules.traits[told.source].precedence, rules.clock.hour(told.occurred_at),
        rules.clock.day(told.occurred_at), told.amount,
    )  # fmt: skip


def _add_up(
    cursor: duckdb.DuckDBPyConnection,
    recorded_at: int,
    changed: Sequence[tuple[_Fact, list[_Version], list[_Version]]],
) -> None:
    """Add what facts come to now, and take away what they came to before."""
    sums: dict[_Sum, list[int]] = defaultdict(lambda: [0, 0])
    for (_, kind, _), before, after in changed:
        for sign, versions in ((-1, before), (1, after)):
            if versions:
                part = sums[_sum(kind, versions)]
                part[0] += sign
                part[1] += sign * versions[-1].amount
    rows: list[tuple[Any, ...]] = [
        (*group, *told) for group, told in sums.items() if any(told)
    ]
    if rows:
        past.note(cursor, recorded_at, {(one.hour, one.account) for one in sums})
        names = (*_Sum._fields, "facts", "amount")
        columns = map(list, zip(*rows, strict=True))
        insert(cursor, "rollup_activity.merge", dict(zip(names, columns, strict=True)))


def _sum(kind: str, versions: Sequence[_Version]) -> _Sum:
    """Return where a fact counts: versions are told in turn, with rising amounts."""
    first = versions[0]
    owned = min(versions, key=lambda one: (one.asserted, one.seq, one.amount))
    earliest = min(versions, key=lambda one: one.hour)
    return _Sum(
        hour=earliest.hour,
        day=earliest.day.isoformat(),
        account=owned.account,
        client=first.client,
        session=first.session,
        kind=kind,
        name=first.name,
        precedence=first.precedence,
    )


def _own_id(one: Done) -> int:
    return stable_id(one.activity.source, one.activity.kind, one.activity.key)


def _columns(
    rules: Rules, stamp: tuple[int, int], rows: Sequence[Done]
) -> dict[str, list[Any]]:
    clock = rules.clock
    facts = [one.activity for one in rows]
    told = map(list, zip(*facts, strict=True))
    columns = dict(zip(facts[0]._fields, told, strict=True))
    del columns["identity"]
    return {
        **columns,
        "seq": [stamp[0]] * len(rows),
        "recorded_at": [stamp[1]] * len(rows),
        "account": [one.account for one in rows],
        "asserted": [one.asserted for one in rows],
        "own_id": [_own_id(one) for one in rows],
        "precedence": [rules.traits[fact.source].precedence for fact in facts],
        "hour": [clock.hour(fact.occurred_at) for fact in facts],
        "day": [clock.day(fact.occurred_at).isoformat() for fact in facts],
    }
