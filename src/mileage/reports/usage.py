"""Any window of one account or of the organisation, by any dimensions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from mileage.domain.errors import Invalid
from mileage.reports.completeness import completeness
from mileage.reports.shape import completeness_json, figures_json, window_json
from mileage.store import queries

if TYPE_CHECKING:
    from mileage.domain.client_faults import Fault
    from mileage.domain.figures import Completeness
    from mileage.domain.window import Window
    from mileage.store.ledger import Ledger


class Question(Protocol):
    """The unchecked parameters of a usage question; see ``web.services``."""

    @property
    def scope(self) -> str | None:
        """``me``, ``org`` or None for the viewer's default."""
        ...

    @property
    def since(self) -> int | None:
        """Start, UTC microseconds."""
        ...

    @property
    def until(self) -> int | None:
        """End, UTC microseconds, not included."""
        ...

    @property
    def group_by(self) -> tuple[str, ...]:
        """Dimensions."""
        ...

    @property
    def purpose(self) -> str | None:
        """Why it is asked."""
        ...


@dataclass(frozen=True, slots=True)
class UsageRequest:
    """A checked question; ``account_id`` None means the whole organisation."""

    window: Window
    account_id: str | None
    group_by: tuple[str, ...]
    faults: tuple[Fault, ...] = ()
    """Versions of clients that are known to report wrong figures."""


def check_groups(asked: tuple[str, ...]) -> tuple[str, ...]:
    """Return the dimensions to group by; raises Invalid for an unknown one."""
    unknown = [name for name in asked if name not in queries.GROUPS]
    if unknown:
        known = ", ".join(queries.GROUPS)
        message = f"group_by does not know {', '.join(unknown)}; it knows {known}"
        raise Invalid(message)
    return asked


def usage(
    ledger: Ledger, request: UsageRequest, rests_on: Completeness | None = None
) -> dict[str, Any]:
    """Answer ``GET /api/v1/usage``; what it rests on is looked up if nobody says."""
    rows = queries.usage(ledger, request.window, request.account_id, request.group_by)
    rests_on = rests_on or completeness(ledger, request.account_id, request.faults)
    return {
        "window": window_json(request.window, ledger.rules.clock.zone.key),
        "rows": [{**row.keys, **figures_json(row.figures)} for row in rows],
        "completeness": completeness_json(rests_on),
    }
