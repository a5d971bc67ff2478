"""Ways to a session: one-time links and API keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, update

from mileage.domain.errors import Unauthorised
from mileage.domain.sign_in import MINUTE
from mileage.store.control.credentials import READING
from mileage.store.control.minting import hashed, new_secret
from mileage.store.control.schema import SIGN_IN_LINK
from mileage.store.control.sessions import Opening, Sessions

if TYPE_CHECKING:
    from typing import Any

    from sqlalchemy import Connection, Row

    from mileage.domain.people import Viewer

LINK_LIFE = 15 * MINUTE


class SignIn(Sessions):
    """Links, and keys as a way to a session."""

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

    def open_link(self, secret: str, device: str = "") -> str:
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
            opening = Opening(used.account_id, used.operator, "link", device)
            return self._open_session(connection, opening)

    def _use_up(self, connection: Connection, secret: str) -> Row[Any] | None:
        now = self._database.now()
        link = SIGN_IN_LINK.c
        connection.execute(delete(SIGN_IN_LINK).where(link.expires_at <= now))
        return connection.execute(
            update(SIGN_IN_LINK)
            .where(link.hash == hashed(secret), link.used_at.is_(None))
            .values(used_at=now)
            .returning(link.account_id, link.operator)
        ).one_or_none()

    def open_key(self, key: str, device: str = "") -> str:
        """Start a session for the holder of an API key; raises Unauthorised."""
        row = self._key_row(key)
        if row is None or row.scope not in READING:
            raise Unauthorised(
                "this API key is unknown, has expired or was revoked: see "
                "'mileage key list'"
            )
        operator = row.scope == "operator"
        with self._database.writing() as connection:
            return self._open_session(
                connection,
                Opening(row.account_id, operator, "key", device, row.key_id),
            )
