"""What every source must be able to do.

A source is pure: bytes in, a ``Reading`` out. No clock, disk or network.
It yields tokens only; identity, prices and privacy come later on the road.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import PurePath

    from mileage.domain.bucket import BucketReading
    from mileage.domain.call import SourceTraits
    from mileage.domain.witness import Reading
    from mileage.sources.otlp_columns import LogTable
    from mileage.sources.otlp_record import OtlpRecord


class LogSource(Protocol):
    """Reads the files that a client leaves on a person's machine."""

    traits: SourceTraits

    def roots(self, home: PurePath, environ: Mapping[str, str]) -> list[PurePath]:
        """Name the folders below which this client keeps its logs."""
        ...

    def patterns(self) -> tuple[str, ...]:
        """Match the names of files, at any depth below a root; ``!`` excludes."""
        ...

    def read(
        self, lines: Iterable[bytes], place: str, *, activity: bool = True
    ) -> Iterator[Reading]:
        """Read one file from its start; ``place`` names it in rejections.

        It is the path of the file: folders may tell what the lines do not.
        Lines keep their ends, so that a last one without is known as unfinished.
        Without ``activity`` only what may hold usage is looked at, for speed.
        Yields readings of bounded size; never raises, whatever the bytes.
        """
        ...


class FileSource(Protocol):
    """Reads files that are no lines of text: databases and whole documents."""

    traits: SourceTraits

    def roots(self, home: PurePath, environ: Mapping[str, str]) -> list[PurePath]:
        """Name the folders below which this client keeps its files."""
        ...

    def patterns(self) -> tuple[str, ...]:
        """Match the names of files, at any depth below a root; ``!`` excludes."""
        ...

    def read_file(
        self, path: str, place: str, *, activity: bool = True
    ) -> Iterator[Reading]:
        """Read one file without changing it; ``place`` names it in rejections.

        Yields readings of bounded size; never raises, whatever the file holds.
        """
        ...


class ExportSource(Protocol):
    """Reads files that another program exported, named on the command line."""

    traits: SourceTraits

    def read_file(
        self, path: str, place: str, *, activity: bool = True
    ) -> Iterator[Reading]:
        """Read one file; ``place`` names it in rejections.

        Yields readings of bounded size; never raises, whatever the file holds.
        """
        ...


class BucketSource(Protocol):
    """Reads a provider's aggregates, which are never added to calls."""

    traits: SourceTraits

    def read_buckets(self, path: str, place: str, account: str) -> BucketReading:
        """Read one file of an account with the provider; never raises."""
        ...


class OtlpSource(Protocol):
    """Picks its own records out of decoded, filtered OTLP."""

    traits: SourceTraits
    names: frozenset[str]
    """Events and metrics it reads; others are dropped where they are decoded."""
    keys: frozenset[str]
    """Attributes it reads, of records and resources; others are dropped likewise."""

    def wants(self, record: OtlpRecord) -> bool:
        """Tell whether this record belongs to this source's client."""
        ...

    def read(self, records: Iterable[OtlpRecord]) -> Reading:
        """Turn wanted records into witnesses and activity; never raises."""
        ...


class ColumnSource(OtlpSource, Protocol):
    """An OTLP source of which there are so many records that it reads columns.

    It must tell by name, scope and resource alone which records it wants.
    """

    def read_columns(self, table: LogTable) -> Reading | None:
        """Return what ``read`` makes of the rows, or None: it must see each row."""
        ...


class SpanSource(OtlpSource, Protocol):
    """An OTLP source that reads spans too; others are never shown one.

    A span is looked at when it bears a declared name or one of the marks: programs
    send hundreds of spans for one request, and name those of requests as they like.
    """

    span_names: frozenset[str]
    """Names of spans it reads."""
    span_marks: frozenset[str]
    """Attributes of which a span of another name must have one; part of ``keys``."""
    digests: Mapping[str, re.Pattern[str]]
    """What to take out of long values that are never kept themselves: of a value
    under a key, each group that matches becomes the attribute ``KEY#GROUP``."""
