"""A process that is killed leaves what it acknowledged, whole and readable."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time

import pytest

from mileage.domain.errors import Unavailable
from mileage.store.control import open_control
from mileage.store.control.database import BUSY_SECONDS

OPEN = (
    "import sys, time\n"
    "from pathlib import Path\n"
    "from mileage.domain.directory import NamedRead, PersonRow\n"
    "from mileage.domain.people import OPERATOR\n"
    "from mileage.store.control import open_control\n"
    "print('ready', flush=True)\n"
    "control = open_control(Path(sys.argv[1]), clock=lambda: 1)\n"
)
RECORD = (
    "for number in range(100_000):\n"
    "    read = NamedRead(OPERATOR, 'board', 'board', 'org', number)\n"
    "    control.record_access(read)\n"
    "    print(number, flush=True)\n"
)
IMPORT = (
    "for turn in range(100_000):\n"
    "    team = f'team {turn}'\n"
    "    print(turn, flush=True)\n"
    "    control.import_people(\n"
    "        PersonRow(f'p{n}@x', 'P', 'person', '', team, '', '', None, None)\n"
    "        for n in range(300)\n"
    "    )\n"
)


def killed(code, path, lines):
    """Run code until it has printed that many lines, kill it, return its lines."""
    command = [sys.executable, "-c", code, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        said = [child.stdout.readline() for _ in range(lines)]
        child.send_signal(signal.SIGKILL)
        rest = child.stdout.read().splitlines()
    assert child.returncode == -signal.SIGKILL
    return [line.strip() for line in said] + rest


def sound(path):
    connection = sqlite3.connect(path)
    (verdict,) = connection.execute("PRAGMA integrity_check").fetchone()
    broken = connection.execute("PRAGMA foreign_key_check").fetchall()
    connection.close()
    return verdict == "ok" and not broken


@pytest.fixture
def made(path, clock):
    """A control plane that is there, so that a killed process only writes to it."""
    open_control(path, clock=clock).dispose()
    return path


def test_every_read_that_was_acknowledged_is_recorded(made, clock):
    said = killed(OPEN + RECORD, made, 60)
    acknowledged = [int(line) for line in said[1:] if line.isdigit()]
    with open_control(made, clock=clock) as control:
        recorded = [row.subjects for row in control.access_rows(limit=10**6)]
        control.ensure_account("ana@x.example")
    recorded.reverse()
    assert recorded == list(range(len(recorded)))
    # The last one may have been written and not yet acknowledged.
    assert len(recorded) - max(acknowledged) - 1 in (0, 1)
    assert sound(made)


def test_an_import_is_whole_or_not_there(made, clock):
    said = killed(OPEN + IMPORT, made, 4)
    begun = int(said[-1])
    with open_control(made, clock=clock) as control:
        teams = {one.team for one in control.memberships()}
        people = len(control.memberships())
    assert len(teams) == 1
    assert people == 300
    assert teams <= {f"team {begun - 1}", f"team {begun}"}
    assert sound(made)


@pytest.mark.parametrize("milliseconds", [0, 60, 150])
def test_a_file_whose_creation_was_cut_short_is_completed(path, clock, milliseconds):
    code = OPEN.replace(
        "control = open", f"import signal, threading, os\n{cut}\ncontrol = open"
    )
    command = [sys.executable, "-c", code, str(path), str(milliseconds / 1000)]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode in (0, -signal.SIGKILL)
    with open_control(path, clock=clock) as control:
        assert control.ensure_account("ana@x.example")
        assert control.access_rows() == ()
    assert sound(path)


cut = (
    "def cut():\n"
    "    time.sleep(float(sys.argv[2]))\n"
    "    os.kill(os.getpid(), signal.SIGKILL)\n"
    "threading.Thread(target=cut, daemon=True).start()"
)


def test_a_file_that_is_busy_too_long_is_unavailable(made, clock, monkeypatch):
    monkeypatch.setattr("mileage.store.control.database.BUSY_SECONDS", 0.05)
    holder = sqlite3.connect(made, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    before = time.perf_counter()
    with open_control(made, clock=clock) as control:
        with pytest.raises(Unavailable, match="locked") as refusal:
            control.ensure_account("ana@x.example")
        holder.execute("ROLLBACK")
        holder.close()
        assert control.ensure_account("ana@x.example")
    assert time.perf_counter() - before < BUSY_SECONDS
    assert str(made) in str(refusal.value)
    assert "try again" in str(refusal.value)
