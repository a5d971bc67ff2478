"""A receiver as pages and scrapers see it, made up."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from mileage.domain.errors import Invalid, Refused
from mileage.domain.figures import IngestStatus
from mileage.domain.load import Load
from mileage.domain.people import Viewer
from mileage.domain.rejecting import SORTS, RejectedPage, RejectionGroup, Rejections
from mileage.domain.window import SECOND
from mileage.ingest.meters import Meters

GIB = 2**30
START = 1_795_000_000 * SECOND

IDLE = Load(
    queue_most=1000,
    room=128 * 2**20,
    segment_bytes=7 * 2**20,
    disk_free=300 * GIB,
    disk_size=500 * GIB,
    append_age=3.5,
    snapshot_age=41.0,
)
BUSY = replace(
    IDLE,
    to_write=12,
    to_append=730,
    room_taken=90 * 2**20,
    lag_seconds=95.0,
    disk_free=GIB // 2,
)
FAILING = replace(BUSY, append_failing=300.0, append_failures=61, disk_free=0)

GROUPS = (
    RejectionGroup(
        "claude_code_otlp",
        "input_tokens is no count",
        "2.1.200",
        1_204_331,
        4_120,
        START,
        START + 90_000 * SECOND,
        "logs record 17",
        "cost_usd: number, duration_ms: integer, input_tokens: no scalar, model: text",
    ),
    RejectionGroup(
        "codex_otlp", "no time", "", 12, 0, START, START, "logs record 1", ""
    ),
    RejectionGroup(
        "claude_code_log", "not JSON", "", 1, 1, START, START, "a.jsonl:88", ""
    ),
)
REJECTED = RejectedPage(
    Rejections(GROUPS, 3, sum(one.records for one in GROUPS)),
    tuple((one.source, one.records) for one in GROUPS),
    "",
    "records",
)
NOTHING = RejectedPage(Rejections((), 0, 0), (), "", "records")


def rejected_page(
    viewer: Viewer, source: str | None, sort: str, told: RejectedPage = REJECTED
) -> RejectedPage:
    """Answer as the report does."""
    if not viewer.operator:
        raise Refused("what was rejected is for the operator")
    if sort not in SORTS:
        raise Invalid(f"sort {sort[:40]!r} is unknown; use {' or '.join(SORTS)}")
    shown = [one for one in told.found.groups if source in (None, one.source)]
    found = Rejections(tuple(shown), len(shown), sum(one.records for one in shown))
    return replace(told, found=found, source=source or "", sort=sort)


@dataclass
class FakeReceiver:
    """Answers with whatever status it is given."""

    status: IngestStatus
    meters: Meters = field(default_factory=Meters)
    sources: frozenset[str] = frozenset({"claude_code_log", "otlp"})

    def counts(self) -> IngestStatus:
        return self.status

    def load(self) -> Load:
        return self.status.load
