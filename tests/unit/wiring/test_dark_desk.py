"""Who may turn the dark switch, and the incident file that an investigation grows."""

from __future__ import annotations

import json
import logging
import pkgutil
import shutil
import stat

import pytest
from click.testing import CliRunner

from mileage.cli.dark import command
from mileage.cli.options import control_in
from mileage.domain.directory import ORGANISATION, NamedRead
from mileage.domain.errors import Invalid, NotFound, Refused
from mileage.domain.people import OPERATOR, HeldRole, Viewer
from mileage.wiring import dark
from mileage.wiring.dark import Dark
from mileage.wiring.roles_in_force import gate_on

SAM = Viewer("acc_sam", "Sam", roles=(HeldRole("steward"),))
TIM = Viewer("acc_tim", "Tim", roles=(HeldRole("steward"),))
OTHERS = (
    Viewer("acc_bo", "Bo"),
    Viewer("", ""),
    *(
        Viewer("acc_cy", "Cy", roles=(HeldRole(role),))
        for role in ("auditor", "works-council", "finance", "executive", "Steward", "")
    ),
)


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    folder = tmp_path_factory.mktemp("template")
    with control_in(folder):
        pass
    return folder


@pytest.fixture
def data(template, tmp_path):
    return shutil.copytree(template, tmp_path / "data")


@pytest.fixture
def control(data):
    with control_in(data) as opened:
        yield opened


@pytest.fixture
def desk(control, data):
    return Dark(control, data, gate_on(data, control))


def told(desk, incident=1):
    return json.loads(desk.incident_file(incident).read_text("utf-8"))


@pytest.mark.parametrize("viewer", OTHERS, ids=str)
def test_nobody_else_turns_it_or_sees_its_state(desk, viewer):
    for act in (
        lambda: desk.state(viewer),
        lambda: desk.on(viewer, "for fun"),
        lambda: desk.off(viewer),
    ):
        with pytest.raises(Refused, match=r"not yours to turn|sign in first"):
            act()
    assert desk.darkness() is None
    assert not desk.incident_file(1).parent.exists()


@pytest.mark.parametrize("viewer", [SAM, OPERATOR], ids=lambda one: one.name)
def test_everybody_is_told_why_and_stewards_the_rest(desk, viewer):
    assert (desk.darkness(), desk.state(viewer)) == (None, None)
    made = desk.on(viewer, "a leak")
    assert desk.darkness() == made == desk.state(viewer)
    assert told(desk)["began"]["name"] == viewer.name


def test_the_same_steward_does_not_confirm_and_another_does(desk):
    desk.on(SAM, "a leak")
    for _ in range(3):
        assert desk.off(SAM).ended is None
    over = desk.off(TIM)
    assert (over.asked.name, over.ended.name) == ("Sam", "Tim")
    assert desk.darkness() is None
    assert desk.state(SAM) == over
    with pytest.raises(NotFound):
        desk.off(TIM)


def test_a_steward_and_the_operator_are_two(desk):
    desk.on(SAM, "a leak")
    assert desk.off(OPERATOR).ended is None
    assert desk.off(SAM).ended.name == "Sam"


def test_asking_twice_is_asking_once(desk):
    desk.on(SAM, "a leak")
    desk.off(SAM)
    desk.off(SAM)
    assert desk.state(TIM).asked.name == "Sam"
    assert desk.off(TIM).ended.name == "Tim"


def test_each_incident_has_files_of_its_own(desk):
    for number in (1, 2):
        desk.on(SAM, f"leak {number}")
        assert told(desk, number)["reason"] == f"leak {number}."
        desk.off(SAM)
        desk.off(TIM)
    names = sorted(path.name for path in desk.incident_file(1).parent.iterdir())
    assert names == ["1.json", "1.reads.jsonl", "2.json", "2.reads.jsonl"]


def test_the_files_are_for_their_owner_alone(desk):
    desk.on(SAM, "a leak")
    folder = desk.incident_file(1).parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    desk.add_suspects(1, [{"viewer": "acc_bo"}])
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name


def test_only_the_week_before_is_in_it(desk, control, monkeypatch):
    reader = Viewer("acc_bo", "Bo")
    read = NamedRead(reader, "board", "board", ORGANISATION, 9, "", ("acc_ana",))
    control.record_access(read)
    monkeypatch.setattr(dark, "WEEK", -1)
    desk.on(SAM, "a leak")
    assert told(desk)["readers"] == []
    assert desk.incident_file(1).with_suffix(".reads.jsonl").read_text() == ""


