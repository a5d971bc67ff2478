"""``mileage trace``: names a viewer with the odds, or says that nobody can be named."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from mileage.access.disclosure import Thresholds
from mileage.access.marks import Marker, Marks
from mileage.cli.trace import command
from mileage.domain.directory import ORGANISATION, NamedRead, PersonRow
from mileage.domain.errors import Invalid
from mileage.domain.people import OPERATOR, Viewer
from mileage.honours.lenses import named
from mileage.reports.cube import Terms, make_cube
from mileage.reports.cube_files import Cubes
from mileage.reports.shape import board_json
from mileage.reports.shown import marked_board
from mileage.reports.snapshots import Snapshots
from mileage.reports.tracing import told_of
from mileage.store.control import FILE_NAME, open_control
from mileage.web.numbers import four
from mileage.wiring.dark import Dark
from mileage.wiring.policy import load_policy
from mileage.wiring.roles_in_force import gate_on
from tests.organisations import mills
from tests.ranking import cut, publish, rank, valued
from tests.web import fixtures

if TYPE_CHECKING:
    from pathlib import Path

    from mileage.domain.cube import Cube

NOW = fixtures.SNAPSHOT.as_of + 60_000_000
PEOPLE = 60
DURING = ("--since", "2026-11-20", "--until", "2026-11-24")
SNAPSHOT = replace(
    fixtures.SNAPSHOT,
    standings=tuple(
        replace(one, name=f"{one.name} the {number}th")
        for number, one in enumerate(fixtures.SNAPSHOT.standings)
    ),
)


class Place:
    """A data directory with people who have read a board."""

    def __init__(self, data: Path) -> None:
        self.data = data
        with open_control(data / FILE_NAME, clock=lambda: NOW) as control:
            control.import_people(
                PersonRow(
                    f"p{number}@example.com",
                    f"Person {number}",
                    "person",
                    *("Department", "Team", "", "", None, None),
                )
                for number in range(PEOPLE)
            )
            self.marks = Marks(control.marks_key())
            found = sorted(control.accounts(), key=lambda one: one.email)
        self.leaker, self.other = (
            Viewer(one.account_id, one.name) for one in found[:2]
        )
        publish(
            Snapshots(data / "snapshots"), valued(SNAPSHOT, load_policy(data).lenses)
        )
        self.read(self.leaker)
        self.read(self.other)

    def read(self, viewer: Viewer) -> None:
        detail = f"lens cost, as of {SNAPSHOT.as_of}"
        read = NamedRead(viewer, "board", "board", ORGANISATION, 250, detail)
        with open_control(self.data / FILE_NAME, clock=lambda: NOW) as control:
            control.record_access(read)

    def seen_by(self, viewer: Viewer) -> str:
        lens = named(load_policy(self.data).lenses, "cost")
        ranked = rank(SNAPSHOT, lens)
        board = cut(SNAPSHOT, lens, ranked, top=250, account_id=viewer.account_id)
        marker = Marker(self.marks, viewer.account_id)
        return json.dumps(board_json(marked_board(board, marker)))

    def trace(self, text: str, *options: str):
        return CliRunner().invoke(
            command, ["-", "--data", str(self.data), *DURING, *options], input=text
        )


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_it_names_whose_copy_it_is_with_odds_and_reads(place: Place) -> None:
    answer = place.trace(place.seen_by(place.leaker))
    assert answer.exit_code == 0, answer.output
    assert "Person 0 <p0@example.com>" in answer.output
    assert "at most 1 of" in answer.output
    assert "board, lens cost, as of" in answer.output
    assert "Person 1" not in answer.output
    assert "never act on it alone" in answer.output


def test_json_tells_readings_rates_and_reads(place: Place) -> None:
    answer = place.trace(place.seen_by(place.other), "--json")
    told = json.loads(answer.output)
    assert told["verdict"] == "traced"
    first = told["suspects"][0]
    assert (first["account"], first["named"]) == (place.other.account_id, True)
    assert first["error_rate"] < 0.001
    assert first["probability"] > 0.999
    assert len(first["reads"]) == 1
    assert told["viewers"] == PEOPLE
    assert {one["says"] for one in told["readings"]} == {"higher", "lower", None}
    assert all(not one["named"] for one in told["suspects"][1:])


def test_a_headline_is_untraceable_and_names_nobody(place: Place) -> None:
    answer = place.trace("60 trillion tokens; the top user 281 billion")
    assert answer.exit_code == 1
    assert "Untraceable" in answer.output
    assert "Person" not in answer.output


def test_a_file_works_like_standard_input(place: Place, tmp_path: Path) -> None:
    file = tmp_path / "leak.json"
    file.write_text(place.seen_by(place.leaker))
    answer = CliRunner().invoke(
        command, [str(file), "--data", str(place.data), *DURING]
    )
    assert answer.exit_code == 0
    assert "Person 0" in answer.output


def test_exact_figures_point_to_operators(place: Place) -> None:
    place.read(OPERATOR)
    row = SNAPSHOT.standings[0]
    answer = place.trace(f"{row.name} {row.figures.tokens.total}")
    assert answer.exit_code == 1
    assert "1 figures are exact: only operators" in answer.output
    assert "operator" in answer.output.split("exact", 1)[1]


def test_boards_that_nobody_read_are_not_tried(place: Place) -> None:
    answer = CliRunner().invoke(
        command,
        ["-", "--data", str(place.data), "--until", "2026-11-01", "--json"],
        input=place.seen_by(place.leaker),
    )
    told = json.loads(answer.output)
    assert (told["boards_tried"], told["as_of"]) == (0, None)
    assert told["verdict"] == "untraceable"


@pytest.fixture
def departments(place: Place):
    """Publish departments; return what tells somebody's copy of them."""
    made = mills()
    cube = make_cube(made.snapshot(), made.chart(), Terms(Thresholds(), 7, 0))
    publish_cube(place.data, cube)
    told = told_of(cube, place.marks)

    def seen_by(viewer: Viewer, report: str = "department") -> str:
        detail = f"teams, as of {cube.as_of}"
        read = NamedRead(viewer, "planning", report, ORGANISATION, 0, detail)
        with open_control(place.data / FILE_NAME, clock=lambda: NOW) as control:
            control.record_access(read)
        marker = Marker(place.marks, viewer.account_id)
        return "\n".join(
            f"{one.name} {four(marker.shown(one.value))}"
            for some in told.figures.values()
            for one in some
            if one.name == "tokens"
        )

    return seen_by


