"""Made-up groups of peers, and a desk that answers with them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from mileage.access.peers import Peer, told
from mileage.domain.adoption import Progress
from mileage.domain.cube import Range
from mileage.domain.errors import NotFound
from mileage.domain.peers import AdoptionPage, Benchmark, GroupBoard, GroupRow, place
from mileage.domain.window import SECOND, Window
from mileage.reports.benchmark import SCOPES

if TYPE_CHECKING:
    from mileage.domain.people import Viewer

END = 1_795_338_000 * SECOND
WINDOW = Window(END - 30 * 86_400 * SECOND, END)
HOSTILE = '"><script>alert(1)</script>'
OWN = 3_200_000_000
AMOUNTS = [10**6 * (number**4 + 1) for number in range(1, 90)]
GROUP = told("role and tools", "engineer: codex", [Peer(a) for a in AMOUNTS], 5)
BANDS = (Range(2 * 10**9, 5 * 10**9), Range(10**9, 10**10))
TEAM = GroupRow(
    *(1, "Difference", "Engines", 21),
    median=BANDS[0],
    middle=BANDS[1],
    tokens=4_100_000_000,
    cost=9_000_000,
)
UNTOLD = GroupRow(2, f"Analytical, {HOSTILE}", "Engines", 5, *BANDS)
ROLE = TEAM._replace(name="engineer", department="", tokens=None, cost=None)
ROWS = {"teams": (TEAM, UNTOLD), "roles": (ROLE, ROLE._replace(name=HOSTILE))}


@dataclass
class FakeGroups:
    """Answers the same to everybody; ``empty`` has published nothing."""

    empty: bool = False
    too_small: bool = False
    many: int = 0
    """Teams beside those of ``ROWS``."""
    asked: list[tuple[str, str]] = field(default_factory=list)

    def board(self, viewer: Viewer, scope: str) -> GroupBoard:
        self.asked.append((viewer.name, scope))
        if scope not in SCOPES:
            raise NotFound("there is no such board; there are teams, roles")
        if self.empty:
            raise NotFound("nothing has been published of groups yet")
        others = range(self.many)
        rows = (
            *ROWS.get(scope, ()),
            *(TEAM._replace(rank=3 + n, name=f"Team {n}") for n in others),
        )
        return GroupBoard(scope, rows, WINDOW, "Europe/Berlin", END, "2026-11-29", 5)

    def benchmark(self, viewer: Viewer) -> Benchmark:
        self.asked.append((viewer.name, "benchmark"))
        if self.empty or not viewer.account_id:
            raise NotFound("nothing has been published of groups yet")
        above, below, band = place(GROUP, OWN)
        found = Benchmark(
            *(GROUP, "engineer", "codex", OWN, above, below, band, 5),
            *(WINDOW, "Europe/Berlin", END, "2026-11-29"),
        )
        if self.too_small:
            return replace(found, group=None, band=None)
        return found


PROGRESS = (
    Progress("Every week", 80, "2026-12-31", "Engines", "Difference", 40, 60, 60),
    Progress("Every week", 80, "2026-12-31", "Engines", HOSTILE, 20, 75, 100),
    Progress("Try Codex", 20, "2026-12-31", "Engines", "", 20, 0, 25),
    Progress("Try Codex", 20, "2026-12-31", "Engines", "B", 20, 35, 35),
)


@dataclass
class FakeAdoption:
    """Everybody sees the same teams."""

    empty: bool = False
    many: int = 0
    """Teams beside those of ``PROGRESS``."""

    def page(self, viewer: Viewer) -> AdoptionPage:
        if self.empty:
            raise NotFound("nothing has been published of groups yet")
        others = range(self.many)
        rows = (*PROGRESS, *(replace(PROGRESS[-1], team=f"Team {n}") for n in others))
        return AdoptionPage(rows, WINDOW, "Europe/Berlin", END)
