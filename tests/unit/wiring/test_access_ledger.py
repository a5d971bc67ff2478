"""The access ledger: signed, verified against what was kept outside, proven."""

from __future__ import annotations

import json
import stat
from random import Random

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mileage.cli.options import control_in
from mileage.domain.errors import Invalid, NotFound, Unavailable
from mileage.wiring.access_ledger import (
    KEY_FILE,
    AccessLedger,
    Kept,
    check_growth,
    check_proof,
)
from tests.log_mutations import WAYS, Rewriter, fill, heads_of

MUTATIONS = 200
COUNT = 60


@pytest.fixture
def control(tmp_path):
    with control_in(tmp_path) as opened:
        yield opened


@pytest.fixture
def ledger(control, tmp_path):
    return AccessLedger(control, tmp_path)


@pytest.fixture
def rewriter(control, tmp_path):
    found = Rewriter(tmp_path / "control.sqlite")
    yield found
    found.connection.close()


def problems(checked):
    return [problem for one in checked.values() for problem in one.problems]


def test_an_empty_ledger_has_nothing_to_sign_and_nothing_wrong(ledger):
    assert ledger.checkpoint() == {}
    checked = ledger.verify()
    assert problems(checked) == []
    assert [one.entries for one in checked.values()] == [0, 0]


def test_both_logs_are_signed_and_verified(control, ledger):
    fill(control, 1, 10)
    control.create_token(collector="gate")
    notes = ledger.checkpoint()
    assert list(notes) == ["access", "changes"]
    checked = ledger.verify([Kept(log, note) for log, note in notes.items()])
    assert problems(checked) == []
    assert checked["access"][:2] == (10, 10)
    assert checked["changes"][:2] == (1, 1)


def test_what_came_since_is_not_vouched_for_yet(control, ledger):
    fill(control, 1, 4)
    ledger.checkpoint()
    fill(control, 2, 3)
    assert ledger.verify()["access"][:2] == (7, 4)
    assert list(ledger.checkpoint()) == ["access"]
    assert ledger.checkpoint() == {}
    assert ledger.verify()["access"][:2] == (7, 7)


def test_the_key_is_private_and_stays_the_same(control, ledger, tmp_path):
    path = tmp_path / KEY_FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert AccessLedger(control, tmp_path).key == ledger.key


@pytest.mark.parametrize(("mode", "content"), [(0o640, None), (0o600, b"short")])
def test_a_key_that_others_can_read_or_that_is_none(
    control, ledger, tmp_path, mode, content
):
    path = tmp_path / KEY_FILE
    if content:
        path.write_bytes(content)
    path.chmod(mode)
    with pytest.raises(Unavailable, match=r"chmod 600|no signing key"):
        AccessLedger(control, tmp_path)


def test_every_kind_of_rewriting_shows_against_an_older_checkpoint(control, rewriter):
    fill(control, 3, COUNT)
    outside = heads_of(rewriter.entries(), [20, 41, COUNT])
    assert rewriter.problems(outside) == ()
    random, seen = Random(4), set()  # noqa: S311
    for _ in range(MUTATIONS):
        way, detected = rewriter.detected(random, outside)
        assert detected, way
        seen.add(way)
    assert seen >= {way.__name__ for way in WAYS}


def test_rewriting_and_signing_anew_shows_outside_only(control, ledger, rewriter):
    """Whoever owns the directory can make its own checkpoints fit."""
    fill(control, 5, 12)
    outside = Kept("outside", ledger.checkpoint()["access"])
    rewriter.do("UPDATE access_row SET viewer = 'acc_zoe' WHERE row_id = 3")
    assert "entries 1 to 12" in problems(ledger.verify())[0]
    rewriter.do("DELETE FROM checkpoint")
    ledger.checkpoint()
    assert problems(ledger.verify()) == []
    assert "entries 1 to 12" in problems(ledger.verify([outside]))[0]


def test_cutting_shows_outside(control, ledger, rewriter):
    fill(control, 5, 12)
    outside = Kept("outside", ledger.checkpoint()["access"])
    rewriter.do("DELETE FROM access_row WHERE row_id > 9")
    rewriter.do("DELETE FROM checkpoint")
    (problem,) = problems(ledger.verify([outside]))
    assert problem == "a checkpoint vouched for 12 entries, and there are 9"


def test_another_key_cannot_vouch(control, ledger, tmp_path):
    fill(control, 5, 3)
    known, outside = ledger.key, Kept("outside", ledger.checkpoint()["access"])
    forged = Ed25519PrivateKey.generate().private_bytes_raw()
    (tmp_path / KEY_FILE).write_bytes(forged)
    other = AccessLedger(control, tmp_path)
    assert problems(other.verify([outside])) != []
    assert problems(other.verify([outside], known)) == []


