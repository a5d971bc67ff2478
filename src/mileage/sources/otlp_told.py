"""Names for witnesses that another source of the same telemetry reads.

A call may be told in more detail and in less. Copies of one source are merged by the
larger of each count, which is right for repetitions and wrong for those: cached tokens
would count once apart and once in the input. Under a name of its own each level keeps
its counts, and precedence says which leads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mileage.domain.witness import Reading

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mileage.domain.call import SourceTraits
    from mileage.sources.otlp_record import OtlpRecord


class ToldElsewhere:
    """A source that wants nothing: its witnesses come with those of another one."""

    names: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()

    def __init__(self, traits: SourceTraits) -> None:
        self.traits = traits

    def wants(self, record: OtlpRecord) -> bool:
        """Leave every record to the source that reads it."""
        del record
        return False

    def read(self, records: Iterable[OtlpRecord]) -> Reading:
        """Read nothing, and count what was shown to it."""
        return Reading(ignored=sum(1 for _ in records))
