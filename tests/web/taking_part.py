"""A desk that remembers what people chose; everybody may choose anything."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mileage.domain.errors import Invalid, NotFound
from mileage.domain.participation import (
    Chosen,
    Stated,
    Statements,
    TakingPart,
    in_force,
    open_choices,
)

if TYPE_CHECKING:
    from mileage.domain.people import Viewer


@dataclass
class FakeStatements:
    """Two people have asked for one, one of them with a name that is not nice."""

    rows: tuple[Stated, ...] = (
        Stated("Ada Byron", among=True),
        Stated('"><script>alert(1)</script>', among=False),
    )
    empty: bool = False

    def statements(self, viewer: Viewer) -> Statements:
        if self.empty:
            raise NotFound("nothing has been published yet")
        return Statements(250, "Cost-weighted", 1_795_338_000_000_000, "UTC", self.rows)


@dataclass
class FakeTakingPart:
    mode: str = "open"
    chosen: dict[str, Chosen] = field(default_factory=dict)
    objectors: frozenset[str] = frozenset()

    def state(self, viewer: Viewer) -> TakingPart:
        if not viewer.account_id:
            raise NotFound("the operator stands on no board")
        chosen = self.chosen.get(viewer.account_id, Chosen())
        found = TakingPart(
            self.mode,
            chosen,
            in_force(self.mode, chosen),
            objected=False,
            pseudonym="Calm Heron 4821",
            top=250,
            choices=open_choices(self.mode),
        )
        if viewer.account_id in self.objectors:
            return found._replace(in_force="hidden", objected=True)
        return found

    def choose(self, viewer: Viewer, choice: str, *, stated: bool) -> None:
        if choice not in {*open_choices(self.mode), "policy"}:
            raise Invalid("choose one of shown, pseudonym, hidden, policy")
        wanted = None if choice == "policy" else choice
        self.chosen[viewer.account_id] = Chosen(wanted, stated=stated, since=7)
