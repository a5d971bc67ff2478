"""What ``mileage rules test`` prints of what came of it."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from mileage.cli import rules
from mileage.honours.trial import Gain, Outcome
from mileage.wiring.rules import Tried

LENSES = (SimpleNamespace(name="fair"), SimpleNamespace(name="raw"))
NONE = Gain(0, 0)
LOOP = Outcome(
    "loop",
    gaming=True,
    dollars=50_000_000,
    lenses={"fair": Gain(10, 12), "raw": Gain(30, 12)},
    titles={},
    tiers=NONE,
)
WORK = LOOP._replace(
    strategy="night-shift",
    gaming=False,
    lenses={"fair": Gain(7, 7), "raw": Gain(7, 7)},
    titles={"cat": Gain(1, 1)},
    tiers=Gain(2, 2),
)
PAYS = LOOP._replace(strategy="spin", titles={"cat": Gain(2, 1)})


@pytest.fixture
def run(monkeypatch, tmp_path):
    monkeypatch.setenv("COLUMNS", "160")

    def run_with(*words, outcomes=(WORK, LOOP)):
        asked = []

        def fake(data, seed):
            asked.append((data, seed))
            return Tried(LENSES, tuple(outcomes))

        monkeypatch.setattr("mileage.wiring.rules.try_rules", fake)
        arguments = ["test", "--data", str(tmp_path), *words]
        done = CliRunner().invoke(rules.command, arguments)
        return done, asked

    return run_with


def test_a_line_a_strategy_gaming_first(run):
    done, asked = run()
    lines = done.output.splitlines()
    assert lines[0].split() == ["Strategy", "Cost", "fair", "raw", "Tiers", "Titles"]
    assert " ".join(lines[1].split()) == "loop $50.00 20 / 24 60 / 24 ! 0 / 0 none"
    assert lines[2].startswith("night-shift (honest)")
    assert "cat 1 / 1" in lines[2]
    assert "No strategy gains more than honest work on fair" in done.output
    assert done.exit_code == 0
    assert asked[0][1] == 1


def test_a_strategy_that_pays_is_a_finding(run):
    done, _ = run(outcomes=(WORK, PAYS))
    assert done.exit_code == 1
    assert "spin pays by title cat." in done.output
    assert "No strategy" not in done.output


def test_the_same_as_json(run):
    done, asked = run("--json", "--seed", "7", outcomes=(LOOP, PAYS))
    told = json.loads(done.output)
    assert asked[0][1] == 7
    assert (told["ok"], told["default_lens"]) == (False, "fair")
    assert told["paying"] == [{"strategy": "spin", "rule": "title cat"}]
    first = told["strategies"][0]
    assert first["strategy"] == "loop"
    assert first["cost_usd"] == "50.000000"
    assert first["lenses"]["raw"] == {"gained": 30, "honest": 12, "pays": True}
    assert first["tiers"] == {"gained": 0, "honest": 0, "pays": False}


def test_it_says_how_reports_that_are_not_true_are_tried(run):
    done, _ = run()
    assert "Where nobody else does they are believed" in done.output
