"""What a project is: the remote of the repository in which a call was made.

A folder's name differs from machine to machine, a repository's remote does not.
Both are hashed with the organisation's key before they are written (``screen``).
"""

from __future__ import annotations

from configparser import ConfigParser
from configparser import Error as ConfigError
from pathlib import Path
from typing import TYPE_CHECKING

from mileage.domain.witness import Reading, WitnessBatch

if TYPE_CHECKING:
    from mileage.domain.witness import Witness

REMOTE = 'remote "origin"'


class Projects:
    """Looks up the remote of each working directory once."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def named(self, reading: Reading) -> Reading:
        """Replace working directories by the remotes of their repositories."""
        if not len(reading.witnesses):
            return reading
        rows = (self._named(witness) for witness in reading.witnesses.rows())
        return Reading(
            WitnessBatch.of(rows),
            reading.activities,
            reading.rejected,
            reading.ignored,
        )

    def _named(self, witness: Witness) -> Witness:
        project = witness.project
        if not project.startswith("/"):
            return witness
        if project not in self._known:
            self._known[project] = remote_of(Path(project)) or project
        return witness._replace(project=self._known[project])


def remote_of(folder: Path) -> str | None:
    """Return the origin of the repository that holds ``folder``, without its login."""
    for parent in (folder, *folder.parents):
        try:
            text = (parent / ".git" / "config").read_text("utf-8")
        except (OSError, UnicodeDecodeError, ValueError):
            continue
        config = ConfigParser(strict=False, interpolation=None)
        try:
            config.read_string("\n".join(line.strip() for line in text.splitlines()))
            url = config.get(REMOTE, "url", fallback=None)
        except ConfigError:
            return None
        return _without_login(url) if url else None
    return None


def _without_login(url: str) -> str:
    """Drop what may be a secret, and what differs between ways to one repository."""
    _, scheme, rest = url.rpartition("://")
    host_and_path = rest.rpartition("@")[2]
    plain = host_and_path if scheme else host_and_path.replace(":", "/", 1)
    return plain.removesuffix("/").removesuffix(".git")
