"""Sessions of Factory's Droid: ``sessions/**/*.settings.json``.

The file beside a session's messages holds its sums so far (``tokenUsage``): one row a
session, at the session's first moment, which grows until the session ends.
Nothing tells its calls apart. Input excludes both cache classes; thinking stands beside
output.

From published sources (other tools that read these files, and their tests); never
recorded. Not confirmed: that thinking is not a part of output.
"""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import msgspec

from mileage.domain.call import SourceTraits
from mileage.domain.witness import Reading, Rejected, Witness
from mileage.sources import places
from mileage.sources.documents import decoded_document
from mileage.sources.files import LineReader, LogFile
from mileage.sources.found import beside
from mileage.sources.jsonl import (
    Classes,
    Count,
    Gathering,
    decode,
    instant,
    text,
    untimely,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ENDING = ".settings.json"
_MOST_BYTES = 1024 * 1024
# The messages start with what the session is; its first moment stands soon after.
_FIRST_LINES = 50
_CHOSEN = "custom:"
_DECORATION = re.compile(r"-?\[[^\]]*\](-\d{1,2})?$")


class _Usage(msgspec.Struct, gc=False, rename="camel"):
    input_tokens: Count = 0
    output_tokens: Count = 0
    cache_creation_tokens: Count = 0
    cache_read_tokens: Count = 0
    thinking_tokens: Count = 0
    total_tokens: Count = None

    def classes(self) -> Classes:
        """Return the disjoint counts; null is none."""
        return (
            self.input_tokens or 0,
            self.cache_read_tokens or 0,
            self.cache_creation_tokens or 0,
            0,
            self.output_tokens or 0,
            self.thinking_tokens or 0,
            0,
        )


class _Settings(msgspec.Struct, gc=False, rename="camel"):
    model: Any = None
    provider_lock: Any = None
    provider_lock_timestamp: Any = None
    token_usage: _Usage | None = None


class _Line(msgspec.Struct, gc=False):
    timestamp: Any = None
    cwd: Any = None


_SETTINGS = msgspec.json.Decoder(_Settings)
_LINE = msgspec.json.Decoder(_Line)


class DroidSession:
    """Reads sums of sessions of Droid."""

    traits = SourceTraits(
        "droid_session", "droid", 10, "counts", replayable=True, sums=True
    )

    def roots(self, home: PurePath, environ: Mapping[str, str]) -> list[PurePath]:
        """Name the folder of its sessions."""
        return places.droid_session(home, environ)

    def patterns(self) -> tuple[str, ...]:
        """One file a session; some versions keep a folder for each project."""
        return places.NAMES["droid_session"]

    def read_file(
        self, path: str, place: str, *, activity: bool = True
    ) -> Iterator[Reading]:
        """Read the sums of one session; they hold no activity."""
        del activity
        settings = decoded_document(_SETTINGS, path, _MOST_BYTES)
        if isinstance(settings, str):
            yield Reading(rejected=(Rejected(self.traits.name, place, settings),))
            return
        gathered = Gathering(self.traits, place)
        usage = settings.token_usage
        if usage is None or not (any(usage.classes()) or usage.total_tokens):
            gathered.ignored += 1
        else:
            _take(gathered, path, settings, usage)
        yield gathered.reading()


def _take(gathered: Gathering, path: str, settings: _Settings, usage: _Usage) -> None:
    at, folder = _beginning(path)
    locked = instant(settings.provider_lock_timestamp)
    at = at if locked is None else locked
    problem = untimely(at)
    if problem or at is None:
        gathered.reject(1, problem)
        return
    session = PurePath(path).name.removesuffix(_ENDING)
    counts = usage.classes()
    gathered.witness(
        Witness(
            "droid_session",
            # Not by model: the sum goes on when a person chooses another.
            session,
            "",
            session,
            at,
            "droid",
            "",
            text(settings.provider_lock),
            _plain(text(settings.model)),
            "",
            *counts,
            None,
            folder,
            "",
            False,  # noqa: FBT003
            None,
            "",
            # A total without its parts belongs to no class: shown, and never added.
            "" if any(counts) else "unmeasured",
        )
    )


def _beginning(path: str) -> tuple[int | None, str]:
    """Return the first moment and the folder of a session, from its messages."""
    (messages,) = beside("droid_session", path)
    lines = LineReader(LogFile("droid_session", messages, 0))
    at, folder = None, ""
    for number, line in enumerate(lines, start=1):
        decoded = decode(_LINE, line)
        if not isinstance(decoded, str):
            at = instant(decoded.timestamp)
            folder = folder or text(decoded.cwd)
        if at is not None or number >= _FIRST_LINES:
            break
    return at, folder


def _plain(model: str) -> str:
    """Take off what Droid adds to names of models that a person set up."""
    if not model.startswith(_CHOSEN):
        return model
    return _DECORATION.sub("", model.removeprefix(_CHOSEN).lower())


SOURCE = DroidSession()
