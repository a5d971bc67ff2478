"""``mileage import``."""

from __future__ import annotations

from pathlib import Path

import click

from mileage.cli.options import data_option


@click.command("import")
@data_option
@click.argument(
    "files",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@click.option("--source", required=True, help="Name of the source, see docs.")
@click.option("--account", metavar="EMAIL", help="Whose usage it is.", required=True)
def command(data: Path, files: tuple[Path, ...], source: str, account: str) -> None:
    """Import FILES of one source into a data directory.

    For a log source (claude_code_log, codex_rollout) these are session logs; for a
    telemetry source (claude_code_otlp, codex_otlp) kept OTLP request bodies, one a
    file: `.json`, else protobuf. Repeating an import changes nothing.
    """
    from mileage.cli.collect_data import take_in
    from mileage.cli.options import control_in
    from mileage.domain.errors import Invalid
    from mileage.ingest.collecting import body_record
    from mileage.sources.files import LogFile
    from mileage.sources.installed import log_sources, otlp_sources
    from mileage.wiring.operations import operations

    logs = {one.traits.name: one for one in log_sources()}
    telemetry = {one.traits.name: one for one in otlp_sources()}
    if source in logs:
        found = [
            (logs[source], LogFile(source, str(path), path.stat().st_size))
            for path in files
        ]
        take_in(data, found, account)
        return
    if source not in telemetry:
        known = ", ".join([*logs, *telemetry])
        message = f"there is no source {source!r}; there are {known}"
        raise Invalid(message)
    with operations(data) as owner:
        before = owner.status()
        with control_in(data) as control:
            account_id = control.ensure_account(account)
        for path in files:
            owner.take(body_record(telemetry[source], path, account_id))
        owner.settle()
        after = owner.status()
    new = after["visible"] - before["visible"]
    bad = after["rejected"] - before["rejected"]
    click.echo(f"{len(files)} files read: {new:,} new witnesses, {bad:,} rejected.")
