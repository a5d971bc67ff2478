"""How people stand on boards at this moment: who is hidden, who has another name.

Asked at every read, also of boards of the past: what somebody chooses is in force from
the next request on, everywhere. It is the same for everybody, executives and the
operator included; one's own row is as it is to oneself.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from mileage.access.pseudonyms import Pseudonym, pseudonym
from mileage.domain.directory import DEPARTMENT, TEAM
from mileage.domain.errors import Invalid, NotFound
from mileage.domain.participation import (
    CHOICES,
    MODES,
    NOT_ASKED,
    UNDECIDED,
    Chosen,
    TakingPart,
    in_force,
    open_choices,
)
from mileage.reports.awards import without_declined

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mileage.domain.figures import BoardRow, Standing
    from mileage.domain.participation import Choice
    from mileage.domain.people import Viewer
    from mileage.domain.settings import Settings
    from mileage.store.control import Control

NOTHING = Chosen()
NOBODY: frozenset[str] = frozenset()
GROUPS = (DEPARTMENT, TEAM)
"""Scopes that hold the people of a department or a team."""


class Stances(NamedTuple):
    """How everybody stands at one moment: what one answer goes by from end to end."""

    hidden: frozenset[str]
    """Who stands on no board of people."""
    unnamed: frozenset[str]
    """Whose figures stand on no board under their names; whoever is hidden as well."""
    chosen: Mapping[str, Chosen]
    objectors: frozenset[str]
    asked: frozenset[str]

    def left_out(self, scope: str) -> frozenset[str]:
        """Return who has no row on a board; on that of a group another name tells it.

        Whoever opens the boards of all teams would know the team behind each name.
        """
        return self.unnamed if scope.startswith(GROUPS) else self.hidden


class Participation:
    """Implements ``web.desks.TakingPartDesk``; safe to call from threads."""

    def __init__(self, control: Control, settings: Settings) -> None:
        self._control = control
        self._mode = settings.participation
        self._top = settings.top
        self._key = control.marks_key()
        self._kept: Stances | None = None

    def hidden(self) -> frozenset[str]:
        """Return who stands on no board now; the same object until that changes."""
        return self.now().hidden

    def unnamed(self) -> frozenset[str]:
        """Return whose figures stand on no board under their names."""
        return self.now().unnamed

    def now(self) -> Stances:
        """Return how everybody stands; the same object until that changes."""
        control, mode = self._control, self._mode
        chosen, objectors = control.participation(), control.objectors()
        by_name = MODES[mode].unasked == "shown"
        asked = NOBODY if by_name else control.asked()
        kept = self._kept
        if (
            kept is None
            or kept.chosen is not chosen
            or kept.asked is not asked
            or kept.objectors != objectors
        ):
            found: dict[Choice, set[str]] = {choice: set() for choice in CHOICES}
            for one in asked.union(chosen):
                found[in_force(mode, chosen.get(one, NOTHING))].add(one)
            hidden = objectors.union(found["hidden"])
            unnamed = hidden.union(found["pseudonym"])
            kept = self._kept = Stances(hidden, unnamed, chosen, objectors, asked)
        return kept

    def masked(
        self,
        rows: tuple[BoardRow, ...],
        viewer_id: str,
        now: Stances | None = None,
    ) -> tuple[BoardRow, ...]:
        """Put pseudonyms where names are not shown, except in the viewer's own row.

        Titles and tiers that somebody has declined are taken away. ``now`` is what
        the answer goes by that the rows are of.

        The same tuple comes back when there is nothing to put.
        """
        rows = without_declined(rows, self._control.declined())
        chosen = self._control.participation() if now is None else now.chosen
        unasked = in_force(self._mode, NOTHING)
        under = [
            place
            for place, row in enumerate(rows)
            if (one := row.standing).kind not in NOT_ASKED
            and one.account_id != viewer_id
            and self._stands(chosen.get(one.account_id), unasked) == "pseudonym"
        ]
        if not under:
            return rows
        found = list(rows)
        for place in under:
            row = rows[place]
            found[place] = replace(row, standing=self._nameless(row.standing, chosen))
        return tuple(found)

    def state(self, viewer: Viewer) -> TakingPart:
        """Tell somebody how they stand on boards; raises NotFound."""
        if not viewer.account_id:
            raise NotFound(
                "The operator in a shell is nobody in particular and stands on no "
                "board. `mileage person taking-part EMAIL` tells of a person."
            )
        return self.of(viewer.account_id)

    def of(self, account_id: str) -> TakingPart:
        """Return how a person stands on boards."""
        chosen = self._control.participation().get(account_id, NOTHING)
        objected = account_id in self._control.objectors()
        return TakingPart(
            mode=self._mode,
            chosen=chosen,
            in_force="hidden" if objected else in_force(self._mode, chosen),
            objected=objected,
            pseudonym=pseudonym(self._key, account_id, chosen.since).name,
            top=self._top,
            choices=open_choices(self._mode),
        )

    def choose(
        self, viewer: Viewer, choice: str, *, stated: bool, account_id: str = ""
    ) -> None:
        """Record a choice, of oneself when nobody is named; raises Invalid, NotFound.

        Only the operator names somebody, who asked for it by other means.
        """
        whose = account_id if account_id and viewer.operator else viewer.account_id
        if not whose:
            raise NotFound("a choice is of a person: sign in")
        wanted = checked_choice(choice)
        if wanted is not None and wanted not in open_choices(self._mode):
            raise Invalid(
                f"{wanted!r} is not open here: participation is {self._mode!r}, which "
                f"leaves {', '.join(open_choices(self._mode))}"
            )
        self._control.take_part(viewer, whose, wanted, stated=stated)

    def _stands(self, chosen: Chosen | None, unasked: Choice) -> Choice:
        return unasked if chosen is None else in_force(self._mode, chosen)

    def _nameless(self, standing: Standing, chosen: Mapping[str, Chosen]) -> Standing:
        """Take away what tells who it is; the figures stay."""
        since = chosen.get(standing.account_id, NOTHING).since
        other: Pseudonym = pseudonym(self._key, standing.account_id, since)
        return replace(
            standing,
            account_id=other.account_id,
            name=other.name,
            department="",
            team="",
        )


def checked_choice(text: str) -> Choice | None:
    """Read a choice as a form sends it; raises Invalid."""
    if text == UNDECIDED:
        return None
    for choice in CHOICES:
        if text == choice:
            return choice
    raise Invalid(f"choose one of {', '.join((*CHOICES[::-1], UNDECIDED))}")
