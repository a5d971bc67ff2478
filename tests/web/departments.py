"""A made-up department behind the real application."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from mileage.domain.cube import DepartmentPage, Line, Listed, Range, Totals
from mileage.domain.errors import NotFound, PurposeMissing, Refused
from mileage.domain.people import Viewer
from mileage.domain.window import SECOND, Window

START = 1_761_955_200 * SECOND
WINDOW = Window(START, START + 30 * 86400 * SECOND)
ID = "0123456789abcdef"
BANDS = (Range(2_000_000, 5_000_000), Range(1_000_000, 20_000_000))
SUM = Totals(1_234, 98_765_432, 7_654_321, unpriced=True, users=36, or_more=True)
TEAM = Totals(1_000, 90_000_000, None, unpriced=True, users=21, or_more=False)
NO_SERVICES = Totals(0, 0, None, unpriced=False, users=0, or_more=False)
PAGE = DepartmentPage(
    department_id=ID,
    name="Engines & <b>Mills</b>",
    window=WINDOW,
    zone="Asia/Kolkata",
    as_of=WINDOW.end,
    renewed_from="2025-12-08",
    whole=Line(("Difference", "Analytical", "Punch"), 44, BANDS, SUM),
    lines=(
        Line(("Difference",), 25, BANDS, TEAM),
        Line(("Analytical", ""), 10, BANDS, None),
        Line(("Punch",), 9, None, None),
    ),
    together=(Line(("", "Analytical", "Punch"), 19, None, TEAM),),
    services=Totals(7, 4_242, None, unpriced=True, users=1, or_more=False),
    least=5,
    least_sum=15,
    purpose="board",
)
DARK = replace(
    PAGE,
    whole=Line(("Difference",), 4, None, None),
    lines=(),
    together=(),
    services=NO_SERVICES,
)


@dataclass
class FakeDepartments:
    """Refuses who is not asked for; ``page`` is what it answers."""

    page: DepartmentPage = PAGE
    asked: list[tuple[Viewer, str, str | None]] = field(default_factory=list)
    listing: tuple[Listed, ...] | None = (Listed(ID, PAGE.name, 44, told=True),)
    purposes: dict[str, str] = field(default_factory=dict)
    """What has to be stated, if anything."""

    def listed(self, viewer: Viewer) -> tuple[Listed, ...]:
        if self.listing is None:
            raise NotFound("no figures of departments have been published yet")
        return self.listing

    def department(
        self, viewer: Viewer, department_id: str, purpose: str | None = None
    ) -> DepartmentPage:
        self.asked.append((viewer, department_id, purpose))
        if department_id != ID:
            raise Refused("you may not see this department")
        if self.purposes and purpose not in self.purposes:
            raise PurposeMissing("say what for", self.purposes)
        return replace(self.page, purpose=purpose or "board")
