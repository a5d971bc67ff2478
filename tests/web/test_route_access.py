"""Every address has a row, and the page of access says what is decided."""

from __future__ import annotations

import importlib.util
import re
from itertools import product

import pytest

from mileage.access.readables import READABLES
from mileage.access.roles import IMPLIED, RELATIONS, shipped_roles
from mileage.web.app import create_app
from mileage.web.guard import is_open
from mileage.web.route_access import ROUTES
from tests.architecture.tree import ROOT
from tests.web.fixtures import fake_services

SPEC = importlib.util.spec_from_file_location(
    "access_table", ROOT / "tools" / "access_table.py"
)
table = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(table)

ROWS = {(method, one.path): one for one in ROUTES for method in one.methods}
ROLES = shipped_roles().roles
READS = sorted({(told, of) for one in ROUTES for told in one.reports for of in one.of})


def served():
    return {
        (method, route.path)
        for route in create_app(fake_services()).routes
        for method in route.methods - {"HEAD"}
    }


def test_every_address_has_a_row_and_every_row_an_address():
    assert served() == set(ROWS)


def test_no_address_has_two_rows():
    assert len(ROWS) == sum(len(one.methods) for one in ROUTES)


def test_the_page_is_what_the_table_says():
    page = (ROOT / "docs/reference/access.md").read_text("utf-8")
    assert page == table.rendered(), "run: python tools/access_table.py"


def test_what_strangers_open_is_what_the_guard_lets_through():
    opened = {path for _, path in ROWS if is_open(re.sub(r"{.*}", "x", path))}
    told = {one.path for one in ROUTES if one.opener in {"anybody", "token"}}
    assert told == opened


def test_every_report_is_behind_an_address():
    assert {report for report, _ in READS} == set(READABLES)


def test_rows_by_a_report_name_one_that_there_is():
    for one in ROUTES:
        assert bool(one.report) is bool(one.of) is (one.opener == "report")
        assert set(one.of) <= set(RELATIONS)


@pytest.mark.parametrize("read", READS, ids=" of ".join)
@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_a_cell_is_the_union_of_the_lines_of_the_file(role, read):
    """Read the file once more, by hand: who has which lines in which case."""
    report, of = read
    base = {"self": "self", "organisation": "organisation"}.get(
        of, "department" if report in {"department", "adoption"} else "other"
    )
    applying = {base, of}
    if report == "people" and role.name == "manager":
        applying.add("report-line")
    if of == "report-line" and role.name != "manager":
        applying.discard(of)
    if of == "led-department" and role.name != "department-lead":
        applying.discard(of)
    held = {role.name} if role.name == "operator" else {role.name, "member"}
    if role.name == "operator" and of == "self":
        applying = {base if report in {"department", "adoption"} else "other"}
    expected = {
        purpose
        for line in shipped_roles().lines
        if (line.role.name in held and line.report == report and line.of in applying)
        for purpose in line.purposes
        if purpose in shipped_roles().in_force
    }
    assert set(table.purposes(role, report, of)) == expected


def test_no_role_but_the_operator_sees_more_than_one_line_says():
    """What nobody was granted opens nothing about others."""
    member = next(role for role in ROLES if role.name == "member")
    opened = {
        (report, of)
        for report, of in product(READABLES, RELATIONS)
        if of != "self" and table.question(member, report, of)
    }
    assert opened == {
        *(("board", of) for of in ("organisation",)),
        *(("access", of) for of in ("organisation",)),
        *(("groups", of) for of in ("organisation",)),
        ("department", "own-department"),
        ("adoption", "own-department"),
    }


def test_purposes_that_follow_are_never_asked_for():
    assert not {why.name for why in shipped_roles().purposes} & set(IMPLIED)
