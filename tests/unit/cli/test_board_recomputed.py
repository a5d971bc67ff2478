"""``mileage board --recompute``: from a data directory to words and an exit code."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from mileage.cli.board import command
from mileage.cli.recomputed import show
from mileage.domain.recomputed import Amount, Changed, Recomputed
from mileage.store.control import FILE_NAME, open_control
from mileage.wiring.organisation import now, open_organisation
from tests.ledgers import booking
from tests.witnesses import DAY, NOON, seen

if TYPE_CHECKING:
    from pathlib import Path

FOUND = Recomputed(
    as_of=NOON,
    window="30d",
    lens="tokens",
    unit="tokens",
    seq=3,
    last=5,
    input_hash="00",
    accounts=2,
    equal=True,
    provable=True,
    differing=(),
    differing_accounts=0,
    notes=(),
    changed=(),
    changed_accounts=0,
)
ROW = Changed("a", "Ada", Amount(1, 1200, 2_000_000, 7), None, ("why", "and why"))


def test_from_a_directory_to_json_and_a_record_of_the_read(tmp_path: Path) -> None:
    at = now()
    with open_organisation(tmp_path) as opened:
        opened.ledger.append(booking([seen(occurred_at=at - DAY)]))
        opened.publish()
        late = seen(occurred_at=at - 2 * DAY, key="late", link="late")
        opened.ledger.append(booking([late]))
    run = CliRunner().invoke(
        command, ["--data", str(tmp_path), "--recompute", "--json", "--window", "7d"]
    )
    assert run.exit_code == 0, run.output
    told = json.loads(run.output)
    assert (told["equal"], told["provable"], told["window"]) == (True, True, "7d")
    (row,) = told["changed"]
    assert row["account"] == "acc_a"
    assert (row["then"]["calls"], row["now"]["calls"]) == (1, 2)
    assert row["reasons"] == ["1 call told later (+1,160 tokens)"]
    with open_control(tmp_path / FILE_NAME, clock=now) as control:
        (read,) = control.access_rows()
    assert (read.purpose, read.report) == ("operations", "board")
    assert read.detail.startswith("recomputed, lens credit, window 7d, as of ")


def test_a_scope_is_refused(tmp_path: Path) -> None:
    asked = ["--data", str(tmp_path), "--recompute", "--scope", "services"]
    run = CliRunner().invoke(command, asked)
    assert "leave --scope out" in str(run.exception)


def said(found: Recomputed, capsys: pytest.CaptureFixture[str]) -> str:
    show(found)
    return capsys.readouterr().out


def test_words_of_an_equal_board(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(FOUND, capsys)
    assert "2 rows, made of the appends up to 3 of 5." in text
    assert "Equal: every row is what the ledger had recorded then." in text
    assert "Nothing has changed since" in text


def test_words_of_a_different_one(capsys: pytest.CaptureFixture[str]) -> None:
    found = FOUND._replace(equal=False, differing=("a",), differing_accounts=1)
    assert "Different: 1 row is not what the ledger gives: a." in said(found, capsys)
    text = said(found._replace(provable=False, notes=("calls are gone",)), capsys)
    assert "Cannot be proven any more" in text
    assert "- calls are gone" in text


def test_a_row_says_what_was_what_is_and_why(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = said(FOUND._replace(changed=(ROW,), changed_accounts=9), capsys)
    assert "Rows that would be others today: 9." in text
    flat = " ".join(text.split())
    assert "Ada" in flat
    assert "1,200 tokens, $2.00" in flat
    assert "no row" in flat
    assert "why; and why" in flat
