"""A recomputed board in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from rich.table import Table

from mileage.cli.tables import listing
from mileage.domain.window import moment
from mileage.web.numbers import money, valued

if TYPE_CHECKING:
    from mileage.domain.recomputed import Amount, Recomputed


def show(found: Recomputed) -> None:
    """Say whether it is what was published, and what has changed since."""
    click.echo(
        f"Board of {moment(found.as_of):%Y-%m-%d %H:%M:%S} UTC, {found.window}: "
        f"{found.accounts:,} {'row' if found.accounts == 1 else 'rows'}, made of the "
        f"appends up to {found.seq:,} of {found.last:,}."
    )
    click.echo(_verdict(found))
    for note in found.notes:
        click.echo(f"- {note}")
    if not found.changed_accounts:
        click.echo("Nothing has changed since: it would be the same today.")
        return
    click.echo(f"Rows that would be others today: {found.changed_accounts:,}.")
    table = Table(box=None, header_style="dim", pad_edge=False)
    table.add_column("Name", no_wrap=True)
    table.add_column("Then", justify="right")
    table.add_column("Now", justify="right")
    table.add_column("Why")
    for one in found.changed:
        then, now = (_amount(side, found.unit) for side in (one.then, one.now))
        table.add_row(one.name, then, now, "; ".join(one.reasons))
    listing().print(table)


def _verdict(found: Recomputed) -> str:
    if found.equal:
        return "Equal: every row is what the ledger had recorded then."
    many = found.differing_accounts != 1
    rows = "rows are" if many else "row is"
    differing = f"{found.differing_accounts:,} {rows} not what the ledger gives"
    if not found.provable:
        return (
            f"Cannot be proven any more: {differing}, which no longer has every call."
        )
    return f"Different: {differing}: {', '.join(found.differing)}."


def _amount(one: Amount | None, unit: str) -> str:
    if one is None:
        return "no row"
    cost = "no price" if one.cost is None else money(one.cost)
    value = "" if one.value is None else f"{valued(one.value, unit)}, "
    return f"{value}{one.tokens:,} tokens, {cost}"
