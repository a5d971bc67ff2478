"""A decoded and filtered OTLP record, and how a source reads its attributes.

What is in a record has passed the allow-list of ``otlp``: declared names and keys,
bounded scalars. Nothing here can hold a prompt, an answer or an argument.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from mileage.domain import rejecting
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

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Signal: TypeAlias = Literal["logs", "metrics", "traces"]
Scalar: TypeAlias = "str | int | float | bool | None"
"""None: the attribute was sent, and is no bounded scalar."""
Facts: TypeAlias = "tuple[Witness | Activity | Rejected, ...]"
"""What one record turned out to be; () is neither usage nor activity."""

# A token of 10**12 has 13 digits; more than this is no count in any notation.
MAX_DIGITS = 16
# 2020-01-01, before which no agent existed (design, invariant 3).
EARLIEST = 1_577_836_800_000_000


class Point(NamedTuple):
    """A data point of a metric."""

    value: int | float | None
    """None when the metric is no sum, gauge or histogram."""
    temporality: Literal["delta", "cumulative", ""]
    started_at: int
    """UTC nanoseconds, as sent: with ``ended_at`` it tells points apart."""
    ended_at: int
    series: str
    """Hash of metric, resource and attributes; equal for equal series."""
    siblings: str = ""
    """The same without the label that splits one measurement into token types."""
    kind: Literal["number", "histogram"] = "number"
    """Of a histogram, ``value`` is the sum of what was observed."""


class Span(NamedTuple):
    """What a span tells beside its attributes; ids are hex texts, '' if malformed."""

    trace_id: str
    span_id: str
    parent_id: str
    """'' for the root of a trace."""
    failed: bool
    """The span's status is an error."""


class OtlpRecord(NamedTuple):
    """A log record, one point of a metric, or a span."""

    signal: Signal
    scope: str
    name: str
    """One of the names that a source declares, nothing else; spans may have ''."""
    number: int
    """Position in the body, from 1."""
    occurred_at: int | None
    """UTC microseconds since 1970, of a span its end; None when no time was sent."""
    attributes: Mapping[str, Scalar]
    resource: Mapping[str, Scalar]
    point: Point | None = None
    span: Span | None = None

    @property
    def place(self) -> str:
        """Where it stood, for rejections."""
        return f"{self.signal} record {self.number}"

    def text(self, key: str) -> str:
        """Return the text of the record, else of the resource, under a key, or ''."""
        value = self.attributes.get(key)
        if value and isinstance(value, str):
            return value
        value = self.resource.get(key)
        return value if isinstance(value, str) else ""

    def tally(self, key: str, absent: int | None = None) -> int | None:
        """Return a token count, ``absent`` if it was not sent, None if unusable."""
        if key in self.attributes:
            return as_count(self.attributes[key])
        return absent

    def time_problem(self) -> str:
        """Say why the time cannot be used, or ''."""
        if self.occurred_at is None:
            return "no time"
        return "time before 2020" if self.occurred_at < EARLIEST else ""

    def truth(self, key: str) -> bool | None:
        """Read a boolean that clients send as a boolean or as a text."""
        return truth_of(self.attributes.get(key))

    def tool(self) -> str:
        """Return the tool's name; '' when it is no identifier, so no content."""
        return tool_name(self.text("tool_name"))

    def identity(self) -> str:
        """Return who the payload says it was: a person before an installation."""
        return identity_among(*(self.text(key) for key in IDENTITY_KEYS))

    def rejected(self, source: str, reason: str) -> Rejected:
        """Turn the record into a rejection."""
        told = (self.text("service.version"), self.text("app.version"))
        return Rejected(
            source,
            self.place,
            reason,
            next(filter(None, map(rejecting.version, told)), ""),
            rejecting.sample(self.attributes),
        )


def truth_of(value: Scalar) -> bool | None:
    """Read a boolean that may be written as a text."""
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.lower())
    return value if isinstance(value, bool) else None


IDENTITY_KEYS = ("user.email", "enduser.id", "user.id")
"""What ``identity_among`` takes."""


def identity_among(email: str, person: str, installation: str) -> str:
    """Return a person before an installation, or ''."""
    known = email or person
    return known or (f"installation:{installation}" if installation else "")


def as_count(value: Scalar) -> int | None:
    """Coerce to a count from 0 to ``MAX_COUNT``; None if it is none.

    Clients send integers, doubles and decimal texts for the same attribute
    (recordings: Claude Code and Codex). A boolean is no count.
    """
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, str):
        digits = value.isascii() and value.isdigit() and len(value) <= MAX_DIGITS
        if not digits:
            return None
        value = int(value)
    elif isinstance(value, float):
        if not value.is_integer():
            return None
        value = int(value)
    return value if 0 <= value <= MAX_COUNT else None


def as_amount(value: Scalar) -> int | None:
    """Round to a whole amount from 0 to ``MAX_COUNT``; None if it is none."""
    if isinstance(value, float):
        return as_count(round(value)) if math.isfinite(value) else None
    return as_count(value)


def as_micros(value: Scalar) -> int | None:
    """Turn dollars, as a number or a text, into micro-dollars."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        dollars = float(value)
    except (ValueError, OverflowError):
        return None
    return as_amount(dollars * 1_000_000)


def gather(turned: Iterable[Facts]) -> Reading:
    """Sort what each record turned out to be into one reading."""
    witnesses: list[Witness] = []
    activities: list[Activity] = []
    rejected: list[Rejected] = []
    ignored = 0
    for facts in turned:
        ignored += not facts
        for fact in facts:
            if isinstance(fact, Witness):
                witnesses.append(fact)
            elif isinstance(fact, Activity):
                activities.append(fact)
            else:
                rejected.append(fact)
    return Reading(
        WitnessBatch.of(witnesses),
        ActivityBatch.of(activities),
        tuple(rejected),
        ignored,
    )
