"""What a project is: the remote of the repository in which a call was made.

A folder's name differs from machine to machine, a repository's remote does not.
Both are hashed with the organisation's key before they are written (``screen``).
What a machine pushes to a server is a digest already: names stay at home.
"""

from __future__ import annotations

import re
from configparser import ConfigParser
from configparser import Error as ConfigError
from hashlib import blake2b, sha256
from pathlib import Path
from typing import TYPE_CHECKING

from mileage.domain.witness import Reading, WitnessBatch

if TYPE_CHECKING:
    from mileage.domain.witness import Witness

REMOTE = 'remote "origin"'
_DIGEST = re.compile(r"(?:repo|dir)_[0-9a-f]{64}")


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


def digest(remote: str) -> str:
    """Return what stands for a repository on its way: the same on every machine."""
    named = f"mileage project\0{remote}".encode("utf-8", "surrogatepass")
    return f"repo_{sha256(named).hexdigest()}"


def folder_digest(folder: str, key: bytes) -> str:
    """Return what stands for a folder without a repository.

    It means nothing elsewhere, so it is keyed with a secret of its machine: nobody
    else can try names on it.
    """
    name = folder.encode("utf-8", "surrogatepass")
    return f"dir_{blake2b(name, key=key, digest_size=32).hexdigest()}"


def is_digest(project: str) -> bool:
    """Tell whether a name has been replaced by a digest."""
    return _DIGEST.fullmatch(project) is not None
