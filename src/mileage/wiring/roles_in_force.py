"""The table of who may read what, as the file says it at this moment.

A file that is changed while the server runs is in force from the next request on:
whoever withdraws a purpose does not have to restart anything.
"""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime
from threading import Lock
from typing import TYPE_CHECKING

from mileage.access.roles import FILE_NAME, Roles, parse_roles, shipped_roles
from mileage.domain.errors import PolicyError, Unavailable
from mileage.reports.gate import Gate

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mileage.store.control import Control

log = logging.getLogger(__name__)

Mark = tuple[int, int, int]
"""What tells two versions of a file apart: when, how long, which."""


def gate_on(data: Path, control: Control) -> Gate:
    """Return the gate of a command in a shell; it needs no other policy file."""

    def today() -> date:
        return datetime.now(UTC).date()

    return Gate(control, RolesInForce(data, lambda _: None), today)


class RolesInForce:
    """Reads the file again when it has changed; safe to call from threads."""

    def __init__(self, data: Path, changed: Callable[[frozenset[str]], object]) -> None:
        self._path = data / "policy" / FILE_NAME
        self._changed = changed
        self._lock = Lock()
        self._mark: Mark | None = None
        self._roles: Roles | None = None

    def __call__(self) -> Roles:
        """Return the table in force now.

        Of a file that is wrong, only what is everybody's own and the operator's
        stays open until it is right: what it withdrew cannot be told.
        """
        mark = self._look()
        with self._lock:
            if self._roles is None or mark != self._mark:
                before, self._roles, self._mark = self._roles, self._read(mark), mark
                if before is None or before.in_force != self._roles.in_force:
                    self._tell(self._roles)
            return self._roles

    def _look(self) -> Mark | None:
        try:
            seen = self._path.stat()
        except FileNotFoundError:
            return None
        except OSError:
            return (0, 0, 0)
        return (seen.st_mtime_ns, seen.st_size, seen.st_ino)

    def _read(self, mark: Mark | None) -> Roles:
        if mark is None:
            return shipped_roles()
        try:
            text = self._path.read_bytes().decode("utf-8-sig")
            return parse_roles(text, str(self._path))
        except (PolicyError, OSError, UnicodeDecodeError) as error:
            log.warning(
                "roles.toml is wrong; until it is right people see their own pages "
                "only: %s",
                error,
            )
            return (self._roles or shipped_roles()).narrowed()

    def _tell(self, roles: Roles) -> None:
        try:
            self._changed(roles.in_force)
        except Unavailable as error:
            log.warning("the purposes in force were not recorded: %s", error)
