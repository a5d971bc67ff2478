"""The file that Gemini CLI writes its telemetry to instead of sending it.

A sequence of indented JSON objects: log records with ``attributes``, spans, and
metrics with ``scopeMetrics`` (recorded with version 0.61.0). The log records say the
same as over OTLP, so they are read by the same rules, with the same allow-list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from mileage.domain.call import SourceTraits
from mileage.domain.witness import Reading, Rejected
from mileage.sources import gemini_cli_events as events
from mileage.sources.indented_json import Found, objects
from mileage.sources.jsonl import decode, instant
from mileage.sources.otlp_record import OtlpRecord, gather
from mileage.sources.otlp_scalar import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import PurePath

    from mileage.sources.otlp_record import Facts, Scalar

NAME = "gemini_cli_outfile"
# A reading is emitted at least this often, so that a huge file needs little memory.
CHUNK_OBJECTS = 2_000

_NAME_KEY = "event.name"
_TIME_KEY = "event.timestamp"
_PAIR = 2
_MAX_SECONDS = 10**11


class _Resource(msgspec.Struct, gc=False, rename={"raw": "_rawAttributes"}):
    raw: Any = None
    attributes: Any = None


class _Record(msgspec.Struct, gc=False, rename={"time": "hrTime"}):
    """Whatever else an object holds is passed over without being kept."""

    attributes: Any = None
    resource: _Resource | None = None
    time: Any = None


_RECORD = msgspec.json.Decoder(_Record)


class GeminiCliOutfile:
    """Reads what the setting ``telemetry.outfile`` left behind."""

    traits = SourceTraits(
        NAME,
        events.CLIENT,
        20,
        "counts",
        True,  # noqa: FBT003
    )

    def roots(
        self,
        home: PurePath,  # noqa: ARG002
        environ: Mapping[str, str],  # noqa: ARG002
    ) -> list[PurePath]:
        """Nowhere: the setting names the file, so it is imported by name."""
        return []

    def patterns(self) -> tuple[str, ...]:
        """Match the name that the client's documentation proposes."""
        return ("telemetry.log",)

    def read(
        self, lines: Iterable[bytes], place: str, *, activity: bool = True
    ) -> Iterator[Reading]:
        """Read one outfile; without ``activity`` only calls are looked at."""
        wanted = events.EVENTS if activity else frozenset({events.RESPONSE})
        turned: list[Facts] = []
        for count, found in enumerate(objects(lines), start=1):
            turned.append(_facts(found, place, wanted))
            if count % CHUNK_OBJECTS == 0:
                yield gather(turned)
                turned = []
        yield gather(turned)


SOURCE = GeminiCliOutfile()


def _facts(found: Found, place: str, wanted: frozenset[str]) -> Facts:
    where = f"{place}:{found.number}"
    if found.problem:
        return (Rejected(NAME, where, found.problem),)
    record: _Record | str = decode(_RECORD, found.text)
    if isinstance(record, str):
        return (Rejected(NAME, where, record),)
    attributes = record.attributes if isinstance(record.attributes, dict) else {}
    name = attributes.get(_NAME_KEY)
    if not isinstance(name, str) or name not in wanted:
        return ()
    read = OtlpRecord(
        "logs",
        "",
        name,
        found.number,
        _instant(record, attributes),
        _allowed(attributes.items()),
        _allowed(_resource_pairs(record.resource)),
    )
    facts = events.facts(read, NAME)
    # A place in a file, instead of one in a request.
    return tuple(
        one._replace(place=where) if isinstance(one, Rejected) else one for one in facts
    )


def _allowed(pairs: Iterable[tuple[Any, Any]]) -> dict[str, Scalar]:
    """Keep declared keys; None stands for a value that is no bounded scalar."""
    return {key: _scalar(value) for key, value in pairs if key in events.KEYS}


def _scalar(value: object) -> Scalar:
    if isinstance(value, str):
        return printable(value)
    return value if isinstance(value, bool | int | float) else None


def _resource_pairs(resource: _Resource | None) -> Iterator[tuple[Any, Any]]:
    """Yield what is known of the process: newer versions write a list of pairs."""
    if resource is None:
        return
    if isinstance(resource.attributes, dict):
        yield from resource.attributes.items()
    for pair in resource.raw if isinstance(resource.raw, list) else ():
        if isinstance(pair, list) and len(pair) == _PAIR and isinstance(pair[0], str):
            yield pair[0], pair[1]


def _instant(record: _Record, attributes: Mapping[str, Any]) -> int | None:
    """Prefer the event's own time to that of the record, ``[seconds, nanoseconds]``."""
    told = instant(attributes.get(_TIME_KEY))
    if told is not None or not isinstance(record.time, list):
        return told
    parts = [part for part in record.time[:_PAIR] if type(part) is int]
    if len(parts) < _PAIR or not 0 <= parts[0] < _MAX_SECONDS:
        return None
    return int(parts[0] * 1_000_000 + parts[1] // 1_000)