def publish_cube(data: Path, cube: Cube) -> None:
    Cubes(data / "cubes")._newest.replace(cube.as_of, cube)


@pytest.mark.parametrize("report", ["department", "groups"])
def test_sums_of_departments_lead_back_as_boards_do(
    place: Place, departments, report: str
) -> None:
    answer = place.trace(departments(place.other, report))
    assert answer.exit_code == 0, answer.output
    assert "fit the sums of departments as of 2025-" in answer.output
    assert f"{place.other.name} <" in answer.output
    assert answer.output.count("probability") == 1
    assert f"{report}, teams, as of" in answer.output


def test_json_says_what_was_read(place: Place, departments) -> None:
    told = json.loads(place.trace(departments(place.other), "--json").output)
    assert (told["report"], told["boards_tried"]) == ("departments", 2)
    (read,) = told["suspects"][0]["reads"]
    assert read["report"] == "department"
    told = json.loads(place.trace(place.seen_by(place.other), "--json").output)
    assert told["report"] == "board"
    assert {one["report"] for one in told["suspects"][0]["reads"]} == {"board"}


def test_departments_that_nobody_read_are_not_tried(place: Place, departments) -> None:
    text = departments(place.other, "adoption")
    told = json.loads(place.trace(text, "--json").output)
    assert (told["verdict"], told["boards_tried"]) == ("untraceable", 1)


def test_tracing_is_noted_without_a_name(place: Place) -> None:
    place.trace(place.seen_by(place.leaker))
    with open_control(place.data / FILE_NAME, clock=lambda: NOW) as control:
        row = control.audit_rows(1)[0]
    assert row.action == "leak traced"
    assert "traced" in row.detail
    assert place.leaker.account_id not in row.detail + row.subject


def test_it_works_in_the_dark(place: Place) -> None:
    with open_control(place.data / FILE_NAME, clock=lambda: NOW) as control:
        control.darken(OPERATOR, "figures were published")
    assert place.trace(place.seen_by(place.leaker)).exit_code == 0


@pytest.mark.parametrize("text", ["", "nothing here", '{"a": "b"}'])
def test_a_text_without_figures_is_refused(place: Place, text: str) -> None:
    answer = place.trace(text)
    assert isinstance(answer.exception, Invalid)
    assert "there is no figure in it" in str(answer.exception)


def test_the_period_must_begin_before_it_ends(place: Place) -> None:
    answer = place.trace("1", "--since", "2026-12-01")
    assert isinstance(answer.exception, Invalid)


def incident(place: Place, reason: str = "it was in the paper", at: int = NOW) -> Path:
    with open_control(place.data / FILE_NAME, clock=lambda: at) as control:
        desk = Dark(control, place.data, gate_on(place.data, control))
        return desk.incident_file(desk.on(OPERATOR, reason).incident)


def test_whom_it_names_is_noted_in_the_incident_file(place: Place) -> None:
    file = incident(place)
    answer = place.trace(place.seen_by(place.leaker))
    assert "Noted in the file of incident 1." in answer.output
    (suspect,) = json.loads(file.read_text())["suspects"]
    assert (suspect["viewer"], suspect["name"]) == (place.leaker.account_id, "Person 0")
    assert suspect["error_rate"] <= 0.001 < suspect["probability"]
    assert suspect["marks"] > 18
    assert suspect["as_of"].startswith("2026-11-2")


def test_who_is_not_named_is_not_noted(place: Place) -> None:
    file = incident(place)
    answer = place.trace("60 trillion tokens; the top user 281 billion", "--json")
    assert json.loads(answer.output)["incident"] is None
    assert json.loads(file.read_text())["suspects"] == []


def test_an_incident_of_another_time_is_left_alone(place: Place) -> None:
    file = incident(place, at=NOW + 60 * 86_400_000_000)
    answer = place.trace(place.seen_by(place.leaker), "--json")
    assert json.loads(answer.output)["incident"] is None
    assert json.loads(file.read_text())["suspects"] == []


def test_without_its_file_it_is_said_that_nothing_was_noted(place: Place) -> None:
    incident(place).unlink()
    answer = place.trace(place.seen_by(place.leaker))
    assert answer.exit_code == 0
    assert "Noted" not in answer.output
