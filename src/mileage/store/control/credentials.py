"""API keys, made once, looked up by hash, revoked at once; and ingest tokens."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, insert, or_, select, update

from mileage.domain.directory import ApiKey, KeyScope, NewSecret
from mileage.domain.errors import NotFound, Unavailable
from mileage.domain.people import Viewer
from mileage.store.control.audit import Change, note
from mileage.store.control.minting import hashed, looks_like, new_id, new_secret
from mileage.store.control.schema import ACCOUNT, API_KEY
from mileage.store.control.tokens import Tokens, require_account

if TYPE_CHECKING:
    from typing import Any

    from sqlalchemy import Row

READING = frozenset({"read", "operator"})
PROVISIONING = frozenset({"scim"})
SEEN_EVERY = 60 * 1_000_000
"""Microseconds between two notes of when a key was used."""

KEY_OF_HASH = (
    select(API_KEY, ACCOUNT.c.name)
    .join(ACCOUNT, ACCOUNT.c.account_id == API_KEY.c.account_id)
    .where(
        API_KEY.c.hash == bindparam("hash"),
        API_KEY.c.revoked_at.is_(None),
        ACCOUNT.c.disabled_at.is_(None),
        or_(API_KEY.c.expires_at.is_(None), API_KEY.c.expires_at > bindparam("now")),
    )
)


class Credentials(Tokens):
    """Ingest tokens and API keys."""

    def create_key(
        self, account_id: str, scope: KeyScope, *, expires_at: int | None = None
    ) -> NewSecret:
        """Make an API key of an account."""
        made = NewSecret(
            new_id("key", self._database.random_bytes),
            new_secret("k", self._database.random_bytes),
        )
        now = self._database.now()
        values = {
            "key_id": made.credential_id,
            "hash": hashed(made.secret),
            "account_id": account_id,
            "scope": scope,
            "created_at": now,
            "expires_at": expires_at,
        }
        detail = f"of {account_id}, scope {scope}"
        with self._database.writing() as connection:
            require_account(connection, account_id)
            connection.execute(insert(API_KEY).values(values))
            note(connection, now, Change("key created", made.credential_id, detail))
        return made

    def key_viewer(self, key: str) -> Viewer | None:
        """Return who holds an API key; None when it is unknown or over."""
        return self._holder(key, READING)

    def provisioner(self, key: str) -> Viewer | None:
        """Return who answers for a directory service; None for any other key."""
        return self._holder(key, PROVISIONING)

    def _holder(self, key: str, scopes: frozenset[str]) -> Viewer | None:
        row = self._key_row(key)
        if row is None or row.scope not in scopes:
            return None
        now = self._database.now()
        if now - (row.last_used_at or 0) >= SEEN_EVERY:
            # A full disk must not keep anybody from reading what is wrong.
            with suppress(Unavailable):
                self._touch_key(row.key_id, now)
        return Viewer(row.account_id, row.name, operator=row.scope == "operator")

    def _key_row(self, key: str) -> Row[Any] | None:
        if not looks_like(key, "k"):
            return None
        known = {"hash": hashed(key), "now": self._database.now()}
        with self._database.reading() as connection:
            return connection.execute(KEY_OF_HASH, known).one_or_none()

    def _touch_key(self, key_id: str, now: int) -> None:
        with self._database.writing() as connection:
            connection.execute(
                update(API_KEY)
                .where(API_KEY.c.key_id == key_id)
                .values(last_used_at=now)
            )

    def keys(self) -> tuple[ApiKey, ...]:
        """List all API keys, oldest first, revoked ones too."""
        statement = (
            select(API_KEY, ACCOUNT.c.name)
            .join(ACCOUNT, ACCOUNT.c.account_id == API_KEY.c.account_id)
            .order_by(API_KEY.c.created_at, API_KEY.c.key_id)
        )
        with self._database.reading() as connection:
            return tuple(
                ApiKey(
                    row.key_id,
                    row.account_id,
                    row.name,
                    row.scope,
                    row.created_at,
                    row.revoked_at,
                    row.expires_at,
                    row.last_used_at,
                )
                for row in connection.execute(statement)
            )

    def revoke_key(self, key_id: str) -> bool:
        """End a key and the sessions it opened; False when it already was."""
        now = self._database.now()
        one = API_KEY.c.key_id == key_id
        with self._database.writing() as connection:
            if connection.execute(select(API_KEY.c.key_id).where(one)).first() is None:
                raise NotFound(f"there is no {key_id}: see 'mileage key list'")
            ended = connection.execute(
                update(API_KEY)
                .where(one, API_KEY.c.revoked_at.is_(None))
                .values(revoked_at=now)
            )
            if ended.rowcount == 1:
                note(connection, now, Change("key revoked", key_id))
        return ended.rowcount == 1
