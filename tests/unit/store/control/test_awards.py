"""Awards begin, lapse, end and are declined; erasure takes them along."""

from __future__ import annotations

import pytest

from mileage.domain.awards import TIER, TITLE, Changes, Earned, Reference
from mileage.domain.errors import NotFound
from mileage.domain.people import OPERATOR, Viewer
from mileage.store.control import open_control
from mileage.store.control.awards import FEW


@pytest.fixture
def ana(control):
    return Viewer(control.ensure_account("ana@x.example"), "Ana")


@pytest.fixture
def bo(control):
    return Viewer(control.ensure_account("bo@x.example"), "Bo")


def begin(control, at, *earned):
    control.change_awards(Changes(tuple(earned), (), (), ()), at)


def title(viewer, name, reason="because"):
    return Earned(viewer.account_id, TITLE, name, reason)


def test_nobody_has_anything_at_first(control, ana):
    assert control.awards_held() == ()
    assert control.awards_of(ana.account_id) == ()
    assert control.declined() == frozenset()


def test_an_award_is_as_it_was_given(control, ana, bo):
    begin(control, 7, title(ana, "wizard", "95% cached"), title(bo, "legend"))
    (one,) = control.awards_of(ana.account_id)
    assert one[1:] == (ana.account_id, TITLE, "wizard", "95% cached", 7, None, None)
    assert len(control.awards_held()) == 2


def test_awards_lapse_come_back_and_end(control, ana):
    begin(control, 1, title(ana, "a"), title(ana, "b"), title(ana, "c"))
    a, b, c = (one.number for one in control.awards_held())
    control.change_awards(Changes((), (a, b), (), (c,)), 5)
    control.change_awards(Changes((), (), (b,), ()), 6)
    ends = {
        one.name: (one.lapsed_at, one.ended_at)
        for one in control.awards_of(ana.account_id)
    }
    assert ends == {"a": (5, None), "b": (None, None), "c": (None, 5)}
    assert {one.name for one in control.awards_held()} == {"a", "b"}


def test_the_history_has_the_newest_first(control, ana):
    begin(control, 1, Earned(ana.account_id, TIER, "bronze", "1"))
    (one,) = control.awards_held()
    silver = Earned(ana.account_id, TIER, "silver", "2")
    control.change_awards(Changes((silver,), (), (), (one.number,)), 9)
    found = [(one.name, one.ended_at) for one in control.awards_of(ana.account_id)]
    assert found == [("silver", None), ("bronze", 9)]


@pytest.mark.parametrize("others", [0, FEW])
def test_whoever_is_gone_gets_nothing(control, ana, others):
    gone = [Earned(f"acc_gone{n}", TITLE, "a", "x") for n in range(others + 1)]
    begin(control, 1, title(ana, "a"), *gone)
    assert [one.account_id for one in control.awards_held()] == [ana.account_id]


def test_an_honour_is_declined_and_taken_again(control, ana):
    begin(control, 1, title(ana, "a"))
    wanted = (ana.account_id, TITLE, "a")
    control.decline(ana, wanted, declined=True)
    assert control.declined() == {wanted}
    assert control.declined() is control.declined()
    control.decline(ana, wanted, declined=False)
    assert control.declined() == frozenset()
    told = [row.action for row in control.audit_rows(limit=2)]
    assert told == ["honour taken again", "honour declined"]


def test_tiers_are_declined_together(control, ana):
    begin(control, 1, Earned(ana.account_id, TIER, "gold", "x"))
    control.decline(ana, (ana.account_id, TIER, ""), declined=True)
    assert control.declined() == {(ana.account_id, TIER, "")}


def test_another_process_sees_it_at_once(control, path, clock, ana):
    begin(control, 1, title(ana, "a"))
    with open_control(path, clock=clock) as other:
        assert other.declined() == frozenset()
        control.decline(ana, (ana.account_id, TITLE, "a"), declined=True)
        assert other.declined() == {(ana.account_id, TITLE, "a")}


def test_nobody_declines_what_they_never_had(control, ana, bo):
    begin(control, 1, title(bo, "a"))
    with pytest.raises(NotFound, match="never had the title a"):
        control.decline(ana, (ana.account_id, TITLE, "a"), declined=True)
    with pytest.raises(NotFound):
        control.decline(OPERATOR, ("acc_nobody", TITLE, "a"), declined=True)


def test_erasure_takes_awards_along(control, ana, bo):
    begin(control, 1, title(ana, "a"), title(bo, "a"))
    control.decline(ana, (ana.account_id, TITLE, "a"), declined=True)
    (row,) = control.held_about(ana.account_id)["award"]
    assert row["reason"] == "because"
    control.erase_account(ana.account_id, OPERATOR)
    assert [one.account_id for one in control.awards_held()] == [bo.account_id]
    assert control.awards_of(ana.account_id) == ()


def test_bounds_are_frozen(control):
    assert control.tier_reference(5, "r1") is None
    kept = Reference(5, "r1", (1, 20, 3 * 10**12), 86_400_000_000)
    control.freeze_reference(kept)
    control.freeze_reference(kept._replace(bounds=(9,)))
    assert control.tier_reference(5, "r1") == kept
    assert control.tier_reference(5, "r2") is None
    control.freeze_reference(Reference(6, "r1", (), 1))
    assert control.tier_reference(6, "r1").bounds == ()
