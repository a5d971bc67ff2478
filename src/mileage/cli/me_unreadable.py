"""``mileage me unreadable``: which lines of one's own logs cannot be read, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mileage.cli.options import json_option
from mileage.domain.plural import counted
from mileage.domain.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mileage.cli.me_report import Asked
    from mileage.wiring.unreadable import Unreadable

HELP = """Say which lines of your logs cannot be read, and why.

Names the file, the line and the reason; never what stands there. What they used is in
no figure.
"""
ADVICE = (
    "A client's last line is read when it is whole; one that is damaged stays out.",
    "Many lines of one client for one reason? It may write a form that is new to us.",
    "A file closed to you is read as soon as you are allowed to: see who owns it.",
)


@click.command("unreadable", help=HELP, short_help="What cannot be read.")
@json_option
@click.pass_obj
def command(asked: Asked, *, as_json: bool) -> None:
    """Read anew what the index doubts, and say what is wrong with it."""
    from mileage.wiring.unreadable import unreadable

    found = unreadable(asked.homes, asked.environ)
    if as_json:
        import json

        click.echo(json.dumps(_json(found)))
        return
    for line in _told(found):
        click.echo(line)


def _json(found: Unreadable) -> dict[str, Any]:
    return {
        "rows": [
            {"source": one.source, "place": printable(one.place), "reason": one.reason}
            for one in found.lines
        ],
        "deleted": found.deleted,
    }


def _told(found: Unreadable) -> Iterator[str]:
    for one in found.lines:
        yield f"{printable(one.place)}: {one.reason}"
    if found.lines:
        yield ""
        yield from ADVICE
    else:
        yield "Every line of your logs can be read."
    if found.deleted:
        more = counted(found.deleted, "more line")
        yield f"{more} stood in logs that are deleted."
