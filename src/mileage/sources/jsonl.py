"""What all readers of JSON-lines logs do alike: decode, name, date, refuse, gather.

Reasons for a refusal are fixed sentences or a decoder's words about types and field
names; nothing that stood in a line ever gets into them.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated, TypeVar

import msgspec

from mileage.domain.call import Seen
from mileage.domain.copies import merge_copies
from mileage.domain.days import micros
from mileage.domain.packed import packable
from mileage.domain.tokens import MAX_COUNT
from mileage.domain.witness import (
    Activity,
    ActivityBatch,
    Reading,
    Rejected,
    Witness,
    WitnessBatch,
    tool_name,
)
from mileage.sources.epoch import LATEST_YEAR

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from mileage.domain.call import SourceTraits

# A reading is emitted at least this often, so that a huge file needs little memory.
CHUNK_LINES = 10_000
EARLIEST_DAY = date(2020, 1, 1)
EARLIEST = micros(datetime(2020, 1, 1, tzinfo=UTC))
_EPOCH_DAY = date(1970, 1, 1).toordinal()
# Ids, models and folders are short; longer ones are noise, and not kept whole.
LONGEST_TEXT = 1_000

NOT_JSON = "not JSON"
INCOMPLETE = "incomplete last line"
"""A file that is still being written ends like this: normal. Whoever reads a file again
and again tells it only when the file still ends so the next time."""
NO_TIME = "no readable time"
NO_COUNTS = "no known token count"
"""Usage is there, and of what it counts nothing: a client has renamed its fields."""
TOO_EARLY = f"time before {EARLIEST_DAY}"

Count = Annotated[int, msgspec.Meta(ge=0, le=MAX_COUNT)] | None
"""A number of tokens; a sign, a fraction, a string or a truth value is refused."""

Name = Annotated[str, msgspec.Meta(max_length=LONGEST_TEXT)] | None
"""A text as ``text`` would return it, checked by the decoder, which is faster."""
Classes = tuple[int, int, int, int, int, int, int]
"""Counts of the seven token classes, in the order of a witness."""

Decoded = TypeVar("Decoded")


def decode(decoder: msgspec.json.Decoder[Decoded], line: bytes) -> Decoded | str:
    """Return what a line says, or the reason why that cannot be told."""
    try:
        return decoder.decode(line)
    except msgspec.ValidationError as error:
        return str(error)
    except (ValueError, RecursionError):
        clean = _cleaned(line)
    if clean is None:
        return NOT_JSON if line.endswith(b"\n") else INCOMPLETE
    try:
        return decoder.decode(clean)
    except msgspec.ValidationError as error:
        return str(error)
    except (ValueError, RecursionError):
        return NOT_JSON


def _cleaned(line: bytes) -> bytes | None:
    r"""Return a line mended whose text is none: ``\ud83d`` alone, or wrong bytes.

    Clients that cut text between two UTF-16 units write halves of a pair; folders may
    be called by bytes that are no UTF-8. The strict decoder refuses the whole line for
    it, although the usage in it is in order.
    """
    import json  # noqa: PLC0415

    try:
        read = json.loads(line.decode("utf-8-sig", "replace"))
        return json.dumps(read, ensure_ascii=False).encode("utf-8", "replace")
    except (ValueError, RecursionError):
        return None


def text(value: object) -> str:
    """Return a short text as it is; anything that is no text is none."""
    return value[:LONGEST_TEXT] if isinstance(value, str) else ""


def instant(value: object) -> int | None:
    """Return UTC microseconds of an ISO 8601 time, which is UTC unless it says so.

    None for what is none, and for years in which no call can lie.
    """
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    if moment.year > LATEST_YEAR:
        return None
    if moment.tzinfo not in (None, UTC):
        return micros(moment)
    # By hand: half a microsecond instead of two, once for every line of usage.
    seconds = moment.hour * 3600 + moment.minute * 60 + moment.second
    days = moment.toordinal() - _EPOCH_DAY
    return (days * 86_400 + seconds) * 1_000_000 + moment.microsecond


def untimely(occurred_at: int | None) -> str:
    """Return why no call can have happened then, or ''."""
    if occurred_at is None:
        return NO_TIME
    return TOO_EARLY if occurred_at < EARLIEST else ""


def merge_repeats(kept: Witness, again: Witness) -> Witness:
    """Merge two lines of one call as ``domain.call.merge_copies`` does, but fast.

    Nothing but the counts can matter of a line that comes later and is no better
    copy, or that says the same in everything else.
    """
    later = kept.occurred_at < again.occurred_at and kept.copied <= again.copied
    if kept[17:] == again[17:] and (later or kept[2:10] == again[2:10]):
        return grown(kept, again[10:17])
    seen = merge_copies([Seen(kept, "", False), Seen(again, "", False)])  # noqa: FBT003
    return seen.witness


def grown(kept: Witness, counts: Classes) -> Witness:
    """Return a witness with the field maxima of its own and further counts."""
    if kept[10:17] == counts:
        return kept
    own: Classes = kept.tokens
    return Witness(*kept[:10], *larger(own, counts), *kept[17:])


def larger(kept: Classes, counts: Classes) -> Classes:
    """Return field maxima; of what a class is split from, those of the whole."""
    fresh, cache_read, write, write_1h, visible, thought, tool_input = kept
    hour = max(write_1h, counts[3])
    writes = max(write + write_1h, counts[2] + counts[3])
    reasoning = max(thought, counts[5])
    output = max(visible + thought, counts[4] + counts[5])
    return (
        max(fresh, counts[0]),
        max(cache_read, counts[1]),
        writes - hour,
        hour,
        output - reasoning,
        reasoning,
        max(tool_input, counts[6]),
    )


def each(
    parts: Iterable[bytes], take: Callable[[int, bytes], None], gathered: Gathering
) -> Iterator[Reading]:
    """Take lines or records in by their numbers; hand on what each chunk came to.

    The last of them is not handed on: what a reader does at the end comes first.
    """
    for number, part in enumerate(parts, start=1):
        take(number, part)
        if number % CHUNK_LINES == 0:
            yield gathered.reading()


class Gathering:
    """What has been read of one file since the last reading was handed on."""

    def __init__(self, traits: SourceTraits, place: str) -> None:
        self.traits = traits
        self.place = place
        self.ignored = 0
        self._witnesses: dict[str, Witness] = {}
        self._activities: dict[tuple[str, str], Activity] = {}
        self._rejected: list[Rejected] = []

    def witness(self, row: Witness) -> None:
        """Take a call in, once for all lines that repeat it."""
        kept = self._witnesses.get(row.key)
        self._witnesses[row.key] = row if kept is None else merge_repeats(kept, row)

    def repeats(
        self, key: str, occurred_at: int, counts: Classes, *, copied: bool
    ) -> bool:
        """Take only the counts of a line in, if it just repeats a known call.

        Nearly every repetition comes later, from the same thread, with the same or
        a grown output: then nothing else of it can matter.
        """
        kept = self._witnesses.get(key)
        if kept is None or occurred_at <= kept.occurred_at or kept.copied > copied:
            return False
        if kept[10:17] != counts:
            self._witnesses[key] = grown(kept, counts)
        return True

    def activity(self, row: Activity) -> None:
        """Take a fact beside calls in, once, its name only if it is one."""
        row = row._replace(name=tool_name(row.name))
        self._activities.setdefault((row.kind, row.key), row)

    def reject(self, number: int, reason: str) -> None:
        """Note that line ``number`` should be usage and cannot be read."""
        place = f"{self.place}:{number}"
        self._rejected.append(Rejected(self.traits.name, place, reason))

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nothing to hand on."""
        return not (self._witnesses or self._activities or self._rejected)

    def reading(self) -> Reading:
        """Hand on what was gathered, and start again with nothing."""
        reading = Reading(
            WitnessBatch.of(self._witnesses.values()),
            ActivityBatch.of(self._activities.values()),
            tuple(self._rejected),
            self.ignored,
        )
        self._witnesses, self._activities = {}, {}
        self._rejected, self.ignored = [], 0
        return reading


class WholeGathering(Gathering):
    """Gathers calls that are told of when they are over, each copy as it came.

    Where copies differ, the ledger shows what each of them says.
    """

    def witness(self, row: Witness) -> None:
        """Take what is said of a call in, however often it is said."""
        self._witnesses[str(len(self._witnesses))] = row


class PackedGathering(Gathering):
    """Gathers calls that will be packed: copies are compared by what is left then.

    So it does not matter which of them meet before they are packed.
    """

    def witness(self, row: Witness) -> None:
        """Take a call in, once for all lines that repeat it."""
        super().witness(packable(row))
