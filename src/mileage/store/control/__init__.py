"""The control plane: accounts, org chart, credentials, sessions, access log.

One SQLite file that several processes use at once: commands work while ``serve``
runs. Importing this package costs a third of a second, so the command line does it
inside the commands that need it.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Self

from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert

from mileage.store.control.access_log import AccessLog
from mileage.store.control.accounts import Accounts
from mileage.store.control.audit import AuditLog
from mileage.store.control.awards import Awards
from mileage.store.control.checkpoints import Checkpoints
from mileage.store.control.dark import DarkSwitch
from mileage.store.control.database import Database, engine_on
from mileage.store.control.domains import Domains
from mileage.store.control.erasing import Erasures
from mileage.store.control.federation import Federation
from mileage.store.control.held import Held
from mileage.store.control.memberships import Memberships
from mileage.store.control.opening import bring_up_to_date, create_private
from mileage.store.control.org_chart import OrgChart
from mileage.store.control.oversight import Oversights
from mileage.store.control.participation import Participations
from mileage.store.control.passwords import Passwords
from mileage.store.control.provisioning import Provisioning
from mileage.store.control.requests import Requests
from mileage.store.control.roles import GrantedRoles
from mileage.store.control.schema import META
from mileage.store.control.training import Trainings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

FILE_NAME = "control.sqlite"
PROJECT_KEY = "project_key"
MARKS_KEY = "marks_key"
EPOCH = "epoch"
KEY_BYTES = 32


class Control(
    Accounts,
    Memberships,
    OrgChart,
    GrantedRoles,
    Passwords,
    Federation,
    Provisioning,
    AccessLog,
    AuditLog,
    Awards,
    Checkpoints,
    Oversights,
    DarkSwitch,
    Domains,
    Held,
    Requests,
    Participations,
    Trainings,
    Erasures,
):
    """Everything the control plane can be asked; safe to share between threads."""

    def project_key(self) -> bytes:
        """Return the organisation's key for hashing project names, made once."""
        return self._key(PROJECT_KEY)

    def marks_key(self) -> bytes:
        """Return the secret of the marks in figures shown to people, made once."""
        return self._key(MARKS_KEY)

    def epoch(self) -> bytes:
        """Return what this life of the data is told by; b'' until one is restored."""
        wanted = select(META.c.value).where(META.c.key == EPOCH)
        with self._database.reading() as connection:
            return bytes(connection.execute(wanted).scalar() or b"")

    def begin_epoch(self) -> None:
        """Begin another life: what others sent to the one before may be missing."""
        fresh = self._database.random_bytes(KEY_BYTES)
        make = insert(META).values(key=EPOCH, value=fresh)
        with self._database.writing() as connection:
            connection.execute(
                make.on_conflict_do_update(
                    index_elements=[META.c.key], set_={"value": fresh}
                )
            )

    def _key(self, name: str) -> bytes:
        wanted = select(META.c.value).where(META.c.key == name)
        with self._database.reading() as connection:
            value = connection.execute(wanted).scalar()
        if value is not None:
            return bytes(value)
        fresh = self._database.random_bytes(KEY_BYTES)
        make = insert(META).values(key=name, value=fresh)
        with self._database.writing() as connection:
            connection.execute(make.on_conflict_do_nothing())
            return bytes(connection.execute(wanted).scalar_one())

    def now(self) -> int:
        """Return the instant by the clock that all rows are written with."""
        return self._database.now()

    def dispose(self) -> None:
        """Close all connections (``close`` ends a session)."""
        self._database.dispose()

    def __enter__(self) -> Self:
        """Use as a context manager that disposes."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close all connections."""
        self.dispose()


def open_control(
    path: Path,
    *,
    clock: Callable[[], int],
    random_bytes: Callable[[int], bytes] = secrets.token_bytes,
) -> Control:
    """Open, create or migrate the control plane; raises NewerData, Unavailable.

    ``clock`` returns UTC microseconds since 1970.
    """
    create_private(path)
    database = Database(path, engine_on(path), clock, random_bytes)
    try:
        bring_up_to_date(database)
    except BaseException:
        database.dispose()
        raise
    return Control(database)
