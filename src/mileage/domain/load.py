"""How near a receiver is to its limits, and what to do before it hurts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

State = Literal["ok", "degraded", "refusing"]
STATES: tuple[State, ...] = ("ok", "degraded", "refusing")

FULL = 0.5
"""Part of a queue or of the room for bodies that is a lot."""
LAG_SECONDS = 30.0
"""Figures that are older than this are late."""
LOW_DISK_BYTES = 2**30
LOW_DISK_PART = 0.05
"""The disk is nearly full below either, the part of at most ``MUCH_DISK_BYTES``."""
MUCH_DISK_BYTES = 20 * 2**30
FRESH_SECONDS = 15.0
"""A disk that refused this recently refuses still; later nobody has tried again."""
STALE_SECONDS = 3600.0
STALE_CYCLES = 10
"""Standings are made anew at the latest each hour, and late this many cycles later."""


@dataclass(frozen=True, slots=True)
class Load:
    """What a receiver has to do, and the room it has."""

    to_write: int = 0
    """Records that wait for a segment."""
    to_append: int = 0
    """Records that wait for the ledger."""
    queue_most: int = 1
    """Records that either queue holds."""
    room_taken: int = 0
    """Bytes of bodies in memory."""
    room: int = 0
    """Bytes of bodies that may be in memory; 0 when that is not known."""
    lag_seconds: float = 0.0
    """Age of the oldest witness that is accepted and not visible."""
    catching_up: bool = False
    """What a stop left on disk is still being taken in."""
    segment_bytes: int = 0
    """In write-ahead segments on disk, taken in or not."""
    disk_free: int | None = None
    """Bytes left for the data directory, None when that is not known."""
    disk_size: int | None = None
    write_refused: float | None = None
    """Seconds since the disk last refused a segment, None when the last try worked."""
    append_failing: float | None = None
    """For how many seconds the ledger has refused every append, None when it works."""
    append_age: float | None = None
    """Seconds since the last append that worked, None before the first."""
    append_failures: int = 0
    snapshot_age: float | None = None
    """Seconds since the standings were published, None when they never were."""
    uptime: float = 0.0
    """Seconds since the process opened the data directory."""
    snapshot_cadence: float = 60.0
    """Seconds after which they are published again."""


class Strain(NamedTuple):
    """One limit that is near, or reached."""

    kind: str
    """One of ``KINDS``."""
    severity: Literal["degraded", "refusing"]
    """Refusing: what comes in now is answered with 503."""
    problem: str
    fix: str
    """What to do, in the imperative."""


KINDS = (
    "ledger-fails",
    "disk-refuses",
    "disk-nearly-full",
    "write-queue",
    "append-queue",
    "body-room",
    "lag",
    "catching-up",
    "snapshot-late",
)


def strains(load: Load) -> tuple[Strain, ...]:
    """Say which limits are near, the worst first."""
    found = (
        *_refusals(load),
        *_disk(load),
        *_queues(load),
        *_lag(load),
        *_snapshot(load),
    )
    return tuple(sorted(found, key=lambda one: one.severity != "refusing"))


def state(found: Iterable[Strain]) -> State:
    """Return the worst of them in a word."""
    severities = {one.severity for one in found}
    if "refusing" in severities:
        return "refusing"
    return "degraded" if severities else "ok"


def _refusals(load: Load) -> Iterator[Strain]:
    if load.append_failing is not None:
        yield Strain(
            "ledger-fails",
            "refusing",
            "the ledger takes nothing in just now, and has not "
            f"for {_duration(load.append_failing)}",
            "what was acknowledged is safe and follows by itself; see that the disk of "
            "the data directory has room, then the log of the server",
        )
    if load.write_refused is not None:
        recent = load.write_refused <= FRESH_SECONDS
        yield Strain(
            "disk-refuses",
            "refusing" if recent else "degraded",
            f"the disk refused a write {_duration(load.write_refused)} ago",
            "make room on the disk of the data directory, or see why it fails; clients "
            "repeat what was refused",
        )


def _disk(load: Load) -> Iterator[Strain]:
    free, size = load.disk_free, load.disk_size
    if free is None or size is None:
        return
    low = max(LOW_DISK_BYTES, min(LOW_DISK_PART * size, MUCH_DISK_BYTES))
    if free < low:
        yield Strain(
            "disk-nearly-full",
            "degraded",
            f"the disk of the data directory has {_bytes(free)} left",
            f"make room until {_bytes(low)} are free: without any, records are refused",
        )


def _queues(load: Load) -> Iterator[Strain]:
    for kind, waiting, what, fix in (
        (
            "write-queue",
            load.to_write,
            "records that wait for the disk",
            (
                "the disk is slower than what comes in: put the data directory on a "
                "faster one; a full queue answers 503, and clients send again"
            ),
        ),
        (
            "append-queue",
            load.to_append,
            "durable records that wait for the ledger",
            (
                "more comes in than the ledger takes: nothing is lost; when this "
                "lasts, give the server a faster processor or disk"
            ),
        ),
    ):
        if waiting >= FULL * load.queue_most:
            part = f"{waiting / load.queue_most:.0%} full"
            yield Strain(kind, "degraded", f"the queue of {what} is {part}", fix)
    if load.room and load.room_taken >= FULL * load.room:
        yield Strain(
            "body-room",
            "degraded",
            f"bodies take {load.room_taken / load.room:.0%} of the memory they may",
            "slow or many clients send at once: let collectors send smaller batches, "
            "or raise [limits] max_body_bytes; without room the answer is 503",
        )


def _lag(load: Load) -> Iterator[Strain]:
    if load.catching_up:
        yield Strain(
            "catching-up",
            "degraded",
            "what a stop left on disk is being taken in: figures are not complete yet",
            "wait: new records are taken meanwhile, and nothing is lost",
        )
    elif load.lag_seconds > LAG_SECONDS:
        yield Strain(
            "lag",
            "degraded",
            f"figures are {_duration(load.lag_seconds)} behind what was acknowledged",
            "nothing is lost; when it grows, more comes in than the ledger takes: give "
            "the server a faster processor or disk",
        )


def _snapshot(load: Load) -> Iterator[Strain]:
    age, cadence = load.snapshot_age, load.snapshot_cadence
    # A command that has only just opened the directory publishes nothing.
    late = STALE_SECONDS + STALE_CYCLES * cadence
    if age is not None and min(age, load.uptime) > late:
        yield Strain(
            "snapshot-late",
            "degraded",
            f"the standings on the board are {_duration(age)} old",
            "see the log of the server: it says why no snapshot was published",
        )


def _duration(seconds: float) -> str:
    for size, name in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {name}"
    return f"{seconds:.0f} s"


def _bytes(count: float) -> str:
    for power, name in ((4, "TiB"), (3, "GiB"), (2, "MiB")):
        if count >= 1024**power:
            return f"{count / 1024**power:.1f} {name}"
    return f"{count / 1024:.0f} KiB"
