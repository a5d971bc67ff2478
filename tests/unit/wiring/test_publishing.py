"""A publication is made anew only when what it was made of has moved on."""

from __future__ import annotations

import pytest

from mileage.domain.errors import NotFound
from mileage.wiring import organisation as module
from mileage.wiring.organisation import open_organisation
from tests.ledgers import booking
from tests.witnesses import HOUR, NOON, seen


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
