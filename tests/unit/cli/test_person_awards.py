"""`mileage person awards`: what an operator lists and records of somebody."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from mileage.cli.person import command
from mileage.domain.awards import TIER, TITLE, Changes, Earned
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
        account = control.account_of_email(ANA).account_id
        begun = (
            Earned(account, TITLE, "Light Foot", "$4.00 instead of $9.00"),
            Earned(account, TIER, "gold", "7 by the lens"),
        )
        control.change_awards(Changes(begun, (), (), ()), NOW)
    return tmp_path


def run(data, *words, ok=True):
    asked = ["awards", *words, "--data", str(data)]
    return CliRunner().invoke(command, asked, catch_exceptions=not ok)


def declined(data, *words):
    found = json.loads(run(data, ANA, "--json", *words).stdout)
    return {row["name"] for row in found["awards"] if row["declined"]}


def test_it_lists_and_changes_nothing(data):
    out = run(data, ANA).stdout
    assert "now: Light Foot: $4.00 instead of $9.00\n" in out
    assert "now: gold: 7 by the lens\n" in out
    assert declined(data) == set()


def test_it_records_what_somebody_declined(data):
    assert declined(data, "--decline-award", "tiers") == {"gold"}
    assert declined(data, "--decline-award", "Light Foot") == {"gold", "Light Foot"}
    assert "declined: gold" in run(data, ANA).stdout
    assert declined(data, "--take-award", "tiers") == {"Light Foot"}


def test_what_they_never_had_is_refused(data):
    with pytest.raises(NotFound, match="never had the title Token Legend"):
        run(data, ANA, "--decline-award", "Token Legend")
    with pytest.raises(Invalid, match="say which"):
        run(data, ANA, "--decline-award", "")
