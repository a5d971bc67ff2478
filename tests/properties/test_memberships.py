"""The organisation chart against a model that forgets nothing and scans all."""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mileage.domain.directory import PersonRow, memberships_on
from mileage.domain.people import Membership, Placed
from mileage.store.control import open_control
from tests.drawing import examples

FIRST = date(2026, 1, 1)
TEAMS = ("Core", "Edge", "Lab")
days = st.integers(0, 12).map(lambda offset: FIRST + timedelta(days=offset))
ends = st.none() | days


@st.composite
def spans(draw):
    since, until = draw(ends), draw(ends)
    if since and until and until < since:
        since, until = until, since
    return since, until


memberships = st.builds(
    lambda account, team, span: Membership(account, "Eng", team, "", "", *span),
    st.sampled_from(["acc_a", "acc_b"]),
    st.sampled_from(TEAMS),
    spans(),
)


def scanned(day, believed):
    """Look at every row for every account: the one begun last, then stated last."""
    answer = {}
    for account in {one.account_id for one in believed}:
        covering = [
            (one.since or date.min, place, one)
            for place, one in enumerate(believed)
            if one.account_id == account
            and (one.since is None or one.since <= day)
            and (one.until is None or day <= one.until)
        ]
        if covering:
            answer[account] = max(covering, key=lambda found: found[:2])[2]
    return answer


@given(days, st.lists(memberships, max_size=12))
def test_the_lookup_of_a_day_equals_a_scan(day, believed):
    assert memberships_on(day, believed) == scanned(day, believed)


@given(st.lists(memberships, max_size=6), days)
def test_a_day_outside_has_nobody(believed, day):
    closed = [one for one in believed if one.until is not None]
    assert memberships_on(FIRST + timedelta(days=13), closed) == {}
    assert set(memberships_on(day, closed)) <= {one.account_id for one in closed}


class Clock:
    """Every look at it is a later instant."""

    def __init__(self):
        self.instant = 0

    def __call__(self):
        self.instant += 1
        return self.instant


class Imported(NamedTuple):
    """One directory file: what it says of each person, by number."""

    said: dict


people = st.integers(0, 2)
places = st.lists(
    st.tuples(st.sampled_from(TEAMS), spans()),
    min_size=1,
    max_size=3,
    unique_by=lambda place: place[1][0],
)
files = st.builds(Imported, st.dictionaries(people, places, min_size=1, max_size=3))
numbers = itertools.count()


@pytest.fixture(scope="module")
def clock():
    return Clock()


@pytest.fixture(scope="module")
def control(tmp_path_factory, clock):
    path = tmp_path_factory.mktemp("chart") / "control.sqlite"
    with open_control(path, clock=clock) as opened:
        yield opened


def address(example, person):
    return f"p{person}@example-{example}.example"


def rows(example, imported):
    return [
        PersonRow(address(example, person), "P", "person", "Eng", team, "", "", *span)
        for person, said in imported.said.items()
        for team, span in said
    ]


def model_answer(state, day):
    believed = [
        Membership(str(person), "Eng", team, "", "", *span)
        for person, said in state.items()
        for team, span in said
    ]
    return {int(who): one.team for who, one in scanned(day, believed).items()}


def answer(control, example, day, as_of):
    found = control.membership_at(day, as_of=as_of)
    accounts = {
        person: control.account_of_email(address(example, person))
        for person in range(3)
    }
    return {
        person: found[account.account_id].team
        for person, account in accounts.items()
        if account is not None and account.account_id in found
    }


@settings(
    max_examples=examples(40),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(files, min_size=1, max_size=4), days)
def test_every_past_answer_can_be_given_again(control, clock, imports, day):
    example = next(numbers)
    state, history = {}, []
    for imported in imports:
        history.append((clock.instant, dict(state)))
        control.import_people(rows(example, imported))
        state.update(imported.said)
    history.append((clock.instant, dict(state)))
    for as_of, believed in history:
        assert answer(control, example, day, as_of) == model_answer(believed, day)
    assert answer(control, example, day, None) == model_answer(state, day)
    places = control.membership_at(day)
    expected = []
    for one in control.accounts():
        at = places.get(one.account_id)
        place = (at.department, at.team, at.role) if at else ()
        expected.append(Placed(one.account_id, one.name, one.kind, *place))
    assert sorted(control.everybody_on(day)) == sorted(expected)


@settings(max_examples=examples(25), deadline=None)
@given(st.lists(files, min_size=1, max_size=3))
def test_importing_a_file_again_adds_no_row(control, imports):
    example = next(numbers)
    for imported in imports:
        control.import_people(rows(example, imported))
        before = control.memberships()
        summary = control.import_people(list(reversed(rows(example, imported))))
        assert summary.added == summary.changed == 0
        assert summary.unchanged == len(imported.said)
        assert control.memberships() == before
