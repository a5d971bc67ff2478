"""Rows of any program's table, read by a mapping file: the generic import.

A row is what a line of CSV, a line of JSON or a record of Parquet says, by column.
Only mapped columns are looked at; what cannot be read is refused by row number.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from mileage.domain.call import UNMEASURED, SourceTraits
from mileage.domain.errors import Invalid
from mileage.domain.tokens import MAX_COUNT, Tokens
from mileage.domain.window import micros, moment
from mileage.domain.witness import AHEAD, Reading, Witness
from mileage.sources.jsonl import CHUNK_LINES, WholeGathering, instant, untimely

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from collections.abc import Mapping as Row

    from mileage.sources.rows_mapping import Mapping, Named

NAME = "rows"
LONGEST = 256
LONGEST_PROJECT = 1000
REMEMBERED = 100_000
"""Of so many rows at least, the last ones, it is known which keys they had."""
_MICROS = {"seconds": 1_000_000, "milliseconds": 1_000, "microseconds": 1}
_LATEST = Decimal(10**17)
_WHOLE = re.compile(r"-?\d+\.0")
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(\.\d{3})+")
_TRUTHS = {
    "true": True,
    "1": True,
    "yes": True,
    "false": False,
    "0": False,
    "no": False,
}

NO_KEY = "no value in the key columns"
NO_MODEL = "no model"
NO_COUNTS = "no token counts"
NO_COUNT = "a count that is no whole number of tokens"
THOUSANDS = "a count such as 1.000: a thousand, or one? Write it without the point"
NO_COST = "a cost that is no number"
LONG_TEXT = "a text that is too long"
NO_COLUMN = "the table has no column for"
TWO_CALLS = "two calls with one key: is key in [columns] right?"
PARTS_ABOVE = "parts above the whole: is a convention in [format] wrong?"

Found: TypeAlias = "Row[str, Any] | str"
"""A row, or why the file has none at this place."""


class RowsSource:
    """Has no files of its own: what it reads, a mapping file says."""

    traits = SourceTraits(
        name=NAME,
        client=NAME,
        precedence=12,
        join="link",
        replayable=True,
        gateway=True,
        whole=True,
    )

    def read_rows(
        self, book: Booker, found: Iterable[Found], place: str
    ) -> Iterator[Reading]:
        """Turn rows into readings of bounded size; ``place`` names the file."""
        gathering = WholeGathering(self.traits, place)
        for number, row in enumerate(found, start=1):
            outcome = book(row)
            if outcome is None:
                gathering.ignored += 1
            elif isinstance(outcome, str):
                gathering.reject(number, outcome)
            else:
                gathering.witness(outcome)
            if number % CHUNK_LINES == 0:
                yield gathering.reading()
        yield gathering.reading()


SOURCE = RowsSource()


def of_table(mapping: Mapping, found: Iterable[Found]) -> Iterator[Found]:
    """Yield the rows of a table; raises Invalid where it lacks a mapped column.

    A misspelt name would be read as a column of empty cells, and its counts be lost.
    Rows of JSON are not asked: they leave out what they have nothing of.
    """
    unsure = mapping.read
    for row in found:
        if unsure and not isinstance(row, str):
            unsure = _checked(unsure, row)
        yield row


def of_lines(
    mapping: Mapping, found: Iterable[Found], tell: Callable[[str], None]
) -> Iterator[Found]:
    """Yield rows of JSON; ``tell`` which mapped columns none of them has, if any."""
    unseen = mapping.read
    for row in found:
        if unseen and not isinstance(row, str):
            unseen = tuple(one for one in unseen if not _has(row, one[1]))
        yield row
    if unseen and unseen != mapping.read:
        tell(", ".join(name for name, _ in unseen))


def _checked(named: Named, row: Row[str, Any]) -> Named:
    """Return the columns of which this row does not tell; raises Invalid."""
    has = [_has(row, column) for _, column in named]
    lacking = [name for (name, _), one in zip(named, has, strict=True) if one is False]
    if lacking:
        raise Invalid(f"{NO_COLUMN} {', '.join(lacking)}")
    return tuple(one for one, had in zip(named, has, strict=True) if had is None)


def _has(row: Row[str, Any], column: str) -> bool | None:
    """Tell whether there is a column; None where the object that has it is null."""
    if column in row:
        return True
    found: Any = row
    for part in column.split("."):
        if found is None:
            return None
        if not isinstance(found, dict) or part not in found:
            return False
        found = found[part]
    return True


class Booker:
    """Books the rows of one import, whichever of its files they are in.

    ``latest`` is the last time that is believed, in UTC microseconds.
    """

    def __init__(self, mapping: Mapping, latest: int) -> None:
        self._mapping = mapping
        self._latest = latest
        self._calls: dict[str, int] = {}
        self._before: dict[str, int] = {}

    def __call__(self, row: Found) -> Witness | str | None:
        """Return the call of a row, why it is refused, or None for no usage."""
        call = row if isinstance(row, str) else booked(self._mapping, row)
        if call is None or isinstance(call, str):
            return call
        if call.occurred_at > self._latest:
            return AHEAD
        return call if self._is_one(call) else TWO_CALLS

    def _is_one(self, call: Witness) -> bool:
        """Tell whether a row with its key, if there was one, told of the same call.

        Counts may be others: that is shown beside the call, as in another import.
        """
        # Not the row itself: a table may have millions.
        same = hash((call.occurred_at, call.model, call.identity))
        known = self._calls.get(call.key, self._before.get(call.key))
        if known is None:
            if len(self._calls) >= REMEMBERED:
                self._before, self._calls = self._calls, {}
            self._calls[call.key] = same
        return known in (None, same)


class _Unreadable(ValueError):
    """Carries a fixed sentence; never leaves this module."""


def booked(mapping: Mapping, row: Row[str, Any]) -> Witness | str | None:
    """Return the call of a row, why it cannot be read, or None for no usage."""
    if (
        mapping.ignore_column
        and _cell(row, mapping.ignore_column) in mapping.ignore_values
    ):
        return None
    try:
        return _witness(mapping, row)
    except _Unreadable as error:
        return str(error)


def _witness(mapping: Mapping, row: Row[str, Any]) -> Witness:
    occurred_at = _instant(mapping, row)
    text = _Texts(mapping, row)
    links = {text("request_id"), text("response_id")} - {""}
    if not text("model"):
        raise _Unreadable(NO_MODEL)
    tokens = _tokens(mapping, row)
    return Witness(
        NAME,
        _key(mapping, row, occurred_at),
        " ".join(sorted("".join(one.split()) for one in links)),
        text("session"),
        occurred_at,
        text("client") or NAME,
        text("client_version"),
        text("provider"),
        text("model"),
        "" if text("tier") == "standard" else text("tier"),
        *tokens,
        reported_cost=_cost(mapping, row),
        project=text("project", LONGEST_PROJECT),
        agent=text("agent"),
        copied=False,
        attended=_TRUTHS.get(_cell(row, mapping.columns.get("attended", "")).lower()),
        identity=text("identity"),
        # No call takes nothing: who writes 0 everywhere does not know.
        measure="" if tokens.total else UNMEASURED,
    )


class _Texts(NamedTuple):
    """The texts of a row: from a column, else fixed for all."""

    mapping: Mapping
    row: Row[str, Any]

    def __call__(self, field: str, longest: int = LONGEST) -> str:
        column = self.mapping.columns.get(field)
        if column is None:
            return self.mapping.fixed.get(field, "")
        value = _cell(self.row, column)
        if len(value) > longest:
            raise _Unreadable(LONG_TEXT)
        return value


def _value(row: Row[str, Any], column: str) -> Any:  # noqa: ANN401 - what tables hold
    """Return a cell; a dotted name that is no column leads into nested objects."""
    if column in row:
        return row[column]
    found: Any = row
    for part in column.split("."):
        if not isinstance(found, dict) or part not in found:
            return None
        found = found[part]
    return found


def _cell(row: Row[str, Any], column: str) -> str:
    value = _value(row, column) if column else None
    if value is None or isinstance(value, (dict, list, bytes)):
        return ""
    return str(value).strip()


def _key(mapping: Mapping, row: Row[str, Any], occurred_at: int) -> str:
    parts = [_part(mapping, row, column, occurred_at) for column in mapping.key]
    if not any(parts):
        raise _Unreadable(NO_KEY)
    digest = blake2b("\0".join(parts).encode("utf-8", "replace"), digest_size=16)
    return f"{mapping.name}:{digest.hexdigest()}"


def _part(mapping: Mapping, row: Row[str, Any], column: str, occurred_at: int) -> str:
    """Return a part of the key, the same however a program has written it.

    A time is the instant, in the usual spelling, and an id that became a float is the
    number that it was.
    """
    cell = _cell(row, column)
    if column == mapping.columns["occurred_at"] and mapping.time_unit == "iso":
        return moment(occurred_at).isoformat().replace("+00:00", "Z")
    return cell[:-2] if _WHOLE.fullmatch(cell) else cell


def _instant(mapping: Mapping, row: Row[str, Any]) -> int:
    value = _value(row, mapping.columns["occurred_at"])
    found = _moment(value) if mapping.time_unit == "iso" else _number(mapping, value)
    problem = untimely(found)
    if problem or found is None:
        raise _Unreadable(problem)
    return found


def _moment(value: object) -> int | None:
    if isinstance(value, datetime):
        return micros(value if value.tzinfo else value.replace(tzinfo=UTC))
    if isinstance(value, date):
        return micros(datetime(value.year, value.month, value.day, tzinfo=UTC))
    # RFC 3339 allows a small t and z as well.
    return instant(value.strip().upper()) if isinstance(value, str) else None


def _number(mapping: Mapping, value: object) -> int | None:
    number = _decimal(value)
    if number is None:
        return None
    scaled = number * _MICROS[mapping.time_unit]
    return int(scaled) if 0 <= scaled <= _LATEST else None


def _decimal(value: object) -> Decimal | None:
    """Read a number; what is none, or not finite, is None."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str, Decimal)):
        return None
    if isinstance(value, str) and len(value) > LONGEST:
        return None
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number.adjusted()) < LONGEST else None


