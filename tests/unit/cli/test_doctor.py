"""``mileage doctor`` in a terminal: each problem once, what to do, whose it is."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from mileage.cli import doctor
from mileage.domain.directory import PersonRow
from mileage.domain.people import Credential
from mileage.domain.witness import Reading, Rejected, WitnessBatch
from mileage.ingest.record import Record
from mileage.wiring.organisation import now, open_organisation
from tests.witnesses import OTLP, witness

MINUTE = 60 * 1_000_000
PEOPLE = [f"p{number:02}@example.com" for number in range(13)]
SILENT = "silent@example.com"


def person(email):
    return PersonRow(email, email, "person", "Eng", "Core", "", "", None, None)


@pytest.fixture
def data(tmp_path):
    """Thirteen people known from telemetry only, and one never heard of."""
    at = now() - MINUTE
    rows = [
        witness(OTLP, key=one, link=one, identity=one, occurred_at=at) for one in PEOPLE
    ]
    reading = Reading(WitnessBatch.of(rows))
    with open_organisation(tmp_path) as organisation:
        organisation.control.import_people(map(person, [*PEOPLE, SILENT]))
        record = Record(Credential("tok_gate", "", "gate"), "otlp", reading)
        organisation.pipeline.submit(record).result()
        organisation.pipeline.drain()
    return tmp_path


def shown(data, *words):
    return CliRunner().invoke(doctor.command, [*words, "--data", str(data)])


def test_what_is_alike_is_said_once(data):
    result = shown(data)
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[0].startswith("14 accounts known, 13 heard of. Last recorded: 2")
    notes = lines[lines.index("Worth knowing") + 1 :]
    (said,) = [n for n, line in enumerate(notes) if "only telemetry is known" in line]
    assert notes[said].startswith("  - Of claude-code only telemetry is known: cache")
    assert notes[said + 1].startswith("    Run `mileage collect` there")
    assert notes[said + 2] == f"    {', '.join(PEOPLE[:10])} and 3 more"


def test_what_to_do_stands_before_what_is_worth_knowing(data):
    lines = shown(data).stdout.splitlines()
    todo = lines[lines.index("To do") + 1]
    assert todo == "  - 1 person in the directory has sent nothing yet"
    assert lines.index("To do") < lines.index("Worth knowing")
    assert "Nothing to do." not in lines


def test_a_target_of_a_department_in_which_nobody_is_is_told(data):
    department = person(SILENT).department
    (data / "policy").mkdir(exist_ok=True)
    (data / "policy" / "adoption.toml").write_text(
        '[[target]]\nname = "weekly"\ntitle = "W"\nmeasure = "weekly-active"\n'
        f'until = 2030-01-01\ndepartments = ["{department}", "Yrad"]\n'
    )
    said = " ".join(shown(data).stdout.split())
    assert "target 'weekly' is of the department 'Yrad', in which nobody is" in said
    assert said.count("is of the department") == 1


def test_sources_are_a_table_with_their_counts_to_the_right(data):
    lines = shown(data).stdout.splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith("source "))
    header, row = lines[start], lines[start + 1]
    words = row.split()
    assert words[:5] == [OTLP, "13", "13", "0", "0"]
    assert len(words[6]) == len("12:34")
    end = header.index("witnesses") + len("witnesses")
    assert row[:end].endswith(" 13")


def test_lines_fit_the_terminal(data, monkeypatch):
    whole = " ".join(shown(data).stdout.split())
    monkeypatch.setattr(doctor, "_width", lambda: 60)
    narrow = shown(data).stdout
    told = narrow[narrow.index("To do") :]
    assert max(map(len, told.splitlines())) <= 60
    # The same words, broken elsewhere.
    assert " ".join(told.split()) in whole


def test_an_empty_directory_says_what_to_do_first(tmp_path):
    result = shown(tmp_path)
    assert result.exit_code == 1
    assert "0 accounts known, 0 heard of. Last recorded: nothing yet." in result.stdout
    assert "  - No call has been recorded\n    Run `mileage collect`" in result.stdout
    assert "source " not in result.stdout.partition("To do")[0]


def test_json_has_the_same_in_parts(data):
    told = json.loads(shown(data, "--json").stdout)
    (note,) = [one for one in told["alike"] if one["kind"] == "telemetry-only"]
    assert (note["names"], note["others"]) == (PEOPLE[:10], 3)
    assert note["severity"] == "note"
    (sentence,) = [one for one in told["notes"] if "only telemetry" in one]
    assert sentence.startswith(f"{', '.join(PEOPLE[:10])} and 3 more: of claude-code")
    each = [one for one in told["problems"] if one["kind"] == "telemetry-only"]
    assert sorted(one["name"] for one in each) == PEOPLE


@pytest.fixture
def refused(data):
    reading = Reading(
        rejected=(
            Rejected(OTLP, "logs record 1", "no model", "2.1.197", "a: text, b: text"),
            Rejected(OTLP, "logs record 2", "no model", "2.1.197", "a: text, b: text"),
            Rejected(OTLP, "logs record 3", "no time"),
        )
    )
    with open_organisation(data) as organisation:
        record = Record(Credential("tok_gate", "", "gate"), "otlp", reading)
        organisation.pipeline.submit(record).result()
        organisation.pipeline.drain()
    return data


def test_what_was_rejected_stands_by_reason_with_an_example(refused):
    result = shown(refused, "--rejected")
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[0] == "3 records rejected, 2 kinds."
    assert lines[1] == f"           2  {OTLP} 2.1.197: no model"
    when, _, example = lines[2].strip().partition(" UTC")
    assert len(when) == len("2026-11-20 12:00 to 2026-11-20 12:00")
    assert example.endswith(", for example logs record 1")
    assert lines[3].strip() == "a: text, b: text"


def test_what_was_rejected_fits_the_terminal(refused, monkeypatch):
    monkeypatch.setattr(doctor, "_width", lambda: 40)
    assert max(map(len, shown(refused, "--rejected").stdout.splitlines())) <= 40
