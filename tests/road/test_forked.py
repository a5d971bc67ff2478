"""What is forked does and says what a Python started anew does and says."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.road.forked import ROOT, Forked
from tests.road.station import ENVIRON, free_port, mileage, started_anew

COMMANDS = [
    ("--help",),
    ("no-such-command",),
    ("token", "list", "--data", "EMPTY", "--json"),
    ("board", "--lens", "vanity", "--data", "EMPTY"),
]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_it_is_the_same_command(words, tmp_path):
    told = [tmp_path if word == "EMPTY" else word for word in words]
    forked, anew = mileage(*told), started_anew(told, ENVIRON)
    assert forked.stdout + forked.stderr
    for name in ("returncode", "stdout", "stderr"):
        assert getattr(forked, name) == getattr(anew, name)


def test_its_environment_is_its_own(tmp_path):
    environ = {"MILEAGE_DATA": str(tmp_path / "data")}
    mileage("token", "create", "--collector", "gate", environ=environ)
    assert (tmp_path / "data").is_dir()


def test_it_is_a_process_that_signals_end(tmp_path):
    words = ["serve", "--data", str(tmp_path / "data"), "--port", str(free_port())]
    with (tmp_path / "said").open("wb") as said:
        process = Forked([*words, "--grpc-port", "0"], ENVIRON, said, said)
    assert process.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.01)
    process.kill()
    assert process.wait(60) == process.poll() == -9
    process.kill()


def test_an_error_that_nobody_caught_is_told():
    broken = (
        "from tests.road import forked\n"
        "def command(): raise LookupError('of all things')\n"
        "forked.run_to_its_end(command)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", broken],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("Traceback")
    assert done.stderr.endswith("LookupError: of all things\n")
