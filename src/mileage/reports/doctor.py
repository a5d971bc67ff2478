"""What is collected, what is missing, what is stale, and how to fix it."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from mileage.domain.plural import counted
from mileage.domain.problems import (
    FILES_ONLY_CLIENTS,
    TELEMETRY_CLIENTS,
    Problem,
    said_once,
)
from mileage.domain.window import SECOND, Window, moment
from mileage.domain.witness import AHEAD, NOT_READ
from mileage.reports.completeness import DAY
from mileage.reports.overview import look_over
from mileage.reports.shape import completeness_json
from mileage.store import queries

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from mileage.domain.adoption import Target
    from mileage.domain.client_faults import Fault
    from mileage.domain.figures import RejectedCount
    from mileage.domain.people import Account
    from mileage.domain.problems import Alike
    from mileage.reports.overview import Overview
    from mileage.store.ledger import Ledger

NAMED = 10
"""Of those with the same problem; the others are counted."""
PRICED_DAYS = 30
REJECTED_DAYS = 30
"""What was rejected before may have been mended and read since."""
_MAPPED = "rows"
"""The source of tables that somebody imports with a mapping of theirs."""
_LONG_AGO = "what was mended and read since counts"
_UNITS = ((60, "min"), (3_600, "h"), (86_400, "days"))


class Aims(NamedTuple):
    """What the organisation wants to reach."""

    targets: Sequence[Target]
    deserted: Collection[str]
    """Departments of targets in which nobody is."""


def examine(
    ledger: Ledger,
    accounts: Iterable[Account],
    *,
    now: int,
    faults: Sequence[Fault] = (),
    aims: Aims | None = None,
    left: Collection[str] = (),
) -> dict[str, Any]:
    """Return findings as sentences, each with what to do, beside what was seen.

    Of those who have ``left`` nothing is asked.
    """
    known = tuple(accounts)
    names = {one.account_id: one.email or one.name for one in known}
    seen = look_over(ledger, known, faults, now, left)
    found = [
        *_silence(seen),
        *_strangers(known),
        *seen.problems,
        *_unpriced(ledger, now),
        *_unmeasured(ledger, now),
        *_rejections(ledger, now),
        *_targets(ledger, now, aims or Aims((), ())),
    ]
    rests_on = seen.completeness
    alike = [_alike(each, names) for each in said_once(found, seen.counts)]
    return {
        "findings": [_sentence(one) for one in alike if one["severity"] == "todo"],
        "notes": [_sentence(one) for one in alike if one["severity"] == "note"],
        "alike": alike,
        "problems": [
            {**asdict(one), "name": names.get(one.account, one.account)}
            for one in found
        ],
        "accounts": len(known),
        "heard": len(seen.heard),
        "completeness": completeness_json(rests_on),
        "last_recorded": _age(rests_on.until, now),
    }


def _alike(alike: Alike, names: Mapping[str, str]) -> dict[str, Any]:
    # The first by name.
    whose = sorted(names.get(one, one) for one in alike.accounts)[:NAMED]
    return {
        "kind": alike.one.kind,
        "severity": alike.one.severity,
        "problem": alike.one.problem,
        "fix": alike.one.fix,
        "names": whose,
        "others": alike.total - len(whose) if whose else 0,
    }


def _sentence(alike: dict[str, Any]) -> str:
    """Write a problem and what to do, with whose it is in front."""
    said = f"{alike['problem']}: {alike['fix']}"
    whose = ", ".join(alike["names"])
    more = f" and {alike['others']:,} more" if alike["others"] else ""
    return f"{whose}{more}: {said}" if whose else said


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
            f"{counted(seen.silent, 'person', 'people')} in the directory "
            f"{'has' if seen.silent == 1 else 'have'} sent nothing yet",
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
            f"{counted(unclaimed, 'identity', 'identities')} that "
            f"{'belongs' if unclaimed == 1 else 'belong'} to nobody yet",
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
            f"{counted(count, 'call')} of "
            f"{row.keys['model'] or 'a model without a name'} without a price",
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
                f"{counted(row.figures.unmeasured_calls, 'call')} of "
                f"{row.keys['client']} unmeasured: no source reports tokens",
                "if they are streams of OpenAI's chat API, ask for "
                "stream_options.include_usage",
            ),
            severity="note",
        )
        for row in rows
        if row.figures.unmeasured_calls
    ]


def _rejections(ledger: Ledger, now: int) -> list[Problem]:
    """Tell what came in lately, and note what no longer does.

    Nobody tells when a record was mended, or a file read after all.
    """
    since = now - REJECTED_DAYS * DAY
    recent = queries.rejections(ledger, since=since)
    kinds = {(one.source, one.reason) for one in recent}
    return [
        *(_rejection(ledger, one) for one in recent),
        *(
            replace(_rejection(ledger, one), severity="note", fix=_LONG_AGO)
            for one in queries.rejections(ledger)
            if (one.source, one.reason) not in kinds
        ),
    ]


def _rejection(ledger: Ledger, one: RejectedCount) -> Problem:
    latest = ledger.rules.clock.day(one.last or 0)
    return _whole(
        "rejected",
        f"{counted(one.count, 'record')} of {one.source} rejected: {one.reason} "
        f"(the latest on {latest}, for example {one.sample_place})",
        _remedy(one.source, one.reason),
        one.source,
    )


def _targets(ledger: Ledger, now: int, aims: Aims) -> list[Problem]:
    """Tell of targets that nothing can count for, most likely for a slip of the pen."""
    targets, deserted = aims
    window = Window.rolling(PRICED_DAYS, now=now, zone=ledger.rules.clock.zone)
    rows = queries.usage(ledger, window, None, ("client",)) if targets else ()
    known = {*TELEMETRY_CLIENTS, *FILES_ONLY_CLIENTS, *(r.keys["client"] for r in rows)}
    empty = [
        (one, f"department {name!r}, in which nobody is", "the directory")
        for one in targets
        for name in one.departments
        if name in deserted
    ]
    unheard = [
        (one, f"client {one.what!r}, of which no source tells", "the board of clients")
        for one in targets
        if one.measure == "client" and one.what not in known
    ]
    return [
        _whole(
            "target",
            f"the target {one.name!r} is of the {what}",
            f"write it in policy/adoption.toml as {where} has it",
        )
        for one, what, where in (*empty, *unheard)
    ]


def _remedy(source: str, reason: str) -> str:
    if reason == AHEAD:
        return "see whether the clock of that machine is right"
    if reason.startswith(NOT_READ):
        return (
            "see whether whoever runs `mileage collect` may read those files; what was "
            "read since counts"
        )
    if source == _MAPPED:
        return "mend the file or its mapping, and import it again"
    return "see whether the client is newer than this version of Mileage knows"


def _age(instant: int | None, now: int) -> str | None:
    if instant is None:
        return None
    passed = max(0, now - instant) // SECOND
    told = f"{passed} s"
    for seconds, unit in _UNITS:
        if passed >= 2 * seconds:
            told = f"{passed // seconds} {unit}"
    return f"{moment(instant):%Y-%m-%d %H:%M} UTC, {told} ago"
