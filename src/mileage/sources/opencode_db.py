"""OpenCode's own database, and the message files of versions before it had one.

One row a call: an assistant's message with its tokens (recorded with 1.18.33). Not in
there: the call that finds a session its title, and answers that were cut off. The parts
of a message (``step-finish``), the events and the sums in ``session`` tell the same
tokens again, and are not read for them. There is no id of the provider to be joined by.
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


class OpenCodeDb:
    """Reads ``opencode.db``, ``opencode-<channel>.db`` and ``msg_*.json``."""

    traits = SourceTraits("opencode_db", "opencode", 10, "counts", replayable=True)

    def roots(self, home: PurePath, environ: Mapping[str, str]) -> list[PurePath]:
        """Name the folder of its data."""
        return places.opencode_db(home, environ)

    def patterns(self) -> tuple[str, ...]:
        """Leave out what is large and holds no message."""
        return places.NAMES["opencode_db"]

    def read_file(
        self, path: str, place: str, *, activity: bool = True
    ) -> Iterator[Reading]:
        """Read one database or one message."""
        return OpenCodeStore(self.traits).read_file(path, place, activity=activity)


SOURCE = OpenCodeDb()
