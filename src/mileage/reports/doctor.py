"""What is collected, what is missing, what is stale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mileage.domain.window import SECOND, moment
from mileage.reports.shape import completeness_json
from mileage.reports.standings import completeness
from mileage.store import queries

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mileage.domain.people import Account
    from mileage.store.ledger import Ledger

STALE_DAYS = 7


def examine(ledger: Ledger, accounts: Iterable[Account], *, now: int) -> dict[str, Any]:
    """Return findings as sentences, each with what to do, beside what was seen."""
    seen = queries.last_days(ledger)
    today = ledger.rules.clock.day(now)
    covered = completeness(ledger)
    known = {account.account_id: account for account in accounts}
    heard = {row.account_id for row in seen}
    silent = [
        account
        for account in known.values()
        if account.kind in ("person", "contractor") and account.account_id not in heard
    ]
    stale = [row for row in seen if (today - row.last).days > STALE_DAYS]
    findings = []
    if not seen:
        findings.append(
            "no call has been recorded: run `mileage collect`, or create a token "
            "with `mileage token create` and point a client's telemetry here"
        )
    if silent and seen:
        findings.append(
            f"{len(silent)} people of the directory have never been heard of: "
            "do they have a token, or an e-mail in their telemetry?"
        )
    if stale:
        findings.append(
            f"{len(stale)} clients were last heard of more than {STALE_DAYS} days "
            "ago: is their telemetry still switched on?"
        )
    unclaimed = sum(account.kind == "unclaimed" for account in known.values())
    if unclaimed:
        findings.append(
            f"{unclaimed} identities belong to nobody: import the directory with "
            "`mileage people import`"
        )
    findings += _rejections(ledger)
    return {
        "findings": findings,
        "accounts": len(known),
        "heard": len(heard),
        "completeness": completeness_json(covered),
        "last_recorded": _age(covered.until, now),
    }


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
