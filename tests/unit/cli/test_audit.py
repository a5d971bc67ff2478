"""``mileage audit``."""

from __future__ import annotations

import json
import re
import sqlite3

import pytest
from click.testing import CliRunner

from mileage.cli.audit import command
from mileage.cli.options import control_in
from mileage.domain.directory import NamedRead
from mileage.domain.errors import Invalid, NotFound
from mileage.domain.people import OPERATOR, Viewer


@pytest.fixture
def audit(tmp_path):
    return lambda *words: CliRunner().invoke(command, [*words, "--data", str(tmp_path)])


@pytest.fixture
def token(tmp_path):
    with control_in(tmp_path) as control:
        made = control.create_token(collector="gate")
        control.revoke_token(made.credential_id)
    return made


def test_nothing_was_changed_yet(audit):
    result = audit("list")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "nothing was changed yet" in result.stderr
    assert json.loads(audit("list", "--json").stdout) == []


def test_changes_newest_first_without_secrets(audit, token):
    header, revoked, created = audit("list").stdout.splitlines()
    assert header.split() == ["when", "(UTC)", "who", "what", "of", "how"]
    moment = r"\d{4}-\d\d-\d\d \d\d:\d\d"
    name = token.credential_id
    assert re.fullmatch(rf"{moment} +operator +token revoked +{name}", revoked)
    assert re.fullmatch(
        rf"{moment} +operator +token created +{name} +of a collector, expires never",
        created,
    )
    assert token.secret not in header + revoked + created


def test_changes_as_json(audit, token):
    (row,) = json.loads(audit("list", "--last", "1", "--json").stdout)
    assert row.keys() == {
        *("row_id", "at", "actor", "actor_name", "action", "subject", "detail")
    }
    assert (row["action"], row["subject"]) == ("token revoked", token.credential_id)


# Two logs that nobody rewrites unseen


@pytest.fixture
def reads(tmp_path):
    with control_in(tmp_path) as control:
        account = control.ensure_account("ana@x.example")
        for number in range(5):
            viewer = Viewer("acc_bo", "Bo", through="api" if number else "page")
            control.record_access(
                NamedRead(viewer, "support", "personal", account, 1, f"n {number}")
            )
        control.record_access(NamedRead(OPERATOR, "board", "board", "acc_cy", 1))
    return account


def test_readers_of_somebody(audit, reads):
    rows = json.loads(audit("readers", "--of", "ana@x.example", "--json").stdout)
    assert [row["entry"] for row in rows] == [5, 4, 3, 2, 1]
    assert rows[0]["name"] == "Bo"
    header, *lines = audit("readers", "--last", "3").stdout.splitlines()
    assert header.split()[0] == "entry"
    assert [line.split()[0] for line in lines] == ["6", "5", "4"]
    nobody = audit("readers", "--of", "new@x.example")
    assert (nobody.stdout, nobody.exit_code) == ("", 0)


def test_readers_are_told_the_time_of_what_was_read(audit, tmp_path):
    with control_in(tmp_path) as control:
        detail = "lens credit, window 30d, as of 1795413817359761"
        control.record_access(NamedRead(OPERATOR, "board", "board", "org", 9, detail))
    assert "as of 2026-11-23T06:03:37Z" in audit("readers").stdout
    (row,) = json.loads(audit("readers", "--json").stdout)
    assert row["detail"] == detail


def test_checkpoint_then_verify(audit, reads, tmp_path):
    key = audit("key").stdout.strip()
    assert key.startswith("mileage-")
    note = audit("checkpoint").stdout
    assert note.startswith(f"{key.partition('+')[0]}/access\n6\n")
    kept = tmp_path / "kept.checkpoint"
    kept.write_text(note.strip() + "\n")
    assert "nothing has come" in audit("checkpoint").stderr
    result = audit("verify", "--checkpoint", str(kept), "--key", key)
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[0] == (
        "access: 6 entries, 0 since the last checkpoint"
    )


def test_verify_says_that_a_log_was_rewritten(audit, reads, tmp_path):
    kept = tmp_path / "kept.checkpoint"
    kept.write_text(audit("checkpoint").stdout.strip() + "\n")
    connection = sqlite3.connect(tmp_path / "control.sqlite")
    connection.execute("DROP TRIGGER access_row_unchanged")
    connection.execute("UPDATE access_row SET viewer_name = 'Zoe' WHERE row_id = 2")
    connection.commit()
    connection.close()
    result = audit("verify", "--checkpoint", str(kept))
    assert result.exit_code == 1
    assert "entries 1 to 6 are not what the checkpoint" in result.stdout
    told = json.loads(audit("verify", "--json").stdout)
    assert told["access"]["problems"]
    assert told["changes"]["problems"] == []


def test_prove_and_check_without_the_directory(audit, reads, tmp_path):
    key = audit("key").stdout.strip()
    audit("checkpoint")
    proof = tmp_path / "proof.json"
    proof.write_text(audit("prove", "3").stdout)
    assert json.loads(proof.read_text())["number"] == 3
    elsewhere = ["--data", str(tmp_path / "empty")]
    words = ["verify", "--proof", str(proof), "--key", key, *elsewhere]
    result = CliRunner().invoke(command, words)
    assert "among the first 6" in result.stdout
    assert not (tmp_path / "empty").exists()
    assert audit("verify", "--proof", str(proof)).exit_code == 0
    proof.write_text("[]")
    assert isinstance(audit("verify", "--proof", str(proof)).exception, Invalid)
    assert isinstance(audit("prove", "9").exception, NotFound)
    assert isinstance(audit("verify", "--key", "x").exception, Invalid)


def test_growth_is_proven_in_the_shell_and_checked_anywhere(audit, tmp_path):
    with control_in(tmp_path) as control:
        control.record_access(NamedRead(OPERATOR, "operations", "people", "org", 9))
    early = tmp_path / "early.checkpoint"
    early.write_text(audit("checkpoint").stdout)
    with control_in(tmp_path) as control:
        control.record_access(NamedRead(OPERATOR, "operations", "people", "org", 9))
    audit("checkpoint")
    proof = tmp_path / "growth.json"
    proof.write_text(audit("prove-growth", str(early)).stdout)
    key = audit("key").stdout.strip()
    for options in ((), ("--key", key)):
        told = audit("verify", "--proof", str(proof), *options).stdout
        assert told.startswith("The first 1 of the 2 entries of mileage-")
    proof.write_text(proof.read_text().replace('"growth": [', '"growth": ["00",'))
    wrong = audit("verify", "--proof", str(proof), "--key", key)
    assert isinstance(wrong.exception, Invalid)
