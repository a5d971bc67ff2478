"""The table of ``mileage rules test``: places for the money, marks, what is held."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from mileage.cli import rules
from mileage.honours.trial import Gain, Outcome
from mileage.wiring.rules import Tried

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

LENSES = (SimpleNamespace(name="fair"), SimpleNamespace(name="raw"))
NONE = Gain(0, 0)
SPIN = Outcome("spin", True, 100_000_000, {"fair": NONE, "raw": NONE}, {}, NONE)  # noqa: FBT003
HONEST = SPIN._replace(strategy="ci", gaming=False)


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")


def ran(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *outcomes: Outcome
) -> tuple[Result, list[str]]:
    tried = Tried(LENSES, outcomes)  # type: ignore[arg-type]
    monkeypatch.setattr("mileage.wiring.rules.try_rules", lambda _data, _seed: tried)
    done = CliRunner().invoke(rules.command, ["test", "--data", str(folder)])
    rows = done.output.partition("\n\n")[0].splitlines()[1:]
    return done, [" ".join(row.split()) for row in rows]


@pytest.mark.parametrize(
    ("dollars", "gain", "cells"),
    [
        (100_000_000, Gain(3, 4), "$100.00 3 / 4"),
        (25_000_000, Gain(3, 4), "$25.00 12 / 16"),
        (1_000_000_000, Gain(25, 16), "$1,000.00 2 / 2 !"),
        (50_000_000, Gain(-2, -3), "$50.00 -4 / -6 !"),
        (0, NONE, "$0.00 0 / 0"),
    ],
    ids=("as is", "for less", "rounded, and marked as it is", "lost", "for nothing"),
)
def test_places_are_those_that_a_hundred_dollars_gain(
    dollars: int,
    gain: Gain,
    cells: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = HONEST._replace(dollars=dollars, lenses={"fair": gain, "raw": NONE})
    _, (row,) = ran(tmp_path, monkeypatch, one)
    assert row == f"ci (honest) {cells} 0 / 0 0 / 0 none"


def test_titles_and_tiers_are_not_divided_by_the_money(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    titles = {"owl": Gain(2, 1), "cat": Gain(0, 3)}
    one = HONEST._replace(dollars=25_000_000, titles=titles, tiers=Gain(4, 3))
    _, (row,) = ran(tmp_path, monkeypatch, one)
    assert row.endswith("4 / 3 ! owl 2 / 1 !, cat 0 / 3")


def test_gamers_stand_first_each_in_the_order_they_were_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = (HONEST, SPIN, HONEST._replace(strategy="b"), SPIN._replace(strategy="a"))
    _, rows = ran(tmp_path, monkeypatch, *named)
    names = [row.partition(" $")[0] for row in rows]
    assert names == ["spin", "a", "ci (honest)", "b (honest)"]


WIDE = Outcome(
    "left-running",
    gaming=True,
    dollars=78_220_000,
    lenses=dict.fromkeys([f"lens-{n}" for n in range(8)], Gain(1_234, 567)),
    titles={"session-immortal": Gain(0, 1), "full-tank": Gain(2, 1)},
    tiers=Gain(2, 2),
)


@pytest.mark.parametrize("columns", [80, 100, 120, 200])
def test_what_has_no_room_beside_stands_below_and_is_whole(
    columns: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    lenses = tuple(SimpleNamespace(name=name) for name in WIDE.lenses)
    tried = Tried(lenses, (WIDE, WIDE._replace(strategy="spin")))  # type: ignore[arg-type]
    monkeypatch.setattr("mileage.wiring.rules.try_rules", lambda _data, _seed: tried)
    told = CliRunner().invoke(rules.command, ["test", "--data", str(tmp_path)]).output
    told = told.partition("Places gained")[0]
    assert max(map(len, told.splitlines())) <= columns
    rows = [line for line in told.splitlines() if line.startswith("left-running")]
    heads = [line for line in told.splitlines() if line.startswith("Strategy")]
    words = [word for head in heads for word in head.split()[1:]]
    assert words == ["Cost", *WIDE.lenses, "Tiers", "Titles"]
    cells = " ".join(word for row in rows for word in row.split()[1:])
    places = " ".join(["1,578 / 725 !"] * 8)
    awards = "2 / 2 session-immortal 0 / 1, full-tank 2 / 1 !"
    assert cells == f"$78.22 {places} {awards}"
    assert len(rows) == {80: 3, 100: 3, 120: 2, 200: 1}[columns]


def test_what_another_program_reads_is_not_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS")
    _, rows = ran(tmp_path, monkeypatch, SPIN, HONEST)
    assert len(rows) == 2


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"lenses": {"fair": Gain(1, 0), "raw": NONE}}, ["spin pays by lens fair."]),
        ({"tiers": Gain(2, 1)}, ["spin pays by tiers."]),
        (
            {"titles": {"owl": Gain(1, 0), "cat": Gain(2, 2)}, "tiers": Gain(1, 0)},
            ["spin pays by title owl.", "spin pays by tiers."],
        ),
        ({"lenses": {"fair": Gain(5, 5), "raw": Gain(9, 0)}}, []),
        ({"gaming": False, "tiers": Gain(9, 0)}, []),
    ],
    ids=("default lens", "tiers", "two rules", "another lens", "honest"),
)
def test_only_gaming_by_what_awards_is_a_finding(
    fields: dict[str, object],
    said: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done, _ = ran(tmp_path, monkeypatch, SPIN._replace(**fields))
    assert [line for line in done.output.splitlines() if " pays by " in line] == said
    assert done.exit_code == bool(said)
    assert ("No strategy gains more" in done.output) is not bool(said)
