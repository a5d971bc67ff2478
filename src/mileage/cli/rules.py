"""``mileage rules``: hold lenses, titles and tiers against those who game them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from mileage.cli.options import json_option, new_data_option

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from rich.console import JustifyMethod
    from rich.table import Table

    from mileage.honours.trial import Gain, Outcome
    from mileage.wiring.rules import Tried

MILLION = 1_000_000
TITLES = "Titles"
Column = tuple[str, list[str]]
"""Its heading, and a cell for each strategy."""
LEGEND = (
    "Places gained for 100 dollars by the strategy / by honest work for the same "
    "money, on the same days and models. ! where the strategy gains more."
)
BELIEVED = (
    "Reports that are not true are tried as the ledger counts them when a gateway "
    "tells of the same calls. Where nobody else does they are believed, by any rule."
)


@click.group("rules", short_help="Hold the rules of boards against gamers.")
def command() -> None:
    """Hold lenses, titles and tiers against those who game them."""


@command.command(
    "test",
    short_help="Say what each strategy gains by each rule.",
    help="Try the lenses, titles and tiers in force on simulated accounts that game "
    "them, and on honest ones that look alike. Prints what each strategy gains for its "
    "money, beside what honest work gains for as much. Exits with 1 when gaming gains "
    "more on the default lens, in titles or in tiers.",
)
@click.option("--seed", default=1, show_default=True, help="Equal seeds, equal people.")
@new_data_option
@json_option
def test(*, seed: int, data: Path, as_json: bool) -> None:
    """Print a line a strategy."""
    from mileage.wiring.rules import try_rules

    tried = try_rules(data, seed)
    if as_json:
        click.echo(json.dumps(_as_json(tried), indent=2))
    else:
        _print(tried)
    if tried.paying:
        raise click.exceptions.Exit(1)


def _as_json(tried: Tried) -> dict[str, Any]:
    return {
        "ok": not tried.paying,
        "default_lens": tried.lenses[0].name,
        "strategies": [
            {
                "strategy": one.strategy,
                "gaming": one.gaming,
                "cost_usd": f"{one.dollars / MILLION:.6f}",
                "lenses": {name: _gain(gain) for name, gain in one.lenses.items()},
                "titles": {name: _gain(gain) for name, gain in one.titles.items()},
                "tiers": _gain(one.tiers),
            }
            for one in tried.outcomes
        ],
        "paying": [{"strategy": one, "rule": rule} for one, rule in tried.paying],
    }


def _gain(gain: Gain) -> dict[str, Any]:
    return {"gained": gain.habit, "honest": gain.honest, "pays": gain.pays}


def _print(tried: Tried) -> None:
    from mileage.cli.tables import listing

    screen = listing()
    for table in _tables(tried, screen.width):
        screen.print(table)
        screen.print()
    screen.print(f"{LEGEND}\n{BELIEVED}")
    for strategy, rule in tried.paying:
        click.echo(f"{strategy} pays by {rule}.")
    if not tried.paying:
        default = tried.lenses[0].name
        click.echo(
            f"No strategy gains more than honest work on {default}, in titles or tiers."
        )


def _tables(tried: Tried, width: int) -> Iterator[Table]:
    """Lay strategies out, with as many columns beside each other as there is room."""
    from rich.table import Table

    outcomes = sorted(tried.outcomes, key=lambda one: not one.gaming)
    names = [
        one.strategy if one.gaming else f"{one.strategy} (honest)" for one in outcomes
    ]
    for columns in _beside(_columns(tried, outcomes), width - max(map(len, names))):
        table = Table(box=None, header_style="dim", pad_edge=False)
        table.add_column("Strategy", no_wrap=True)
        for heading, _ in columns:
            justify: JustifyMethod = "left" if heading == TITLES else "right"
            table.add_column(heading, justify=justify)
        for name, *cells in zip(names, *(cells for _, cells in columns), strict=True):
            table.add_row(name, *cells)
        yield table


def _columns(tried: Tried, outcomes: Sequence[Outcome]) -> list[Column]:
    return [
        ("Cost", [f"${one.dollars / MILLION:,.2f}" for one in outcomes]),
        *(
            (lens.name, [_places(one, lens.name) for one in outcomes])
            for lens in tried.lenses
        ),
        ("Tiers", [_pair(one.tiers) for one in outcomes]),
        (TITLES, [_titles(one) for one in outcomes]),
    ]


def _beside(columns: Iterable[Column], room: int) -> list[list[Column]]:
    """Put together what has room beside each other; each has some."""
    rows: list[list[Column]] = [[]]
    left = room
    for heading, cells in columns:
        width = 2 + max(map(len, (heading, *cells)))
        if width > left and rows[-1]:
            rows.append([])
            left = room
        rows[-1].append((heading, cells))
        left -= width
    return rows


def _titles(one: Outcome) -> str:
    return ", ".join(f"{n} {_pair(gain)}" for n, gain in one.titles.items()) or "none"


def _places(one: Outcome, lens: str) -> str:
    gain = one.lenses[lens]
    hundreds = max(1, one.dollars) / (100 * MILLION)
    return f"{gain.habit / hundreds:,.0f} / {gain.honest / hundreds:,.0f}" + _mark(gain)


def _pair(gain: Gain) -> str:
    return f"{gain.habit} / {gain.honest}{_mark(gain)}"


def _mark(gain: Gain) -> str:
    return " !" if gain.pays else ""
