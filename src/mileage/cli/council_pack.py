"""``mileage council-pack``: papers for the works council."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from mileage.cli.options import FilePath, new_data_option

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@click.command("council-pack", short_help="Write papers for the works council.")
@click.option(
    "--out",
    type=FilePath(file_okay=False),
    required=True,
    metavar="DIR",
    help="Where to write them; made when it is not there.",
)
@click.option(
    "--replace", is_flag=True, help="Also over papers that are there and differ."
)
@new_data_option
def command(out: Path, data: Path, *, replace: bool) -> None:
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
    if not replace:
        _keep_others(out, papers)
    out.mkdir(parents=True, exist_ok=True)
    for name, text in papers.items():
        (out / name).write_text(text, "utf-8")
        click.echo(str(out / name))


def _keep_others(out: Path, papers: Mapping[str, str]) -> None:
    """Refuse to write over what differs: somebody may have filled in what is open."""
    differ = [
        name
        for name, text in papers.items()
        if (out / name).exists() and (out / name).read_bytes() != text.encode()
    ]
    if differ:
        raise click.UsageError(
            f"{out} has other text in {', '.join(differ)}: name another folder, or "
            "say --replace, and what was written into them is lost."
        )
