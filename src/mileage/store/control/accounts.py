"""Who is who: accounts and the identities that lead to them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import Row, bindparam, func, insert, select, union_all

from mileage.domain.asserted import COLLECTOR, UNVERIFIED
from mileage.domain.errors import Invalid, NotFound
from mileage.domain.parking import Identity
from mileage.domain.people import Account, Listed, found_by
from mileage.domain.printable import printable
from mileage.domain.rights import ERASED
from mileage.store.control.database import OnDatabase
from mileage.store.control.minting import hashed, new_id
from mileage.store.control.schema import ACCOUNT, IDENTITY

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from sqlalchemy import ColumnElement, Connection

    from mileage.domain.people import AccountKind

INSTALLATION = "installation:"
INSTALLATION_SHOWN = 12
LONGEST_IDENTITY = 320
# The longest e-mail address there is (RFC 3696, erratum 1690).
SHOWN_OF_UNUSABLE = 64
NAMELESS = "nameless"
AT_ONCE = 500
"""Identities looked up in one statement."""

TOLD = (ACCOUNT.c.account_id, ACCOUNT.c.kind, ACCOUNT.c.name, ACCOUNT.c.email)
AMONG = func.json_each(bindparam("among")).table_valued("value")
_IDENTITIES = (
    select(IDENTITY.c.value, ACCOUNT.c.account_id, ACCOUNT.c.kind, ACCOUNT.c.name)
    .join(ACCOUNT, ACCOUNT.c.account_id == IDENTITY.c.account_id)
    .order_by(IDENTITY.c.value)
)
ACCOUNT_OF_IDENTITY = select(IDENTITY.c.account_id).where(
    IDENTITY.c.value == bindparam("identity")
)


class NewAccount(NamedTuple):
    """An account about to be inserted."""

    kind: AccountKind
    name: str
    email: str | None

    def row(self) -> dict[str, str | None]:
        """Return what its row of ``ACCOUNT`` says of it."""
        return {
            **self._asdict(),
            "found_by": found_by(self.name, self.email or ""),
        }


def normal(identity: str) -> str:
    """Return the one spelling of an identity, whatever telemetry sent as one.

    It never raises: usage with a hostile identity is still usage. Text that cannot
    be shown is made so and told apart by its hash.
    """
    value = identity.strip().lower()
    if not value:
        return NAMELESS
    if _usable(value):
        return value
    shown = printable(value[:SHOWN_OF_UNUSABLE])
    return f"{shown}\N{HORIZONTAL ELLIPSIS}{hashed(value).hex()[:16]}"


def checked(identity: str) -> str:
    """Return the one spelling of what somebody typed; raises Invalid."""
    value = identity.strip().lower()
    if not _usable(value):
        raise Invalid(
            "an identity is an e-mail address, installation:ID or collector:NAME of "
            f"1 to {LONGEST_IDENTITY} printable characters"
        )
    return value


def _usable(value: str) -> bool:
    return 0 < len(value) <= LONGEST_IDENTITY and value.isprintable()


def described(identity: str, *, believed: bool = False) -> NewAccount:
    """Say what account an identity stands for that nobody has claimed yet.

    An address that is ``believed`` is a person's, named by what is before the @.
    """
    if believed:
        return NewAccount("person", identity.rpartition("@")[0], identity)
    if identity.startswith(COLLECTOR):
        name = identity.removeprefix(COLLECTOR)
        return NewAccount("service", f"{name} (unattributed)", None)
    if identity.startswith(INSTALLATION):
        shown = identity.removeprefix(INSTALLATION)[:INSTALLATION_SHOWN]
        return NewAccount("unclaimed", f"installation {shown}", None)
    if identity.startswith(UNVERIFIED):
        return NewAccount("unclaimed", identity, None)
    return NewAccount("unclaimed", identity, identity if "@" in identity else None)


def account_from(row: Row[str, AccountKind, str, str | None]) -> Account:
    """Turn a row of ``TOLD`` into a value."""
    # By place: of many rows, names take three times as long.
    account_id, kind, name, email = row
    return Account(account_id, kind, name, email or "")


def _accounts_of(connection: Connection, values: Collection[str]) -> dict[str, str]:
    """Return the accounts of those identities that are known, spelled normally."""
    found: dict[str, str] = {}
    ordered = sorted(values)
    for start in range(0, len(ordered), AT_ONCE):
        some = IDENTITY.c.value.in_(ordered[start : start + AT_ONCE])
        rows = connection.execute(
            select(IDENTITY.c.value, IDENTITY.c.account_id).where(some)
        )
        found.update({row.value: row.account_id for row in rows})
    return found


class Accounts(OnDatabase):
    """Accounts and identities."""

    def ensure_account(self, identity: str, *, believed: bool = False) -> str:
        """Return the account of an asserted identity, a new one when unknown.

        What is known of it already stays as it is, whoever asserts it.
        """
        value = normal(identity)
        with self._database.reading() as connection:
            known = connection.execute(ACCOUNT_OF_IDENTITY, {"identity": value})
            account_id = known.scalar()
        if account_id is not None:
            return str(account_id)
        with self._database.writing() as connection:
            return self._ensured(connection, value, described(value, believed=believed))

    def ensure_accounts(self, wanted: Mapping[str, bool]) -> dict[str, str]:
        """Return the account of each asserted identity, as ``ensure_account`` does.

        ``wanted`` says of each whether it is believed. All new ones are one
        transaction: a thousand strangers at once cost one sync of the disk.
        """
        values = {one: normal(one) for one in wanted}
        with self._database.reading() as connection:
            known = _accounts_of(connection, set(values.values()))
        new = {
            value: described(value, believed=wanted[one])
            for one, value in values.items()
            if value not in known
        }
        if new:
            with self._database.writing() as connection:
                # Another process may have been faster.
                known |= _accounts_of(connection, set(new))
                known |= self._added(
                    connection,
                    {one: new[one] for one in new if one not in known},
                )
        return {one: known[value] for one, value in values.items()}

    def _ensured(self, connection: Connection, identity: str, new: NewAccount) -> str:
        """Look again inside the transaction: another process may have been faster."""
        found = connection.execute(ACCOUNT_OF_IDENTITY, {"identity": identity})
        account_id = found.scalar()
        if account_id is not None:
            return str(account_id)
        return self._added(connection, {identity: new})[identity]

    def _added(
        self, connection: Connection, new: Mapping[str, NewAccount]
    ) -> dict[str, str]:
        """Insert accounts by their identities; returns their ids."""
        now, random_bytes = self._database.now(), self._database.random_bytes
        ids = {one: new_id("acc", random_bytes) for one in new}
        # No two are of one instant, so that one of any two has been known longer.
        accounts = [
            {"account_id": ids[one], "created_at": now + place, **new[one].row()}
            for place, one in enumerate(sorted(new))
        ]
        identities = [
            {"value": one, "account_id": account_id, "created_at": now}
            for one, account_id in ids.items()
        ]
        if accounts:
            connection.execute(insert(ACCOUNT), accounts)
            connection.execute(insert(IDENTITY), identities)
        return ids

    def accounts(self) -> tuple[Account, ...]:
        """List every account by name."""
        statement = select(*TOLD).order_by(ACCOUNT.c.name, ACCOUNT.c.account_id)
        with self._database.reading() as connection:
            rows = connection.execute(statement).fetchall()
        return tuple(map(account_from, rows))

    def living(self) -> tuple[Account, ...]:
        """List every account but tombstones, by name."""
        return tuple(one for one in self.accounts() if one.kind != ERASED)

    def accounts_of(self, account_ids: Iterable[str]) -> tuple[Account, ...]:
        """Return those of some accounts that there are."""
        wanted = ACCOUNT.c.account_id.in_(sorted(set(account_ids)))
        with self._database.reading() as connection:
            rows = connection.execute(select(*TOLD).where(wanted))
            return tuple(map(account_from, rows))

    def find_accounts(
        self,
        words: Iterable[str],
        page: int,
        most: int,
        among: Collection[str] | None = None,
    ) -> Listed:
        """Return a page of those who are found by every word; the last one at most.

        Words are folded (``casefold``); ``among`` are all that may be found.
        """
        which = [func.instr(ACCOUNT.c.found_by, word) > 0 for word in set(words)]
        if among is not None:
            which.append(ACCOUNT.c.account_id.in_(select(AMONG.c.value)))
        ids = {"among": json.dumps(sorted(among or ()))}
        count = select(func.count()).select_from(ACCOUNT)
        ordered = select(*TOLD).order_by(ACCOUNT.c.found_by, ACCOUNT.c.account_id)
        with self._database.reading() as connection:
            found = connection.execute(count.where(*which), ids).scalar_one()
            everybody = connection.execute(count).scalar_one()
            first = min(page - 1, max(found - 1, 0) // most) * most
            shown = ordered.where(*which).limit(most).offset(first)
            rows = connection.execute(shown, ids).fetchall() if found else []
        known = everybody if among is None else len(among)
        return Listed(tuple(map(account_from, rows)), first, found, known)

    def count_accounts(self) -> int:
        """Count all accounts."""
        count = select(func.count()).select_from(ACCOUNT)
        with self._database.reading() as connection:
            return int(connection.execute(count).scalar_one())

    def account(self, account_id: str) -> Account:
        """Return one account; raises NotFound."""
        statement = select(*TOLD).where(ACCOUNT.c.account_id == account_id)
        with self._database.reading() as connection:
            row = connection.execute(statement).one_or_none()
        if row is None:
            raise NotFound(f"there is no account {account_id}")
        return account_from(row)

    def eldest(self, account_ids: Collection[str]) -> str:
        """Return which of some accounts has been known longest.

        It is the same one for ever: a tombstone is older than anybody.
        """
        known = (
            select(ACCOUNT.c.account_id)
            .where(ACCOUNT.c.account_id.in_(sorted(account_ids)))
            .order_by(ACCOUNT.c.created_at, ACCOUNT.c.account_id)
            .limit(1)
        )
        with self._database.reading() as connection:
            found = connection.execute(known).scalar()
        return min(account_ids) if found is None else str(found)

    def claimable_identities(self) -> tuple[Identity, ...]:
        """List those that somebody may claim (``Identity.claimable``), by value."""
        nobody = select(ACCOUNT.c.account_id).where(ACCOUNT.c.kind == "unclaimed")
        # Looked for apart: what is nobody's is found without joining everybody.
        values = union_all(
            select(IDENTITY.c.value).where(IDENTITY.c.account_id.in_(nobody)),
            select(IDENTITY.c.value).where(IDENTITY.c.value.startswith(COLLECTOR)),
        )
        return self._identities(IDENTITY.c.value.in_(values))

    def identities_called(self, values: Iterable[str]) -> tuple[Identity, ...]:
        """Return those of some identities that there are, by value."""
        return self._identities(IDENTITY.c.value.in_(select(AMONG.c.value)), values)

    def identities_of(self, account_ids: Iterable[str]) -> tuple[Identity, ...]:
        """Return all identities of some accounts, by value."""
        theirs = IDENTITY.c.account_id.in_(select(AMONG.c.value))
        return self._identities(theirs, account_ids)

    def _identities(
        self, which: ColumnElement[bool], among: Iterable[str] = ()
    ) -> tuple[Identity, ...]:
        asked = {"among": json.dumps(sorted(set(among)))}
        with self._database.reading() as connection:
            rows = connection.execute(_IDENTITIES.where(which), asked)
            return tuple(Identity(*row) for row in rows)

    def account_of_email(self, email: str) -> Account | None:
        """Return who has this address, None when nobody does."""
        statement = (
            select(*TOLD)
            .join(IDENTITY, IDENTITY.c.account_id == ACCOUNT.c.account_id)
            .where(IDENTITY.c.value == email.strip().lower())
        )
        with self._database.reading() as connection:
            row = connection.execute(statement).one_or_none()
        return account_from(row) if row else None
