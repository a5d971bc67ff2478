"""What every request asks is answered by an index, however large the tables."""

from __future__ import annotations

import inspect

import pytest
from sqlalchemy import select
from sqlalchemy.dialects import sqlite

from mileage.domain.directory import ORGANISATION
from mileage.store.control import Control, org_chart
from mileage.store.control.accounts import ACCOUNT_OF_IDENTITY
from mileage.store.control.credentials import KEY_OF_HASH
from mileage.store.control.schema import ACCESS_ROW, ACCOUNT, MEMBERSHIP
from mileage.store.control.sessions import SESSION_OF_HASH
from mileage.store.control.tokens import TOKEN_OF_HASH
from mileage.web.services import Door, SignIn

SUBJECT = ACCESS_ROW.c.subject.in_(("acc_ana", ORGANISATION))
HOT = {
    "token": (TOKEN_OF_HASH, {"hash": b"x"}),
    "key": (KEY_OF_HASH, {"hash": b"x", "now": 1}),
    "session": (SESSION_OF_HASH, {"hash": b"x", "now": 1}),
    "identity": (ACCOUNT_OF_IDENTITY, {"identity": "ana@x.example"}),
    "who looked at me": (select(ACCESS_ROW).where(SUBJECT), {}),
    "memberships of one": (
        select(MEMBERSHIP).where(
            MEMBERSHIP.c.account_id == "acc_ana", MEMBERSHIP.c.superseded_at.is_(None)
        ),
        {},
    ),
}
CHART = {
    "memberships of some": (org_chart.OF_ACCOUNTS, {"them": ["acc_ana"]}),
    "who has a manager": (org_chart.BELOW, {"them": ["ana@x.example"]}),
    "members of a department": (org_chart.IN_DEPARTMENT, {"department": "Eng"}),
    "members of a team": (org_chart.IN_TEAM, {"department": "Eng", "team": "A"}),
    "addresses of some": (org_chart.ADDRESSES, {"them": ["acc_ana"]}),
    "whose addresses": (org_chart.HOLDERS, {"them": ["ana@x.example"]}),
}
HOT |= CHART
SCANNED = (select(ACCOUNT).where(ACCOUNT.c.name == "Ana"), {})


def plan(control, question):
    statement, parameters = question
    compiled = statement.compile(dialect=sqlite.dialect())
    asked = compiled.construct_expanded_state(parameters)
    values = tuple(asked.positional_parameters)
    with control._database.reading() as connection:
        rows = connection.exec_driver_sql(
            f"EXPLAIN QUERY PLAN {asked.statement}", values
        )
        return [row.detail for row in rows]


@pytest.mark.parametrize("question", HOT)
def test_no_table_is_scanned(control, question):
    steps = plan(control, HOT[question])
    assert steps
    assert not [step for step in steps if step.startswith("SCAN")]


def test_a_scan_would_be_seen(control):
    assert plan(control, SCANNED) == ["SCAN account"]


@pytest.mark.parametrize(
    "name", [name for name in vars(SignIn) if not name.startswith("_")]
)
def test_sign_in_is_what_the_web_asks_for(name):
    asked, given = getattr(SignIn, name), getattr(Control, name)
    assert inspect.signature(asked) == inspect.signature(given)


def test_the_credential_is_what_the_door_asks_for():
    asked = inspect.signature(Door.credential)
    assert asked == inspect.signature(Control.credential)
