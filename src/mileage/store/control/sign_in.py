"""One-time links and sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, insert, or_, select, update

from mileage.domain.errors import Unauthorised
from mileage.domain.people import OPERATOR, Viewer
from mileage.store.control.credentials import Credentials
from mileage.store.control.minting import hashed, looks_like, new_secret
from mileage.store.control.schema import ACCOUNT, API_KEY, SESSION, SIGN_IN_LINK

if TYPE_CHECKING:
    from typing import Any

    from sqlalchemy import Connection, Row

MINUTE = 60 * 1_000_000
HOUR = 60 * MINUTE
LINK_LIFE = 15 * MINUTE
IDLE_LIMIT = 12 * HOUR
SESSION_LIFE = 14 * 24 * HOUR
SEEN_EVERY = MINUTE
# A page load must not cost a disk write: idle time is known to the minute.

SESSION_OF_HASH = (
    select(SESSION, ACCOUNT.c.name)
    .outerjoin(ACCOUNT, ACCOUNT.c.account_id == SESSION.c.account_id)
    .outerjoin(API_KEY, API_KEY.c.key_id == SESSION.c.key_id)
    .where(
        SESSION.c.hash == bindparam("hash"),
        SESSION.c.expires_at > bindparam("now"),
        SESSION.c.last_seen_at + SESSION.c.idle_limit > bindparam("now"),
        API_KEY.c.revoked_at.is_(None),
        or_(API_KEY.c.expires_at.is_(None), API_KEY.c.expires_at > bindparam("now")),
    )
)


class SignIn(Credentials):
    """Links, sessions, and keys as a way to a session."""

    def create_link(self, viewer: Viewer, *, valid_for: int = LINK_LIFE) -> str:
        """Make a secret that opens one session of ``viewer``, once and soon."""
        secret = new_secret("l", self._database.random_bytes)
        now = self._database.now()
        values = {
            "hash": hashed(secret),
            "account_id": viewer.account_id or None,
            "operator": viewer.operator,
            "created_at": now,
            "expires_at": now + valid_for,
        }
        with self._database.writing() as connection:
            connection.execute(insert(SIGN_IN_LINK).values(values))
        return secret

    def open_link(self, secret: str) -> str:
        """Use up a link and return a session secret; raises Unauthorised.

        The link is marked as used and the session made in one transaction, so of
        two that race with the same link one gets a session.
        """
        with self._database.writing() as connection:
            used = self._use_up(connection, secret)
            if used is None:
                raise Unauthorised(
                    "this sign-in link was used, has expired or never existed: "
                    "ask for another"
                )
            return self._open_session(connection, used.account_id, used.operator, None)

    def _use_up(self, connection: Connection, secret: str) -> Row[Any] | None:
        now = self._database.now()
        link = SIGN_IN_LINK.c
        return connection.execute(
            update(SIGN_IN_LINK)
            .where(
                link.hash == hashed(secret),
                link.used_at.is_(None),
                link.expires_at > now,
            )
            .values(used_at=now)
            .returning(link.account_id, link.operator)
        ).one_or_none()

    def open_key(self, key: str) -> str:
        """Start a session for the holder of an API key; raises Unauthorised."""
        row = self._key(key)
        if row is None:
            raise Unauthorised(
                "this API key is unknown, has expired or was revoked: see "
                "'mileage key list'"
            )
        with self._database.writing() as connection:
            return self._open_session(
                connection, row.account_id, row.scope == "operator", row.key_id
            )

    def _open_session(
        self,
        connection: Connection,
        account_id: str | None,
        operator: bool,  # noqa: FBT001 - a column's value, not a switch
        key_id: str | None,
    ) -> str:
        secret = new_secret("s", self._database.random_bytes)
        now = self._database.now()
        _sweep(connection, now)
        connection.execute(
            insert(SESSION).values(
                hash=hashed(secret),
                account_id=account_id,
                operator=operator,
                key_id=key_id,
                created_at=now,
                last_seen_at=now,
                idle_limit=IDLE_LIMIT,
                expires_at=now + SESSION_LIFE,
            )
        )
        return secret

    def session_viewer(self, session_secret: str) -> Viewer | None:
        """Return who holds this session; None when it is unknown or over."""
        if not looks_like(session_secret, "s"):
            return None
        now = self._database.now()
        known = {"hash": hashed(session_secret), "now": now}
        with self._database.reading() as connection:
            row = connection.execute(SESSION_OF_HASH, known).one_or_none()
        if row is None:
            return None
        if now - row.last_seen_at >= SEEN_EVERY:
            self._touch(row.hash, now)
        if row.account_id is None:
            return OPERATOR if row.operator else None
        return Viewer(row.account_id, row.name, operator=row.operator)

    def _touch(self, session_hash: bytes, now: int) -> None:
        with self._database.writing() as connection:
            connection.execute(
                update(SESSION)
                .where(SESSION.c.hash == session_hash)
                .values(last_seen_at=now)
            )

    def close(self, session_secret: str) -> None:
        """End a session."""
        with self._database.writing() as connection:
            connection.execute(
                delete(SESSION).where(SESSION.c.hash == hashed(session_secret))
            )


def _sweep(connection: Connection, now: int) -> None:
    """Forget sessions and links that are over; they identify people for nothing."""
    connection.execute(
        delete(SESSION).where(
            or_(
                SESSION.c.expires_at <= now,
                SESSION.c.last_seen_at + SESSION.c.idle_limit <= now,
            )
        )
    )
    connection.execute(delete(SIGN_IN_LINK).where(SIGN_IN_LINK.c.expires_at <= now))
