"""Reading files on this machine into records for the pipeline."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from mileage.domain.errors import Invalid, TooLarge
from mileage.domain.people import Credential
from mileage.domain.witness import Reading
from mileage.ingest.pipeline import refusal
from mileage.ingest.projects import Projects
from mileage.ingest.record import Record
from mileage.sources.files import LogFile, discover, read_log
from mileage.sources.found import is_hidden
from mileage.sources.otlp import OtlpReader

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mileage.sources.base import OtlpSource
    from mileage.sources.files import LocalSource
    from mileage.sources.otlp_record import Signal


_SIGNALS: tuple[Signal, ...] = ("logs", "metrics", "traces")
_NO_SIGNAL = "the JSON body has no resourceLogs, resourceMetrics or resourceSpans"
_SIGNALS_AT_ONCE = "the JSON body is of several signals; a request is of one"
_NOTHING = "the body holds no record of OTLP logs, metrics or traces"


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
    folder = os.path.isdir(file.path) or is_hidden(file.path)  # noqa: PTH112
    name = "a folder" if folder else Path(file.path).name
    for reading in read_log(source, file, place=name, max_line_bytes=max_line_bytes):
        yield Record(credential, source.traits.name, projects.named(reading))


def body_record(source: OtlpSource, path: Path, account_id: str) -> Record:
    """Read one OTLP request body that was kept in a file (``.json`` or protobuf)."""
    credential = Credential("", account_id, "")
    reader = OtlpReader((source,))
    try:
        body = path.read_bytes()
        if path.suffix == ".json":
            reading = reader.read(_told(body) or _named(path)[0], "json", body)
        else:
            reading = _decoded(reader, path, body)
    except (Invalid, TooLarge, OSError) as error:
        reason = str(getattr(error, "strerror", None) or error)
        reading = refusal(source.traits.name, path.name, reason)
    return Record(credential, source.traits.name, reading)


_ABSENT = msgspec.Raw()


class _Request(msgspec.Struct, rename="camel"):
    """The top of a body in JSON, whatever its signal."""

    resource_logs: msgspec.Raw = _ABSENT
    resource_metrics: msgspec.Raw = _ABSENT
    resource_spans: msgspec.Raw = _ABSENT


_TOP = msgspec.json.Decoder(_Request).decode


def _told(body: bytes) -> Signal | None:
    """Return the signal that a JSON body names; None if it is no such JSON at all."""
    try:
        top = _TOP(body)
    except (ValueError, RecursionError):
        return None
    held = (top.resource_logs, top.resource_metrics, top.resource_spans)
    told = [signal for signal, one in zip(_SIGNALS, held, strict=True) if one]
    if len(told) != 1:
        raise Invalid(_NO_SIGNAL if not told else _SIGNALS_AT_ONCE)
    return told[0]


def _named(path: Path) -> list[Signal]:
    """Order the signals, those first that a file's name has a word of."""
    return sorted(_SIGNALS, key=lambda one: one not in path.name)


def _decoded(reader: OtlpReader, path: Path, body: bytes) -> Reading:
    """Read a protobuf body, which does not say its signal, as each of them.

    As another than its own it rarely can be decoded, and never tells of anything.
    """
    tried: dict[Signal, Reading | Invalid] = {}
    for signal in _named(path):
        try:
            tried[signal] = reader.read(signal, "protobuf", body)
        except Invalid as error:
            tried[signal] = error
    readings = [one for one in tried.values() if isinstance(one, Reading)]
    best = max(readings, key=_told_by, default=Reading())
    first, said = next(iter(tried.items()))
    meant = first in path.name and not _told_by(best)[0]
    if isinstance(said, Invalid) and (meant or not readings):
        raise said
    if _told_by(best) == (0, 0):
        raise Invalid(_NOTHING)
    return best


def _told_by(reading: Reading) -> tuple[int, int]:
    told = len(reading.witnesses) + len(reading.activities) + len(reading.rejected)
    return told, reading.ignored
