"""Log records as columns, for sources that read many of them at once.

A table holds the records of one event's name, decoded by the scanner in C under the
same allow-list as ``otlp.Allowed``. What a source reads of a table as a whole must be
what it reads of its rows; where it cannot tell, it asks for the rows.
"""

from __future__ import annotations

from itertools import chain
from types import EllipsisType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from mileage import native
from mileage.domain.tokens import MAX_COUNT
from mileage.domain.witness import Activity, ActivityBatch, Witness, WitnessBatch
from mileage.sources.otlp_record import EARLIEST, MAX_DIGITS, OtlpRecord, as_count
from mileage.sources.otlp_scalar import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from mileage.sources.otlp_record import Scalar

Held = TypeVar("Held")

ABSENT = ...
"""Stands in a column where a record has no such attribute."""
# What a column holds, as bits; set by ``native/otlp_logs.h``.
_OTHER, _TEXT, _COUNT, _ABSENT = 1, 4, 8, 128


class Frame(NamedTuple):
    """What the records of one scope of one resource have in common."""

    scope: str
    resource: Mapping[str, Scalar]


class LogTable(NamedTuple):
    """Equally long columns of the records of one name."""

    name: str
    frames: Sequence[Frame]
    """Of the whole body; ``frame_of`` says which is whose."""
    numbers: list[int]
    """Positions in the body, from 1."""
    instants: list[int | None]
    """UTC microseconds since 1970."""
    frame_of: list[int]
    columns: Mapping[str, tuple[list[Any], int]]
    """Values and what kinds of them there are, of each key that occurs."""

    def records(self) -> Iterator[OtlpRecord]:
        """Yield the rows, as the ordinary walk over a body yields them."""
        held = [(key, values) for key, (values, _) in self.columns.items()]
        place = zip(self.numbers, self.instants, self.frame_of, strict=True)
        for row, (number, instant, frame) in enumerate(place):
            found = ((key, values[row]) for key, values in held)
            attributes = {key: value for key, value in found if value is not ABSENT}
            scope, resource = self.frames[frame]
            yield OtlpRecord(
                "logs", scope, self.name, number, instant, attributes, resource
            )

    def chosen(self, rows: list[int]) -> LogTable:
        """Return a table of some of the rows."""
        if len(rows) == len(self.numbers):
            return self
        columns = {}
        for key, (values, kinds) in self.columns.items():
            held = [values[row] for row in rows]
            full = bool(kinds & _ABSENT) and ABSENT not in held
            columns[key] = (held, kinds & ~_ABSENT if full else kinds)
        return LogTable(
            self.name,
            self.frames,
            [self.numbers[row] for row in rows],
            [self.instants[row] for row in rows],
            [self.frame_of[row] for row in rows],
            columns,
        )

    def probes(self) -> Iterator[OtlpRecord]:
        """Yield a record without attributes for each frame that has rows."""
        for frame in sorted(set(self.frame_of)):
            scope, resource = self.frames[frame]
            yield OtlpRecord("logs", scope, self.name, 0, None, {}, resource)

    def times(self) -> list[int] | None:
        """Return the instants, or None when one of them cannot be used."""
        if None in self.instants:
            return None
        times: list[Any] = self.instants
        return times if min(times) >= EARLIEST else None

    def texts(self, key: str) -> list[str]:
        """Return what ``OtlpRecord.text`` returns of each row."""
        values, kinds = self.columns.get(key, ((), _ABSENT))
        if kinds == _TEXT:
            return list(values)
        shared = self._shared(key)
        if not values:
            return shared
        if kinds == _TEXT | _ABSENT:
            pairs = zip(values, shared, strict=True)
            return [held if held is not ABSENT else other for held, other in pairs]
        return [
            held if held.__class__ is str and held else other
            for held, other in zip(values, shared, strict=True)
        ]

    def either(self, first: str, second: str) -> list[str]:
        """Return the texts under one key, and those of another where it has none."""
        found = self.texts(first)
        if all(found):
            return found
        return [
            one or other for one, other in zip(found, self.texts(second), strict=True)
        ]

    def _shared(self, key: str) -> list[str]:
        """Return the text that each row's resource has under a key."""
        held = [frame.resource.get(key) for frame in self.frames]
        texts = [text if isinstance(text, str) else "" for text in held]
        if len(set(texts)) == 1:
            return texts[:1] * len(self.numbers)
        return [texts[frame] for frame in self.frame_of]

    def values(self, key: str) -> list[Scalar]:
        """Return the attributes themselves; None where there is none."""
        values, kinds = self.columns.get(key, ((), _ABSENT))
        if not values:
            return [None] * len(self.numbers)
        if not kinds & _ABSENT:
            return list(values)
        return [None if held is ABSENT else held for held in values]

    def has(self, key: str) -> list[bool]:
        """Tell which rows have an attribute, whatever it holds."""
        values, kinds = self.columns.get(key, ((), _ABSENT))
        if kinds & _ABSENT:
            found = [held is not ABSENT for held in values]
            return found or [False] * len(self.numbers)
        return [True] * len(self.numbers)

    def tallies(self, key: str, absent: int | None = None) -> list[int] | None:
        """Return what ``OtlpRecord.tally`` does; None when a row has no good count."""
        values, kinds = self.columns.get(key, ((), _ABSENT))
        if not values:
            return None if absent is None else [absent] * len(self.numbers)
        if kinds == _COUNT:
            return list(values)
        if kinds == _TEXT and _all_digits(values):
            counts = list(map(int, values))
            return counts if max(counts) <= MAX_COUNT else None
        found = [absent if held is ABSENT else as_count(held) for held in values]
        return None if None in found else found  # type: ignore[return-value]


