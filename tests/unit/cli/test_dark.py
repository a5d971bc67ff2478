"""``mileage dark``."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
import threading

import pytest
from click.testing import CliRunner

from mileage.cli.dark import command
from mileage.cli.options import control_in
from mileage.domain.directory import ORGANISATION, NamedRead
from mileage.domain.errors import Dark, Invalid, NotFound, Refused, Unauthorised
from mileage.domain.people import Viewer
from mileage.wiring.dark import Dark as Desk
from mileage.wiring.owner import listening
from mileage.wiring.roles_in_force import gate_on

ADA = Viewer("acc_ada", "Ada")


@pytest.fixture
def dark(tmp_path):
    def run(*words, typed=None):
        arguments = [*words, "--data", str(tmp_path)]
        return CliRunner().invoke(command, arguments, input=typed)

    return run


@pytest.fixture
def key(tmp_path):
    """The operator-scope key of a second person."""
    with control_in(tmp_path) as control:
        account = control.ensure_account("sam@x.example")
        return control.create_key(account, "operator").secret


def test_on_says_what_it_did(dark, tmp_path):
    result = dark("on", "--reason", "a leak")
    assert result.exit_code == 0, result.output
    path = tmp_path / "incidents" / "1.json"
    assert result.stdout == f"It is dark. Incident 1: {path}\n"
    with control_in(tmp_path) as control:
        assert control.darkness().reason == "a leak."


def test_the_incident_file_is_private_and_says_who_saw_what(dark, tmp_path):
    with control_in(tmp_path) as control:
        for through in ("page", "api", "api"):
            reader = Viewer("acc_bo", "Bo", through=through)
            control.record_access(
                NamedRead(reader, "board", "board", ORGANISATION, 250, "", ("acc_ada",))
            )
        control.record_access(NamedRead(ADA, "board", "board", ORGANISATION, 99))
    dark("on", "--reason", "a leak")
    path = tmp_path / "incidents" / "1.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    told = json.loads(path.read_text())
    assert [(one["name"], one["reads"]) for one in told["readers"]] == [
        ("Bo", 3),
        ("Ada", 1),
    ]
    assert told["readers"][0]["exports"] == 2
    assert told["readers"][0]["reports"] == {"board": 3}
    assert told["suspects"] == []
    reads = (tmp_path / "incidents" / "1.reads.jsonl").read_text().splitlines()
    assert [json.loads(line)["entry"] for line in reads] == [1, 2, 3, 4]
    assert len(list(path.parent.iterdir())) == 2


def test_pressing_twice_keeps_the_first_file(dark, tmp_path):
    dark("on", "--reason", "a leak")
    path = tmp_path / "incidents" / "1.json"
    before = path.read_bytes()
    assert dark("on", "--reason", "another").exit_code == 0
    assert path.read_bytes() == before


def test_a_disk_that_refuses_the_file_does_not_keep_it_light(dark, tmp_path):
    (tmp_path / "incidents").write_text("in the way")
    assert dark("on", "--reason", "a leak").exit_code == 0
    assert dark("status").exit_code == 1


def test_status(dark):
    assert dark("status").stdout == "It is light, and never was dark.\n"
    assert json.loads(dark("status", "--json").stdout) == {"dark": False}
    dark("on", "--reason", "a leak")
    result = dark("status")
    assert result.exit_code == 1
    assert ": a leak. Whatever names" in result.stdout
    dark("off")
    assert "operator has asked for the end" in dark("status").stdout
    told = json.loads(dark("status", "--json").stdout)
    assert (told["dark"], told["asked"]["name"]) == (True, "operator")


def test_off_takes_a_second_person(dark, key):
    dark("on", "--reason", "a leak")
    for _ in range(2):
        result = dark("off")
        assert "stays dark until another person confirms" in result.stdout
        assert dark("status").exit_code == 1
    result = dark("off", "--key", "-", typed=f"{key}\n")
    assert result.stdout == "It is light again.\n"
    assert dark("status").exit_code == 0
    assert "It is light since" in dark("status").stdout


def test_a_person_and_their_key_are_one_person(dark, key):
    assert dark("on", "--reason", "a leak", "--key", "-", typed=key).exit_code == 0
    for _ in range(2):
        told = json.loads(dark("off", "--json", "--key", "-", typed=key).stdout)
        assert told["dark"] is True
    assert told["asked"]["account"].startswith("acc_")


def test_the_key_may_be_in_a_file(dark, key, tmp_path):
    file = tmp_path / "key"
    file.write_text(key)
    dark("on", "--reason", "a leak")
    dark("off")
    assert json.loads(dark("off", "--json", "--key", str(file)).stdout)["dark"] is False


@pytest.mark.parametrize(
    ("words", "typed", "error"),
    [
        (("on", "--reason", " "), None, Invalid),
        (("off",), None, NotFound),
        (("off", "--key", "-"), "mk_unknown", Unauthorised),
        (("off", "--key", "-"), "", Unauthorised),
    ],
)
def test_what_cannot_be(dark, words, typed, error):
    assert isinstance(dark(*words, typed=typed).exception, error)


def test_a_readers_key_does_not_turn_it(dark, tmp_path):
    with control_in(tmp_path) as control:
        account = control.ensure_account("bo@x.example")
        reader = control.create_key(account, "read").secret
    result = dark("on", "--reason", "for fun", "--key", "-", typed=reader)
    assert isinstance(result.exception, Refused)
    assert dark("status").exit_code == 0


def test_on_needs_a_reason(dark):
    assert dark("on").exit_code == 2


def test_suspects_are_added_to_the_file(dark, tmp_path):
    dark("on", "--reason", "a leak")
    with control_in(tmp_path) as control:
        desk = Desk(control, tmp_path, gate_on(tmp_path, control))
        desk.add_suspects(1, [{"viewer": "acc_bo", "probability": 0.99}])
        desk.add_suspects(1, [{"viewer": "acc_cy", "probability": 0.01}])
    told = json.loads((tmp_path / "incidents" / "1.json").read_text())
    assert [one["viewer"] for one in told["suspects"]] == ["acc_bo", "acc_cy"]


def test_other_commands_of_the_shell_are_dark_too(dark, tmp_path):
    dark("on", "--reason", "a leak")
    with (
        control_in(tmp_path) as control,
        pytest.raises(Dark, match="a leak"),
    ):
        control.record_access(NamedRead(ADA, "operations", "board", ORGANISATION, 3))


# While a server runs


def darkness_in(folder):
    with control_in(folder) as control:
        return control.darkness()


def test_a_running_server_does_it_with_the_reason(dark, tmp_path):
    asked = []

    def act(action, payload):
        asked.append((action, payload))
        return '{"dark": true, "incident": 7, "file": "/there/7.json"}'

    with listening(tmp_path, act):
        result = dark("on", "--reason", "a leak")
        told = dark("on", "--reason", "a leak", "--json")
    assert result.stdout == "It is dark. Incident 7: /there/7.json\n"
    assert json.loads(told.stdout)["incident"] == 7
    assert asked == [("darken", b"a leak")] * 2
    assert darkness_in(tmp_path) is None


SAYS_WHAT_IT_LOADED = """
import sys
from mileage.cli import main
try:
    main()
