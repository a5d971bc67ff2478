"""The sources of logs on a person's own machine, loaded only where there is something.

A command that a person waits for must not load a reader for every format there is: the
folders of each are looked for by name first. Sources that somebody else installed are
found by the same file that Python finds them by, which is read only if it names ours.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, cast

from mileage.sources import places
from mileage.sources.found import is_there

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mileage.sources.files import LocalSource
    from mileage.sources.places import Places

PLACES: Mapping[str, Places] = {
    "aider_analytics": places.aider_analytics,
    "amp_thread": places.amp_thread,
    "claude_code_log": places.claude_code_log,
    "codex_rollout": places.codex_rollout,
    "copilot_events": places.copilot_events,
    "droid_session": places.droid_session,
    "gemini_cli_chat": places.gemini_cli_chat,
    "kilo_db": places.kilo_db,
    "kimi_wire": places.kimi_wire,
    "opencode_db": places.opencode_db,
    "pi_session": places.pi_session,
    "qwen_code_chat": places.qwen_code_chat,
}
"""Where the source of this name, a module beside this one, has its files."""

_GROUP = b"[mileage.sources]"
_OURS = "mileage"


def local_sources(
    homes: Sequence[Path],
    environ: Mapping[str, str],
    path: Sequence[str] | None = None,
) -> list[LocalSource]:
    """Return the sources of which at least one folder exists below one of the homes.

    ``path`` is where Python looks for packages, ``sys.path`` unless told.
    """
    found = [
        _ours(name)
        for name, roots in PLACES.items()
        if any(_exists(roots(home, environ)) for home in homes)
    ]
    found += [
        source
        for source in others(sys.path if path is None else path)
        if any(_exists(source.roots(home, environ)) for home in homes)
    ]
    return found


def looked_at(homes: Sequence[Path], environ: Mapping[str, str]) -> list[Path]:
    """Return where our own sources look, whether or not anything is there."""
    looked = [
        Path(root)
        for home in homes
        for roots in PLACES.values()
        for root in roots(home, environ)
    ]
    return list(dict.fromkeys(looked))


def _ours(name: str) -> LocalSource:
    return cast("LocalSource", import_module(f"mileage.sources.{name}").SOURCE)


def _exists(roots: Sequence[object]) -> bool:
    return any(is_there(str(root)) for root in roots)


def others(path: Sequence[str]) -> list[LocalSource]:
    """Load the sources of other packages, if there are any.

    Asking Python's own library costs more than all of our start, so it is asked only
    when an installed package's list of entry points names the group.
    """
    if not any(_GROUP in listed for listed in _entry_points(path)):
        return []
    # Loading it takes longer than everything else here: seldom needed.
    from mileage.sources.installed import foreign_log_sources  # noqa: PLC0415

    return list(foreign_log_sources())


def _entry_points(path: Sequence[str]) -> Iterator[bytes]:
    """Yield what other packages' lists of entry points say."""
    for folder in path:
        for name in _packages(folder or "."):
            try:
                with open(f"{folder}/{name}/entry_points.txt", "rb") as listed:  # noqa: PTH123
                    yield listed.read()
            except OSError:
                continue


def _packages(folder: str) -> list[str]:
    """Name what is said to be installed in a folder, ours left out."""
    try:
        names = os.listdir(folder)  # noqa: PTH208 - a path for each takes too long
    except OSError:
        return []
    infos = [name for name in names if name.endswith(".dist-info")]
    return [name for name in infos if name.partition("-")[0] != _OURS]
