"""Figures as JSON: the one place that names keys, for the API and for ``--json``.

Keys are the vocabulary; instants are ISO 8601 in UTC; money is a decimal string in
dollars, because a binary fraction cannot hold a cent.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from mileage.reports.shown import in_order, others, shown_json
from mileage.reports.values import (
    MICRO,
    dollars,
    figures_json,
    instant_json,
    window_json,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mileage.domain.attendance import Guess
    from mileage.domain.figures import (
        Board,
        BoardRow,
        Completeness,
        IngestStatus,
        PersonalPage,
    )
    from mileage.domain.load import Load
    from mileage.domain.sums import Share

__all__ = ["dollars", "figures_json", "instant_json", "window_json"]


def completeness_json(completeness: Completeness) -> dict[str, Any]:
    """Say what the figures beside it rest on."""
    return {
        "sources": [
            {
                "source": seen.source,
                "witnesses": seen.witnesses,
                "from": instant_json(seen.first),
                "until": instant_json(seen.last),
                "rejected": seen.rejected,
                "accounts": seen.accounts,
                "stopped": seen.stopped,
                "clients": list(seen.clients),
                "active_days": seen.active_days,
                "cadence_days": seen.cadence_days,
                "gap_days": seen.gap_days,
                "silent_days": seen.silent_days,
                "machines": seen.machines,
                "version": seen.version,
                "clock_ahead_seconds": seconds_json(seen.clock_ahead),
            }
            for seen in completeness.sources
        ],
        "until": instant_json(completeness.until),
        "missing": list(completeness.missing),
    }


def seconds_json(micros: int | None) -> float | None:
    """Write microseconds as seconds."""
    return None if micros is None else round(micros / MICRO, 3)


def board_json(board: Board) -> dict[str, Any]:
    """Write a board; ``value`` counts ``unit``, ``own`` is a row below the cut."""
    snapshot = board.snapshot
    previous = snapshot.previous
    return {
        "lens": board.lens,
        "unit": board.unit,
        "warning": next(
            (one.warning for one in snapshot.lenses if one.name == board.lens), ""
        ),
        "window": window_json(snapshot.window, snapshot.zone),
        "window_name": snapshot.name,
        "previous": previous and window_json(previous, snapshot.zone),
        "as_of": instant_json(snapshot.as_of),
        "scope": board.scope,
        "completeness": completeness_json(snapshot.completeness),
        "total": figures_json(snapshot.total) if board.told else None,
        "ranked": board.ranked,
        "first": board.first,
        "rows": [_board_row(row, board) for row in in_order(board)],
        "own": _board_row(board.own, board) if board.own else None,
    }


def _board_row(row: BoardRow, board: Board) -> dict[str, Any]:
    """Write what the page shows of a row, beside how its trend is drawn."""
    one, shows = row.standing, others(row, board)
    figures, sessions = one.figures, one.sessions
    return {
        "rank": row.rank,
        "rank_before": row.before_rank,
        "account": one.account_id,
        "name": one.name,
        "department": one.department or None,
        "value": shows.shown(row.value) if shows else row.value,
        "tier": one.tier or None,
        "titles": list(one.titles),
        "sessions": shows.shown(sessions, part=True) if shows else sessions,
        "active_days": one.active_days,
        "models": list(one.models),
        **(shown_json(figures, shows) if shows else figures_json(figures)),
    }


def personal_json(page: PersonalPage) -> dict[str, Any]:
    """Write 'my page'; ``hours`` is tokens by day of ``by_day`` and local hour."""
    return {
        "account": page.account_id,
        "name": page.name,
        "window": window_json(page.window, page.zone),
        "total": figures_json(page.total),
        "cache_share": page.total.cache_share,
        "sessions": page.sessions,
        "active_days": page.active_days,
        "rank": page.rank,
        "ranked": page.ranked,
        "by_day": _shares("day", page.daily),
        "hours": [list(day) for day in page.hours],
        "by_client": _shares("client", page.by_client),
        "by_model": _shares("model", page.by_model),
        "by_session": _shares("session", page.by_session),
        "activity": [asdict(count) for count in page.activity],
        "attended_calls": page.attended_calls,
        "unattended_calls": page.unattended_calls,
        "by_pattern": _guess_json(page.by_pattern),
        "differing_calls": page.differing_calls,
        "rejected": [
            {**asdict(count), "last": instant_json(count.last)}
            for count in page.rejected
        ],
        "simulated": page.simulated,
        "completeness": completeness_json(page.completeness),
    }


def _guess_json(guess: Guess | None) -> dict[str, Any] | None:
    if guess is None:
        return None
    return {**guess._asdict(), "rule": guess.rule._asdict()}


def _shares(kind: str, shares: Iterable[Share]) -> list[dict[str, Any]]:
    return [
        {kind: share.name, "note": share.note, **figures_json(share.figures)}
        for share in shares
    ]


def ingest_status_json(status: IngestStatus) -> dict[str, Any]:
    """Count witnesses since the data directory began."""
    return {
        "accepted": status.accepted,
        "durable": status.durable,
        "visible": status.visible,
        "rejected": status.rejected,
        "ignored": status.ignored,
        "duplicates": status.duplicates,
        "lag_seconds": status.lag_seconds,
        "state": status.state,
        "strains": [one._asdict() for one in status.strains],
        "load": load_json(status.load),
        "sources": [
            {
                "source": one.source,
                "visible": one.witnesses,
                "duplicates": one.duplicates,
                "rejected": one.rejected,
                "ignored": one.ignored,
                "from": instant_json(one.first),
                "until": instant_json(one.last),
            }
            for one in status.sources
        ],
    }


def load_json(load: Load) -> dict[str, Any]:
    """Write how near a receiver is to its limits."""
    return {
        "waiting_to_write": load.to_write,
        "waiting_to_append": load.to_append,
        "waiting_most": load.queue_most,
        "body_bytes": load.room_taken,
        "body_bytes_most": load.room,
        "segment_bytes": load.segment_bytes,
        "disk_free_bytes": load.disk_free,
        "disk_bytes": load.disk_size,
        "last_append_seconds": _rounded(load.append_age),
        "append_failures": load.append_failures,
        "snapshot_seconds": _rounded(load.snapshot_age),
    }


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)
