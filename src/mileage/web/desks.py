"""More of what the web needs from the rest, as in ``services``: around the boards.

All methods are synchronous and safe to call from threads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from mileage.domain.awards import AwardsPage
    from mileage.domain.cube import DepartmentPage, Listed
    from mileage.domain.oversight import OversightPage
    from mileage.domain.participation import Statements, TakingPart
    from mileage.domain.peers import AdoptionPage, Benchmark, GroupBoard
    from mileage.domain.people import Viewer


class OversightDesk(Protocol):
    """How people's figures are read, for those who watch over that."""

    def page(self, viewer: Viewer, purpose: str | None = None) -> OversightPage:
        """Answer what the viewer may see of it; raises Refused, PurposeMissing."""
        ...


class TakingPartDesk(Protocol):
    """Where people choose how they stand on boards."""

    def state(self, viewer: Viewer) -> TakingPart:
        """Tell somebody how they stand on boards; raises NotFound."""
        ...

    def choose(self, viewer: Viewer, choice: str, *, stated: bool) -> None:
        """Record one's own choice; raises Invalid, NotFound."""
        ...


class AdoptionDesk(Protocol):
    """How far teams are with targets."""

    def page(self, viewer: Viewer) -> AdoptionPage:
        """Answer the teams that a viewer may see; raises NotFound."""
        ...


class AwardsDesk(Protocol):
    """Where people see their own titles and tiers, and decline them."""

    def page(self, viewer: Viewer) -> AwardsPage:
        """Tell somebody what they have and had, and why."""
        ...

    def decline(self, viewer: Viewer, which: str, *, declined: bool) -> None:
        """Decline a title, or ``tiers``, or take it again; raises Invalid, NotFound."""
        ...


class StatementDesk(Protocol):
    """Who says whether they are among the first."""

    def statements(self, viewer: Viewer) -> Statements:
        """Answer all of them; raises Refused, NotFound."""
        ...


class GroupDesk(Protocol):
    """Figures of groups of peers, as they were published."""

    def board(self, viewer: Viewer, scope: str) -> GroupBoard:
        """Rank groups; raises Refused, and NotFound when nothing is published."""
        ...

    def benchmark(self, viewer: Viewer) -> Benchmark:
        """Compare somebody with others of their kind; raises NotFound."""
        ...


class DepartmentDesk(Protocol):
    """Departments as they were published; synchronous, safe from threads."""

    def listed(self, viewer: Viewer) -> tuple[Listed, ...]:
        """Return the departments that a viewer may open; raises NotFound for none."""
        ...

    def department(
        self, viewer: Viewer, department_id: str, purpose: str | None = None
    ) -> DepartmentPage:
        """Answer one of them; raises Refused, NotFound, PurposeMissing."""
        ...
