"""Who has done which training, as the organisation records it."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, Column, ForeignKey, Table, Text, select
from sqlalchemy.dialects.sqlite import insert

from mileage.domain.people import OPERATOR, Viewer
from mileage.store.control.audit import Change, note
from mileage.store.control.database import OnDatabase
from mileage.store.control.schema import ACCOUNT, METADATA

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

TRAINING = Table(
    "training",
    METADATA,
    Column("account_id", Text, ForeignKey("account.account_id"), primary_key=True),
    Column("training", Text, primary_key=True),
    Column("recorded_at", BigInteger, nullable=False),
)


class Trainings(OnDatabase):
    """Trainings that people have done."""

    def record_training(
        self, training: str, emails: Collection[str], *, actor: Viewer = OPERATOR
    ) -> tuple[int, tuple[str, ...]]:
        """Record who has done a training; returns how many are new, and who is nobody.

        Whoever was recorded before stays as they were.
        """
        wanted = {email.strip().casefold() for email in emails} - {""}
        now = self._database.now()
        known = select(ACCOUNT.c.account_id, ACCOUNT.c.email)
        with self._database.writing() as connection:
            found = {
                row.email.casefold(): row.account_id
                for row in connection.execute(known)
                if row.email and row.email.casefold() in wanted
            }
            rows = [
                {"account_id": account, "training": training, "recorded_at": now}
                for account in sorted(set(found.values()))
            ]
            before = set(
                connection.execute(
                    select(TRAINING.c.account_id).where(TRAINING.c.training == training)
                ).scalars()
            )
            if rows:
                connection.execute(insert(TRAINING).on_conflict_do_nothing(), rows)
            added = len({row["account_id"] for row in rows} - before)
            detail = f"{added} people"
            note(connection, now, Change("training recorded", training, detail, actor))
        return added, tuple(sorted(wanted - found.keys()))

    def trained(self) -> Mapping[str, frozenset[str]]:
        """Return who has done each training, by its name."""
        found: dict[str, set[str]] = defaultdict(set)
        with self._database.reading() as connection:
            for row in connection.execute(select(TRAINING)):
                found[row.training].add(row.account_id)
        return {name: frozenset(accounts) for name, accounts in found.items()}
