"""aider's analytics log: its own estimates of what it sent and got, one line a message.

Beside what was billed they are off by -92 to +158 % (recorded with 0.86.2): every row
has the measure ``estimate``, is shown as such, and is never added to anything. aider
writes the log only where it is told to (``--analytics-log``).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from mileage.domain.call import SourceTraits
from mileage.domain.witness import Witness
from mileage.sources import epoch, places
from mileage.sources.jsonl import (
    Count,
    Gathering,
    decode,
    each,
    text,
    untimely,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import PurePath

    from mileage.domain.witness import Reading

_SENT = "message_send"
_MOST_DOLLARS = 1_000_000


class _Properties(msgspec.Struct, gc=False):
    main_model: Any = None
    prompt_tokens: Count = 0
    completion_tokens: Count = 0
    cost: Any = None


class _Event(msgspec.Struct, gc=False):
    event: Any = None
    properties: _Properties | None = None
    user_id: Any = None
    time: Any = None


class _Kind(msgspec.Struct, gc=False):
    event: Any = None


_EVENT = msgspec.json.Decoder(_Event)
_KIND = msgspec.json.Decoder(_Kind)


class AiderAnalytics:
    """Reads analytics logs of aider, as estimates."""

    traits = SourceTraits("aider_analytics", "aider", 10, "counts", replayable=True)

    def roots(self, home: PurePath, environ: Mapping[str, str]) -> list[PurePath]:
        """Name the file that ``AIDER_ANALYTICS_LOG`` names."""
        return places.aider_analytics(home, environ)

    def patterns(self) -> tuple[str, ...]:
        """Match any name: a person chose it."""
        return places.NAMES["aider_analytics"]

    def read(
        self, lines: Iterable[bytes], place: str, *, activity: bool = True
    ) -> Iterator[Reading]:
        """Read one log; it holds no activity."""
        del activity
        gathered = Gathering(self.traits, place)
        yield from each(lines, partial(_take, gathered), gathered)
        yield gathered.reading()


def _take(gathered: Gathering, number: int, line: bytes) -> None:
    if not line.strip():
        return
    kind = decode(_KIND, line)
    if isinstance(kind, str):
        gathered.reject(number, kind)
        return
    if kind.event != _SENT:
        gathered.ignored += 1
        return
    event = decode(_EVENT, line)
    if isinstance(event, str):
        gathered.reject(number, event)
        return
    found = _witness(event)
    if isinstance(found, str):
        gathered.reject(number, found)
    else:
        gathered.witness(found)


def _witness(event: _Event) -> Witness | str:
    occurred_at = epoch.of_seconds(event.time)
    problem = untimely(occurred_at)
    if problem or occurred_at is None:
        return problem
    told = event.properties or _Properties()
    sent, got = told.prompt_tokens or 0, told.completion_tokens or 0
    provider, _, model = text(told.main_model).rpartition("/")
    user = text(event.user_id)
    return Witness(
        "aider_analytics",
        f"{user}:{occurred_at}:{sent}/{got}",
        "",
        "",
        occurred_at,
        "aider",
        "",
        provider,
        model,
        "",
        *(sent, 0, 0, 0, got, 0, 0),
        _micro_dollars(told.cost),
        "",
        "",
        False,  # noqa: FBT003
        None,
        user,
        "estimate",
    )


def _micro_dollars(cost: object) -> int | None:
    if not isinstance(cost, int | float) or isinstance(cost, bool):
        return None
    return round(cost * 1_000_000) if 0 <= cost <= _MOST_DOLLARS else None


SOURCE = AiderAnalytics()
