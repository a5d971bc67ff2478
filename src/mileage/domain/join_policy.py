"""Which sources may be joined, and by what: the data behind ``domain.join``.

Everything that ``join.toml`` leaves out follows from the sources' own traits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mileage.domain.policy import PolicyFile

if TYPE_CHECKING:
    from mileage.domain.policy import Table

SECOND = 1_000_000
KEYS = ("ids", "counts", "ids and counts", "nothing")
_SOURCE = r"[a-z][a-z0-9_]*"
_SOURCE_EXPECTED = "the name of a source, such as codex_otlp"
LONGEST_WINDOW = 3600


@dataclass(frozen=True, slots=True)
class SourceRule:
    """What is known of one source beyond its traits."""

    name: str
    precedence: int | None = None
    """In place of the source's own."""
    key_is_id: bool = False
    """Its keys are the provider's ids, which other sources may know too."""
    rewrites_ids: bool = False
    """Its ids may be its own: two different ones do not tell calls apart."""
    window: int | None = None
    spread: int | None = None
    """In microseconds, towards every other source; None: as ``JoinPolicy`` says."""


@dataclass(frozen=True, slots=True)
class PairRule:
    """How two sources are joined."""

    first: str
    second: str
    keys: str = "ids and counts"
    window: int | None = None
    spread: int | None = None
    """Both in microseconds; None: as the two sources say."""
    leads: str = ""
    """Which of the two gives the totals; '': the one of higher precedence."""


@dataclass(frozen=True, slots=True)
class JoinPolicy:
    """All that the policy says about joining witnesses."""

    window: int = 125 * SECOND
    """How far apart two sources may say that a call was: two minutes of clocks, and
    some seconds of whatever else."""
    spread: int = SECOND
    """How far a call's two times may lie from what their clocks are apart."""
    sources: tuple[SourceRule, ...] = ()
    pairs: tuple[PairRule, ...] = ()


def parse_join(text: str, file: str) -> JoinPolicy:
    """Read ``join.toml``."""
    default = JoinPolicy()
    policy = PolicyFile.parse(text, file)
    root = policy.root()
    found = JoinPolicy(
        window=_seconds(root, "window_seconds", default.window),
        spread=_seconds(root, "spread_seconds", default.spread),
        sources=tuple(_source(table) for table in root.tables("source")),
        pairs=tuple(_pair(table) for table in root.tables("pair")),
    )
    _note_repetitions(root, found)
    policy.close()
    return found


def _seconds(table: Table, key: str, default: int) -> int:
    seconds = table.integer(key, default // SECOND, least=0, most=LONGEST_WINDOW)
    return seconds * SECOND


def _optional_seconds(table: Table, key: str) -> int | None:
    return _seconds(table, key, 0) if key in table else None


def _name(table: Table, key: str) -> str:
    return table.text(key, pattern=_SOURCE, expected=_SOURCE_EXPECTED)


def _source(table: Table) -> SourceRule:
    precedence = None
    if "precedence" in table:
        precedence = table.integer("precedence", 0, least=0, most=100)
    return SourceRule(
        name=_name(table, "name"),
        precedence=precedence,
        key_is_id="keys" in table and table.choice("keys", ("ids", "own")) == "ids",
        rewrites_ids=(
            "ids" in table and table.choice("ids", ("provider", "own")) == "own"
        ),
        window=_optional_seconds(table, "window_seconds"),
        spread=_optional_seconds(table, "spread_seconds"),
    )


def _pair(table: Table) -> PairRule:
    first, second = _name(table, "first"), _name(table, "second")
    keys = table.choice("keys", KEYS) if "keys" in table else "ids and counts"
    leads = _name(table, "leads") if "leads" in table else ""
    if first == second:
        table.note("second", "is the first again; a source is not joined with itself")
    if leads not in ("", first, second):
        table.note("leads", f"is {leads!r}; expected {first!r} or {second!r}")
    return PairRule(
        first=first,
        second=second,
        keys=keys,
        window=_optional_seconds(table, "window_seconds"),
        spread=_optional_seconds(table, "spread_seconds"),
        leads=leads,
    )


def _note_repetitions(root: Table, found: JoinPolicy) -> None:
    names = [one.name for one in found.sources]
    pairs = [frozenset((one.first, one.second)) for one in found.pairs]
    if len(set(names)) < len(names):
        root.note("source", "names a source twice")
    if len(set(pairs)) < len(pairs):
        root.note("pair", "names a pair of sources twice")