def _count(row: Row[str, Any], column: str) -> int | None:
    value = _value(row, column)
    if value is None or value == "":
        return None
    if isinstance(value, str) and _THOUSANDS.fullmatch(value.strip()):
        raise _Unreadable(THOUSANDS)
    number = _decimal(value)
    if number is None or not 0 <= number <= MAX_COUNT or number != int(number):
        raise _Unreadable(NO_COUNT)
    return int(number)


def _tokens(mapping: Mapping, row: Row[str, Any]) -> Tokens:
    """Translate the file's convention into disjoint classes."""
    found = {name: _count(row, mapping.columns[name]) for name in mapping.counts}
    if all(count is None for count in found.values()):
        raise _Unreadable(NO_COUNTS)
    sent = Tokens(**{name: count or 0 for name, count in found.items()})
    writes = sent.cache_write
    if mapping.hour_in_cache_write:
        writes -= sent.cache_write_1h
    fresh, output = sent.input, sent.output
    if mapping.cache_in_input:
        fresh -= sent.cache_read + writes + sent.cache_write_1h
    if mapping.tool_in_input:
        fresh -= sent.tool_input
    if mapping.reasoning_in_output:
        output -= sent.reasoning
    if min(writes, fresh, output) < 0:
        raise _Unreadable(PARTS_ABOVE)
    return sent._replace(input=fresh, cache_write=writes, output=output)


def _cost(mapping: Mapping, row: Row[str, Any]) -> int | None:
    column = mapping.columns.get("reported_cost")
    value = _value(row, column) if column else None
    if value is None or value == "":
        return None
    number = _decimal(value)
    if number is None or not 0 <= number * mapping.cost_unit <= MAX_COUNT * 1000:
        raise _Unreadable(NO_COST)
    return round(number * mapping.cost_unit)
