"""The table of roles against a reference that says in words what a line allows."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.access.policy import Allowed, Case, Refusal, decide, relations_to
from mileage.access.readables import READABLES
from mileage.access.roles import (
    HELD_BY,
    IMPLIED,
    RELATIONS,
    REVIEW,
    Line,
    Role,
    Roles,
    Why,
    parse_roles,
    shipped_roles,
)
from mileage.domain.directory import ORGANISATION, department_subject, team_subject
from mileage.domain.people import HeldRole, Viewer
from mileage.domain.policy import PolicyErrors

DEPARTMENTS = ("Engines", "Sales", "Sales/East", "")
NARROW = {"org chart": "report-line", "department grant": "led-department"}
WIDE = tuple(one for one in RELATIONS if one not in NARROW.values())
MEMBER = Role("member", "Everybody", "everybody")
OWN_PAGE = Line(
    MEMBER, "personal", "self", ("self",), frozenset(READABLES["personal"].fields)
)

PURPOSES = ("support", "planning", "a", "z9-")
ROLES = ("boss", "lead", "r2-d2", "x")
titles = st.sampled_from(["Title", 'a "quoted" one', "Größe → ☃", "x" * 500, "\\"])


@st.composite
def lines_of(draw, role, purposes):
    of = NARROW.get(role.held_by) or draw(st.sampled_from(WIDE))
    report = draw(st.sampled_from(sorted(READABLES)))
    usable = [one for one in purposes if one != "self" or of == "self"]
    named = draw(st.lists(st.sampled_from(usable), min_size=1, max_size=3, unique=True))
    parts = READABLES[report].fields
    fields = draw(st.sets(st.sampled_from(parts))) if parts else set()
    return Line(role, report, of, tuple(named), frozenset(fields))


@st.composite
def tables(draw):
    names = draw(
        st.lists(st.sampled_from(PURPOSES), min_size=1, max_size=3, unique=True)
    )
    whys = [Why(one, draw(titles), draw(st.booleans())) for one in names]
    if draw(st.booleans()):
        whys.append(Why(REVIEW, "Judging", draw(st.booleans())))
    called = draw(st.lists(st.sampled_from(ROLES), max_size=4, unique=True))
    held_by = st.sampled_from(HELD_BY)
    roles = [Role(one, draw(titles), draw(held_by)) for one in called]
    purposes = [*IMPLIED, *(why.name for why in whys)]
    found = {(MEMBER.name, "personal", "self"): OWN_PAGE}
    for _ in range(draw(st.integers(0, 8))):
        role = draw(st.sampled_from([MEMBER, *roles]))
        line = draw(lines_of(role, purposes))
        found.setdefault((line.role.name, line.report, line.of), line)
    return Roles(tuple(whys), (MEMBER, *roles), tuple(found.values()))


def written(roles):
    """Write a table as somebody would who edits the file."""

    def table(kind, **keys):
        listed = {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in keys.items()
        }
        said = (
            f"{name} = {json.dumps(value, ensure_ascii=False)}"
            for name, value in listed.items()
        )
        return "\n".join((f"[[{kind}]]", *said, ""))

    return "\n".join(
        (
            *(
                table(
                    "purpose",
                    name=why.name,
                    title=why.title,
                    state="on" if why.on else "off",
                )
                for why in roles.purposes
            ),
            *(
                table("role", name=one.name, title=one.title, held_by=one.held_by)
                for one in roles.roles
            ),
            *(
                table(
                    "allow",
                    role=line.role.name,
                    report=line.report,
                    of=line.of,
                    purposes=line.purposes,
                    fields=tuple(sorted(line.fields)),
                )
                for line in roles.lines
            ),
        )
    )


def viewers(roles=()):
    named = st.sampled_from([*(role.name for role in roles), "emperor", "operator"])
    held = st.builds(HeldRole, named, st.sampled_from(DEPARTMENTS))
    return st.builds(
        Viewer,
        st.sampled_from(["acc_ana", ""]),
        st.just("Ana"),
        operator=st.booleans(),
        roles=st.lists(held, max_size=3).map(tuple),
    )


subjects = st.sampled_from(
    [
        *("acc_ana", "acc_bo", "", ORGANISATION),
        *map(department_subject, DEPARTMENTS),
        *(team_subject(one, "A/B") for one in DEPARTMENTS),
    ]
)
cases = st.builds(
    Case,
    st.sampled_from(["", "self", "board", "operations", "support", REVIEW, "gossip"]),
    st.booleans(),
    st.sampled_from(DEPARTMENTS),
    st.sampled_from(DEPARTMENTS),
)


@st.composite
def questions(draw):
    table = draw(tables())
    case = draw(cases)
    if draw(st.booleans()):
        case = case._replace(purpose=draw(st.sampled_from(table.purposes)).name)
    report = draw(st.sampled_from(sorted(READABLES)))
    return table, draw(viewers(table.roles)), report, draw(subjects), case


def has(viewer, role):
    """Tell whether somebody could have a role at all, of whatever department."""
    if viewer.operator:
        return role.held_by == "operator"
    if role.held_by in ("everybody", "org chart"):
        return bool(viewer.account_id)
    return role.held_by != "operator" and viewer.holds(role.name)


@given(tables())
def test_a_table_that_is_written_and_read_is_the_same(table):
    assert parse_roles(written(table), "roles.toml") == table


def test_the_shipped_table_is_too():
    assert parse_roles(written(shipped_roles()), "roles.toml") == shipped_roles()


@given(questions())
def test_nothing_is_allowed_that_no_line_allows(question):
    table, viewer, report, subject, case = question
    decision = decide(viewer, report, subject, case, table)
    if isinstance(decision, Refusal):
        return
    standing = relations_to(viewer, subject, case)
    reasons = [
        line
        for line in table.lines
        if line.report == report
        and line.of in standing
        and decision.purpose in line.purposes
        and has(viewer, line.role)
    ]
    assert reasons
    assert decision.purpose in table.in_force
    assert decision.of <= {line.of for line in reasons}
    assert decision.fields <= frozenset().union(*(line.fields for line in reasons))


@given(questions())
def test_a_table_without_lines_allows_nothing(question):
    table, viewer, report, subject, case = question
    bare = replace(table, lines=())
    assert isinstance(decide(viewer, report, subject, case, bare), Refusal)


@given(questions(), st.data())
def test_a_line_less_never_allows_more(question, data):
    table, viewer, report, subject, case = question
    kept = data.draw(st.lists(st.sampled_from(table.lines), unique=True))
    fewer = replace(table, lines=tuple(one for one in table.lines if one in kept))
    after = decide(viewer, report, subject, case, fewer)
    if isinstance(after, Allowed):
        before = decide(viewer, report, subject, case, table)
        assert isinstance(before, Allowed)
        if before.purpose == after.purpose:
            assert after.fields <= before.fields


@given(questions())
def test_what_is_about_others_is_recorded_whatever_the_table_says(question):
    table, viewer, report, subject, case = question
    decision = decide(viewer, report, subject, case, table)
    if isinstance(decision, Allowed) and not decision.recorded:
        unnamed = not READABLES[report].names_people
        assert unnamed or (subject == viewer.account_id and subject)


@given(questions())
def test_with_a_purpose_that_a_refusal_offers_the_viewer_may(question):
    table, viewer, report, subject, case = question
    decision = decide(viewer, report, subject, case, table)
    if isinstance(decision, Refusal):
        for purpose in decision.purposes:
            stated = case._replace(purpose=purpose)
            offered = decide(viewer, report, subject, stated, table)
            assert isinstance(offered, Allowed)
            assert offered.purpose == purpose


@given(questions())
def test_who_may_not_learns_nothing_about_whom(question):
    table, viewer, report, _, case = question
    strangers = {
        decide(viewer, report, who, Case(case.purpose), table)
        for who in ("acc_bo", "acc_nobody", "x" * 300, "team:", "team:x:y")
    }
    assert len(strangers) == 1


@given(questions())
def test_a_purpose_that_is_withdrawn_opens_nothing(question):
    table, viewer, report, subject, case = question
    off = tuple(replace(why, on=False) for why in table.purposes)
    withdrawn = replace(table, purposes=off)
    decision = decide(viewer, report, subject, case, withdrawn)
    if isinstance(decision, Allowed):
        assert decision.purpose in IMPLIED
    else:
        assert decision.purposes == ()


@given(questions())
def test_what_is_left_of_a_broken_file_is_never_more(question):
    table, viewer, report, subject, case = question
    left = decide(viewer, report, subject, case, table.narrowed())
    if isinstance(left, Allowed):
        assert viewer.operator or subject == viewer.account_id
        assert isinstance(decide(viewer, report, subject, case, table), Allowed)


@given(questions())
def test_nobody_who_is_not_signed_in_reads_anything(question):
    table, _, report, subject, case = question
    nobody = Viewer("", "nobody", roles=(HeldRole("member"), HeldRole("operator")))
    assert isinstance(decide(nobody, report, subject, case, table), Refusal)


@given(st.text(), questions())
def test_no_subject_breaks_a_decision(subject, question):
    table, viewer, report, _, case = question
    for one in (subject, f"dept:{subject}", f"team:{subject}", f"team:9{subject}:x"):
        decide(viewer, report, one, case, table)


def test_not_even_a_team_with_an_endless_number():
    ana = Viewer("acc_ana", "Ana")
    endless = f"team:{'9' * 5_000}:x/y"
    refused = decide(ana, "personal", endless)
    assert refused == decide(ana, "personal", "acc_bo")


@pytest.mark.parametrize("of", [one for one in WIDE if one != "self"])
def test_no_table_hides_reads_about_others(of):
    """The purpose that leaves no row is for what is one's own."""
    hidden = replace(OWN_PAGE, of=of)
    table = Roles((), (MEMBER,), (OWN_PAGE, hidden))
    with pytest.raises(PolicyErrors, match="holds 'self', which is for lines with"):
        parse_roles(written(table), "roles.toml")
