"""Awards: who has which title and tier since when, why, and what they declined."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    bindparam,
    func,
    select,
    update,
)
from sqlalchemy.dialects.sqlite import insert

from mileage.domain.awards import Award, Held, Reference
from mileage.domain.errors import NotFound
from mileage.store.control.audit import Change, note
from mileage.store.control.database import OnDatabase, many
from mileage.store.control.schema import ACCOUNT, METADATA
from mileage.store.control.tokens import require_account

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import Connection

    from mileage.domain.awards import Changes, Distinction
    from mileage.domain.people import Viewer
    from mileage.store.control.database import Database

AWARD = Table(
    "award",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("account_id", Text, ForeignKey("account.account_id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("began_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("lapsed_at", BigInteger),
    Index("award_account", "account_id"),
    Index("award_ended", "ended_at"),
)
# ``name`` is '' for tiers, which are declined together.
AWARD_CHOICE = Table(
    "award_choice",
    METADATA,
    Column("account_id", Text, ForeignKey("account.account_id"), primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("declined", Boolean, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Index("award_choice_changed", "changed_at"),
)
# ``bounds`` are whole numbers with a space between.
TIER_REFERENCE = Table(
    "tier_reference",
    METADATA,
    Column("start", BigInteger, primary_key=True),
    Column("rules", Text, primary_key=True),
    Column("bounds", Text, nullable=False),
    Column("length", BigInteger, nullable=False),
)
_COLUMNS = [AWARD.c[name] for name in Award._fields]
_HELD = [AWARD.c[name] for name in Held._fields]
_OPEN = AWARD.c.ended_at.is_(None)
_LATEST = select(func.max(AWARD_CHOICE.c.changed_at))
NEVER = -1
FEW = 1_000
"""Accounts that are looked up one by one; more are found by reading all."""


class Awards(OnDatabase):
    """Titles and tiers."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._declined: tuple[int, frozenset[Distinction]] = (NEVER - 1, frozenset())

    def awards_held(self) -> tuple[Held, ...]:
        """List what everybody has now."""
        with self._database.reading() as connection:
            rows = many(connection, select(*_HELD).where(_OPEN))
        return tuple(map(Held._make, rows))

    def awards_of(self, account_id: str) -> tuple[Award, ...]:
        """List what somebody has and had, the newest first."""
        wanted = (
            select(*_COLUMNS)
            .where(AWARD.c.account_id == account_id)
            .order_by(AWARD.c.began_at.desc(), AWARD.c.number.desc())
        )
        with self._database.reading() as connection:
            return tuple(Award(*row) for row in connection.execute(wanted))

    def change_awards(self, changes: Changes, at: int) -> None:
        """Begin, let lapse and end awards, all of them at one instant."""
        with self._database.writing() as connection:
            living = _living(connection, {one.account_id for one in changes.begun})
            begun = [
                {**one._asdict(), "began_at": at}
                for one in changes.begun
                if one.account_id in living
            ]
            if begun:
                connection.execute(insert(AWARD), begun)
            _stamp(connection, changes.ended, {"ended_at": at})
            _stamp(connection, changes.lapsed, {"lapsed_at": at})
            _stamp(connection, changes.earned_again, {"lapsed_at": None})

    def declined(self) -> frozenset[Distinction]:
        """Return what people do not want to be shown with; in force at the next read.

        The same object until somebody changes their mind.
        """
        with self._database.reading() as connection:
            last = connection.execute(_LATEST).scalar() or NEVER
            kept = self._declined
            if kept[0] != last:
                columns = (AWARD_CHOICE.c.account_id, AWARD_CHOICE.c.kind)
                wanted = select(*columns, AWARD_CHOICE.c.name)
                rows = connection.execute(wanted.where(AWARD_CHOICE.c.declined))
                found = frozenset((row[0], row[1], row[2]) for row in rows)
                kept = self._declined = (last, found)
        return kept[1]

    def decline(self, viewer: Viewer, which: Distinction, *, declined: bool) -> None:
        """Record whether somebody is shown with an honour; raises NotFound."""
        account_id, kind, name = which
        had = AWARD.c.account_id == account_id, AWARD.c.kind == kind
        wanted = select(AWARD.c.number).where(*had)
        if name:
            wanted = wanted.where(AWARD.c.name == name)
        with self._database.writing() as connection:
            require_account(connection, account_id)
            if connection.execute(wanted.limit(1)).scalar() is None:
                raise NotFound(f"{account_id} never had the {kind} {name or 'ladder'}")
            # No two changes at one instant: the last one is what others look at.
            last = connection.execute(_LATEST).scalar() or 0
            now = max(self._database.now(), last + 1)
            values = {"declined": declined, "changed_at": now}
            connection.execute(
                insert(AWARD_CHOICE)
                .values(account_id=account_id, kind=kind, name=name, **values)
                .on_conflict_do_update(
                    index_elements=list(AWARD_CHOICE.primary_key), set_=values
                )
            )
            what = "declined" if declined else "taken again"
            change = Change(f"honour {what}", account_id, f"{kind} {name}", viewer)
            note(connection, now, change)

    def tier_reference(self, start: int, rules: str) -> Reference | None:
        """Return the bounds frozen for a period, by these rules."""
        wanted = select(TIER_REFERENCE).where(
            TIER_REFERENCE.c.start == start, TIER_REFERENCE.c.rules == rules
        )
        with self._database.reading() as connection:
            row = connection.execute(wanted).one_or_none()
        if row is None:
            return None
        bounds = tuple(int(bound) for bound in row.bounds.split())
        return Reference(row.start, row.rules, bounds, row.length)

    def freeze_reference(self, reference: Reference) -> None:
        """Keep the bounds of a period; those that were kept before stay."""
        values = reference._asdict() | {"bounds": " ".join(map(str, reference.bounds))}
        with self._database.writing() as connection:
            made = insert(TIER_REFERENCE).values(values)
            connection.execute(made.on_conflict_do_nothing())


def _living(connection: Connection, accounts: Collection[str]) -> set[str]:
    """Return which accounts there are: who was erased meanwhile gets no award."""
    wanted = select(ACCOUNT.c.account_id)
    if len(accounts) <= FEW:
        wanted = wanted.where(ACCOUNT.c.account_id.in_(sorted(accounts)))
    return set(connection.execute(wanted).scalars())


def _stamp(
    connection: Connection, numbers: Sequence[int], values: dict[str, int | None]
) -> None:
    if numbers:
        one = update(AWARD).where(AWARD.c.number == bindparam("which"))
        connection.execute(one.values(values), [{"which": n} for n in numbers])
