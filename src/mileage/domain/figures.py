"""Figures that reports hand to pages, the API and the command line."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from mileage.domain.load import Load, State, Strain, state, strains
from mileage.domain.shown import Shows  # noqa: TC001 - decoded by annotation
from mileage.domain.sums import Figures, Share  # noqa: TC001 - decoded by annotation

# Snapshots are decoded by these annotations, so the name must exist at run time.
from mileage.domain.window import Window  # noqa: TC001

if TYPE_CHECKING:
    from mileage.domain.attendance import Guess


@dataclass(frozen=True, slots=True)
class SourceSeen:
    """How complete one source is."""

    source: str
    witnesses: int | None
    """None where it would tell of a few."""
    first: int | None
    last: int | None
    """UTC microseconds of the earliest and latest call seen."""
    rejected: int = 0
    accounts: int = 0
    """Whose calls it saw."""
    stopped: int = 0
    """Accounts of which it fell silent while another source of the client went on."""
    # Below: of one account only, not known of all together.
    clients: tuple[str, ...] = ()
    active_days: int | None = None
    """Local days with a call."""
    cadence_days: int | None = None
    """Typical distance between two of them."""
    gap_days: int | None = None
    """Recent days on which another source saw the client at work, and it did not."""
    silent_days: int | None = None
    """Whole days since the last one."""
    machines: int | None = None
    """Machines that name themselves."""
    version: str = ""
    """The client's latest version."""
    clock_ahead: int | None = None
    """Microseconds by which the client's clock is ahead, below zero behind."""


@dataclass(frozen=True, slots=True)
class Completeness:
    """What a figure rests on; no figure is shown without it."""

    sources: tuple[SourceSeen, ...]
    until: int | None
    """Everything accepted up to this instant is in (UTC microseconds)."""
    missing: tuple[str, ...] = ()
    """Sentences about what is known to be missing or simulated."""

    @property
    def began(self) -> int | None:
        """When the first call was that a source saw; None where none is told."""
        known = (one.first for one in self.sources if one.first is not None)
        return min(known, default=None)


@dataclass(frozen=True, slots=True)
class Standing:
    """One account's row in a frozen snapshot of a window."""

    account_id: str
    name: str
    kind: str
    department: str
    team: str
    figures: Figures
    sessions: int
    models: tuple[str, ...]
    """Names, most tokens first."""
    clients: tuple[str, ...]
    active_days: int
    daily: tuple[int, ...]
    """Tokens per local day of the window, oldest first."""
    simulated: bool = False
    role: str = ""
    attended_calls: int = 0
    unattended_calls: int = 0
    """Calls of which nobody knows either are in neither."""
    values: tuple[int | None, ...] = ()
    """What each lens of the snapshot gives, in their order; None is no rank."""
    before: tuple[int | None, ...] = ()
    """The same in the period before; empty without any use in it."""
    titles: tuple[str, ...] = ()
    """Names, in the order of the policy."""
    tier: str = ""
    """``bronze`` to ``emerald``, or ''."""


class PublishedLens(NamedTuple):
    """A lens as it was when a snapshot was published."""

    name: str
    title: str
    unit: str
    """``tokens``, ``micro_usd`` …: what its values count."""
    warning: str = ""
    """What whoever reads its board must be told."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is told of a window beside its standings, frozen with them."""

    window: Window
    zone: str
    as_of: int
    """UTC microseconds: what the ledger had recorded at this instant."""
    days: tuple[str, ...]
    """ISO dates of ``Standing.daily``."""
    total: Figures
    daily: tuple[int, ...]
    completeness: Completeness
    versions: dict[str, str]
    """Versions of prices, rules and this format."""
    input_hash: str
    """Hash of the roll-ups it was made from; equal input, equal hash."""
    organisation: str = ""
    simulated: bool = False
    name: str = "30d"
    """Of the window (``domain.window.WINDOWS``)."""
    previous: Window | None = None
    """The period that ``Standing.before`` is of; None in files of before."""
    lenses: tuple[PublishedLens, ...] = ()
    """The default first."""
    accounts: int = 0
    """How many have a standing."""
    active: dict[str, int] = field(default_factory=dict)
    """Of them those with a call in the window, by kind of account."""


@dataclass(frozen=True, slots=True)
class Publication:
    """All windows, frozen at one instant: of the same appends, prices and policies."""

    as_of: int
    snapshots: tuple[Snapshot, ...]
    """The default window first."""
    seq: int = 0
    """The last append that is in; 0 where that was not kept."""


