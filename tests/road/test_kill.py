"""A short run of the kill soak: some crashes under load, everything accounted for."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.road.station import ENVIRON, assert_calm

SOAK = Path(__file__).parents[2] / "soak" / "kill.py"
BATCH = 20
FAULTS = "receiver,writes,term"
"""What every machine allows."""


def soaked(state):
    options = ["--rounds", "3", "--faults", FAULTS, "--seed", "2"]
    return subprocess.run(
        [sys.executable, SOAK, *options, "--state", state],
        check=False,
        capture_output=True,
        text=True,
        env=ENVIRON,
        timeout=300,
    )


def test_three_rounds_lose_and_double_nothing(tmp_path):
    done = soaked(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 lost, 0 doubled; verify: []; 0 kinds of crash" in done.stdout
    assert_calm(done.stderr)
    state = json.loads((tmp_path / "state.json").read_text())
    assert state["rounds"] == sum(state["faults"].values()) == 3
    acknowledged = tmp_path / "acked"
    assert sum(acknowledged.read_bytes()) >= BATCH
    the_comparison_can_fail(acknowledged)


def the_comparison_can_fail(acknowledged):
    """It goes on where it stopped, and misses a call that nobody sent."""
    acknowledged.write_bytes(acknowledged.read_bytes() + b"\1")
    done = soaked(acknowledged.parent)
    assert done.returncode == 1
    assert "1 lost, 0 doubled" in done.stdout
