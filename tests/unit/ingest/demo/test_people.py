from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from mileage.domain.people import ACCOUNT_KINDS
from mileage.ingest.demo.names import (
    DEPARTMENTS,
    FIRST_NAMES,
    LAST_NAMES,
    SERVICES,
    mailbox,
)
from mileage.ingest.demo.people import ZONES, Horizon, _names, directory
from mileage.ingest.demo.shape import stream
from mileage.ingest.people_csv import parse_people

BERLIN = ZoneInfo("Europe/Berlin")
HORIZON = Horizon(date(2026, 10, 6), date(2026, 11, 5))


@pytest.fixture(scope="module")
def drawn():
    return directory(3, 2000, HORIZON, BERLIN)


def rows_by_email(rows):
    found = defaultdict(list)
    for row in rows:
        found[row.email].append(row)
    return found


def test_names_are_unique_within_their_lists():
    for names in (FIRST_NAMES, LAST_NAMES):
        assert len(names) == len(set(names))
    assert len(FIRST_NAMES) * len(LAST_NAMES) > 40_000


def test_teams_and_departments_are_unique():
    assert len({one.name for one in DEPARTMENTS}) == len(DEPARTMENTS)
    for department in DEPARTMENTS:
        assert len(department.teams) == len(set(department.teams)) >= 6
        assert len(department.roles) >= 3


@pytest.mark.parametrize(
    ("first", "last", "local"),
    [
        ("Ana", "Silva", "ana.silva"),
        ("Søren", "Müller", "soren.muller"),
        ("Łukasz", "Özdemir", "lukasz.ozdemir"),
        ("Zoë", "Traoré", "zoe.traore"),
    ],
)
def test_mailbox_is_plain_ascii(first, last, local):
    assert mailbox(first, last) == local


def test_every_name_gives_a_whole_mailbox():
    for first in FIRST_NAMES:
        assert len(mailbox(first, "x")) >= len(first) + 2
    for last in LAST_NAMES:
        assert mailbox("x", last).isascii()
        assert len(mailbox("x", last)) >= len(last) + 2


def test_people_come_first_and_have_unique_addresses(drawn):
    accounts, _ = drawn
    assert [one.number for one in accounts] == list(range(len(accounts)))
    assert len({one.email for one in accounts}) == len(accounts)
    assert not any(one.service for one in accounts[:2000])
    assert all(one.service for one in accounts[2000:])
    assert all(one.email.endswith("@example.com") for one in accounts)


def test_kinds_are_those_of_the_domain(drawn):
    kinds = Counter(one.kind for one in drawn[0])
    assert set(kinds) == {"person", "contractor", "service"} < set(ACCOUNT_KINDS)
    assert kinds["contractor"] == pytest.approx(80, abs=30)
    assert kinds["service"] == 8


def test_most_people_share_the_organisations_zone(drawn):
    zones = Counter(one.zone.key for one in drawn[0])
    assert zones["Europe/Berlin"] / 2000 == pytest.approx(0.62, abs=0.04)
    assert set(zones) == {"Europe/Berlin", *(name for name, _ in ZONES)}


def test_the_organisations_zone_is_a_parameter():
    kathmandu = ZoneInfo("Asia/Kathmandu")
    accounts, _ = directory(3, 200, HORIZON, kathmandu)
    assert Counter(one.zone.key for one in accounts).most_common(1)[0][0] == (
        "Asia/Kathmandu"
    )


def test_about_140_teams_in_ten_departments(drawn):
    _, rows = drawn
    assert len({row.department for row in rows}) == 10
    teams = Counter((row.department, row.team) for row in rows)
    assert len(teams) == sum(len(one.teams) for one in DEPARTMENTS)
    assert max(teams.values()) < 40


def test_movers_joiners_and_leavers(drawn):
    accounts, rows = drawn
    memberships = rows_by_email(rows)
    movers = [own for own in memberships.values() if len(own) == 2]
    assert len(movers) == 50
    assert sum(one.joined is not None for one in accounts) == 30
    assert sum(one.left is not None for one in accounts) == 20


def test_movers_change_team_from_one_day_to_the_next(drawn):
    for own in rows_by_email(drawn[1]).values():
        if len(own) == 2:
            before, after = own
            assert after.since - before.until == timedelta(days=1)
            assert before.since is None
            assert after.until is None
            assert (before.department, before.team) != (after.department, after.team)
            assert HORIZON.first < after.since < HORIZON.last


def test_rows_agree_with_accounts(drawn):
    accounts, rows = drawn
    memberships = rows_by_email(rows)
    assert set(memberships) == {one.email for one in accounts}
    for account in accounts:
        own = memberships[account.email]
        assert {row.name for row in own} == {account.name}
        assert own[0].since == account.joined
        assert own[-1].until == account.left


def test_managers_exist_and_nobody_leads_themselves(drawn):
    accounts, rows = drawn
    known = {one.email for one in accounts}
    without = [row for row in rows if not row.manager]
    assert {row.email for row in without} == {accounts[0].email}
    for row in rows:
        assert row.manager in known | {""}
        assert row.manager != row.email


def test_a_team_has_one_lead(drawn):
    _, rows = drawn
    leads = [row for row in rows if row.role == "Team lead"]
    teams = {(row.department, row.team) for row in leads}
    assert len(leads) == len(teams)
    moved = {row.email for row in rows if row.since}
    assert not moved & {row.email for row in leads}


def test_joiners_and_leavers_keep_some_days(drawn):
    for account in drawn[0]:
        for day in filter(None, (account.joined, account.left)):
            assert HORIZON.first + timedelta(days=6) <= day
            assert day <= HORIZON.last - timedelta(days=6)


@pytest.mark.parametrize("people", [1, 2, 3, 5, 13, 14, 28, 50, 251])
def test_small_organisations(people):
    accounts, rows = directory(1, people, HORIZON, BERLIN)
    services = [one for one in accounts if one.service]
    assert len(accounts) - len(services) == people
    assert 1 <= len(services) <= len(SERVICES)
    assert {row.email for row in rows} == {one.email for one in accounts}


def test_addresses_stay_unique_when_names_run_short():
    found = _names(1, 15_000)
    assert len({email for email, _ in found}) == 15_000
    assert len({name for _, name in found}) < 15_000


def test_equal_seeds_equal_people(drawn):
    assert directory(3, 2000, HORIZON, BERLIN) == drawn
    assert directory(4, 2000, HORIZON, BERLIN)[1] != drawn[1]


@pytest.mark.parametrize("length", [0, 1, 5, 12, 30])
def test_an_inner_day_lies_inside(length):
    horizon = Horizon(date(2026, 1, 1), date(2026, 1, 1) + timedelta(days=length))
    for seed in range(40):
        day = horizon.inner_day(stream(seed, "day"))
        assert horizon.first <= day <= horizon.last


def test_the_csv_is_what_the_importer_reads(company):
    file = parse_people(company.people_csv().encode(), "people.csv")
    assert file.problems == ()
    assert file.ignored_columns == ()
    assert file.rows == company.rows