@dataclass(frozen=True, slots=True)
class BoardRow:
    """A rank, a value of the lens, and the standing behind it."""

    rank: int
    value: int
    standing: Standing
    before_rank: int | None = None
    """In the period before, among those who have a rank in it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which rows of a snapshot are asked for."""

    lens: str = ""
    """'' for the first."""
    first: int = 0
    """How many ranked rows to leave out."""
    count: int = 250
    scope: str = "org"
    """``org``, ``services``, ``contractors``, ``dept:ID`` or ``team:ID/TEAM``."""
    without: frozenset[str] = frozenset()
    """Accounts that have no rank: who has objected, or is hidden, now."""
    unnamed: frozenset[str] = frozenset()
    """Accounts that are not found by their names, nor by where they are."""


class Page(NamedTuple):
    """Some ranked rows."""

    rows: tuple[BoardRow, ...]
    ranked: int
    """How many have a rank, on all pages."""
    first: int
    """How many of them come before the first of ``rows``."""


class Offered(NamedTuple):
    """What boards there are."""

    as_of: int | None
    """Of the last publication (UTC microseconds); None before the first."""
    windows: tuple[str, ...]
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Board:
    """A snapshot ranked by one lens, cut at ``top``."""

    lens: str
    unit: str
    """``tokens`` or ``micro_usd``: what ``BoardRow.value`` counts."""
    snapshot: Snapshot
    rows: tuple[BoardRow, ...]
    own: BoardRow | None
    """The viewer's own row when it is not among ``rows``."""
    ranked: int
    """How many accounts have a rank."""
    shows: Shows | None = None
    """How others' figures are to be shown to this viewer; None: as they are."""
    first: int = 0
    """How many ranked rows come before the first of ``rows``."""
    count: int = 250
    """How many rows a page holds."""
    scope: str = "org"
    whole: bool = False
    """Whether the viewer may leaf through everybody, not only through the top."""
    opens: frozenset[str] | None = frozenset()
    """Whose rank the viewer may have explained, beside their own; None: anybody's."""
    told: bool = True
    """Whether totals of the organisation are told; if not, the snapshot has none."""


@dataclass(frozen=True, slots=True)
class RejectedCount:
    """Rejections of one source for one reason."""

    source: str
    reason: str
    count: int
    sample_place: str
    last: int | None = None
    """UTC microseconds at which the ledger took in the latest."""


@dataclass(frozen=True, slots=True)
class ActivityCount:
    """How often, or how many lines or seconds, of one kind of activity."""

    kind: str
    name: str
    amount: int


@dataclass(frozen=True, slots=True)
class PersonalPage:
    """Everything on 'my page'."""

    account_id: str
    name: str
    window: Window
    zone: str
    total: Figures
    sessions: int
    active_days: int
    daily: tuple[Share, ...]
    """One a local day of the window, ISO date as the name, oldest first."""
    hours: tuple[tuple[int, ...], ...]
    """Tokens by day (as ``daily``) and local hour 0..23, for the heat map."""
    by_client: tuple[Share, ...]
    by_model: tuple[Share, ...]
    by_session: tuple[Share, ...]
    """The largest sessions first, at most 50."""
    activity: tuple[ActivityCount, ...]
    attended_calls: int
    unattended_calls: int
    differing_calls: int
    """Calls on which two sources disagree about a count."""
    rejected: tuple[RejectedCount, ...]
    rank: int | None
    ranked: int
    completeness: Completeness
    simulated: bool = False
    withheld: frozenset[str] = frozenset()
    """Parts that this viewer may not see; what stands for them is no figure."""
    purpose: str = "self"
    """What it was read for."""
    by_pattern: Guess | None = None
    """Of the calls that no client says anything of; None: nobody guesses for you."""


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """One line of the ingest page."""

    source: str
    witnesses: int
    calls: int
    duplicates: int
    rejected: int
    ignored: int
    first: int | None
    last: int | None


@dataclass(frozen=True, slots=True)
class IngestStatus:
    """Accepted, durable, visible; when idle, durable = visible + duplicates."""

    accepted: int
    durable: int
    visible: int
    rejected: int
    ignored: int
    duplicates: int
    lag_seconds: float
    sources: tuple[SourceStatus, ...] = ()
    reasons: tuple[RejectedCount, ...] = ()
    simulated: str = ""
    """Says what part of the figures is simulated, or ''."""
    since: int | None = field(default=None)
    load: Load = field(default_factory=Load)
    more_reasons: bool = False
    """Whether ``reasons`` was cut."""

    @property
    def strains(self) -> tuple[Strain, ...]:
        """Limits that are near, the worst first."""
        return strains(self.load)

    @property
    def state(self) -> State:
        """``ok``, ``degraded`` or ``refusing``."""
        return state(self.strains)
