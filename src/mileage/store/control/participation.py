"""How people choose to stand on boards: asked at every read, so it is remembered."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Table,
    Text,
    func,
    select,
)
from sqlalchemy.dialects.sqlite import insert

from mileage.domain.errors import Invalid
from mileage.domain.participation import CHOICES, NOT_ASKED, Chosen
from mileage.store.control.audit import Change, note
from mileage.store.control.database import OnDatabase
from mileage.store.control.schema import ACCOUNT, METADATA
from mileage.store.control.tokens import require_account

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mileage.domain.participation import Choice
    from mileage.domain.people import Viewer
    from mileage.store.control.database import Database

# ``choice`` is null for whoever leaves it to the policy.
PARTICIPATION = Table(
    "participation",
    METADATA,
    Column("account_id", Text, ForeignKey("account.account_id"), primary_key=True),
    Column("choice", Text),
    Column("stated", Boolean, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Index("participation_changed", "changed_at"),
)
NEVER = -1


class Participations(OnDatabase):
    """Everybody's choice."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        # Every page writes to this file, which nothing that hangs on its version
        # survives; the last change of a choice is one look into an index.
        self._chosen: tuple[int, Mapping[str, Chosen]] = (NEVER - 1, {})
        self._asked: tuple[int, frozenset[str]] = (NEVER, frozenset())

    def participation(self) -> Mapping[str, Chosen]:
        """Return what people have chosen, by account; the same object until a change.

        In force from the next read on, in every process.
        """
        latest = select(func.max(PARTICIPATION.c.changed_at))
        with self._database.reading() as connection:
            last = connection.execute(latest).scalar() or NEVER
            kept = self._chosen
            if kept[0] != last:
                rows = connection.execute(select(PARTICIPATION))
                found = {
                    row.account_id: Chosen(row.choice, row.stated, row.changed_at)
                    for row in rows
                }
                kept = self._chosen = (last, MappingProxyType(found))
        return kept[1]

    def take_part(
        self,
        viewer: Viewer,
        account_id: str,
        choice: Choice | None,
        *,
        stated: bool,
    ) -> None:
        """Record a choice, with who brought it in; raises Invalid, NotFound."""
        if choice is not None and choice not in CHOICES:
            raise Invalid(f"choose one of {', '.join(CHOICES[::-1])}")
        latest = select(func.max(PARTICIPATION.c.changed_at))
        with self._database.writing() as connection:
            require_account(connection, account_id)
            # No two changes at one instant: the last one is what others look at.
            now = max(
                self._database.now(), (connection.execute(latest).scalar() or 0) + 1
            )
            values = {"choice": choice, "stated": stated, "changed_at": now}
            connection.execute(
                insert(PARTICIPATION)
                .values(account_id=account_id, **values)
                .on_conflict_do_update(
                    index_elements=[PARTICIPATION.c.account_id], set_=values
                )
            )
            told = "says whether among the first" if stated else "no statement"
            detail = f"{choice or 'as the policy says'}, {told}"
            change = Change("participation chosen", account_id, detail, viewer)
            note(connection, now, change)

    def asked(self) -> frozenset[str]:
        """Return the accounts whose place on boards is a question of choice.

        Remembered until there are more of them or fewer.
        """
        people = ACCOUNT.c.kind.not_in(NOT_ASKED)
        counted = select(func.count()).select_from(ACCOUNT).where(people)
        wanted = select(ACCOUNT.c.account_id).where(people)
        with self._database.reading() as connection:
            count = connection.execute(counted).scalar_one()
            kept = self._asked
            if kept[0] != count:
                found = frozenset(connection.execute(wanted).scalars())
                kept = self._asked = (count, found)
        return kept[1]
