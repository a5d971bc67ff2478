"""How much one person may read of others on one day."""

from __future__ import annotations

import pytest

from mileage.domain.audit_policy import Brakes
from mileage.domain.directory import ORGANISATION, NamedRead
from mileage.domain.errors import TooMany
from mileage.domain.people import OPERATOR, Viewer
from mileage.store.control import brakes, open_control

BO = Viewer("acc_bo", "Bo")
API = Viewer("acc_bo", "Bo", through="api")
PEOPLE = tuple(f"acc_{number:03}" for number in range(100))


def board(named, viewer=BO):
    return NamedRead(viewer, "board", "board", ORGANISATION, len(named), "", named)


def page(subject, viewer=BO):
    return NamedRead(viewer, "support", "personal", subject, 1)


@pytest.fixture
def braked(control):
    control.brake(Brakes(people=10, exports=3))
    return control


def alerts(control):
    return [(row.action, row.subject) for row in control.audit_rows()]


def test_without_limits_anything_goes(control):
    for start in range(0, 100, 20):
        control.record_access(board(PEOPLE[start : start + 20], API))
    assert len(control.access_rows()) == 5


def test_so_many_different_people_and_no_more(braked):
    for one in PEOPLE[:10]:
        braked.record_access(page(one))
    with pytest.raises(TooMany, match="more than 10 different people today"):
        braked.record_access(page(PEOPLE[10]))
    assert len(braked.access_rows()) == 10


def test_the_same_people_again_are_no_more(braked):
    for _ in range(5):
        braked.record_access(board(PEOPLE[:10]))
        braked.record_access(page(PEOPLE[3]))
    with pytest.raises(TooMany):
        braked.record_access(board(PEOPLE[1:11]))
    braked.record_access(board(PEOPLE[2:9]))


def test_a_board_that_is_too_large_at_once(braked):
    with pytest.raises(TooMany):
        braked.record_access(board(PEOPLE[:11]))
    assert braked.access_rows() == ()
    assert braked.readers_of(PEOPLE[0]) == ()


def test_oneself_does_not_count(braked):
    braked.record_access(board((*PEOPLE[:10], "acc_bo")))


def test_a_department_is_no_person(braked):
    braked.record_access(board(PEOPLE[:10]))
    for number in range(20):
        braked.record_access(page(f"dept:{number}"))


def test_everybody_has_a_budget_of_their_own(braked):
    for number in range(5):
        viewer = Viewer(f"acc_v{number}", "V")
        braked.record_access(board(PEOPLE[:10], viewer))


def test_the_next_day_begins_anew(braked, clock):
    braked.record_access(board(PEOPLE[:10]))
    with pytest.raises(TooMany) as caught:
        braked.record_access(page(PEOPLE[50]))
    assert 0 < caught.value.seconds <= 86_400
    clock.instant += caught.value.seconds * 1_000_000
    braked.record_access(page(PEOPLE[50]))


def test_reads_by_the_api_have_a_limit_of_their_own(braked):
    for _ in range(3):
        braked.record_access(page(PEOPLE[0], API))
    with pytest.raises(TooMany, match="3 reads by the API"):
        braked.record_access(page(PEOPLE[0], API))
    braked.record_access(page(PEOPLE[0]))


def test_the_steward_is_told_once_a_day(braked, clock):
    braked.record_access(board(PEOPLE[:10]))
    for _ in range(4):
        with pytest.raises(TooMany):
            braked.record_access(page(PEOPLE[50]))
    assert alerts(braked) == [("brake: people", "acc_bo")]
    clock.forward(days=1)
    with pytest.raises(TooMany):
        braked.record_access(board(PEOPLE[:50]))
    assert alerts(braked) == [("brake: people", "acc_bo")] * 2


@pytest.mark.parametrize("viewer", [OPERATOR, Viewer("acc_op", "Op", operator=True)])
def test_operators_are_recorded_and_not_braked(braked, viewer):
    braked.record_access(board(PEOPLE, viewer))
    assert alerts(braked) == []


def test_what_another_process_recorded_counts(braked, path, clock):
    with open_control(path, clock=clock) as other:
        other.brake(Brakes(people=10, exports=3))
        for number, one in enumerate(PEOPLE[:10]):
            (other if number % 2 else braked).record_access(page(one))
        for either in (braked, other):
            with pytest.raises(TooMany):
                either.record_access(page(PEOPLE[10]))


def test_a_restart_forgets_nothing(braked, path, clock):
    braked.record_access(board(PEOPLE[:10]))
    with open_control(path, clock=clock) as again:
        again.brake(Brakes(people=10, exports=3))
        with pytest.raises(TooMany):
            again.record_access(page(PEOPLE[10]))


def test_memory_is_bounded(braked, monkeypatch):
    monkeypatch.setattr(brakes, "MOST_VIEWERS", 4)
    for number in range(12):
        braked.record_access(page(PEOPLE[0], Viewer(f"acc_v{number}", "V")))
    kept = [f"acc_v{number}" for number in (8, 9, 10, 11)]
    assert list(braked._counter._days) == kept
    for one in PEOPLE[1:10]:
        braked.record_access(page(one, Viewer("acc_v0", "V")))
    with pytest.raises(TooMany):
        braked.record_access(page(PEOPLE[10], Viewer("acc_v0", "V")))


def test_a_refused_read_is_not_counted(braked):
    braked.record_access(board(PEOPLE[:9]))
    for _ in range(3):
        with pytest.raises(TooMany):
            braked.record_access(board(PEOPLE[20:30]))
    braked.record_access(page(PEOPLE[9]))
