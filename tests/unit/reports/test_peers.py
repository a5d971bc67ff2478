"""Groups of peers as published: who is in which, how long they stay, their ranks."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from mileage.domain.cube import Line, Range, Totals
from mileage.domain.errors import NotFound, Unavailable
from mileage.domain.people import Membership, Viewer
from mileage.domain.sums import Figures, Share
from mileage.domain.tokens import Tokens
from mileage.reports.benchmark import (
    Groups,
    benchmark_json,
    closest,
    group_board_json,
)
from mileage.reports.peers import Material, PeerFiles, make_peers
from mileage.store.group_use import GroupUse
from tests.web import fixtures
from tests.web.stage import ADA, standing

FLOOR = 5
HEAD = fixtures.SNAPSHOT


def person(number, role="engineer", clients=("codex",), kind="person", tokens=1000):
    return replace(
        standing(ADA),
        account_id=f"{role}-{number}",
        kind=kind,
        role=role,
        clients=clients,
        figures=Figures(1, Tokens(input=tokens)),
        daily=(*(0,) * (len(HEAD.days) - 1), tokens),
    )


def crowd(count, **of):
    return [person(number, tokens=1000 * (number + 1), **of) for number in range(count)]


def made(standings, uses=(), named=frozenset()):
    return make_peers(HEAD, Material(standings, uses, named), FLOOR)


def names(peers):
    return {(one.kind, one.name) for one in peers.groups}


def test_everybody_is_in_the_groups_of_their_role_and_tools():
    peers = made([*crowd(8), *crowd(7, role="writer", clients=("codex", "amp"))])
    assert names(peers) == {
        ("everybody", ""),
        ("role", "engineer"),
        ("role", "writer"),
        ("role and tools", "engineer: codex"),
        ("role and tools", "writer: amp + codex"),
    }


def test_people_without_a_role_are_compared_by_their_tools():
    others = crowd(8, role="", clients=("amp",))
    without = crowd(9, role="") + [
        replace(one, account_id=f"amp{one.account_id}") for one in others
    ]
    peers = made([*crowd(8), *without])
    assert closest(peers, "", "codex").kind == "tools"
    assert peers.group("tools", "codex").people == 5
    assert closest(peers, "", "zed").kind == "everybody"


def test_no_part_of_a_role_is_told_beside_a_rest_of_few():
    """Twelve with codex and one with another tool: the role less these is the one."""
    one = crowd(1, clients=("amp",))
    odd = replace(one[0], account_id="odd")
    assert names(made([*crowd(12), odd])) == {("everybody", ""), ("role", "engineer")}
    enough = [replace(odd, account_id=f"odd-{number}") for number in range(6)]
    assert ("role and tools", "engineer: codex") in names(made([*crowd(12), *enough]))


def test_of_a_role_that_is_not_told_neither_are_its_tools():
    few = crowd(3, role="writer")
    assert names(made([*crowd(12), *few])) == {("everybody", "")}


def test_a_quiet_week_leaves_a_group_out():
    """Two publications would differ by the few who used something in between."""
    people = [
        replace(one, daily=(*one.daily[:-1], one.daily[-1] * (number < 4)))
        for number, one in enumerate(crowd(12))
    ]
    material = Material(people, (), frozenset())
    assert make_peers(HEAD, material, FLOOR, HEAD.days[-2]).groups == ()
    busy = Material(crowd(12), (), frozenset())
    assert make_peers(HEAD, busy, FLOOR, HEAD.days[-2]).groups


def test_small_groups_are_left_out():
    peers = made([*crowd(8), *crowd(5, role="writer")])
    assert names(peers) == {("everybody", "")}


def test_services_and_people_without_a_role_are_no_role():
    peers = made([*crowd(9, role=""), *crowd(9, role="bot", kind="service")])
    assert names(peers) == {("everybody", ""), ("tools", "codex")}
    assert peers.group("everybody", "").people == 5


def test_clients_and_models_count_what_was_used_of_them():
    people = crowd(8)
    uses = [
        GroupUse(one.account_id, client, model, tokens)
        for one in people
        for client, model, tokens in (("codex", "m1", 10**6), ("codex", "m2", 10**6))
    ] + [GroupUse("engineer-0", "amp", "m1", 10**9)]
    peers = made(people, uses)
    assert peers.group("client", "amp") is None
    assert peers.group("client", "codex").median == Range(2 * 10**6, 5 * 10**6)
    assert peers.group("model", "m2").median == Range(10**6, 2 * 10**6)


def test_use_of_services_is_not_peoples():
    bots = crowd(9, role="bot", kind="service")
    uses = [GroupUse(one.account_id, "codex", "m1", 10**6) for one in bots]
    assert made(bots, uses).groups == ()


def test_who_is_left_without_the_board_counts():
    people = crowd(20)
    named = frozenset(one.account_id for one in people[:17])
    assert made(people, named=named).groups == ()


class Days:
    """Heads of snapshots on days that go by."""

    def __init__(self, folder):
        self.files = PeerFiles(folder / "peers", 7)
        self.made = 0

    def publish(self, day, people, *, alike=False):
        head = replace(HEAD, days=(*HEAD.days[:-1], day), as_of=HEAD.as_of + self.made)
        self.made += 1
        return self.files.renew(
            head, lambda _: Material(people, (), frozenset()), FLOOR, alike=alike
        )


@pytest.fixture
def days(tmp_path):
    return Days(tmp_path)


def test_where_nothing_could_be_told_what_is_alike_is_not_looked_at(days):
    assert days.publish("2026-11-22", crowd(2), alike=True)
    assert not days.publish("2026-11-22", crowd(8), alike=True)
    assert days.files.latest().groups == ()
    assert days.publish("2026-11-22", crowd(8))
    assert days.files.latest().groups


def test_groups_are_renewed_by_their_age_though_all_is_alike(days):
    assert days.publish("2026-11-22", crowd(8))
    assert not days.publish("2026-11-28", crowd(8), alike=True)
    assert days.publish("2026-11-29", crowd(8), alike=True)


def test_groups_stay_for_some_days(days):
    assert days.publish("2026-11-22", crowd(8))
    first = days.files.latest()
    assert not days.publish("2026-11-22", crowd(30))
    assert not days.publish("2026-11-28", crowd(30))
    assert days.files.latest() == first
    assert days.publish("2026-11-29", crowd(30))
    assert days.files.latest().group("everybody", "").people == 20


def test_while_there_is_nothing_to_tell_each_snapshot_tries_again(days):
    assert days.publish("2026-11-22", crowd(3))
    assert days.files.latest().groups == ()
    assert days.publish("2026-11-22", crowd(9))
    assert days.files.latest().groups


def test_nothing_published_is_said(days):
    with pytest.raises(NotFound):
        days.files.latest()


def test_a_damaged_file_is_said(days, tmp_path):
    days.publish("2026-11-22", crowd(8))
    (path,) = (tmp_path / "peers").glob("*.peers")
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(Unavailable, match="damaged"):
        PeerFiles(tmp_path / "peers", 7).latest()
    path.write_bytes(b"something else")
    with pytest.raises(Unavailable, match="no file of groups"):
        PeerFiles(tmp_path / "peers", 7).latest()


def test_other_processes_read_what_was_published(days, tmp_path):
    days.publish("2026-11-22", crowd(8))
    assert PeerFiles(tmp_path / "peers", 7).latest() == days.files.latest()


def test_the_narrowest_group_that_is_told_of():
    people = [*crowd(8), *crowd(7, role="writer"), *crowd(9, role="lead")]
    two = [replace(one, clients=("amp", "codex")) for one in people[8:15]]
    peers = made([*people[:8], *two, *people[15:]])
    assert closest(peers, "engineer", "codex").kind == "role and tools"
    assert closest(peers, "writer", "zed").kind == "role"
    assert closest(peers, "sailor", "codex").kind == "everybody"
    assert closest(peers, "", "codex").kind == "everybody"
    assert closest(peers, "", "zed").kind == "everybody"
    assert closest(made(crowd(2)), "engineer", "codex") is None


LINE = Line(
    ("A",), 20, None, Totals(9, 9_000, 90, unpriced=False, users=9, or_more=True)
)


class Around:
    """Everything beside the files, as small as can be."""

    def __init__(self, days, lines=()):
        self.reads = []
        self.personal_page = replace(
            fixtures.personal(),
            by_client=(Share("codex", Figures()),),
            total=Figures(1, Tokens(input=3_500)),
        )
        place = Membership("a", "D", "T", "", "engineer", None, None)
        chart = SimpleNamespace(place_on=lambda *_: place)
        gate = SimpleNamespace(
            chart=chart,
            today=lambda: None,
            allow=lambda *_: SimpleNamespace(purpose="board"),
        )
        answers = SimpleNamespace(gate=gate, personal=lambda *_: self.personal_page)
        found = SimpleNamespace(
            lines=tuple(lines), window=HEAD.window, zone=HEAD.zone,
            as_of=HEAD.as_of, day="2026-11-22", simulated=False,
        )  # fmt: skip
        departments = SimpleNamespace(everywhere=lambda _: found)
        control = SimpleNamespace(record_access=self.reads.append)
        self.groups = Groups(days.files, answers, departments, control, FLOOR)


def test_a_benchmark_is_of_ones_own_exact_figure(days):
    days.publish("2026-11-22", crowd(20))
    found = Around(days).groups.benchmark(ADA)
    assert (found.tokens, found.role, found.tools) == (3_500, "engineer", "codex")
    assert found.group.kind == "role and tools"
    assert found.band.low <= 3_500 < found.band.high
    assert found.renewed_from == "2026-11-29"
    told = benchmark_json(found)
    assert told["compared_with"] == "role and tools"
    assert told["above_percent"] <= told["below_percent"]


def test_the_operator_has_no_benchmark(days):
    days.publish("2026-11-22", crowd(20))
    with pytest.raises(NotFound):
        Around(days).groups.benchmark(Viewer("", "operator", operator=True))


def test_without_a_group_nothing_of_others_is_told(days):
    days.publish("2026-11-22", crowd(3))
    told = benchmark_json(Around(days).groups.benchmark(ADA))
    assert told["distribution"] == []
    for key in ("compared_with", "above_percent", "below_percent", "band", "median"):
        assert told[key] is None


def test_roles_rank_by_the_band_of_the_median(days):
    high = [replace(one, role="lead", account_id=f"l{at}",
                    figures=Figures(1, Tokens(input=10**6)))
            for at, one in enumerate(crowd(8))]  # fmt: skip
    days.publish("2026-11-22", [*crowd(8), *crowd(8, role="writer"), *high])
    around = Around(days)
    board = around.groups.board(ADA, "roles")
    assert [(row.rank, row.name) for row in board.rows] == [
        (1, "lead"), (2, "engineer"), (2, "writer"),
    ]  # fmt: skip
    (read,) = around.reads
    assert (read.report, read.detail[:5]) == ("groups", "roles")
    assert group_board_json(board)["rows"][0]["tokens_per_person"] is None


def test_teams_rank_by_the_median_of_a_person_and_not_by_their_size(days):
    low, high = Range(1000, 2000), Range(5000, 10_000)
    large = replace(
        LINE,
        teams=("B", ""),
        totals=replace(LINE.totals, tokens=50_000, users=100, or_more=False),
    )
    untold = replace(LINE, teams=("C",), totals=None)
    lines = [
        ("X", large, (low, high)),
        ("Y", LINE, (high, high)),
        ("Z", untold, (low, high)),
    ]
    board = Around(days, lines).groups.board(ADA, "teams")
    assert [(row.rank, row.name, row.tokens, row.cost) for row in board.rows] == [
        (1, "A", 1000, 10),
        (2, "B, in no team", 500, 0),
        (2, "C", None, None),
    ]
    assert [(row.people, row.or_more) for row in board.rows] == [
        (9, True),
        (100, False),
        (5, True),
    ]


def test_there_is_no_board_of_anything_else(days):
    with pytest.raises(NotFound, match="teams, roles, clients, models"):
        Around(days).groups.board(ADA, "people")