def tables_of(records: Iterable[OtlpRecord]) -> list[LogTable]:
    """Turn decoded log records into tables, as the scanner makes them."""
    by_name: dict[str, list[OtlpRecord]] = {}
    for record in records:
        by_name.setdefault(record.name, []).append(record)
    return [_table_of(name, rows) for name, rows in by_name.items()]


def _table_of(name: str, rows: list[OtlpRecord]) -> LogTable:
    numbers: dict[tuple[int, str], int] = {}
    frames: list[Frame] = []
    frame_of: list[int] = []
    for row in rows:
        # Records of one resource share its attributes.
        frame = numbers.setdefault((id(row.resource), row.scope), len(frames))
        if frame == len(frames):
            frames.append(Frame(row.scope, row.resource))
        frame_of.append(frame)
    attributes = [row.attributes for row in rows]
    columns: dict[str, tuple[list[Any], int]] = {}
    for key in dict.fromkeys(chain.from_iterable(attributes)):
        values = [held.get(key, ABSENT) for held in attributes]
        columns[key] = (values, _kinds(values))
    numbered = [row.number for row in rows]
    instants = [row.occurred_at for row in rows]
    return LogTable(name, frames, numbered, instants, frame_of, columns)


def _kinds(values: list[Any]) -> int:
    """Tell what a column holds, as far as it can be read at once."""
    types = set(map(type, values))
    absent = _ABSENT if EllipsisType in types else 0
    types.discard(EllipsisType)
    if types == {str} and "" not in values:
        return _TEXT | absent
    if types == {int} and not absent and 0 <= min(values) <= max(values) <= MAX_COUNT:
        return _COUNT
    return _OTHER | absent


class Scanned(NamedTuple):
    """A body of logs."""

    records: int
    """How many there were, wanted or not."""
    tables: Sequence[LogTable]


class ColumnScanner:
    """Decodes plain bodies of logs in protobuf, where the extension was built."""

    def __init__(self, names: Iterable[str], keys: Iterable[str], most: int) -> None:
        # What was built from older files may lack it.
        scanner = getattr(native.scan, "LogScanner", None)
        allowed = (tuple(sorted(names)), tuple(sorted(keys)), most)
        self._native = scanner(*allowed) if scanner else None

    def scan(self, body: bytes) -> Scanned | None:
        """Return what was found; None when the ordinary walk must read the body."""
        found = self._native.scan(body) if self._native else None
        if found is None:
            return None
        records, held, tables = found
        frames = [
            Frame(printable(scope) or "", attributes) for scope, attributes in held
        ]
        return Scanned(
            records, [LogTable(name, frames, *table) for name, table in tables.items()]
        )


def _all_digits(texts: list[str]) -> bool:
    together = "".join(texts)
    longest = max(map(len, texts))
    return together.isdigit() and together.isascii() and longest <= MAX_DIGITS


def each(of: Callable[..., Held], *columns: list[str]) -> list[Held]:
    """Apply a function to rows of texts, once for each that is different."""
    kinds = [set(column) for column in columns]
    if all(len(kind) == 1 for kind in kinds):
        return [of(*chain(*kinds))] * len(columns[0])
    if len(columns) == 1:
        known = {text: of(text) for text in kinds[0]}
        return [known[text] for text in columns[0]]
    rows = list(zip(*columns, strict=True))
    found = {row: of(*row) for row in set(rows)}
    return [found[row] for row in rows]


def witnesses(keys: list[str], **told: list[Any]) -> WitnessBatch:
    """Make a batch of columns; those not told hold what nobody knows."""
    return WitnessBatch(tuple(_filled(Witness._fields, keys, told)))


def activities(keys: list[str], **told: list[Any]) -> ActivityBatch:
    """Make a batch of columns; those not told hold what nobody knows."""
    return ActivityBatch(tuple(_filled(Activity._fields, keys, told)))


_UNTOLD: Mapping[str, Any] = {
    "cache_write": 0,
    "cache_write_1h": 0,
    "reasoning": 0,
    "tool_input": 0,
    "reported_cost": None,
    "copied": False,
    "amount": 1,
}


def _filled(
    fields: Sequence[str], keys: list[str], told: Mapping[str, list[Any]]
) -> Iterator[list[Any]]:
    for name in fields:
        if name in told:
            yield told[name]
        else:
            yield keys if name == "key" else [_UNTOLD.get(name, "")] * len(keys)