def test_a_file_that_is_no_checkpoint_is_a_finding(control, ledger):
    fill(control, 5, 3)
    ledger.checkpoint()
    for note in ("", "hello\n", "x" * 100_000):
        assert "is no checkpoint of" in problems(ledger.verify([Kept("f", note)]))[0]
    changed = control.checkpoints("access")[0].note.replace("\n3\n", "\n2\n")
    assert "not signed by" in problems(ledger.verify([Kept("f", changed)]))[0]


def test_an_entry_is_proven_with_the_key_alone(control, ledger):
    fill(control, 6, 9)
    ledger.checkpoint()
    for number in range(1, 10):
        proof = json.loads(json.dumps(ledger.prove("access", number)))
        assert json.loads(proof["entry"])[0] == number
        assert check_proof(proof, ledger.key).size == 9


def test_a_proof_with_anything_changed_proves_nothing(control, ledger):
    fill(control, 6, 9)
    ledger.checkpoint()
    proof = ledger.prove("access", 4)
    other = ledger.prove("access", 5)
    for changed in (
        {"entry": proof["entry"].replace("acc_", "acc-")},
        {"number": 5},
        {"number": 10**9},
        {"number": None},
        {"path": proof["path"][:-1]},
        {"path": other["path"]},
        {"path": ["zz"]},
        {"path": 7},
        {"checkpoint": proof["checkpoint"].replace("\n9\n", "\n8\n")},
        {"checkpoint": ""},
        {"entry": None},
    ):
        with pytest.raises(Invalid):
            check_proof({**proof, **changed}, ledger.key)
    with pytest.raises(Invalid):
        check_proof({}, ledger.key)


@pytest.mark.parametrize("number", [0, 4, 99])
def test_what_no_checkpoint_covers_is_not_proven(control, ledger, number):
    fill(control, 6, 3)
    ledger.checkpoint()
    fill(control, 7, 2)
    with pytest.raises(NotFound, match="no checkpoint covers"):
        ledger.prove("access", number)


# That the logs only grew


def grown(control, ledger):
    fill(control, 1, 10)
    early = ledger.checkpoint()["access"]
    fill(control, 11, 27)
    late = ledger.checkpoint()["access"]
    return early, late


def test_growth_is_proven_without_an_entry(control, ledger):
    early, late = grown(control, ledger)
    proof = json.loads(json.dumps(ledger.prove_growth(early)))
    before, after = check_growth(proof, ledger.key)
    assert (before.size, after.size) == (10, 37)
    assert (proof["earlier"], proof["checkpoint"]) == (early, late)
    assert set(proof) == {"log", "earlier", "checkpoint", "growth"}
    assert check_growth(ledger.prove_growth(late), ledger.key)[0].size == 37


def test_a_log_that_was_changed_has_no_proof_of_growth(control, ledger, rewriter):
    early, _ = grown(control, ledger)
    rewriter.do("UPDATE access_row SET viewer_name = 'Zoe' WHERE row_id = 4")
    with pytest.raises(Unavailable, match="vouched for"):
        ledger.prove_growth(early)


def test_a_log_that_was_cut_has_no_proof_of_growth(control, ledger, rewriter):
    early, _ = grown(control, ledger)
    rewriter.do("DELETE FROM access_row WHERE row_id > 5")
    with pytest.raises(Unavailable):
        ledger.prove_growth(early)


def test_growth_between_two_logs_or_under_another_key_is_none(
    control, ledger, tmp_path
):
    early, late = grown(control, ledger)
    control.create_token(collector="gate")
    other = ledger.checkpoint()["changes"]
    proof = ledger.prove_growth(early)
    for damaged in (
        {**proof, "earlier": other},
        {**proof, "earlier": late, "checkpoint": early},
        {**proof, "growth": proof["growth"][1:]},
        {**proof, "growth": ["zz"]},
        {**proof, "growth": None},
        {"log": "access"},
    ):
        with pytest.raises(Invalid):
            check_growth(damaged, ledger.key)
    stranger = tmp_path / "stranger"
    stranger.mkdir()
    with control_in(stranger) as elsewhere:
        key = AccessLedger(elsewhere, stranger).key
    with pytest.raises(Invalid, match="not signed"):
        check_growth(proof, key)
    with pytest.raises(Invalid):
        ledger.prove_growth("no note at all")