finally:
    print(*sorted(sys.modules))
"""
SLOW = {"msgspec", "sqlalchemy", "duckdb", "multiprocessing", "logging"}


def test_asking_a_server_loads_little(tmp_path):
    with listening(tmp_path, lambda *_: '{"incident": 7, "file": "7.json"}'):
        words = ["dark", "on", "--reason", "a leak", "--data", str(tmp_path)]
        command = [sys.executable, "-I", "-c", SAYS_WHAT_IT_LOADED, *words]
        told = subprocess.run(command, check=True, capture_output=True, text=True)
    said, loaded = told.stdout.splitlines()
    assert said == "It is dark. Incident 7: 7.json"
    assert "mileage.wiring.owner" in loaded.split()
    assert {one.partition(".")[0] for one in loaded.split()} & SLOW == set()


def test_a_server_that_does_not_answer_is_not_waited_for(dark, tmp_path, monkeypatch):
    monkeypatch.setattr("mileage.cli.dark.PATIENCE", 0.05)
    over = threading.Event()
    with listening(tmp_path, lambda *_: over.wait(60)):
        result = dark("on", "--reason", "a leak")
        over.set()
    assert result.exit_code == 0, result.output
    assert darkness_in(tmp_path).reason == "a leak."


def test_a_server_of_before_leaves_it_to_the_command(dark, tmp_path):
    def act(action, _):
        raise Invalid(f"does not know {action}")

    with listening(tmp_path, act):
        assert dark("on", "--reason", "a leak").exit_code == 0
    assert darkness_in(tmp_path).reason == "a leak."


def test_a_key_is_looked_at_by_the_command_itself(dark, tmp_path, key):
    with listening(tmp_path, lambda *_: pytest.fail("asked")):
        result = dark("on", "--reason", "a leak", "--key", "-", typed=key)
    assert result.exit_code == 0, result.output
    assert darkness_in(tmp_path).began.actor != ""
