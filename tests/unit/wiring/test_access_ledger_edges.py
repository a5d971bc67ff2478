"""The access ledger where something about it is not as it should be."""

from __future__ import annotations

import json

import pytest

from mileage.cli.options import control_in
from mileage.domain.errors import Invalid, NotFound, Unavailable
from mileage.wiring.access_ledger import AccessLedger, Kept, check_proof
from tests.log_mutations import Rewriter, fill

COUNT = 6


@pytest.fixture
def control(tmp_path):
    with control_in(tmp_path) as opened:
        fill(opened, 1, COUNT)
        yield opened


@pytest.fixture
def ledger(control, tmp_path):
    found = AccessLedger(control, tmp_path)
    found.checkpoint()
    return found


@pytest.fixture
def rewriter(control, tmp_path):
    found = Rewriter(tmp_path / "control.sqlite")
    yield found
    found.connection.close()


@pytest.fixture(scope="module")
def proven(tmp_path_factory):
    """A key and a proof of entry 3, for what needs no ledger any more."""
    folder = tmp_path_factory.mktemp("proven")
    with control_in(folder) as opened:
        fill(opened, 1, COUNT)
        ledger = AccessLedger(opened, folder)
        ledger.checkpoint()
        return ledger.key, json.loads(json.dumps(ledger.prove("access", 3)))


@pytest.mark.parametrize(
    "changed",
    [
        {"number": float("inf")},
        {"number": float("nan")},
        {"number": "9" * 5000},
        {"number": -(10**30)},
        {"number": 0},
        {"number": [3]},
        {"number": {}},
        {"entry": 3},
        {"entry": ["[3]"]},
        {"entry": "\ud800"},
        {"entry": ""},
        {"path": None},
        {"path": [None]},
        {"path": [7]},
        {"path": ["00" * 31]},
        {"path": []},
        {"path": ["00" * 32] * 10_000},
        {"path": {"a": 1}},
        {"checkpoint": None},
        {"checkpoint": 7},
        {"checkpoint": "x" * 100_000},
    ],
    ids=lambda one: str(one)[:40],
)
def test_a_proof_of_the_wrong_shape_is_refused_with_a_sentence(proven, changed):
    key, proof = proven
    assert check_proof(proof, key).size == COUNT
    with pytest.raises(Invalid):
        check_proof({**proof, **changed}, key)


@pytest.mark.parametrize("missing", ["entry", "number", "path", "checkpoint"])
def test_a_proof_without_one_of_its_parts(proven, missing):
    key, proof = proven
    rest = {name: value for name, value in proof.items() if name != missing}
    with pytest.raises(Invalid, match="no proof of an entry"):
        check_proof(rest, key)


def test_what_is_not_checked_may_say_anything(proven):
    """Log and size are read from the signed checkpoint, not from beside it."""
    key, proof = proven
    told = check_proof({**proof, "log": "changes", "size": 99}, key)
    assert told.size == COUNT
    assert told.origin.endswith("/access")


def test_the_proof_of_one_checkpoint_does_not_do_for_the_next(control, ledger):
    proof = ledger.prove("access", 3)
    fill(control, 2, 3)
    later = ledger.checkpoint()["access"]
    with pytest.raises(Invalid):
        check_proof({**proof, "checkpoint": later}, ledger.key)


def test_an_entry_is_proven_by_the_first_checkpoint_that_covers_it(control, ledger):
    fill(control, 2, 3)
    ledger.checkpoint()
    assert ledger.prove("access", COUNT)["size"] == COUNT
    assert ledger.prove("access", COUNT + 1)["size"] == COUNT + 3


def test_a_log_that_was_cut_proves_nothing(ledger, rewriter):
    rewriter.do("DELETE FROM access_row WHERE row_id > 4")
    with pytest.raises(Unavailable, match="audit verify"):
        ledger.prove("access", 2)
    assert ledger.checkpoint() == {}


def test_a_log_that_nothing_is_in_proves_nothing(ledger):
    with pytest.raises(NotFound, match="`changes`"):
        ledger.prove("changes", 1)


@pytest.mark.parametrize(("size", "frontier"), [(6, b"x"), (7, b"x" * 64), (5, b"")])
def test_a_checkpoint_whose_hashes_were_changed_is_not_gone_on_from(
    control, ledger, rewriter, size, frontier
):
    fill(control, 3, 2)
    rewriter.do("UPDATE checkpoint SET size = ?, frontier = ?", size, frontier)
    with pytest.raises(Unavailable, match="audit verify"):
        ledger.checkpoint()


def test_a_note_that_was_changed_here_is_a_finding(ledger, rewriter):
    rewriter.do(
        "UPDATE checkpoint SET note = replace(note, char(10, 54), char(10, 53))"
    )
    (problem,) = ledger.verify()["access"].problems
    assert "the checkpoint at 6" in problem


def test_a_note_of_the_other_log_is_no_evidence_for_this_one(control, ledger):
    control.create_token(collector="gate")
    changes = ledger.checkpoint()["changes"]
    checked = ledger.verify([Kept("f", changes)])
    assert [one.problems for one in checked.values()] == [(), ()]
    renamed = changes.replace("/changes\n", "/access\n")
    (problem,) = ledger.verify([Kept("f", renamed)])["access"].problems
    assert problem.startswith("f: ")


def test_every_strange_file_is_named(ledger):
    kept = [Kept(f"file {number}", "hello") for number in range(3)]
    problems = ledger.verify(kept)["access"].problems
    assert [one.partition(":")[0] for one in problems] == ["file 0", "file 1", "file 2"]
