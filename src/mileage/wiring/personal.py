"""Puts together what ``mileage me`` needs: sources, files, processors and prices."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mileage.domain.quarter import QuarterRow, Usage
    from mileage.sources.base import LogSource
    from mileage.sources.files import LogFile


def quarter_rows(
    homes: Sequence[Path], environ: Mapping[str, str]
) -> Sequence[QuarterRow]:
    """Return everything that these homes' logs say, by quarter of an hour."""
    return usage_of(homes, environ).rows


def usage_of(homes: Sequence[Path], environ: Mapping[str, str]) -> Usage:
    """Read the logs below the homes, count every call once and price it."""
    from mileage.sources.files import discover
    from mileage.sources.harvest import Harvesting

    sources = {source.traits.name: source for source in local_sources()}
    found: dict[str, LogFile] = {
        file.path: file
        for source in sources.values()
        for home in homes
        for file in discover(home, environ, source)
    }
    files = dict.fromkeys(sources, 0)
    for file in found.values():
        files[file.source] += 1
    with _no_collection():
        harvesting = Harvesting(sources, list(found.values()))

        # Imported only now, so that the other processors are reading meanwhile.
        from mileage.ingest.local_usage import usage_in
        from mileage.pricing.catalog import shipped

        read = harvesting.finish()
        return usage_in(read.batches, read.rejected, files, shipped())


def roots_of(homes: Sequence[Path], environ: Mapping[str, str]) -> list[Path]:
    """Return where logs are looked for, whether or not anything is there."""
    looked = [
        Path(root)
        for home in homes
        for source in local_sources()
        for root in source.roots(home, environ)
    ]
    return list(dict.fromkeys(looked))


def local_sources() -> list[LogSource]:
    """Return the sources of logs that lie on a person's own machine."""
    from mileage.sources import claude_code_log, codex_rollout

    return [claude_code_log.SOURCE, codex_rollout.SOURCE]


@contextmanager
def _no_collection() -> Iterator[None]:
    """Spare the search for cycles, of which reading makes none: 6 % of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
