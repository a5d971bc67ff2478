"""Whom access rows have named, by set and by account.

A set is on disk with the row that refers to it. Who asks for an account's readers is
helped by ``ACCOUNT_SET``, which is filled beside the pages, in the order of the rows.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import (
    and_,
    bindparam,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from mileage.domain.directory import ORGANISATION
from mileage.store.control.database import OnDatabase
from mileage.store.control.schema import ACCESS_ROW, META
from mileage.store.control.trust_schema import ACCOUNT_SET, NAMED_ACCOUNT

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, Select

INDEXED = "account_sets_until"
"""In ``meta``: the number of the last access row whose set stands by account too."""
ROWS_AT_ONCE = 2000
"""How many access rows are looked through while writers wait."""
FEW_SETS = 200
"""Somebody in more sets than these is named so often that newest-first finds soon."""
KNOWN = select(exists().where(NAMED_ACCOUNT.c.named == bindparam("digest")))
_MEMBER = func.json_each(bindparam("members")).table_valued("value")
KEEP_SET = insert(NAMED_ACCOUNT).from_select(
    ("named", "account_id"), select(bindparam("digest"), _MEMBER.c.value)
)
"""One statement for all members: one for each would cost as much as the page."""
UNTIL = select(META.c.value).where(META.c.key == INDEXED)


class NamedSets(OnDatabase):
    """The sets that access rows refer to."""

    def named_accounts(self, named: str) -> tuple[str, ...]:
        """Return the members of a set that access rows refer to, by id."""
        wanted = select(NAMED_ACCOUNT.c.account_id).where(
            NAMED_ACCOUNT.c.named == named
        )
        with self._database.reading() as connection:
            return tuple(sorted(connection.execute(wanted).scalars()))

    def file_by_account(self) -> None:
        """File the sets of newer access rows by account, some rows at a time."""
        while True:
            with self._database.reading() as connection:
                newest = connection.execute(select(func.max(ACCESS_ROW.c.row_id)))
                if _until(connection) >= (newest.scalar() or 0):
                    return
            with self._database.writing() as connection:
                _file_some(connection)

    def misfiled(self) -> int:
        """Count accounts of sets that are not filed by account as they should be."""
        row = ACCESS_ROW.c
        with self._database.reading() as connection:
            seen = row.row_id <= _until(connection)
            told = _by_account(
                select(row.named).where(seen, row.named != "").distinct()
            )
            filed = select(ACCOUNT_SET.c.account_id, ACCOUNT_SET.c.named)
            differ = [told.except_(filed), filed.except_(told)]
            counts = (
                select(func.count()).select_from(one.subquery()) for one in differ
            )
            return sum(connection.execute(one).scalar_one() for one in counts)


def keep_set(connection: Connection, digest: str, accounts: tuple[str, ...]) -> None:
    """Keep a set, if it is new."""
    if not connection.execute(KNOWN, {"digest": digest}).scalar():
        # In the order of their index, which SQLite is fastest to add.
        members = json.dumps(sorted(set(accounts)))
        connection.execute(KEEP_SET, {"digest": digest, "members": members})


def naming(connection: Connection, account_id: str) -> ColumnElement[bool]:
    """Return the condition that a read named an account, by the faster of two ways.

    Hardly anybody is in a set: looked up by set. The first of a board are in nearly
    every one: looked up by row, newest first, which ends after a page of them, as are
    the rows that are not filed by account yet.
    """
    row = ACCESS_ROW.c
    mine = select(ACCOUNT_SET.c.named).where(ACCOUNT_SET.c.account_id == account_id)
    few = mine.limit(FEW_SETS + 1).subquery()
    count = connection.execute(select(func.count()).select_from(few)).scalar_one()
    by_row = exists().where(
        NAMED_ACCOUNT.c.named == row.named, NAMED_ACCOUNT.c.account_id == account_id
    )
    in_set: ColumnElement[bool] = by_row
    if count <= FEW_SETS:
        newer = and_(row.row_id > _until(connection), by_row)
        in_set = or_(row.named.in_(mine), newer)
    anybody = and_(row.subject == ORGANISATION, row.named == "")
    return or_(row.subject == account_id, in_set, anybody)


def _until(connection: Connection) -> int:
    found = connection.execute(UNTIL).scalar()
    return 0 if found is None else int(found)


def _file_some(connection: Connection) -> None:
    """Read where to go on inside the transaction: another process may have."""
    row, after = ACCESS_ROW.c, _until(connection)
    until = after + ROWS_AT_ONCE
    last = select(func.max(row.row_id)).where(row.row_id <= until)
    reached = connection.execute(last).scalar() or after
    earlier = ACCESS_ROW.alias()
    known = exists().where(earlier.c.named == row.named, earlier.c.row_id <= after)
    new = select(row.named).where(
        row.row_id > after, row.row_id <= reached, row.named != "", ~known
    )
    connection.execute(
        insert(ACCOUNT_SET).from_select(
            ("account_id", "named"),
            _by_account(new.distinct()).order_by(NAMED_ACCOUNT.c.account_id),
        )
    )
    value = str(reached).encode()
    kept = connection.execute(
        update(META).where(META.c.key == INDEXED).values(value=value)
    )
    if not kept.rowcount:
        connection.execute(insert(META).values(key=INDEXED, value=value))


def _by_account(sets: Select[tuple[str]]) -> Select[tuple[str, str]]:
    member = NAMED_ACCOUNT.c
    return select(member.account_id, member.named).where(member.named.in_(sets))
