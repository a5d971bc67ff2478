"""Files of an import of which nothing could be used: a nightly job has to notice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mileage.domain.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from mileage.domain.witness import Reading, Rejected


class Unusable:
    """Remembers which files had something that was refused, and nothing else.

    It asks what they say and not what is new of it: a file that was refused yesterday
    is refused today.
    """

    def __init__(self) -> None:
        self._reasons: dict[str, str] = {}

    def note(self, path: Path, useful: int, rejected: Sequence[Rejected]) -> None:
        """Note how much of a file was of use, and what was refused of it."""
        if rejected and not useful:
            self._reasons[path.name] = rejected[0].reason

    def note_reading(self, path: Path, reading: Reading) -> None:
        """Note a file that is read at once."""
        self.note(path, _useful(reading), reading.rejected)

    def noting(self, path: Path, readings: Iterable[Reading]) -> Iterator[Reading]:
        """Yield the readings of a file, and note it after the last one."""
        useful = 0
        rejected: tuple[Rejected, ...] = ()
        for reading in readings:
            useful += _useful(reading)
            rejected = rejected or reading.rejected[:1]
            yield reading
        self.note(path, useful, rejected)

    def tell(self) -> None:
        """Raise Invalid if there are any."""
        if self._reasons:
            told = "; ".join(f"{name}: {why}" for name, why in self._reasons.items())
            raise Invalid(
                f"nothing could be used of {told}. Everything else was taken in: mend "
                "or leave out what was not, and import again"
            )


def _useful(reading: Reading) -> int:
    return len(reading.witnesses) + len(reading.activities) + reading.ignored
