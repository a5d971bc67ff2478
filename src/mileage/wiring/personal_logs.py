"""The logs of one person: where they are, and reading them on all processors."""

from __future__ import annotations

import json
import marshal
import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mileage import __version__
from mileage.domain.digest import blake2b
from mileage.sources.found import FoundFile, listed_files
from mileage.sources.local import PLACES, others

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mileage.domain.quarter import Costs
    from mileage.ingest.local_changes import Stored
    from mileage.ingest.local_difference import Difference
    from mileage.ingest.local_file import FileRead
    from mileage.sources.files import LocalSource
    from mileage.sources.found import Plain

ALWAYS = ("claude_code_log", "codex_rollout")
"""Mentioned even where nothing is found."""


class Logs:
    """The logs below some homes; no reader of a format is loaded before it is needed.

    ``patterns`` are the names of files by source, as ``patterns`` told before.
    """

    def __init__(
        self, homes: Sequence[Path], environ: Mapping[str, str], patterns: str
    ) -> None:
        self._sources: dict[str, LocalSource] = {}
        self._patterns = _known(patterns)
        listed: list[Plain] = []
        names: list[str] = []
        for name, roots in self._roots(homes, environ).items():
            present = [root for root in roots if os.path.exists(root)]  # noqa: PTH110
            if present or name in ALWAYS:
                names.append(name)
            if present:
                listed += listed_files(name, present, self._pattern(name))
        self.names = names
        self._listed = listed

    @property
    def patterns(self) -> str:
        """Return what to store, so that the next time it is known beforehand."""
        return json.dumps({"": [__version__], **self._patterns})

    @cached_property
    def found(self) -> list[FoundFile]:
        """Return every file once, by path."""
        files = {one[1]: one for one in self._listed}
        return [FoundFile._make(files[path]) for path in sorted(files)]

    def fingerprint(self) -> str:
        """Return what changes with any file: its name, place, size or time.

        Unchanged folders list their files in the same order as before.
        """
        # In the second version equal values have equal bytes, in later ones not.
        told = marshal.dumps(self._listed, 2)
        return blake2b(told, digest_size=16).hexdigest()

    def costs(self) -> Costs:
        """Return what prices calls."""
        from mileage.domain.quarter import Costs
        from mileage.pricing.catalog import shipped

        return Costs(shipped())

    def read(
        self, different: Difference, stored: Stored, costs: Costs
    ) -> list[FileRead]:
        """Read what has changed, on as many processors as that is worth."""
        if not different.changed:
            return []
        from mileage.ingest.local_changes import items_of
        from mileage.ingest.local_file import FileRead, Reader
        from mileage.sources.harvest import Harvesting

        sources = {
            name: self._source(name)
            for name in {file.source for file, _ in different.changed}
        }
        reader = Reader(sources, costs)
        items = items_of(different, stored)
        return [FileRead(*one) for one in Harvesting(items, reader.read).finish()]

    def _roots(
        self, homes: Sequence[Path], environ: Mapping[str, str]
    ) -> dict[str, list[str]]:
        roots = {
            name: [str(root) for home in homes for root in places(home, environ)]
            for name, places in PLACES.items()
        }
        import sys

        for source in others(sys.path):
            self._sources[source.traits.name] = source
            roots[source.traits.name] = [
                str(root) for home in homes for root in source.roots(home, environ)
            ]
        return roots

    def _pattern(self, name: str) -> Sequence[str]:
        if name not in self._patterns:
            self._patterns[name] = list(self._source(name).patterns())
        return self._patterns[name]

    def _source(self, name: str) -> LocalSource:
        if name not in self._sources:
            from importlib import import_module

            load_decoder()
            self._sources[name] = import_module(f"mileage.sources.{name}").SOURCE
        return self._sources[name]


def price_version() -> str:
    """Name the shipped price tables without reading them: they are files of ours."""
    folder = Path(__file__).parent.parent / "pricing" / "tables"
    newest = max(entry.stat().st_mtime_ns for entry in os.scandir(folder))
    return f"{__version__} {newest}"


def load_decoder() -> None:
    """Load msgspec as if there were no ``typing_extensions``, which takes longer.

    It looks there first for two names that Python's own ``typing`` has had since 3.11.
    """
    import sys

    name = "typing_extensions"
    if name in sys.modules:
        return
    sys.modules[name] = None  # type: ignore[assignment]
    try:
        import msgspec  # noqa: F401
    finally:
        del sys.modules[name]


def _known(patterns: str) -> dict[str, list[str]]:
    known: dict[str, Any] = json.loads(patterns) if patterns else {}
    return known if known.pop("", None) == [__version__] else {}
