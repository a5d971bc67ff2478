"""The logs of one person: where they are, and reading them on all processors."""

from __future__ import annotations

import os
import sys
import time
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from mileage import __version__
from mileage.domain.digest import blake2b
from mileage.sources.found import Search, is_there
from mileage.sources.local import PLACES, others
from mileage.sources.places import NAMES, SUMS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mileage.domain.quarter import Costs
    from mileage.ingest.local_changes import Stored
    from mileage.ingest.local_difference import Difference
    from mileage.ingest.local_file import FileRead
    from mileage.sources.files import LocalSource
    from mileage.sources.found import Listed

ALWAYS = ("claude_code_log", "codex_rollout")
"""Mentioned even where nothing is found."""


class Logs:
    """The logs below some homes; no reader of a format is loaded before it is needed.

    Begins to look for them at once, and need not be waited for before they are used.
    """

    def __init__(self, homes: Sequence[Path], environ: Mapping[str, str]) -> None:
        self.begun_at = time.time_ns()
        self.names: list[str] = []
        self._sources: dict[str, LocalSource] = {}
        self._roots: dict[str, list[str]] = {}
        self._searches: list[tuple[str, Search]] = []
        for name, places in PLACES.items():
            roots = [str(root) for home in homes for root in places(home, environ)]
            self._begin(name, roots, NAMES[name])
        for source in others(sys.path):
            name = source.traits.name
            self._sources[name] = source
            theirs = [root for home in homes for root in source.roots(home, environ)]
            self._begin(name, list(map(str, theirs)), source.patterns())

    def _begin(self, name: str, roots: list[str], patterns: Sequence[str]) -> None:
        self._roots[name] = roots
        present = [root for root in roots if is_there(root)]
        if present or name in ALWAYS:
            self.names.append(name)
        if present:
            self._searches.append((name, Search(name, present, patterns)))

    @cached_property
    def found(self) -> Listed:
        """Return every file once, by path."""
        listed = (one for _, search in self._searches for one in search.listed)
        files = {one[1]: one for one in listed}
        return [files[path] for path in sorted(files)]

    @property
    def roots(self) -> dict[str, list[str]]:
        """Return where the logs of each source are looked for.

        A folder that was moved and linked back is the one that was named, too.
        """
        return {
            name: [*map(os.path.abspath, own), *map(os.path.realpath, own)]
            for name, own in self._roots.items()
        }

    def places(self) -> str:
        """Return what changes with where logs are looked for."""
        named = [part for name, own in self._roots.items() for part in (name, *own)]
        whole = "\n".join(named).encode("utf-8", "surrogateescape")
        return blake2b(whole, digest_size=16).hexdigest()

    def fingerprint(self) -> str:
        """Return what changes with any file: its name, place, size or time."""
        digest = blake2b(digest_size=16)
        for name, search in self._searches:
            told = search.told()
            digest.update(f"{name} {len(told)} ".encode())
            digest.update(told)
        return digest.hexdigest()

    def costs(self) -> Costs:
        """Return what prices calls."""
        from mileage.domain.quarter import Costs
        from mileage.pricing.catalog import shipped

        others = {name for name, one in self._sources.items() if one.traits.sums}
        return Costs(shipped(), SUMS | others)

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
            name: self.source(name)
            for name in {file.source for file, _ in different.changed}
        }
        reader = Reader(sources, costs)
        items = items_of(different, stored)
        return [FileRead(*one) for one in Harvesting(items, reader.read).finish()]

    def source(self, name: str) -> LocalSource:
        """Return what reads the logs of a source, loaded now if it was not before."""
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
    name = "typing_extensions"
    if name in sys.modules:
        return
    sys.modules[name] = None  # type: ignore[assignment]
    try:
        import msgspec  # noqa: F401
    finally:
        del sys.modules[name]