def test_a_reason_that_is_none_changes_nothing(desk):
    for reason in ("", " ", "\n\t"):
        with pytest.raises(Invalid):
            desk.on(SAM, reason)
    assert desk.darkness() is None
    assert not desk.incident_file(1).exists()


def test_it_is_dark_though_the_file_cannot_be_written(desk, data, caplog):
    caplog.set_level(logging.WARNING)
    (data / "incidents").write_text("in the way")
    assert desk.on(SAM, "Zoe sold it").incident == 1
    assert desk.darkness() is not None
    assert "the incident file was not written" in caplog.text
    # Neither the reason nor a name is in the log.
    assert "Zoe" not in caplog.text


def test_who_presses_again_makes_good_a_file_that_was_not_written(desk, data):
    (data / "incidents").write_text("in the way")
    desk.on(SAM, "a leak")
    (data / "incidents").unlink()
    desk.on(TIM, "another reason")
    assert told(desk)["reason"] == "a leak."
    assert told(desk)["began"]["name"] == "Sam"


def test_suspects_are_kept_in_their_order_and_the_rest_stays(desk):
    desk.on(SAM, "a leak")
    before = told(desk)
    desk.add_suspects(1, [])
    assert told(desk) == before
    for name in ("acc_b", "acc_a", "acc_b"):
        desk.add_suspects(1, [{"viewer": name, "probability": 0.5}])
    after = told(desk)
    assert [one["viewer"] for one in after["suspects"]] == ["acc_b", "acc_a", "acc_b"]
    assert {**after, "suspects": []} == before
    # Pressing again does not lose them.
    desk.on(TIM, "again")
    assert told(desk) == after


# What the command prints for programs


@pytest.fixture
def run(data):
    def invoke(*words):
        asked = [*words, "--data", str(data), "--json"]
        return CliRunner().invoke(command, asked, env={"MILEAGE_DATA": str(data)})

    return invoke


def test_json_of_every_state(run, data):
    assert json.loads(run("status").stdout) == {"dark": False}
    made = json.loads(run("on", "--reason", "a leak").stdout)
    assert made["file"] == str(data / "incidents" / "1.json")
    assert made.keys() == {
        *("dark", "incident", "reason", "began", "asked", "ended", "file"),
    }
    status = run("status")
    assert status.exit_code == 1
    assert json.loads(status.stdout) == made
    asked = json.loads(run("off").stdout)
    assert (asked["dark"], asked["asked"]["account"]) == (True, "")
    assert "file" not in asked
    with control_in(data) as control:
        control.lighten(Viewer("acc_tim", "Tim"))
    over = run("status")
    assert over.exit_code == 0
    told = json.loads(over.stdout)
    assert (told["dark"], told["ended"]["name"]) == (False, "Tim")
    assert told["file"] == made["file"]


@pytest.mark.parametrize("words", [("on",), ("on", "--reason"), ("dim",), ("off", "x")])
def test_words_that_are_none(run, words):
    assert run(*words).exit_code == 2


# Whose it is stands in roles.toml


def let(data, role):
    """Give the switch to another role, as somebody would in an editor."""
    text = pkgutil.get_data("mileage", "policy/roles.toml").decode()
    before, line, rest = text.partition('role = "steward"\nreport = "dark"')
    assert line
    policy = data / "policy"
    policy.mkdir(exist_ok=True)
    changed = f'{before}role = "{role}"\nreport = "dark"{rest}'
    (policy / "roles.toml").write_text(changed)


def test_the_table_says_whose_it_is_and_from_the_next_turn_on(desk, data):
    auditor = Viewer("acc_cy", "Cy", roles=(HeldRole("auditor"),))
    with pytest.raises(Refused, match="/access"):
        desk.on(auditor, "a leak")
    let(data, "auditor")
    assert desk.on(auditor, "a leak").began.name == "Cy"
    for turn in (desk.off, desk.state):
        with pytest.raises(Refused, match="/access"):
            turn(SAM)
    assert desk.off(auditor).ended is None


def test_a_table_that_is_wrong_leaves_it_to_the_operator(desk, data):
    let(data, "nobody-knows")
    with pytest.raises(Refused):
        desk.on(SAM, "a leak")
    assert desk.on(OPERATOR, "a leak").incident == 1
