"""The published suite is what the writers write, and can be used as it says."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.architecture.tree import ROOT
from tests.conformance.published import NO_TRAP, cases, slug
from tools import conformance

CASES = list(cases())
SUITE = ROOT / "conformance"


def files_of(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.folder)
def test_a_folder_holds_what_its_writer_writes(case):
    found = files_of(SUITE / case.folder)
    expected = json.loads(found.pop("expected.json"))
    assert expected == case.expected
    assert found == case.files


def test_there_are_no_other_folders():
    parts = [*SUITE.glob("logs/*/*"), *SUITE.glob("otlp/*")]
    assert {str(path.relative_to(SUITE)) for path in parts} == {
        case.folder for case in CASES
    }


def test_labels_name_folders_once():
    folders = [case.folder for case in CASES]
    assert len(folders) == len(set(folders))
    assert slug("Its parent's totals, in a burst") == "its-parent-s-totals-in-a-burst"
    assert sum(case.label == NO_TRAP for case in CASES) >= 3


def test_the_sum_of_the_classes_is_the_total():
    for case in CASES:
        classes = ("input", "cache_read", "cache_write", "cache_write_1h")
        rest = ("output", "reasoning", "tool_input")
        told = case.expected
        assert sum(told[name] for name in (*classes, *rest)) == told["tokens"] > 0


def test_a_command_that_tells_the_truth_is_exact(tmp_path, capsys, monkeypatch):
    truth = conformance.homes("codex/cache-inside")[0] / "expected.json"
    teller = tmp_path / "teller.py"
    teller.write_text(f"print(open({str(truth)!r}).read())")
    words = ["conformance.py", "run", "--only", "codex/cache-inside", "--"]
    monkeypatch.setattr(sys, "argv", [*words, sys.executable, str(teller)])
    assert conformance.main() == 0
    assert "1 of 1 exact" in capsys.readouterr().out


def test_a_command_that_is_off_is_told_by_how_much_and_in_what(tmp_path):
    truth = conformance.homes("codex/cache-inside")[0]
    told = json.loads((truth / "expected.json").read_text())
    told["output"] += told["tokens"]
    liar = tmp_path / "liar.py"
    liar.write_text(f"print({json.dumps(json.dumps(told))})")
    result = conformance.run(truth, [sys.executable, str(liar)])
    assert (result.exact, result.note) == (False, "output")
    assert conformance.line(result).startswith(" +100.0% codex/cache-inside-input")


@pytest.mark.parametrize("words", [["false"], ["echo", "hello"], ["no-such-command"]])
def test_a_command_that_fails_is_no_crash(words):
    result = conformance.run(conformance.homes()[0], words)
    assert not result.exact
    assert conformance.line(result).startswith("failed")


def test_no_command_is_told_what_to_do():
    done = subprocess.run(
        [sys.executable, "tools/conformance.py", "run"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "name the command to run" in done.stderr
