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
    assert row == f"ci (honest) {cells} 0 / 0 none 0 / 0"


def test_titles_and_tiers_are_not_divided_by_the_money(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    titles = {"owl": Gain(2, 1), "cat": Gain(0, 3)}
    one = HONEST._replace(dollars=25_000_000, titles=titles, tiers=Gain(4, 3))
    _, (row,) = ran(tmp_path, monkeypatch, one)
    assert row.endswith("owl 2 / 1 !, cat 0 / 3 4 / 3 !")


def test_gamers_stand_first_each_in_the_order_they_were_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = (HONEST, SPIN, HONEST._replace(strategy="b"), SPIN._replace(strategy="a"))
    _, rows = ran(tmp_path, monkeypatch, *named)
    names = [row.partition(" $")[0] for row in rows]
    assert names == ["spin", "a", "ci (honest)", "b (honest)"]


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
