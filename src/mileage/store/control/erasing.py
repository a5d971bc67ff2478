"""Erasing somebody from the control plane, and what is known until that is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import bindparam, delete, func, insert, select, update

from mileage.domain.people import found_by
from mileage.domain.rights import ERASED, ERASED_NAME
from mileage.store.control.audit import Change, note
from mileage.store.control.database import OnDatabase
from mileage.store.control.minting import new_id
from mileage.store.control.rights_tables import ERASURE
from mileage.store.control.schema import ACCOUNT, IDENTITY, MEMBERSHIP, METADATA

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, Table

    from mileage.domain.people import Viewer


class UnderWay(NamedTuple):
    """An erasure that the ledger and the published files do not know of yet."""

    tombstone: str
    account_id: str
    identities: tuple[str, ...]
    begun_at: int
    """UTC microseconds."""


class Erasures(OnDatabase):
    """Erasures."""

    def erase_account(self, account_id: str, actor: Viewer) -> str:
        """Take everything of an account away; returns the id of its tombstone.

        What the tombstone keeps is where in the organisation it belonged and when:
        without, sums of teams would change, and the difference tell of the person.
        """
        now = self._database.now()
        tombstone = new_id("acc", self._database.random_bytes)
        with self._database.writing() as connection:
            own = IDENTITY.c.account_id == account_id
            identities = sorted(
                connection.execute(select(IDENTITY.c.value).where(own)).scalars()
            )
            _bury(connection, account_id, tombstone)
            connection.execute(
                insert(ERASURE).values(
                    tombstone=tombstone,
                    account_id=account_id,
                    identities="\n".join(identities),
                    begun_at=now,
                )
            )
            manager = func.lower(MEMBERSHIP.c.manager)
            connection.execute(
                update(MEMBERSHIP)
                .where(manager.in_([one.lower() for one in identities]))
                .values(manager="")
            )
            _remove(connection, ACCOUNT, ACCOUNT.c.account_id == account_id)
            note(connection, now, Change("person erased", account_id, "", actor))
        return tombstone

    def erasures_under_way(self) -> tuple[UnderWay, ...]:
        """List erasures that were begun and not finished, oldest first."""
        told = ("tombstone", "account_id", "identities", "begun_at")
        statement = (
            select(*(ERASURE.c[name] for name in told))
            .where(ERASURE.c.account_id.is_not(None))
            .order_by(ERASURE.c.begun_at)
        )
        with self._database.reading() as connection:
            return tuple(
                UnderWay(tombstone, account_id, tuple(identities.split("\n")), begun_at)
                for tombstone, account_id, identities, begun_at in connection.execute(
                    statement
                )
            )

    def finish_erasure(self, tombstone: str) -> None:
        """Forget whom a tombstone stands for, in the file and in the log beside it.

        It is older than anybody from now on, so that it keeps what it has.
        """
        forgotten = {
            "account_id": None,
            "identities": "",
            "finished_at": self._database.now(),
        }
        with self._database.writing() as connection:
            one = ERASURE.c.tombstone == tombstone
            connection.execute(update(ERASURE).where(one).values(forgotten))
            its = ACCOUNT.c.account_id == tombstone
            connection.execute(update(ACCOUNT).where(its).values(created_at=0))
        self._database.write_anew()

    def count_erasures(self) -> int:
        """Count finished erasures."""
        ended = select(func.count()).where(ERASURE.c.finished_at.is_not(None))
        with self._database.reading() as connection:
            return int(connection.execute(ended).scalar_one())


def _bury(connection: Connection, account_id: str, tombstone: str) -> None:
    """Make the tombstone, with the memberships but nothing else of a person's."""
    connection.execute(
        insert(ACCOUNT).values(
            account_id=tombstone,
            # Until it is finished: which calls are whose may depend on it (``eldest``).
            created_at=select(ACCOUNT.c.created_at)
            .where(ACCOUNT.c.account_id == account_id)
            .scalar_subquery(),
            kind=ERASED,
            name=ERASED_NAME,
            email=None,
            found_by=found_by(ERASED_NAME, ""),
        )
    )
    kept = [
        column
        for column in MEMBERSHIP.columns
        if column.name not in ("membership_id", "account_id", "manager", "role")
    ]
    places = select(
        bindparam("tombstone", tombstone).label("account_id"),
        *kept,
        bindparam("nobody", "").label("manager"),
        bindparam("nothing", "").label("role"),
    ).where(MEMBERSHIP.c.account_id == account_id)
    names = ["account_id", *(column.name for column in kept), "manager", "role"]
    connection.execute(insert(MEMBERSHIP).from_select(names, places))


def _remove(connection: Connection, table: Table, which: ColumnElement[bool]) -> None:
    """Delete rows and, before them, every row that refers to them."""
    for child in METADATA.sorted_tables:
        for key in child.foreign_keys:
            if key.column.table is table and child is not table:
                keys = select(key.column).where(which)
                _remove(connection, child, key.parent.in_(keys))
    connection.execute(delete(table).where(which))
