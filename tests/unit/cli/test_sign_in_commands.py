"""``mileage session`` and ``mileage admin``."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from mileage.cli.commands import root
from mileage.cli.options import control_in
from mileage.domain.people import OPERATOR, HeldRole

EMAIL = "ana@x.example"
GOOD = "correct horse battery staple"


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


@pytest.fixture
def run(data):
    def ran(*arguments, typed=None):
        given = [*arguments, "--data", str(data)]
        return CliRunner().invoke(root, given, input=typed, standalone_mode=False)

    return ran


@pytest.fixture
def control(data):
    with control_in(data) as opened:
        yield opened


def ids(run):
    return [
        one["session_id"] for one in json.loads(run("session", "list", "--json").stdout)
    ]


def test_a_local_administrator_from_nothing(run, control):
    done = run("admin", "set-password", EMAIL, typed=f"{GOOD}\n")
    assert done.exception is None
    assert GOOD not in done.output
    secret = control.open_password(EMAIL, GOOD)
    viewer = control.session_viewer(secret)
    assert viewer.roles == (HeldRole("administrator"),)
    assert not viewer.operator
    assert EMAIL in run("admin", "list").stdout


def test_a_new_password_for_the_same_one(run, control):
    for password in (GOOD, f"{GOOD} 2"):
        assert run("admin", "set-password", EMAIL, typed=password).exception is None
    assert control.open_password(EMAIL, f"{GOOD} 2")


@pytest.mark.parametrize("typed", ["", "short\n"])
def test_what_is_no_password_makes_nobody(run, control, typed):
    refused = run("admin", "set-password", EMAIL, typed=typed)
    assert refused.exception.exit_code == 2
    assert control.account_of_email(EMAIL) is None


def test_a_password_is_taken_away_once(run, control):
    run("admin", "set-password", EMAIL, typed=GOOD)
    secret = control.open_password(EMAIL, GOOD)
    assert run("admin", "remove-password", EMAIL).exception is None
    assert control.session_viewer(secret) is None
    assert run("admin", "remove-password", EMAIL).exception.exit_code == 2


def test_sessions_are_listed_without_secrets(run, control):
    secret = control.open_link(control.create_link(OPERATOR), "Firefox on Linux")
    shown = run("session", "list")
    assert "Firefox on Linux" in shown.stdout
    assert secret not in shown.stdout
    assert ids(run) == [control.session_id(secret)]


def test_sessions_end_one_by_one_by_person_and_all(run, control):
    key = control.create_key(control.ensure_account(EMAIL), "read").secret
    one, two = control.open_key(key), control.open_key(key)
    other = control.open_link(control.create_link(OPERATOR))
    assert run("session", "end", control.session_id(one)).stdout == "1 ended\n"
    assert run("session", "end", "--account", EMAIL).stdout == "1 ended\n"
    assert [control.session_viewer(secret) for secret in (one, two)] == [None, None]
    assert control.session_viewer(other)
    assert run("session", "end", "--all").stdout == "1 ended\n"
    assert run("session", "list").stdout == ""


@pytest.mark.parametrize(
    "arguments", [(), ("ses_x", "--all"), ("--all", "--account", EMAIL)]
)
def test_what_is_meant_must_be_clear(run, arguments):
    assert run("session", "end", *arguments).exception is not None


@pytest.mark.parametrize("arguments", [("ses_unknown",), ("--account", EMAIL)])
def test_what_is_not_there_cannot_end(run, arguments):
    assert run("session", "end", *arguments).exception.exit_code == 2


def test_only_who_was_linked_is_unlinked(run):
    assert run("admin", "unlink", EMAIL).exception.exit_code == 2
