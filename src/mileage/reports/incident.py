"""What an investigation begins with: who saw what in the week before it went dark."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mileage.reports.values import instant_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mileage.access.tracing import Verdict
    from mileage.domain.darkness import Darkness
    from mileage.domain.directory import AccessRow
    from mileage.domain.people import Account

WEEK = 7 * 86_400_000_000
EXPORT = "api"
"""How a read came that a program can keep as a file."""


@dataclass(slots=True)
class _Reader:
    """One viewer's reads, added up."""

    name: str
    first: int
    last: int
    exports: int = 0
    most: int = 0
    reports: Counter[str] = field(default_factory=Counter)

    def add(self, row: AccessRow) -> None:
        self.name, self.last = row.viewer_name, row.at
        self.exports += row.through == EXPORT
        self.most = max(self.most, row.subjects)
        self.reports[row.report] += 1


def incident_json(darkness: Darkness, rows: Iterable[AccessRow]) -> dict[str, Any]:
    """Return the summary: each reader once, who read most first; no figure in it."""
    readers: dict[str, _Reader] = {}
    for row in rows:
        reader = readers.setdefault(
            row.viewer, _Reader(row.viewer_name, row.at, row.at)
        )
        reader.add(row)
    told = sorted(readers.items(), key=lambda one: (-one[1].reports.total(), one[0]))
    return {
        **darkness.as_json(),
        "reads_since": instant_json(darkness.began.at - WEEK),
        "reads_until": instant_json(darkness.began.at),
        "readers": [_reader_json(viewer, reader) for viewer, reader in told],
        "suspects": [],
    }


def is_about(darkness: Darkness, since: int, until: int) -> bool:
    """Tell whether what was seen in an interval is of the week that it is about."""
    return since <= darkness.began.at and darkness.began.at - WEEK < until


def suspects_json(
    verdict: Verdict, as_of: int | None, people: Mapping[str, Account], at: int
) -> list[dict[str, Any]]:
    """Return whom a trace names, with its error rate; whom it does not, is nobody."""
    return [
        {
            "traced_at": instant_json(at),
            "viewer": one.viewer,
            "name": people[one.viewer].name,
            "probability": one.probability,
            "error_rate": one.error_rate,
            "marks": verdict.readings,
            "as_of": instant_json(as_of),
        }
        for one in verdict.named
    ]


def read_json(row: AccessRow) -> dict[str, Any]:
    """Return one read as a line of the file beside the summary."""
    return {
        "entry": row.row_id,
        "at": instant_json(row.at),
        "viewer": row.viewer,
        "name": row.viewer_name,
        "purpose": row.purpose,
        "report": row.report,
        "subject": row.subject,
        "subjects": row.subjects,
        "detail": row.detail,
        "named": row.named,
        "through": row.through,
    }


def _reader_json(viewer: str, reader: _Reader) -> dict[str, Any]:
    return {
        "viewer": viewer,
        "name": reader.name,
        "reads": reader.reports.total(),
        "exports": reader.exports,
        "most_named_at_once": reader.most,
        "reports": dict(reader.reports.most_common()),
        "first": instant_json(reader.first),
        "last": instant_json(reader.last),
    }
