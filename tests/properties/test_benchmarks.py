"""One's place among others, and boards of groups, against counting everybody."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from random import Random
from types import SimpleNamespace

from hypothesis import given, settings
from hypothesis import strategies as st

from mileage.access.disclosure import rung
from mileage.domain.cube import Range
from mileage.domain.errors import PurposeMissing, Refused
from mileage.domain.people import OPERATOR, Viewer
from mileage.domain.sums import Figures, Share
from mileage.domain.tokens import Tokens
from mileage.reports.benchmark import Groups, benchmark_json, group_board_json, ranked
from mileage.reports.cube import Terms
from mileage.reports.departments import department_json
from tests import comparing
from tests.charts import Recorded
from tests.comparing import called
from tests.disclosing import LIMITS, publish
from tests.drawing import examples
from tests.organisations import random_organisation
from tests.web import fixtures

SEEDS = st.integers(0, 2**32)
FEW = settings(max_examples=examples(6))


@dataclass
class Company:
    """A random organisation with published groups, and desks that answer of them."""

    week: comparing.PeerWeek
    groups: Groups
    recorded: Recorded

    def desk_of(self, viewer_id):
        """The page of a person's own that the benchmark reads."""
        one = next(s for s in self.week.users if s.account_id == viewer_id)
        return one, replace(
            fixtures.personal(),
            by_client=tuple(Share(name, Figures()) for name in one.clients),
            total=Figures(1, Tokens(input=one.figures.tokens.total)),
        )


def company(seed):
    random = Random(seed)  # noqa: S311 - organisations, not secrets
    made = random_organisation(random)
    week = publish(made, Terms(LIMITS, 7, 3), None, dict.fromkeys(made.used, 0))
    told = comparing.told_of(week, comparing.places(random, made.used))
    roles = {one.account_id: one.role for one in told.standings}
    gate = SimpleNamespace(
        allow=week.desk.departments._gate.allow,
        today=lambda: None,
        chart=SimpleNamespace(
            place_on=lambda who, _: SimpleNamespace(role=roles.get(who, ""))
        ),
    )
    found = Company(told, None, Recorded())
    answers = SimpleNamespace(
        gate=gate, personal=lambda _, account: found.desk_of(account)[1]
    )
    files = SimpleNamespace(latest=lambda: told.peers, every_days=7)
    found.groups = Groups(files, answers, week.desk.departments, found.recorded, 5)
    return found


@FEW
@given(SEEDS)
def test_a_place_is_true_of_everybody_in_the_group(seed) -> None:
    found = company(seed)
    for one in found.week.users[:12]:
        told = found.groups.benchmark(Viewer(one.account_id, "x"))
        if told.group is None:
            continue
        members = found.week.members(told.group)
        assert one in members
        amounts = [other.figures.tokens.total for other in members]
        below = sum(amount < told.band.low for amount in amounts)
        within = sum(told.band.low <= amount < told.band.high for amount in amounts)
        assert told.band.low <= told.tokens < told.band.high
        assert told.above <= 100 * below / len(amounts) < told.above + 1
        assert told.below <= 100 * (below + within) / len(amounts) < told.below + 1
        assert within >= LIMITS.people
        assert told.group.people <= len(amounts) < 3 * told.group.people


@FEW
@given(SEEDS)
def test_it_is_the_narrowest_of_the_groups_that_are_told(seed) -> None:
    found = company(seed)
    order = ("role and tools", "tools", "role", "everybody")
    for one in found.week.users[:12]:
        told = found.groups.benchmark(Viewer(one.account_id, "x"))
        mine = [
            group.kind
            for group in found.week.peers.groups
            if group.name in called(group.kind, one)
        ]
        closest = told.group and told.group.kind
        assert closest == min(mine, key=order.index, default=None)


@FEW
@given(SEEDS)
def test_medians_and_middles_are_those_of_the_people(seed) -> None:
    found = company(seed)
    for group in found.week.peers.groups:
        members = found.week.members(group)
        amounts = sorted(one.figures.tokens.total for one in members)
        last = len(amounts) - 1
        assert group.median == Range(*rung(amounts[last // 2]))
        assert group.middle.low <= amounts[last // 4] < group.middle.high
        assert group.middle.low <= amounts[last * 3 // 4] < group.middle.high
        inside = sum(group.middle.low <= one < group.middle.high for one in amounts)
        assert inside * 2 >= len(amounts) - 1


@FEW
@given(SEEDS)
def test_figures_of_a_benchmark_are_ones_own_or_steps(seed) -> None:
    """No number in it is what somebody else used."""
    found = company(seed)
    used = {one.figures.tokens.total for one in found.week.users}
    for one in found.week.users[:6]:
        told = benchmark_json(found.groups.benchmark(Viewer(one.account_id, "x")))
        own = told.pop("tokens")
        assert own == one.figures.tokens.total
        numbers = {
            number
            for bin_ in told["distribution"]
            for number in (bin_["from"], bin_["below"])
        }
        steps = {
            bound for amount in used for bound in rung(amount) if bound >= LIMITS.people
        }
        assert {n for n in numbers if n} <= steps


def _teams_told(week, viewer):
    """Return what department pages tell of teams, with averages."""
    found = set()
    for one in week.week.cube.departments:
        desk = week.week.desk.departments
        for purpose in ("board", "planning", "billing", "operations"):
            try:
                page = department_json(
                    desk.department(viewer, one.department_id, purpose)
                )
            except (PurposeMissing, Refused):
                continue
            for line in page["teams"]:
                total = line["total"]
                each = total["tokens"] // total["people"] if total else None
                name = ", ".join(team or "in no team" for team in line["teams"])
                found.add((one.name, name, each))
            break
    return found


@FEW
@given(SEEDS)
def test_the_board_of_teams_tells_what_department_pages_tell(seed) -> None:
    """To the operator, who may open them all: the same lines and no others."""
    found = company(seed)
    board = group_board_json(found.groups.board(OPERATOR, "teams"))
    rows = {
        (row["department"], row["name"], row["tokens_per_person"])
        for row in board["rows"]
    }
    assert rows == _teams_told(found.week, OPERATOR)
    assert [one.report for one in found.recorded.reads] == ["groups"]


@FEW
@given(SEEDS)
def test_whoever_has_people_below_is_told_no_more_of_teams_than_a_stranger(
    seed,
) -> None:
    found = company(seed)
    stranger = found.groups.board(Viewer("outside", "x"), "teams").rows
    everything = {(row.department, row.name): row for row in stranger}
    placed = found.week.week.made.places.values()
    heads = sorted({place.manager.partition("@")[0] for place in placed} - {""})
    for account in heads[:4]:
        for row in found.groups.board(Viewer(account, "x"), "teams").rows:
            other = everything[row.department, row.name]
            assert row.tokens in {None, other.tokens}
            assert (row.median, row.middle) == (other.median, other.middle)


@FEW
@given(SEEDS, st.randoms(use_true_random=False))
def test_ranks_follow_the_band_of_the_median_alone(seed, random) -> None:
    rows = list(company(seed).groups.board(OPERATOR, "teams").rows)
    random.shuffle(rows)
    again = ranked(row._replace(rank=0) for row in rows)
    for one, after in pairwise(again):
        assert one.median.low >= after.median.low
        assert (one.rank == after.rank) == (one.median == after.median)
    for number, one in enumerate(again, start=1):
        higher = sum(other.median.low > one.median.low for other in again)
        assert one.rank == higher + 1 <= number
