"""What ``mileage board --recompute`` says of each answer: words, JSON, exit code."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from mileage.cli import board
from mileage.cli.recomputed import show
from mileage.domain.errors import Invalid
from mileage.domain.recomputed import Amount, Changed, Recomputed
from mileage.reports.recomputed_json import recomputed_json
from mileage.wiring import reading
from tests.unit.cli.test_board_recomputed import FOUND

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

EQUAL = FOUND._replace(
    window="week", lens="credit", seq=1200, last=3400, input_hash="ab", accounts=5000
)
DIFFERENT = EQUAL._replace(
    equal=False, differing=("acc_a", "acc_b"), differing_accounts=1700
)
GONE = DIFFERENT._replace(provable=False, notes=("calls were deleted", "and so on"))
GREW = Changed("acc_a", "Ada", Amount(1, 5, None, 7), Amount(2, 9, 4, None), ("late",))
CAME = Changed("acc_b", "Bo", None, Amount(1, 1, 0, 0), ("a", "b"))
LEFT = Changed("acc_c", "Cy", Amount(3, 1_234_567, 1_500_000, 2_500_000), None, ())
OTHERS = EQUAL._replace(changed=(GREW, CAME, LEFT), changed_accounts=2000)


def ran(
    found: Recomputed, folder: Path, monkeypatch: pytest.MonkeyPatch, *words: str
) -> Result:
    monkeypatch.setattr(reading, "recomputed", lambda _data, _asked: found)
    asked = ["--data", str(folder), "--recompute", *words]
    return CliRunner().invoke(board.command, asked)


@pytest.mark.parametrize("words", [(), ("--json",)], ids=("words", "json"))
@pytest.mark.parametrize(
    ("found", "code"),
    [(EQUAL, 0), (OTHERS, 0), (DIFFERENT, 1), (GONE, 0)],
    ids=("equal", "changed since", "different", "cannot be proven"),
)
def test_only_what_can_be_proven_and_differs_is_a_failure(
    found: Recomputed,
    code: int,
    words: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = ran(found, tmp_path, monkeypatch, *words)
    assert run.exit_code == code, run.output
    if words:
        assert json.loads(run.stdout) == recomputed_json(found)


def test_nothing_is_published_and_everything_asked_is_handed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[object] = []

    def noted(data: Path, asked: reading.Asked) -> Recomputed:
        heard.append((data, asked))
        return EQUAL

    monkeypatch.setattr(reading, "recomputed", noted)
    monkeypatch.setattr(reading, "board", pytest.fail)
    words = "--recompute --lens cost --top 3 --window 7d --as-of 2026-11-22T12:00:00Z"
    run = CliRunner().invoke(board.command, ["--data", str(tmp_path), *words.split()])
    assert run.exit_code == 0, run.output
    asked = reading.Asked(
        lens="cost", top=3, window="7d", scope="org", as_of="2026-11-22T12:00:00Z"
    )
    assert heard == [(tmp_path, asked)]


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"scope": "team:x"}, "leave --scope out"),
        ({"as_of": "yesterday"}, "--as-of must be a day or an instant, such as 2026-"),
        ({"as_of": "22.11.2026"}, r"--as-of must be .* \(then of UTC\)"),
    ],
    ids=("scope", "words", "dots"),
)
def test_what_cannot_be_asked_is_refused_before_anything_is_opened(
    fields: dict[str, str], why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "operations", pytest.fail)
    asked = {"lens": None, "top": None, "window": None, "scope": "org", "as_of": None}
    with pytest.raises(Invalid, match=why):
        reading.recomputed(tmp_path, reading.Asked(**{**asked, **fields}))


def test_no_row_is_asked_for_with_no_rows(tmp_path: Path) -> None:
    words = ["--data", str(tmp_path), "--recompute", "--top", "0"]
    run = CliRunner().invoke(board.command, words)
    assert run.exit_code == 2
    assert "'--top'" in run.stderr


def test_json_has_every_field_by_its_name_and_instants_as_text() -> None:
    told = recomputed_json(GONE)
    assert told.keys() == set(Recomputed._fields)
    assert told["as_of"] == "2026-11-20T12:00:00Z"
    assert told["differing"] == ["acc_a", "acc_b"]
    assert told["notes"] == ["calls were deleted", "and so on"]
    assert (told["seq"], told["last"], told["differing_accounts"]) == (1200, 3400, 1700)
    assert json.loads(json.dumps(told)) == told


def test_json_of_rows_that_came_went_and_have_no_price() -> None:
    grew, came, left = recomputed_json(OTHERS)["changed"]
    assert grew == {
        "account": "acc_a",
        "name": "Ada",
        "then": {"calls": 1, "tokens": 5, "cost_usd": None, "value": 7},
        "now": {"calls": 2, "tokens": 9, "cost_usd": "0.000004", "value": None},
        "reasons": ["late"],
    }
    assert came["then"] is left["now"] is None
    # Nothing to pay and no price are two answers.
    assert came["now"]["cost_usd"] == "0.000000"
    assert came["reasons"] == ["a", "b"]


def lines(found: Recomputed, capsys: pytest.CaptureFixture[str]) -> list[str]:
    show(found)
    return [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]


def test_the_head_groups_digits_and_names_the_window(
    capsys: pytest.CaptureFixture[str],
) -> None:
    head, *others = lines(EQUAL, capsys)
    assert head == (
        "Board of 2026-11-20 12:00:00 UTC, week: 5,000 rows, "
        "made of the appends up to 1,200 of 3,400."
    )
    assert others == [
        "Equal: every row is what the ledger had recorded then.",
        "Nothing has changed since: it would be the same today.",
    ]


def test_who_differs_is_named_only_where_it_is_proven(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert lines(DIFFERENT, capsys)[1] == (
        "Different: 1,700 rows are not what the ledger gives: acc_a, acc_b."
    )
    _, verdict, *notes, _ = lines(GONE, capsys)
    assert "1,700 rows" in verdict
    assert "acc_a" not in verdict
    assert notes == ["- calls were deleted", "- and so on"]


@pytest.mark.parametrize(
    ("unit", "cells"),
    [
        ("tokens", ("7, 5 tokens, no price", "2.5M, 1,234,567 tokens, $1.50")),
        ("micro_usd", ("<$0.01, 5 tokens, no price", "$2.50, 1,234,567 tokens, $1.50")),
        ("hundredths", ("0.07, 5 tokens", "25,000.00, 1,234,567 tokens, $1.50")),
    ],
)
def test_cells_are_in_the_unit_of_the_lens(
    unit: str,
    cells: tuple[str, str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    found = lines(OTHERS._replace(unit=unit), capsys)
    assert found[2] == "Rows that would be others today: 2,000."
    grew, came, left = found[-3:]
    assert grew.startswith(f"Ada {cells[0]}")
    assert grew.endswith("9 tokens, <$0.01 late")
    assert came.startswith("Bo no row")
    assert came.endswith("1 tokens, $0 a; b")
    assert left == f"Cy {cells[1]} no row"
