"""Kilo's database: OpenCode's schema under another name.

From published sources (tools that read both alike); never recorded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mileage.domain.call import SourceTraits
from mileage.sources import places
from mileage.sources.opencode_store import OpenCodeStore

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import PurePath

    from mileage.domain.witness import Reading


class KiloDb:
    """Reads ``kilo.db``."""

    traits = SourceTraits("kilo_db", "kilo", 10, "counts", replayable=True)

    def roots(self, home: PurePath, environ: Mapping[str, str]) -> list[PurePath]:
        """Name the folder of its data."""
        return places.kilo_db(home, environ)

    def patterns(self) -> tuple[str, ...]:
        """Only the database lies there that counts."""
        return places.NAMES["kilo_db"]

    def read_file(
        self, path: str, place: str, *, activity: bool = True
    ) -> Iterator[Reading]:
        """Read one database."""
        return OpenCodeStore(self.traits).read_file(path, place, activity=activity)


SOURCE = KiloDb()
