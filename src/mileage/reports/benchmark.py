"""Where somebody stands among others of their role and tools, and boards of groups.

Everything of others comes from what was published of groups (``reports.peers``), so
nothing here names anybody; what somebody sees of themselves is their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from mileage.domain.directory import ORGANISATION, NamedRead
from mileage.domain.errors import NotFound
from mileage.domain.peers import (
    Benchmark,
    GroupBoard,
    GroupRow,
    place,
    tools_of,
)
from mileage.reports.peers import both
from mileage.reports.values import dollars, instant_json, window_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mileage.domain.cube import Line, Range
    from mileage.domain.peers import Bin, PeerGroup, Peers
    from mileage.domain.people import Viewer
    from mileage.reports.answers import Answers
    from mileage.reports.departments import Departments, Everywhere
    from mileage.reports.peers import PeerFiles
    from mileage.store.control import Control

SCOPES = {"teams": "Teams", "roles": "Roles", "clients": "Clients", "models": "Models"}
KINDS = {"roles": "role", "clients": "client", "models": "model"}


@dataclass(frozen=True, slots=True)
class Groups:
    """Implements ``web.desks.GroupDesk``; safe to call from threads."""

    files: PeerFiles
    answers: Answers
    departments: Departments
    control: Control
    least: int

    def benchmark(self, viewer: Viewer) -> Benchmark:
        """Compare somebody with others of their kind; raises NotFound."""
        if not viewer.account_id:
            raise NotFound("The operator in a shell has no figures to compare.")
        gate = self.answers.gate
        me = self.answers.personal(viewer, viewer.account_id)
        at = gate.chart.place_on(viewer.account_id, gate.today())
        role = at.role if at else ""
        tools = tools_of([one.name for one in me.by_client])
        peers = self.files.latest()
        group = closest(peers, role, tools)
        tokens = me.total.tokens.total
        above, below, band = place(group, tokens) if group else (0, 100, None)
        return Benchmark(
            group=group,
            role=role,
            tools=tools,
            tokens=tokens,
            above=above,
            below=below,
            band=band,
            least=self.least,
            window=peers.window,
            zone=peers.zone,
            as_of=peers.as_of,
            renewed_from=self._until(peers),
            simulated=peers.simulated,
        )

    def board(self, viewer: Viewer, scope: str) -> GroupBoard:
        """Rank groups of the organisation; on record before it is answered."""
        if scope not in SCOPES:
            known = ", ".join(SCOPES)
            raise NotFound(f"there is no board of {scope!r}; there are {known}")
        allowed = self.answers.gate.allow(viewer, "groups")
        found: Everywhere | Peers
        if scope == "teams":
            teams = found = self.departments.everywhere(viewer)
            rows = [_team(*one, self.least) for one in teams.lines]
        else:
            peers = found = self.files.latest()
            rows = [_group(one) for one in peers.groups if one.kind == KINDS[scope]]
        detail = f"{scope}, as of {found.as_of}"
        self.control.record_access(
            NamedRead(viewer, allowed.purpose, "groups", ORGANISATION, 0, detail)
        )
        return GroupBoard(
            scope=scope,
            rows=ranked(rows),
            window=found.window,
            zone=found.zone,
            as_of=found.as_of,
            renewed_from=self._until(found),
            least=self.least,
            simulated=found.simulated,
        )

    def _until(self, found: Any) -> str:  # noqa: ANN401 - whatever has a day
        until = date.fromisoformat(found.day) + timedelta(days=self.files.every_days)
        return until.isoformat()


def closest(peers: Peers, role: str, tools: str) -> PeerGroup | None:
    """Return the narrowest group of somebody that is told of."""
    near = (
        peers.group("role and tools", both(role, tools)) or peers.group("role", role)
        if role
        else peers.group("tools", tools)
    )
    return near or peers.group("everybody", "")


def ranked(rows: Iterable[GroupRow]) -> tuple[GroupRow, ...]:
    """Rank by the band of the median; what nobody can tell apart shares a rank."""
    ordered = sorted(rows, key=lambda one: (-one.median.low, one.name, one.department))
    found: list[GroupRow] = []
    for number, one in enumerate(ordered, start=1):
        same = bool(found) and found[-1].median == one.median
        found.append(one._replace(rank=found[-1].rank if same else number))
    return tuple(found)


def _group(one: PeerGroup) -> GroupRow:
    return GroupRow(0, one.name, "", one.people, median=one.median, middle=one.middle)


def _team(
    department: str, line: Line, bands: tuple[Range, Range], least: int
) -> GroupRow:
    """Return a team; what a person used on average where its sum is told."""
    median, middle = bands
    name = ", ".join(team or "in no team" for team in line.teams)
    row = GroupRow(0, name, department, least, median=median, middle=middle)
    totals = line.totals
    if totals is None or not totals.users:
        return row
    return row._replace(
        people=totals.users,
        or_more=totals.or_more,
        tokens=totals.tokens // totals.users,
        cost=None if totals.cost is None else totals.cost // totals.users,
    )


def benchmark_json(found: Benchmark) -> dict[str, Any]:
    """Name everything on the page of the benchmark."""
    group = found.group
    return {
        "window": window_json(found.window, found.zone),
        "as_of": instant_json(found.as_of),
        "renewed_from": found.renewed_from,
        "least_people": found.least,
        "role": found.role,
        "tools": found.tools,
        "tokens": found.tokens,
        "compared_with": group.kind if group else None,
        "people_at_least": group.people if group else None,
        "above_percent": found.above if group else None,
        "below_percent": found.below if group else None,
        "band": _range(found.band),
        "median": _range(group.median if group else None),
        "middle_half": _range(group.middle if group else None),
        "distribution": [_bin(one) for one in group.bins] if group else [],
    }


def _bin(one: Bin) -> dict[str, int]:
    return {"from": one.low, "below": one.high, "up_to_percent": one.up_to}


def _range(found: Range | None) -> dict[str, int] | None:
    return None if found is None else {"from": found.low, "below": found.high}


def group_board_json(found: GroupBoard) -> dict[str, Any]:
    """Name every row of a board of groups."""
    return {
        "scope": found.scope,
        "window": window_json(found.window, found.zone),
        "as_of": instant_json(found.as_of),
        "renewed_from": found.renewed_from,
        "least_people": found.least,
        "rows": [
            {
                "rank": row.rank,
                "name": row.name,
                "department": row.department or None,
                "people": row.people,
                "or_more": row.or_more,
                "median_tokens": _range(row.median),
                "middle_half_tokens": _range(row.middle),
                "tokens_per_person": row.tokens,
                "cost_usd_per_person": dollars(row.cost),
            }
            for row in found.rows
        ],
    }
