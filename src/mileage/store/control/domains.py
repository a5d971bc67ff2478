"""The domains of which unknown people are believed to be there, as last set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects.sqlite import insert

from mileage.domain.asserted import domain_of
from mileage.store.control.accounts import described
from mileage.store.control.audit import ITSELF, Change, note
from mileage.store.control.database import OnDatabase
from mileage.store.control.schema import ACCOUNT, META

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection

BELIEVED = "believed_domains"
SETTING = "door.domains"


class Domains(OnDatabase):
    """Believed domains."""

    def believe(self, domains: Collection[str]) -> int:
        """Note which domains are believed now; returns how many became people.

        Unknown addresses that were parked before are what they would be today. A
        list that is not the one of last time leaves an audit row.
        """
        now = " ".join(sorted(domains))
        wanted = select(META.c.value).where(META.c.key == BELIEVED)
        with self._database.reading() as connection:
            before = (connection.execute(wanted).scalar() or b"").decode()
        if before == now:
            return 0
        with self._database.writing() as connection:
            set_now = insert(META).values(key=BELIEVED, value=now.encode())
            connection.execute(
                set_now.on_conflict_do_update(
                    index_elements=[META.c.key], set_={"value": now.encode()}
                )
            )
            detail = f"{before or 'none'} → {now or 'none'}"
            change = Change("believed domains changed", SETTING, detail, ITSELF)
            note(connection, self._database.now(), change)
            return _promote(connection, frozenset(domains))


def _promote(connection: Connection, domains: frozenset[str]) -> int:
    parked = select(ACCOUNT.c.account_id, ACCOUNT.c.email).where(
        ACCOUNT.c.kind == "unclaimed", ACCOUNT.c.email.is_not(None)
    )
    people = [
        {"account": row.account_id, **described(row.email, believed=True).row()}
        for row in connection.execute(parked)
        if domain_of(row.email) in domains
    ]
    if people:
        by_id = update(ACCOUNT).where(ACCOUNT.c.account_id == bindparam("account"))
        connection.execute(by_id, people)
    return len(people)
