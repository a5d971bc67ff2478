"""Sessions of people whom the identity provider vouches for, and their end from there.

A person is found by the provider's subject; the first time by the e-mail address. An
address that passes to somebody else does not hand the account over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import bindparam, delete, insert, select, update

from mileage.domain.errors import Invalid, Unauthorised
from mileage.domain.people import OPERATOR, PEOPLE
from mileage.store.control.accounts import NewAccount, checked
from mileage.store.control.audit import ITSELF, Change, note
from mileage.store.control.entry_schema import OIDC_SUBJECT
from mileage.store.control.minting import new_id
from mileage.store.control.schema import ACCOUNT, IDENTITY, SESSION
from mileage.store.control.sessions import Opening, Sessions, ended

if TYPE_CHECKING:
    from typing import Any

    from sqlalchemy import Connection, Row

    from mileage.domain.sign_in import Federated

SECOND = 1_000_000

ACCOUNT_OF_SUBJECT = select(OIDC_SUBJECT.c.account_id).where(
    OIDC_SUBJECT.c.issuer == bindparam("issuer"),
    OIDC_SUBJECT.c.subject == bindparam("subject"),
)
ACCOUNT_OF_ADDRESS = (
    select(ACCOUNT)
    .join(IDENTITY, IDENTITY.c.account_id == ACCOUNT.c.account_id)
    .where(IDENTITY.c.value == bindparam("email"))
)


class Vouched(NamedTuple):
    """Whom a provider vouches for."""

    issuer: str
    email: str
    """'' when it names none that counts."""
    name: str
    federated: Federated


class Federation(Sessions):
    """Single sign-on."""

    def open_vouched(
        self, vouched: Vouched, device: str = "", *, new_accounts: bool = False
    ) -> str:
        """Start a session of somebody; raises Unauthorised with what to do.

        ``new_accounts`` lets in whom the directory does not have.
        """
        with self._database.writing() as connection:
            account_id = self._account_of(connection, vouched, new=new_accounts)
            opening = Opening(account_id, operator=False, method="oidc", device=device)
            return self._open_session(
                connection, opening._replace(federated=vouched.federated)
            )

    def _account_of(
        self, connection: Connection, vouched: Vouched, *, new: bool
    ) -> str:
        who = {"issuer": vouched.issuer, "subject": vouched.federated.subject}
        linked = connection.execute(ACCOUNT_OF_SUBJECT, who).scalar()
        if linked is not None:
            return str(linked)
        if not vouched.email:
            raise Unauthorised(
                "the provider names no e-mail address that it has verified"
            )
        email = _address(vouched.email)
        row = connection.execute(ACCOUNT_OF_ADDRESS, {"email": email}).one_or_none()
        account_id = self._admitted_by_address(connection, row, email, vouched, new=new)
        now = self._database.now()
        link = {**who, "account_id": account_id, "linked_at": now}
        connection.execute(insert(OIDC_SUBJECT).values(link))
        note(connection, now, Change("subject linked", account_id, actor=ITSELF))
        return account_id

    def _admitted_by_address(
        self,
        connection: Connection,
        row: Row[Any] | None,
        email: str,
        vouched: Vouched,
        *,
        new: bool,
    ) -> str:
        person = row is not None and row.kind in PEOPLE
        unknown = row is None or row.kind == "unclaimed"
        if not person and not (unknown and new):
            raise Unauthorised(
                "the directory does not have this address: ask whoever runs it"
            )
        name = vouched.name or email.rpartition("@")[0]
        made = NewAccount("person", name, email)
        if row is None:
            return self._new_person(connection, made)
        if row.kind == "unclaimed":
            mine = ACCOUNT.c.account_id == row.account_id
            connection.execute(update(ACCOUNT).where(mine).values(**made.row()))
        _require_unlinked(connection, row.account_id, vouched.issuer)
        return str(row.account_id)

    def _new_person(self, connection: Connection, made: NewAccount) -> str:
        now = self._database.now()
        account_id = new_id("acc", self._database.random_bytes)
        row = {"account_id": account_id, "created_at": now}
        connection.execute(insert(ACCOUNT).values(**row, **made.row()))
        connection.execute(insert(IDENTITY).values(**row, value=made.email))
        return account_id

    def unlink(self, account_id: str) -> int:
        """Forget what a provider calls somebody: the address counts once more."""
        mine = OIDC_SUBJECT.c.account_id == account_id
        now = self._database.now()
        with self._database.writing() as connection:
            count = connection.execute(delete(OIDC_SUBJECT).where(mine)).rowcount
            if count:
                of_it = SESSION.c.account_id == account_id, SESSION.c.method == "oidc"
                ended(connection, now, OPERATOR, *of_it)
                note(connection, now, Change("subject unlinked", account_id))
        return count

    def end_vouched(
        self, issuer: str, subject: str, provider_session: str, at: int
    ) -> int:
        """End sessions that the provider opened, up to ``at`` (seconds since 1970).

        Those of one of its sessions, else all of the subject. Later ones stay, so that
        a logout that is sent twice, or replayed, ends nothing new.
        """
        which = [SESSION.c.method == "oidc", SESSION.c.created_at < (at + 1) * SECOND]
        if subject:
            which.append(SESSION.c.subject == subject)
        if provider_session:
            which.append(SESSION.c.provider_session == provider_session)
        if not (issuer and (subject or provider_session)):
            return 0
        with self._database.writing() as connection:
            return ended(connection, self._database.now(), OPERATOR, *which)


def _address(email: str) -> str:
    """Return the one spelling of an address; raises Unauthorised for what is none."""
    try:
        return checked(email)
    except Invalid:
        raise Unauthorised("what the provider calls an e-mail is no address") from None


def _require_unlinked(connection: Connection, account_id: str, issuer: str) -> None:
    """Raise Unauthorised when somebody else had this address at the same provider."""
    other = select(OIDC_SUBJECT.c.subject).where(
        OIDC_SUBJECT.c.account_id == account_id, OIDC_SUBJECT.c.issuer == issuer
    )
    if connection.execute(other).first() is not None:
        raise Unauthorised(
            "this address belonged to another sign-in of the provider: whoever runs "
            "Mileage has to say whose it is now (`mileage admin unlink`)"
        )
