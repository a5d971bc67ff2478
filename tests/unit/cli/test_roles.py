"""``mileage role``: granted, listed, revoked; mistakes are sentences."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from mileage.cli.options import control_in
from mileage.cli.roles import command
from mileage.domain.directory import PersonRow
from mileage.domain.errors import Conflict, Invalid, MileageError, NotFound
from mileage.domain.people import HeldRole

ANA = ("--account", "ana@x.example")


@pytest.fixture
def data(tmp_path):
    row = PersonRow(
        "ana@x.example", "Ana", "person", "Engines", "A", "", "", None, None
    )
    with control_in(tmp_path) as control:
        control.import_people([row])
    return tmp_path


def run(data, *arguments):
    result = CliRunner().invoke(command, [*arguments, "--data", str(data)])
    if isinstance(result.exception, MileageError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def roles(data):
    with control_in(data) as control:
        return control.roles_of(control.account_of_email("ana@x.example").account_id)


def test_a_role_comes_and_goes(data):
    assert "ana@x.example is steward now" in run(data, "grant", "steward", *ANA)
    assert roles(data) == (HeldRole("steward"),)
    with pytest.raises(Conflict):
        run(data, "grant", "steward", *ANA)
    assert "is steward no more" in run(data, "revoke", "steward", *ANA)
    assert roles(data) == ()
    with pytest.raises(NotFound):
        run(data, "revoke", "steward", *ANA)


def test_a_role_of_a_department(data):
    said = run(data, "grant", "department-lead", *ANA, "--of", "Engines")
    assert "is department-lead of Engines now" in said
    assert roles(data) == (HeldRole("department-lead", "Engines"),)
    run(data, "revoke", "department-lead", *ANA, "--of", "Engines")
    assert roles(data) == ()


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        (("emperor",), Invalid, "there is no role 'emperor'; roles to grant: depart"),
        (("operator",), Invalid, "nobody is granted the role 'operator'"),
        (("manager",), Invalid, "nobody is granted the role 'manager'"),
        (("department-lead",), Invalid, "name it with --of DEPARTMENT"),
        (("steward", "--of", "Engines"), Invalid, "leave --of out"),
        (("department-lead", "--of", "engines"), NotFound, "letter by letter"),
    ],
)
def test_what_cannot_be_granted(data, arguments, error, said):
    with pytest.raises(error, match=said):
        run(data, "grant", *arguments, *ANA)
    assert roles(data) == ()


@pytest.mark.parametrize("verb", ["grant", "revoke"])
def test_nobody_gets_an_account_by_a_typing_error(data, verb):
    with pytest.raises(NotFound, match="nobody has the address"):
        run(data, verb, "steward", "--account", "anna@x.example")
    with control_in(data) as control:
        assert control.count_accounts() == 1


def test_a_role_that_ends(data):
    run(data, "grant", "auditor", *ANA, "--expires", "30d")
    assert "valid until" in run(data, "list")
    (row,) = json.loads(run(data, "list", "--json"))
    assert row["expires_at"] - row["granted_at"] <= 30 * 86_400_000_000
    assert (row["role"], row["name"], row["department"]) == ("auditor", "Ana", "")


def test_the_list_has_ended_roles_too(data):
    assert run(data, "list", "--json").strip() == "[]"
    run(data, "grant", "department-lead", *ANA, "--of", "Engines")
    run(data, "revoke", "department-lead", *ANA, "--of", "Engines")
    header, line = run(data, "list").splitlines()
    assert header.split() == ["id", "role", "of", "name", "granted", "state"]
    assert line.split()[1:4] == ["department-lead", "Engines", "Ana"]
    assert "revoked" in line


def test_roles_of_ones_own_policy(data):
    (data / "policy").mkdir()
    (data / "policy" / "roles.toml").write_text(
        """
[[role]]
name = "member"
title = "Everybody"
held_by = "everybody"
[[role]]
name = "coach"
title = "Helps"
held_by = "grant"
[[allow]]
role = "member"
report = "personal"
of = "self"
purposes = ["self"]
"""
    )
    run(data, "grant", "coach", *ANA)
    assert roles(data) == (HeldRole("coach"),)
    with pytest.raises(Invalid, match="roles to grant: coach"):
        run(data, "grant", "steward", *ANA)
