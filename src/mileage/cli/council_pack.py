"""``mileage council-pack``: papers for the works council."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import click

from mileage.cli.options import new_data_option


@click.command("council-pack", short_help="Write papers for the works council.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    metavar="DIR",
    help="Where to write them; made when it is not there.",
)
@new_data_option
def command(out: Path, data: Path) -> None:
    """Write data map, purposes, roles, retention, logs, excluded uses, a DPIA draft.

    They are Markdown, filled from the configuration in force in the data directory.
    """
    from mileage.reports.council_pack import council_pack
    from mileage.reports.statement import statement
    from mileage.wiring.policy import load_policy

    policy = load_policy(data)
    day = datetime.fromtimestamp(time.time(), UTC).date().isoformat()
    told = statement(policy.settings, policy.roles)
    papers = council_pack(told, policy.versions, day)
    out.mkdir(parents=True, exist_ok=True)
    for name, text in papers.items():
        (out / name).write_text(text, "utf-8")
        click.echo(str(out / name))
