"""What is collected, what is missing, what is stale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mileage.domain.window import SECOND, moment
from mileage.reports.shape import completeness_json
from mileage.reports.standings import completeness
from mileage.store import queries

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from mileage.domain.people import Account
    from mileage.store.ledger import Ledger
    from mileage.store.queries import SeenRow

STALE_DAYS = 7


def examine(ledger: Ledger, accounts: Iterable[Account], *, now: int) -> dict[str, Any]:
    """Return findings as sentences, each with what to do, beside what was seen."""
    seen = queries.last_days(ledger)
    known = tuple(accounts)
    covered = completeness(ledger)
    today = ledger.rules.clock.day(now)
    findings = [
        *_silence(seen, known),
        *_staleness(seen, today),
        *_strangers(known),
        *_rejections(ledger),
    ]
    return {
        "findings": findings,
        "accounts": len(known),
        "heard": len({row.account_id for row in seen}),
        "completeness": completeness_json(covered),
        "last_recorded": _age(covered.until, now),
    }


def _silence(seen: Sequence[SeenRow], known: Sequence[Account]) -> list[str]:
    if not seen:
        return [
            (
                "no call has been recorded: run `mileage collect`, or create a token "
                "with `mileage token create` and point a client's telemetry here"
            )
        ]
    heard = {row.account_id for row in seen}
    silent = sum(
        account.kind in ("person", "contractor") and account.account_id not in heard
        for account in known
    )
    if not silent:
        return []
    return [
        (
            f"{silent} people of the directory have never been heard of: "
            "do they have a token, or an e-mail in their telemetry?"
        )
    ]


def _staleness(seen: Sequence[SeenRow], today: date) -> list[str]:
    stale = sum((today - row.last).days > STALE_DAYS for row in seen)
    if not stale:
        return []
    return [
        (
            f"{stale} clients were last heard of more than {STALE_DAYS} days ago: "
            "is their telemetry still switched on?"
        )
    ]


def _strangers(known: Sequence[Account]) -> list[str]:
    unclaimed = sum(account.kind == "unclaimed" for account in known)
    if not unclaimed:
        return []
    return [
        (
            f"{unclaimed} identities belong to nobody: import the directory with "
            "`mileage people import`"
        )
    ]


def _rejections(ledger: Ledger) -> list[str]:
    return [
        f"{one.count} records of {one.source} were rejected: {one.reason} "
        f"(for example {one.sample_place})"
        for one in queries.rejections(ledger)
    ]


def _age(instant: int | None, now: int) -> str | None:
    if instant is None:
        return None
    seconds = max(0, now - instant) // SECOND
    return f"{moment(instant):%Y-%m-%d %H:%M} UTC, {seconds} s ago"
