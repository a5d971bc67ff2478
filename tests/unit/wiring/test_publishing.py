"""A publication is made anew only when what it was made of has moved on."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from mileage.domain.directory import PersonRow
from mileage.domain.errors import NotFound
from mileage.reports.cube import make_cube
from mileage.wiring import organisation as module
from mileage.wiring.organisation import open_organisation
from tests.ledgers import booking
from tests.witnesses import DAY, HOUR, NOON, seen


@pytest.fixture
def clock(monkeypatch):
    now = [NOON]
    monkeypatch.setattr(module, "now", lambda: now[0])
    return now


def test_groups_are_looked_for_again_when_others_use_something(tmp_path, clock):
    with open_organisation(tmp_path) as one:
        one.publish()
        empty = one.cubes.latest().as_of
        clock[0] += 60
        one.publish()
        assert one.cubes.latest().as_of == empty
        one.ledger.append(booking([seen()]))
        one.publish()
        assert one.cubes.latest().as_of == clock[0]
        clock[0] += HOUR
        one.publish()
        assert one.cubes.latest().as_of == clock[0]


def test_nothing_is_published_anew_while_nothing_moves(tmp_path, clock):
    with open_organisation(tmp_path) as one:
        with pytest.raises(NotFound):
            one.answers.warm()
        assert one.moved()
        one.publish()
        one.answers.warm()
        assert not one.moved()
        clock[0] += HOUR
        assert one.moved()
        one.publish()
        one.ledger.append(booking([seen()]))
        assert one.moved()
        one.publish()
    with open_organisation(tmp_path) as one:
        assert not one.moved()
        (tmp_path / "policy").mkdir()
        (tmp_path / "policy" / "tiers.toml").write_text('reference = "week"\n')
        assert one.moved()


MOVED = date(2026, 11, 10)


def person(name, team, department="Engines", **dates):
    start = {"since": None, "until": None, **dates}
    address = f"{name}@x.example"
    return PersonRow(address, name, "person", department, team, "", "", **start)


def moving(name):
    """Return the lines of one who left the mills for the mines on the tenth."""
    before = person(name, "Mills", until=MOVED - timedelta(1))
    return before, person(name, "Mines", since=MOVED)


def calls(account, *days):
    return [
        seen(
            account=account,
            key=f"{account}-{day}",
            link="",
            occurred_at=NOON - (20 - day) * DAY,
            input=day,
        )
        for day in days
    ]


def test_whoever_moved_counts_where_they_were(tmp_path, clock):
    names = [f"p{number}" for number in range(40)]
    with open_organisation(tmp_path) as one:
        settled = (
            person(name, "Mills" if at < 20 else "Mines")
            for at, name in enumerate(names)
        )
        one.control.import_people([*settled, *moving("ada")])
        ids = {row.name: row.account_id for row in one.control.accounts()}
        said = [call for name in names for call in calls(ids[name], 9, 18)]
        one.ledger.append(booking([*said, *calls(ids["ada"], 8, 9, 10, 11, 19)]))
        made = one.publish()
        (department,) = one.cubes.latest().departments
        told = {summed.teams: summed.totals for summed in department.sums}
        each = told[("Mills",)].calls, told[("Mines",)].calls
        assert each == (40 + 2, 40 + 3)
        plain = 1000 + 100 + 50  # caches and output of each call
        assert told[("Mills",)].tokens == 42 * plain + 20 * (9 + 18) + 8 + 9
        assert told[("Mines",)].tokens == 43 * plain + 20 * (9 + 18) + 10 + 11 + 19
        # From the ledger of later it is the same, whatever came in since.
        one.ledger.append(booking(calls(ids["ada"], 5, 12)))
        again = make_cube(made.snapshots[0], one._chart(made), one._terms())
        assert again == one.cubes.latest()
