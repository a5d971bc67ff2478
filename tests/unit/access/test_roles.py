"""What roles.toml may say, what is said about its mistakes, and what it decides."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mileage.access.policy import Allowed, Case, Refusal, decide
from mileage.access.readables import READABLES
from mileage.access.roles import (
    IMPLIED,
    REVIEW,
    Role,
    Why,
    parse_roles,
    shipped_roles,
)
from mileage.domain.directory import department_subject, team_subject
from mileage.domain.people import HeldRole, Viewer
from mileage.domain.policy import PolicyErrors

ANA, BO = "acc_ana", "acc_bo"
OWN_PAGE = """
[[role]]
name = "member"
title = "Everybody"
held_by = "everybody"

[[allow]]
role = "member"
report = "personal"
of = "self"
purposes = ["self"]
"""


def findings(text):
    with pytest.raises(PolicyErrors) as raised:
        parse_roles(text, "roles.toml")
    return [str(finding) for finding in raised.value.findings]


def member(*roles):
    return Viewer(ANA, "Ana", roles=tuple(HeldRole(*role) for role in roles))


def test_the_least_that_a_file_can_say():
    roles = parse_roles(OWN_PAGE, "roles.toml")
    assert roles.roles == (Role("member", "Everybody", "everybody"),)
    (line,) = roles.lines
    assert (line.report, line.of, line.purposes) == ("personal", "self", ("self",))
    assert line.fields == set(READABLES["personal"].fields)
    assert roles.in_force == set(IMPLIED)
    assert decide(member(), "personal", ANA, roles=roles).purpose == "self"
    assert isinstance(decide(member(), "board", roles=roles), Refusal)


def test_a_file_without_ones_own_page_is_refused():
    (finding,) = findings("")
    assert finding.startswith("roles.toml:1: allow: gives nobody their own page")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            '[[role]]\nname = "Boss"\ntitle = "x"\nheld_by = "grant"',
            "role[2].name: is 'Boss'; expected lower-case letters",
        ),
        (
            '[[role]]\nname = "boss"\ntitle = "x"\nheld_by = "birth"',
            "role[2].held_by: is 'birth'; allowed: everybody, org chart, grant",
        ),
        (
            '[[role]]\nname = "member"\ntitle = "x"\nheld_by = "grant"',
            "role[2].name: is there twice: member",
        ),
        (
            '[[purpose]]\nname = "self"\ntitle = "x"',
            "purpose[1].name: is there twice: self",
        ),
        (
            '[[purpose]]\nname = "performance-review"\ntitle = "x"',
            "purpose[1].state: is missing; performance-review says",
        ),
        (
            '[[purpose]]\nname = "fun"\ntitle = "x"\nstate = "maybe"',
            "purpose[1].state: is 'maybe'; allowed: on, off",
        ),
        (
            (
                '[[allow]]\nrole = "boss"\nreport = "board"\nof = "self"\n'
                'purposes = ["self"]'
            ),
            "allow[2].role: is 'boss'; allowed: member",
        ),
        (
            (
                '[[allow]]\nrole = "member"\nreport = "salary"\nof = "self"\n'
                'purposes = ["self"]'
            ),
            "allow[2].report: is 'salary'; allowed: board, personal",
        ),
        (
            (
                '[[allow]]\nrole = "member"\nreport = "board"\nof = "friends"\n'
                'purposes = ["self"]'
            ),
            "allow[2].of: is 'friends'; allowed: self, report-line",
        ),
        (
            (
                '[[allow]]\nrole = "member"\nreport = "personal"\nof = "report-line"\n'
                'purposes = ["self"]'
            ),
            (
                "allow[2].of: is 'report-line', which is for roles with held_by = "
                "'org chart'"
            ),
        ),
        (
            (
                '[[role]]\nname = "lead"\ntitle = "x"\nheld_by = "department grant"\n'
                '[[allow]]\nrole = "lead"\nreport = "personal"\nof = "other"\n'
                'purposes = ["self"]'
            ),
            "reads 'led-department' only",
        ),
        (
            (
                '[[allow]]\nrole = "member"\nreport = "board"\nof = "organisation"\n'
                'purposes = ["gossip"]'
            ),
            "allow[2].purposes: holds 'gossip'; allowed: self, board",
        ),
        (
            (
                '[[allow]]\nrole = "member"\nreport = "board"\nof = "organisation"\n'
                "purposes = []"
            ),
            "allow[2].purposes: is missing or empty",
        ),
        (
            '[[allow]]\nrole = "member"\nreport = "board"\nof = "organisation"',
            "allow[2].purposes: is missing or empty",
        ),
        (
            (
                '[[allow]]\nrole = "member"\nreport = "usage"\nof = "self"\n'
                'purposes = ["self"]\nfields = ["hours"]'
            ),
            "allow[2].fields: holds 'hours'; allowed: client, provider",
        ),
        (
            (
                '[[allow]]\nrole = "member"\nreport = "board"\nof = "self"\n'
                'purposes = ["self"]\nfields = ["hours"]'
            ),
            "allow[2].fields: holds 'hours'; allowed: none: board has no parts",
        ),
        (
            (
                '[[allow]]\nrole = "member"\nreport = "personal"\nof = "self"\n'
                'purposes = ["self"]'
            ),
            "allow[2].role: is there twice: member, personal, self",
        ),
        ("surprise = 1", "unknown key"),
    ],
)
def test_mistakes_are_named(more, said):
    told = findings(OWN_PAGE + more if more[0] == "[" else more + OWN_PAGE)
    assert any(said in finding for finding in told), told


def test_the_shipped_file_has_every_role_that_is_promised():
    assert {role.name for role in shipped_roles().roles} == {
        *("member", "manager", "department-lead", "finance", "steward", "auditor"),
        *("works-council", "administrator", "executive", "operator"),
    }


def test_performance_review_is_off_as_shipped():
    roles = shipped_roles()
    assert not roles.reviewed
    assert REVIEW in {why.name for why in roles.purposes}
    refused = decide(member(), "personal", BO, Case(REVIEW, in_report_line=True))
    assert isinstance(refused, Refusal)
    assert refused.purposes == ("support", "planning")


def test_performance_review_can_be_switched_on():
    shipped = shipped_roles()
    purposes = tuple(replace(why, on=True) for why in shipped.purposes)
    roles = replace(shipped, purposes=purposes)
    assert roles.reviewed
    case = Case(REVIEW, in_report_line=True)
    assert decide(member(), "personal", BO, case, roles).purpose == REVIEW


def test_a_manager_states_a_purpose_and_sees_some_parts():
    below = Case(in_report_line=True)
    asked = decide(member(), "personal", BO, below)
    assert asked == Refusal(
        "say what for: state a purpose, one of: support, planning",
        ("support", "planning"),
    )
    assert decide(member(), "personal", BO, below._replace(purpose="planning")) == (
        Allowed(
            "planning",
            recorded=True,
            fields=frozenset({"days", "clients", "models"}),
        )
    )
    gossip = decide(member(), "personal", BO, below._replace(purpose="gossip"))
    assert "not open to you" in gossip.reason
    assert "gossip" not in gossip.reason


def test_nobody_opens_a_page_by_stating_a_purpose():
    for why in shipped_roles().purposes:
        decision = decide(member(), "personal", BO, Case(why.name))
        assert decision == decide(member(), "personal", "acc_nobody", Case(why.name))
        assert decision.purposes == ()


def test_several_roles_add_up_within_one_purpose():
    steward = member(("steward",))
    case = Case("integrity", in_report_line=True)
    everything = frozenset(READABLES["personal"].fields)
    assert decide(steward, "personal", BO, case).fields == everything
    support = decide(steward, "personal", BO, case._replace(purpose="support"))
    assert support.fields == {"days", "clients", "models"}


def test_a_department_lead_reads_the_led_department_only():
    lead = member(("department-lead", "Engines"))
    case = Case("planning")
    for subject in (department_subject("Engines"), team_subject("Engines", "A")):
        assert decide(lead, "department", subject, case).purpose == "planning"
    for subject in (department_subject("Sales"), team_subject("Sales", "A")):
        assert isinstance(decide(lead, "department", subject, case), Refusal)
    assert isinstance(decide(lead, "personal", BO, Case(department="Engines")), Refusal)


def test_a_role_of_another_department_does_not_help():
    odd = member(("finance", "Engines"), ("department-lead", ""), ("operator", ""))
    for subject in (department_subject("Engines"), department_subject("")):
        assert isinstance(decide(odd, "department", subject, Case("billing")), Refusal)
    assert isinstance(decide(odd, "usage"), Refusal)


def test_an_administrator_sees_no_persons_figures():
    administrator = member(("administrator",))
    assert decide(administrator, "ingest_status").purpose == "operations"
    for report in ("people", "usage", "sources", "disagreements", "unclaimed"):
        assert isinstance(decide(administrator, report), Refusal)
    for why in ("", *(one.name for one in shipped_roles().purposes)):
        assert isinstance(decide(administrator, "personal", BO, Case(why)), Refusal)


def test_an_operator_reads_as_the_operator_whatever_was_granted():
    both = Viewer(ANA, "Ana", operator=True, roles=(HeldRole("steward"),))
    assert decide(both, "personal", BO, Case("integrity")).purpose == "operations"
    assert decide(both, "board").purpose == "operations"


def test_an_unknown_role_means_nothing():
    assert decide(member(("emperor",)), "usage") == decide(member(), "usage")


def test_what_is_left_of_a_file_that_broke():
    left = shipped_roles().narrowed()
    assert decide(member(), "personal", ANA, roles=left).purpose == "self"
    operator = Viewer("", "operator", operator=True)
    assert decide(operator, "usage", roles=left).purpose == "operations"
    below = Case("support", in_report_line=True)
    assert isinstance(decide(member(), "personal", BO, below, left), Refusal)
    assert isinstance(decide(member(), "board", roles=left), Refusal)


def test_a_purpose_says_what_it_is():
    assert Why("support", "Helping somebody with tools, limits or cost") in (
        shipped_roles().purposes
    )
