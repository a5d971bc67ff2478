"""What a source yields: witnesses of calls, activity, and what it could not read.

The currency between layers is a batch of columns, so that a hot source can be
vectorised later without moving the road; rows are a view for quiet sources.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Generic, NamedTuple, TypeVar

from mileage.domain.tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_LONGEST_TOOL_NAME = 128
_IN_TOOL_NAMES = frozenset(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:@/-"
)


class Witness(NamedTuple):
    """One observation of one call by one source. Content never gets in here."""

    source: str
    """Name of the source, e.g. ``claude_code_log``."""
    key: str
    """Identity of the call inside its source; the same for every repetition."""
    link: str
    """Ids that other sources may share, the provider's own only (request id, response
    id), sorted and separated by one space, or ''."""
    session: str
    occurred_at: int
    """UTC microseconds since 1970."""
    client: str
    """``claude-code``, ``codex``, ..."""
    client_version: str
    provider: str
    """``anthropic``, ``openai``, ... or '' when the format does not say."""
    model: str
    """As reported, less decorations such as ``[1m]``."""
    tier: str
    """'' (standard), ``fast``, ``priority``, ``batch``, ..."""
    input: int
    cache_read: int
    cache_write: int
    cache_write_1h: int
    output: int
    reasoning: int
    tool_input: int
    reported_cost: int | None
    """Micro-dollars as the client computed them; never used as the cost."""
    project: str
    """Working directory or repository; hashed before it is written anywhere."""
    agent: str
    """'' for the main thread, else the kind or id of the sub-agent."""
    copied: bool
    """A replayed copy (side chain, fork): it never beats an original."""
    attended: bool | None
    """Whether a person was at the keyboard, where the format tells."""
    identity: str
    """Who the payload says made the call (an e-mail or an installation), or ''."""
    measure: str = ""
    """'' exact, ``estimate`` (never added to anything), or ``unmeasured``: a call
    happened, and its source reports no usage; its counts are 0 and mean nothing."""

    @property
    def tokens(self) -> Tokens:
        """The seven disjoint classes."""
        return Tokens(*self[10:17])


class Activity(NamedTuple):
    """A content-free fact beside calls."""

    source: str
    key: str
    """Identity of the fact inside (source, kind)."""
    session: str
    occurred_at: int
    """UTC microseconds since 1970."""
    client: str
    kind: str
    """One of ``ACTIVITY_KINDS``."""
    name: str
    """What ``tool_name`` leaves of the tool's, for tool results and edits, else ''."""
    amount: int
    """A count, lines or seconds."""
    attended: bool | None
    identity: str


ACTIVITY_KINDS = (
    "prompt",
    "tool_result",
    "tool_error",
    "edit_accepted",
    "edit_rejected",
    "lines_added",
    "lines_removed",
    "commit",
    "pull_request",
    "active_seconds",
)


def tool_name(text: str) -> str:
    """Return a tool's name; '' when it is no identifier.

    Models make names up, so that one may be a sentence: content.
    """
    good = len(text) <= _LONGEST_TOOL_NAME and _IN_TOOL_NAMES.issuperset(text)
    return text if good else ""


AHEAD = "time more than a day ahead"
NOT_READ = "unreadable: "
"""Begins the reason why a file could not be read, all of it or its rest."""
CUT_OFF = "cut off: "
"""Begins the reason why the rest of a file can never be read, as far as we know."""


class Rejected(NamedTuple):
    """Something that should be usage and cannot be read."""

    source: str
    place: str
    """File and line, or signal and record number; never content."""
    reason: str
    client_version: str = ""
    """As the record says, '' when it does not."""
    sample: str = ""
    """Which declared keys the record had and the types of their values, or ''."""
    records: int = 1
    """How many it stands for: those of one kind are added up on the way."""


Row = TypeVar("Row", bound=tuple[Any, ...])


class Batch(Generic[Row]):
    """Equally long columns, in the order of the row type's fields."""

    __slots__ = ("columns",)
    row: ClassVar[type[Any]]

    def __init__(self, columns: tuple[list[Any], ...]) -> None:
        self.columns = columns

    def __eq__(self, other: object) -> bool:
        """Compare rows; those of another kind are never equal."""
        return type(other) is type(self) and self.columns == other.columns

    __hash__ = None  # type: ignore[assignment]

    @classmethod
    def of(cls, rows: Iterable[Row]) -> Batch[Row]:
        """Turn rows into columns."""
        columns = tuple(list(column) for column in zip(*rows, strict=True))
        return cls(columns or tuple([] for _ in cls.row._fields))

    def __len__(self) -> int:
        """Count rows."""
        return len(self.columns[0])

    def rows(self) -> Iterator[Row]:
        """Turn columns into rows."""
        return map(self.row._make, zip(*self.columns, strict=True))

    def column(self, name: str) -> list[Any]:
        """Return one column by its field's name."""
        index: int = self.row._fields.index(name)
        return self.columns[index]


class WitnessBatch(Batch[Witness]):
    """Witnesses as columns."""

    __slots__ = ()
    row = Witness


class ActivityBatch(Batch[Activity]):
    """Activity as columns."""

    __slots__ = ()
    row = Activity


class Reading(NamedTuple):
    """Everything that one piece of input turned out to be."""

    witnesses: Batch[Witness] = WitnessBatch.of(())
    activities: Batch[Activity] = ActivityBatch.of(())
    rejected: tuple[Rejected, ...] = ()
    ignored: int = 0
    """Records that are no usage and no activity."""
