"""Teams, memberships and service accounts of small organisations, by hand."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.directory import memberships_on
from mileage.domain.people import Membership
from mileage.ingest.demo import people
from mileage.ingest.demo.names import (
    DEPARTMENTS,
    FIRST_NAMES,
    LAST_NAMES,
    SERVICES,
    mailbox,
)
from mileage.ingest.demo.people import TEAM_SIZE, Horizon, directory
from mileage.ingest.people_csv import parse_people
from tests.unit.ingest.demo.by_hand import ALWAYS, NEVER, UTC, Dice, account

FIRST, LAST = date(2026, 10, 6), date(2026, 11, 5)
HORIZON = Horizon(FIRST, LAST)
SIZES = (5, 20, 28, 45, 60)


def memberships(rows):
    return [
        Membership(
            row.email,
            row.department,
            row.team,
            row.manager,
            row.role,
            row.since,
            row.until,
        )
        for row in rows
    ]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("seed", [1, 2])
def test_names_and_addresses_are_unique(size, seed):
    accounts, _ = directory(seed, size, HORIZON, UTC)
    assert len({one.email for one in accounts}) == len(accounts) == size + 1
    for one in accounts[:size]:
        first, _, last = one.name.partition(" ")
        assert (first in FIRST_NAMES, last in LAST_NAMES) == (True, True)
        assert one.email == f"{mailbox(first, last)}@example.com"


@pytest.mark.parametrize("size", SIZES)
def test_everybody_employed_has_one_membership_on_every_day(size):
    accounts, rows = directory(2, size, HORIZON, UTC)
    for days in range((LAST - FIRST).days + 1):
        day = FIRST + timedelta(days=days)
        employed = {
            one.email
            for one in accounts
            if (one.joined or day) <= day <= (one.left or day)
        }
        valid = [
            row.email for row in rows if (row.since or day) <= day <= (row.until or day)
        ]
        assert set(valid) == employed
        assert max(Counter(valid).values()) == 1
        assert set(memberships_on(day, memberships(rows))) == employed


@pytest.mark.parametrize("size", [28, 45, 60])
def test_movers_are_in_one_team_before_and_in_another_after(size):
    _, rows = directory(3, size, HORIZON, UTC)
    moved = {row.email: row.since for row in rows if row.since and row.until is None}
    twice = [
        email for email, count in Counter(r.email for r in rows).items() if count > 1
    ]
    assert twice
    for email in twice:
        day = moved[email]
        before = memberships_on(day - timedelta(days=1), memberships(rows))[email]
        after = memberships_on(day, memberships(rows))[email]
        assert (before.department, before.team) != (after.department, after.team)
        assert before.role == after.role
        assert before.manager != after.manager


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("seed", range(3))
def test_managers_are_the_leads_of_ones_own_team(size, seed):
    accounts, rows = directory(seed, size, HORIZON, UTC)
    leads = {
        (row.department, row.team): row.email for row in rows if row.role == "Team lead"
    }
    boss = accounts[0].email
    assert len(leads) == max(1, size // TEAM_SIZE)
    for row in rows:
        lead = leads[row.department, row.team]
        if row.role == "Service" or row.email == lead:
            assert row.manager == ("" if row.email == boss else boss)
        else:
            assert row.manager == lead


@pytest.mark.parametrize(
    ("size", "changes"),
    [
        (1, {}),
        (2, {"moves": 1}),
        (3, {"moves": 1, "joins": 1}),
        (4, {"moves": 1, "joins": 1, "leaves": 1}),
        (60, {"moves": 2, "joins": 1, "leaves": 1}),
        (140, {"moves": 4, "joins": 2, "leaves": 1}),
        (400, {"moves": 10, "joins": 6, "leaves": 4}),
    ],
)
def test_how_many_come_go_and_move(size, changes):
    found = people._changes(7, size)
    assert Counter(found.values()) == changes
    assert min(found, default=size) >= max(1, size // TEAM_SIZE)
    assert max(found, default=0) < size


@pytest.mark.parametrize(
    ("size", "teams", "departments"),
    [
        (1, 1, 1),
        (27, 1, 1),
        (28, 2, 1),
        (55, 3, 1),
        (56, 4, 2),
        (84, 6, 3),
        (280, 20, 10),
        (700, 50, 10),
        (5000, 94, 10),
        (19_999, 94, 10),
        (20_000, 1428, 20),
        (85_000, 6071, 80),
    ],
)
def test_as_many_teams_as_it_takes(size, teams, departments):
    found = people._teams(size)
    assert len(found) == len({(one.department, one.name) for one in found}) == teams
    names = [one.department for one in found]
    assert len(set(names)) == departments
    if size < 20_000:
        assert names[:departments] == [one.name for one in DEPARTMENTS[:departments]]


def test_divisions_have_every_department_and_numbered_teams():
    found = people._teams(20_000)
    departments = {one.department for one in found}
    assert departments == {
        f"{division} {one.name}"
        for division in ("Cloud", "Devices")
        for one in DEPARTMENTS
    }
    of_one = [one for one in found if one.department == "Cloud Security"]
    assert [one.name for one in of_one[:9]] == [
        *DEPARTMENTS[3].teams,
        f"{DEPARTMENTS[3].teams[0]} 2",
    ]
    assert {one.roles for one in of_one} == {DEPARTMENTS[3].roles}


def test_there_are_as_many_teams_as_departments_have():
    assert sum(len(one.teams) for one in DEPARTMENTS) == 94


def test_departments_take_turns():
    found = people._teams(84)
    assert [one.department for one in found] == [
        one.name for _ in range(2) for one in DEPARTMENTS[:3]
    ]
    assert found[0].name != found[3].name
    assert found[0].roles == DEPARTMENTS[0].roles


@pytest.mark.parametrize(
    ("number", "teams", "manager"),
    [
        (0, 1, ""),
        (1, 1, "p0"),
        (0, 3, ""),
        (1, 3, "p0"),
        (2, 3, "p0"),
        (3, 3, "p0"),
        (4, 3, "p1"),
        (5, 3, "p2"),
        (6, 3, "p0"),
        (8, 3, "p2"),
    ],
)
def test_who_leads_whom(number, teams, manager):
    names = [(f"p{place}", "") for place in range(9)]
    assert people._manager(number, teams, names) == manager


@pytest.mark.parametrize(
    ("draw", "zone"),
    [
        (0.0, "Europe/London"),
        (0.0799, "Europe/London"),
        (0.0801, "America/New_York"),
        (0.1899, "America/New_York"),
        (0.1901, "Asia/Kolkata"),
        (0.3099, "Asia/Kolkata"),
        (0.3101, "America/Los_Angeles"),
        (0.3499, "America/Los_Angeles"),
        (0.3501, "Asia/Tokyo"),
        (0.3799, "Asia/Tokyo"),
        (0.3801, "Europe/Berlin"),
        (0.9999, "Europe/Berlin"),
    ],
)
def test_zones_by_hand(draw, zone):
    assert people._zone(ZoneInfo("Europe/Berlin"), Dice(draw)).key == zone


@pytest.mark.parametrize(
    ("size", "count"), [(1, 1), (499, 1), (500, 2), (2499, 9), (2500, 10), (9999, 10)]
)
def test_services_are_few_and_in_the_organisations_zone(size, count):
    tokyo = ZoneInfo("Asia/Tokyo")
    found = people._services(size, tokyo)
    assert [one.number for one in found] == [*range(size, size + count)]
    assert [(one.email, one.name) for one in found] == [
        (f"{local}@example.com", name) for local, name in SERVICES[:count]
    ]
    assert {(one.kind, one.zone) for one in found} == {("service", tokyo)}
    assert all(one.service for one in found)


def test_a_service_belongs_to_the_first_team_and_its_lead():
    accounts, rows = directory(1, 30, HORIZON, UTC)
    row = rows[-1]
    assert (row.email, row.kind, row.role) == (accounts[-1].email, "service", "Service")
    assert (row.department, row.team) == (rows[0].department, rows[0].team)
    assert row.manager == accounts[0].email
    assert (row.since, row.until) == (None, None)


@pytest.mark.parametrize(
    ("days", "earliest", "latest"),
    [(30, 6, 24), (18, 6, 12), (17, 5, 12), (9, 3, 6), (3, 1, 2), (2, 0, 2), (0, 0, 0)],
)
def test_an_inner_day_keeps_its_distance(days, earliest, latest):
    horizon = Horizon(FIRST, FIRST + timedelta(days=days))
    drawn = [horizon.inner_day(Dice(draw)) for draw in (ALWAYS, NEVER)]
    assert [(day - FIRST).days for day in drawn] == [earliest, latest]


def person(number, change, *draws):
    staffing = people._Staffing(
        people._teams(30),
        [(f"p{place}@x.org", f"P {place}") for place in range(30)],
        {number: change},
        HORIZON,
        UTC,
    )
    return people._person(number, staffing, Dice(*draws))


def test_a_mover_by_hand():
    made, (before, after) = person(5, "moves", ALWAYS, 0.04, NEVER, 0.99, ALWAYS)
    day = FIRST + timedelta(days=6)
    assert (made.kind, made.joined, made.left) == ("person", None, None)
    assert (before.since, before.until) == (None, day - timedelta(days=1))
    assert (after.since, after.until) == (day, None)
    teams = people._teams(30)
    assert [before.team, after.team] == [teams[1].name, teams[0].name]
    assert [before.manager, after.manager] == ["p1@x.org", "p0@x.org"]
    assert before.role == after.role == teams[1].roles[-1]


@pytest.mark.parametrize(
    ("change", "joins", "leaves"),
    [("", False, False), ("joins", True, False), ("leaves", False, True)],
)
def test_who_comes_or_goes_has_one_row(change, joins, leaves):
    made, (row,) = person(5, change, ALWAYS, 0.039, NEVER, 0.0)
    day = FIRST + timedelta(days=6)
    assert made.joined == row.since == (day if joins else None)
    assert made.left == row.until == (day if leaves else None)
    assert made.kind == row.kind == "contractor"


def test_the_first_of_a_team_leads_it_and_the_very_first_has_nobody_above():
    assert [person(number, "")[1][0].role for number in range(3)] == [
        "Team lead",
        "Team lead",
        people._teams(30)[0].roles[-1],
    ]
    assert person(0, "")[1][0].manager == ""


def test_nobody_is_the_own_manager():
    team = people._teams(30)[0]
    made = account(4)
    assert people._row(made, team, made.email, "x").manager == ""
    assert people._row(made, team, "p9@example.com", "x").manager == "p9@example.com"


@given(st.text(max_size=12), st.text(max_size=12))
def test_a_mailbox_is_ascii_whatever_the_name(first, last):
    assert mailbox(first, last).isascii()
    assert "." in mailbox(first, last)


@pytest.mark.parametrize(
    ("name", "local"),
    [("ß", "ss"), ("Đ", "d"), ("Æ", "ae"), ("Ø", "o"), ("Ł", "l"), ("Ż", "z")],
)
def test_letters_that_do_not_come_apart_are_written_out(name, local):
    assert mailbox(name, "x") == f"{local}.x"


def test_names_are_drawn_again_when_they_are_taken():
    found = people._names(1, 3000)
    assert (
        len({email for email, _ in found}) == len({name for _, name in found}) == 3000
    )
    assert people._names(1, 10) == found[:10]
    assert people._names(2, 10) != found[:10]


@pytest.mark.parametrize("size", [1, 6, 33, 60])
@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu"])
def test_a_small_directory_is_what_the_importer_reads(simulate, size, zone):
    org = simulate(seed=size, people=size, zone=ZoneInfo(zone), door_calls=0)
    text = org.people_csv()
    header, *lines = text.splitlines()
    assert header == "email,name,department,team,manager,kind,role,from,until"
    assert len(lines) == len(org.rows) >= size + 1
    assert parse_people(text.encode(), "people.csv").rows == org.rows
