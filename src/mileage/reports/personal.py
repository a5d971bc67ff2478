"""One person's 30 days."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from mileage.domain.figures import PersonalPage, Share
from mileage.domain.sums import Figures
from mileage.domain.window import SECOND, Window, moment
from mileage.reports.standings import completeness
from mileage.store import queries

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mileage.domain.people import Account
    from mileage.store.ledger import Ledger
    from mileage.store.queries import HourRow

SESSIONS_SHOWN = 50


def personal_page(
    ledger: Ledger, account: Account, window: Window, place: tuple[int | None, int]
) -> PersonalPage:
    """Answer 'my page'; ``place`` is (rank or None, how many are ranked)."""
    rows = queries.personal_hours(ledger, account.account_id, window)
    sessions = queries.personal_sessions(ledger, account.account_id, window)
    attended, unattended, differing = queries.personal_marks(
        ledger, account.account_id, window
    )
    days = local_days(ledger, window)
    simulated = any(row.simulated for row in rows)
    return PersonalPage(
        account_id=account.account_id,
        name=account.name,
        window=window,
        zone=ledger.rules.clock.zone.key,
        total=_sum(rows),
        sessions=len(sessions)
        + queries.simulated_sessions(ledger, account.account_id, window),
        active_days=len({row.day for row in rows if row.figures.calls}),
        daily=_daily(rows, days),
        hours=_heat(ledger, rows, days),
        by_client=_shares((row.client, row.figures) for row in rows),
        by_model=_shares((row.model, row.figures) for row in rows),
        by_session=tuple(sessions[:SESSIONS_SHOWN]),
        activity=tuple(queries.personal_activity(ledger, account.account_id, window)),
        attended_calls=attended,
        unattended_calls=unattended,
        differing_calls=differing,
        rejected=tuple(queries.rejections(ledger, account.account_id)),
        rank=place[0],
        ranked=place[1],
        completeness=completeness(ledger, account.account_id),
        simulated=simulated,
    )


def local_days(ledger: Ledger, window: Window) -> list[str]:
    """Return the ISO dates of the local days that a window touches."""
    clock = ledger.rules.clock
    hours = range(window.start, window.end, 3600 * SECOND)
    return list(dict.fromkeys(clock.day(hour).isoformat() for hour in hours))


def _sum(rows: Iterable[HourRow]) -> Figures:
    total = Figures()
    for row in rows:
        total = total.plus(row.figures)
    return total


def _shares(parts: Iterable[tuple[str, Figures]]) -> tuple[Share, ...]:
    sums: dict[str, Figures] = defaultdict(Figures)
    for name, figures in parts:
        sums[name] = sums[name].plus(figures)
    shares = [Share(name, figures) for name, figures in sums.items()]
    return tuple(sorted(shares, key=lambda one: (-one.figures.tokens.total, one.name)))


def _daily(rows: Iterable[HourRow], days: list[str]) -> tuple[Share, ...]:
    sums = dict.fromkeys(days, Figures())
    for row in rows:
        day = row.day.isoformat()
        sums[day] = sums[day].plus(row.figures)
    return tuple(Share(day, figures) for day, figures in sums.items())


def _heat(
    ledger: Ledger, rows: Iterable[HourRow], days: list[str]
) -> tuple[tuple[int, ...], ...]:
    """Sum tokens by local day and hour of the day (a repeated hour adds up)."""
    zone = ledger.rules.clock.zone
    cells = {day: [0] * 24 for day in days}
    for row in rows:
        hour = moment(row.hour * SECOND, zone).hour
        cells[row.day.isoformat()][hour] += row.figures.tokens.total
    return tuple(tuple(cells[day]) for day in days)
