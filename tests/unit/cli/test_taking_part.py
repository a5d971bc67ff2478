"""`mileage person taking-part`: what an operator says and records of somebody."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from mileage.cli.people import command as people
from mileage.cli.person import command
from mileage.domain.directory import PersonRow
from mileage.domain.errors import Invalid, NotFound
from mileage.store.control import open_control

NOW = 1_780_000_000_000_000
ANA = "ana@x.example"


@pytest.fixture
def data(tmp_path):
    with open_control(tmp_path / "control.sqlite", clock=lambda: NOW) as control:
        row = PersonRow(ANA, "Ana", "person", "D", "", "", "", None, None)
        control.import_people([row])
    return tmp_path


def run(data, *words, ok=True):
    asked = ["taking-part", *words, "--data", str(data)]
    return CliRunner().invoke(command, asked, catch_exceptions=not ok)


def told(data, *words):
    return json.loads(run(data, ANA, "--json", *words).stdout)


def test_it_says_how_somebody_stands_and_changes_nothing(data):
    assert told(data)["in_force"] == "shown"
    assert told(data)["choice"] is None
    with open_control(data / "control.sqlite", clock=lambda: NOW) as control:
        assert control.participation() == {}


def test_what_is_not_said_stays_as_it_is(data):
    assert told(data, "--choice", "hidden")["statement"] is False
    found = told(data, "--statement", "yes")
    assert (found["choice"], found["statement"]) == ("hidden", True)
    assert told(data, "--choice", "policy")["statement"] is True
    found = told(data, "--statement", "no")
    assert (found["choice"], found["statement"]) == (None, False)


def test_it_is_words_to_people(data):
    out = run(data, ANA, "--choice", "pseudonym").stdout
    assert "choice: pseudonym\n" in out
    assert "choices: shown, pseudonym, hidden\n" in out


def test_the_policy_bounds_it(data):
    (data / "policy").mkdir()
    setting = '[board]\nparticipation = "teams-only"\n'
    (data / "policy" / "mileage.toml").write_text(setting)
    with pytest.raises(Invalid, match="teams-only"):
        run(data, ANA, "--choice", "shown")
    assert told(data)["in_force"] == "hidden"


def test_nobody_has_that_address(data):
    with pytest.raises(NotFound, match="bo@x"):
        run(data, "bo@x.example")
    assert run(data, ANA, "--choice", "all", ok=False).exit_code == 2


def trained(data, text):
    asked = ["trained", "basics", "-", "--data", str(data)]
    return CliRunner().invoke(people, asked, input=text)


def test_who_was_trained_is_read_from_standard_input(data):
    result = trained(data, f"{ANA}\nzoe@x.example\n")
    assert result.exit_code == 1
    assert "basics: 1 more have done it" in result.output
    assert "zoe@x.example" in result.output
    assert trained(data, ANA).exit_code == 0


TARGET = """
[[target]]
name = "learn"
title = "Know the basics"
measure = "training"
training = "{}"
percent = 80
until = 2027-01-22
"""


def test_a_training_that_no_target_wants_is_recorded_and_told(data):
    assert (
        "no target of policy/adoption.toml wants 'basics'\n"
        in trained(data, ANA).stderr
    )
    (data / "policy").mkdir()
    (data / "policy" / "adoption.toml").write_text(TARGET.format("basic"))
    assert "wants 'basics'; they want basic\n" in trained(data, ANA).stderr
    (data / "policy" / "adoption.toml").write_text(TARGET.format("basics"))
    assert trained(data, ANA).stderr == ""
