"""What is collected, what is missing, what is stale, and how to fix it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from mileage.domain.problems import Problem
from mileage.domain.window import SECOND, Window, moment
from mileage.reports.overview import look_over
from mileage.reports.shape import completeness_json
from mileage.store import queries

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mileage.domain.client_faults import Fault
    from mileage.domain.people import Account
    from mileage.reports.overview import Overview
    from mileage.store.ledger import Ledger

NAMED_PER_KIND = 10
"""Of one kind of problem this many are told one by one; the others are counted."""
PRICED_DAYS = 30


def examine(
    ledger: Ledger,
    accounts: Iterable[Account],
    *,
    now: int,
    faults: Sequence[Fault] = (),
) -> dict[str, Any]:
    """Return findings as sentences, each with what to do, beside what was seen."""
    known = tuple(accounts)
    names = {one.account_id: one.email or one.name for one in known}
    seen = look_over(ledger, known, faults, now)
    found = [
        *_silence(seen),
        *_strangers(known),
        *seen.problems,
        *_unpriced(ledger, now),
        *_unmeasured(ledger, now),
        *_rejections(ledger),
    ]
    rests_on = seen.completeness
    todo, notes = (
        _told([one for one in found if one.severity == severity], names, seen.counts)
        for severity in ("todo", "note")
    )
    return {
        "findings": todo,
        "notes": notes,
        "problems": [
            {**asdict(one), "name": names.get(one.account, one.account)}
            for one in found
        ],
        "accounts": len(known),
        "heard": len(seen.heard),
        "completeness": completeness_json(rests_on),
        "last_recorded": _age(rests_on.until, now),
    }


def _told(
    found: Iterable[Problem], names: Mapping[str, str], counts: Mapping[str, int]
) -> list[str]:
    """Write problems as sentences, the first ones of a kind with their names."""
    by_kind: dict[str, list[Problem]] = defaultdict(list)
    for one in found:
        by_kind[one.kind].append(one)
    told = []
    for kind, several in by_kind.items():
        # What holds for everybody is told in full: each reason is another one.
        shown = NAMED_PER_KIND if several[0].account else len(several)
        told += [sentence(one, names) for one in several[:shown]]
        # Of a kind that everybody may have, only the first are at hand.
        more = max(len(several), counts.get(kind, 0)) - shown
        if more > 0:
            told.append(f"{more:,} more of this kind ({kind}): see --json")
    return told


def sentence(one: Problem, names: Mapping[str, str]) -> str:
    """Write a problem and what to do, with whose it is in front."""
    whose = f"{names.get(one.account, one.account)}: " if one.account else ""
    return f"{whose}{one.problem}: {one.fix}"


def _whole(kind: str, problem: str, fix: str, source: str = "") -> Problem:
    """Return a problem of the whole organisation."""
    return Problem(kind, "todo", "", "", source, problem, fix)


def _silence(seen: Overview) -> list[Problem]:
    if not seen.heard:
        return [
            _whole(
                "nothing",
                "no call has been recorded",
                "run `mileage collect`, or create a token with `mileage token create` "
                "and point a client's telemetry here with `mileage setup`",
            )
        ]
    if not seen.silent:
        return []
    return [
        _whole(
            "silent",
            f"{seen.silent} people of the directory have never been heard of",
            "do they have a token, or an e-mail in their telemetry? "
            "`mileage setup` prints the settings of each client",
        )
    ]


def _strangers(known: Sequence[Account]) -> list[Problem]:
    unclaimed = sum(account.kind == "unclaimed" for account in known)
    if not unclaimed:
        return []
    return [
        _whole(
            "unclaimed",
            f"{unclaimed} identities belong to nobody",
            "import the directory with `mileage people import`, or say whose they are "
            "with `mileage people claim`",
        )
    ]


def _unpriced(ledger: Ledger, now: int) -> list[Problem]:
    zone = ledger.rules.clock.zone
    window = Window.rolling(PRICED_DAYS, now=now, zone=zone)
    rows = queries.usage(ledger, window, None, ("provider", "model"))
    return [
        _whole(
            "unpriced",
            f"{count:,} calls of "
            f"{row.keys['model'] or 'a model without a name'} have no price",
            "add it to policy/prices.toml of the data directory, with its dates",
        )
        for row in rows
        # What nobody measured has no price either, and none would help.
        if (count := row.figures.unpriced_calls - row.figures.unmeasured_calls) > 0
    ]


def _unmeasured(ledger: Ledger, now: int) -> list[Problem]:
    window = Window.rolling(PRICED_DAYS, now=now, zone=ledger.rules.clock.zone)
    rows = queries.usage(ledger, window, None, ("client",))
    return [
        replace(
            _whole(
                "unmeasured",
                f"{row.figures.unmeasured_calls:,} calls of {row.keys['client']} are "
                "unmeasured: no source reports their tokens",
                "if they are streams of OpenAI's chat API, ask for "
                "stream_options.include_usage",
            ),
            severity="note",
        )
        for row in rows
        if row.figures.unmeasured_calls
    ]


def _rejections(ledger: Ledger) -> list[Problem]:
    return [
        _whole(
            "rejected",
            f"{one.count} records of {one.source} were rejected: {one.reason} "
            f"(for example {one.sample_place})",
            "see whether the client is newer than this version of Mileage knows",
            one.source,
        )
        for one in queries.rejections(ledger)
    ]


def _age(instant: int | None, now: int) -> str | None:
    if instant is None:
        return None
    seconds = max(0, now - instant) // SECOND
    return f"{moment(instant):%Y-%m-%d %H:%M} UTC, {seconds} s ago"
