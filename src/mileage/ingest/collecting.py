"""Reading files on this machine into records for the pipeline."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from mileage.domain.errors import Invalid, TooLarge
from mileage.domain.people import Credential
from mileage.ingest.pipeline import refusal
from mileage.ingest.projects import Projects
from mileage.ingest.record import Record
from mileage.sources.files import LogFile, discover, read_log
from mileage.sources.otlp import OtlpReader

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mileage.sources.base import OtlpSource
    from mileage.sources.files import LocalSource
    from mileage.sources.otlp import Form
    from mileage.sources.otlp_record import Signal


_SIGNALS: tuple[Signal, ...] = ("metrics", "traces")


def found_logs(
    sources: Iterable[LocalSource], homes: Iterable[Path], environ: Mapping[str, str]
) -> list[tuple[LocalSource, LogFile]]:
    """List the session logs below the home folders, each file once."""
    found: dict[str, tuple[LocalSource, LogFile]] = {}
    for home in homes:
        for source in sources:
            for file in discover(home, environ, source):
                found.setdefault(file.path, (source, file))
    return list(found.values())


def log_records(
    source: LocalSource, file: LogFile, account_id: str, *, max_line_bytes: int
) -> Iterator[Record]:
    """Read one log for an account.

    Places name the file without its folders: those spell out project names, and so
    would the name of one that may not be looked into.
    """
    credential = Credential("", account_id, "")
    projects = Projects()
    folder = os.path.isdir(file.path)  # noqa: PTH112 - one that is hidden is none
    name = "a folder" if folder else Path(file.path).name
    for reading in read_log(source, file, place=name, max_line_bytes=max_line_bytes):
        yield Record(credential, source.traits.name, projects.named(reading))


def body_record(source: OtlpSource, path: Path, account_id: str) -> Record:
    """Read one OTLP request body that was kept in a file (``.json`` or protobuf).

    The file's name tells the signal; without a word of it the body is of logs.
    """
    form: Form = "json" if path.suffix == ".json" else "protobuf"
    told = [one for one in _SIGNALS if one in path.name]
    signal: Signal = told[0] if told else "logs"
    credential = Credential("", account_id, "")
    try:
        reading = OtlpReader((source,)).read(signal, form, path.read_bytes())
    except (Invalid, TooLarge, OSError) as error:
        reason = str(getattr(error, "strerror", None) or error)
        reading = refusal(source.traits.name, path.name, reason)
    return Record(credential, source.traits.name, reading)
