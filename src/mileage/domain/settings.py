"""What an organisation sets for itself, from ``mileage.toml``."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mileage.domain.asserted import DOMAIN
from mileage.domain.participation import MODES
from mileage.domain.policy import PolicyFile

if TYPE_CHECKING:
    from collections.abc import Callable

    from mileage.domain.policy import Table

MIB = 1024 * 1024
ZONE_NAME = r"[A-Za-z][A-Za-z0-9_+\-]*(?:/[A-Za-z0-9_+\-]+){0,2}"


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of one data directory; the defaults are those of the shipped file."""

    organisation: str = "Our organisation"
    zone: str = "UTC"
    """IANA time zone in which days begin and end."""
    top: int = 250
    """Rows of a board."""
    window_days: int = 30
    snapshot_seconds: int = 60
    """How often the standings are refreshed."""
    participation: str = "open"
    """Who stands on boards of people (``domain.participation``)."""
    max_body_bytes: int = 16 * MIB
    """Of a request as it is sent."""
    max_inflated_bytes: int = 64 * MIB
    """Of a request after decompression."""
    max_line_bytes: int = 32 * MIB
    """Of a session log; longer ones are rejected and counted."""
    max_connections: int = 4096
    """Over HTTP, and as many over gRPC; those without a request go first."""
    patience_seconds: int = 30
    """For the head of a request, the beginning of a body, a whole message of gRPC, and
    an answer that nobody reads."""
    ledger_megabytes: int = 256
    """Of memory for the database; what does not fit goes through the disk."""
    ledger_threads: int = 2
    drain_seconds: int = 20
    """How long a server that stops takes in what is on its way to the ledger."""
    pages_a_minute: int = 600
    """Pages and answers of the API that one person may ask for; 0 is no limit."""
    calls_days: int = 0
    """How long calls and their witnesses are kept; 0 is for ever."""
    activities_days: int = 0
    rejections_days: int = 0
    every_snapshot_days: int = 2
    """How long every snapshot is kept; then the last one of each hour. 0: for ever."""
    hourly_snapshot_days: int = 35
    """How long one an hour is kept; then the last one of each day. 0 is for ever."""
    domains: tuple[str, ...] = ()
    """Of which e-mail domains a collector may name people that nobody knows yet."""
    requests_per_second: int = 10_000
    """Of one token; 0 is no limit."""
    records_per_second: int = 1_000_000
    burst_seconds: int = 10
    """For how many seconds' worth a token that was quiet may come at once."""
    group_people: int = 5
    """How many people a figure of a group must cover at least."""
    group_people_managers: int = 10
    """The same for somebody who sees people of the group by name."""
    sum_people: int = 15
    """Of groups with fewer, bands are told and no sums."""
    sum_percent: int = 10
    """No part of a sum can be worked out more closely than so."""
    renew_days: int = 7
    """For how long the figures of departments stay the same."""


_BOARD = {
    "top": (1, 100_000),
    "window_days": (1, 366),
    "snapshot_seconds": (1, 86_400),
}
_LIMITS = {
    "max_body_bytes": (1024, 1024 * MIB),
    "max_inflated_bytes": (1024, 4096 * MIB),
    "max_line_bytes": (1024, 1024 * MIB),
    "max_connections": (16, 100_000),
    "patience_seconds": (1, 600),
    "ledger_megabytes": (64, 1_000_000),
    "ledger_threads": (1, 256),
}
_RETENTION = {
    "calls_days": (0, 36_500),
    "activities_days": (0, 36_500),
    "rejections_days": (0, 36_500),
    "every_snapshot_days": (0, 36_500),
    "hourly_snapshot_days": (0, 36_500),
}
_DISCLOSURE = {
    "group_people": (5, 10_000),
    "group_people_managers": (5, 10_000),
    "sum_people": (5, 10_000),
    "sum_percent": (10, 100),
    "renew_days": (1, 31),
}
_SERVING = {"drain_seconds": (0, 3600), "pages_a_minute": (0, 1_000_000)}
_DOOR = {
    "requests_per_second": (0, 1_000_000_000),
    "records_per_second": (0, 1_000_000_000),
    "burst_seconds": (1, 3600),
}


def parse_settings(
    text: str, file: str, *, is_zone: Callable[[str], bool] = bool
) -> Settings:
    """Read ``mileage.toml``; keys that it leaves out keep their defaults.

    Whether a time zone exists is known to the operating system only, so the
    caller brings ``is_zone``.
    """
    default = Settings()
    policy = PolicyFile.parse(text, file)
    root = policy.root()
    zone = root.text(
        "zone", default.zone, pattern=ZONE_NAME, expected="a name like Europe/Berlin"
    )
    if re.fullmatch(ZONE_NAME, zone) and not is_zone(zone):
        root.note(
            "zone",
            f"is {zone!r}; no such IANA time zone is installed: write one such as "
            "Europe/Berlin or UTC",
        )
    board = root.table("board")
    door = root.table("door")
    retention = root.table("retention")
    disclosure = root.table("disclosure")
    settings = replace(
        default,
        organisation=root.text("organisation", default.organisation),
        zone=zone,
        participation=_participation(board, default.participation),
        **_numbers(board, default, _BOARD),
        domains=door.texts("domains", pattern=DOMAIN, expected="domain"),
        **_numbers(root.table("limits"), default, _LIMITS),
        **_numbers(root.table("serving"), default, _SERVING),
        **_numbers(retention, default, _RETENTION),
        **_numbers(disclosure, default, _DISCLOSURE),
        **_numbers(door, default, _DOOR),
    )
    _check(settings, retention, disclosure)
    policy.close()
    return settings


def _participation(board: Table, default: str) -> str:
    modes = {"pattern": "|".join(MODES), "expected": " or ".join(MODES)}
    return board.text("participation", default, **modes)


def _check(settings: Settings, retention: Table, disclosure: Table) -> None:
    """Note what each allows alone and all of them together do not."""
    if 0 < settings.calls_days <= settings.window_days:
        least = settings.window_days + 1
        retention.note(
            "calls_days",
            f"is {settings.calls_days}; a board needs {least} (board.window_days + 1)",
        )
    for key in ("group_people_managers", "sum_people"):
        if getattr(settings, key) < settings.group_people:
            disclosure.note(key, f"is less than group_people, {settings.group_people}")


def _numbers(
    table: Table, default: Settings, bounds: dict[str, tuple[int, int]]
) -> dict[str, int]:
    return {
        key: table.integer(key, getattr(default, key), least=least, most=most)
        for key, (least, most) in bounds.items()
    }
