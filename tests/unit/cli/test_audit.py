"""``mileage audit list``."""

from __future__ import annotations

import json
import re

import pytest
from click.testing import CliRunner

from mileage.cli.audit import command
from mileage.cli.options import control_in


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
