"""Ingest tokens and API keys: made once, looked up by hash, revoked at once.

Nothing is cached: a revocation holds from the next request on, in every process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Table, bindparam, insert, select, update

from mileage.domain.directory import ApiKey, IngestToken, KeyScope, NewSecret
from mileage.domain.errors import Invalid, NotFound, Unauthorised
from mileage.domain.people import Credential, Viewer
from mileage.store.control.accounts import COLLECTOR, checked
from mileage.store.control.database import OnDatabase
from mileage.store.control.minting import hashed, looks_like, new_id, new_secret
from mileage.store.control.schema import ACCOUNT, API_KEY, TOKEN

if TYPE_CHECKING:
    from typing import Any

    from sqlalchemy import Connection, Row

TOKEN_OF_HASH = select(TOKEN).where(TOKEN.c.hash == bindparam("hash"))
KEY_OF_HASH = (
    select(API_KEY, ACCOUNT.c.name)
    .join(ACCOUNT, ACCOUNT.c.account_id == API_KEY.c.account_id)
    .where(API_KEY.c.hash == bindparam("hash"), API_KEY.c.revoked_at.is_(None))
)


class Credentials(OnDatabase):
    """Ingest tokens and API keys."""

    def create_token(
        self,
        *,
        account_id: str = "",
        collector: str = "",
        expires_at: int | None = None,
    ) -> NewSecret:
        """Make a personal token of an account or a collector's; exactly one."""
        if bool(account_id) == bool(collector):
            raise Invalid("a token belongs to an account or to a collector: name one")
        name = checked(COLLECTOR + collector)[len(COLLECTOR) :].strip()
        if collector and not name:
            raise Invalid("the collector's name is empty: give it one, such as gateway")
        made = NewSecret(
            new_id("tok", self._database.random_bytes),
            new_secret("c" if collector else "p", self._database.random_bytes),
        )
        values = {
            "token_id": made.credential_id,
            "hash": hashed(made.secret),
            "account_id": account_id or None,
            "collector": name,
            "created_at": self._database.now(),
            "expires_at": expires_at,
        }
        with self._database.writing() as connection:
            _require_account(connection, account_id)
            connection.execute(insert(TOKEN).values(values))
        return made

    def credential(self, bearer: str) -> Credential:
        """Return what an ingest token stands for; raises Unauthorised."""
        row = None
        if looks_like(bearer, "p", "c"):
            with self._database.reading() as connection:
                found = connection.execute(TOKEN_OF_HASH, {"hash": hashed(bearer)})
                row = found.one_or_none()
        if row is None:
            raise Unauthorised(
                "no valid ingest token: send 'Authorization: Bearer mlg_…' with a "
                "token made by 'mileage token create'"
            )
        self._refuse_ended(row)
        return Credential(row.token_id, row.account_id or "", row.collector)

    def _refuse_ended(self, row: Row[Any]) -> None:
        expired = row.expires_at is not None and row.expires_at <= self._database.now()
        if expired or row.revoked_at is not None:
            ended = "was revoked" if row.revoked_at is not None else "has expired"
            raise Unauthorised(
                f"token {row.token_id} {ended}: make another with "
                "'mileage token create'"
            )

    def tokens(self) -> tuple[IngestToken, ...]:
        """List all ingest tokens, oldest first, revoked ones too."""
        statement = (
            select(TOKEN, ACCOUNT.c.name)
            .outerjoin(ACCOUNT, ACCOUNT.c.account_id == TOKEN.c.account_id)
            .order_by(TOKEN.c.created_at, TOKEN.c.token_id)
        )
        with self._database.reading() as connection:
            return tuple(
                IngestToken(
                    row.token_id,
                    row.account_id or "",
                    row.name or row.collector,
                    row.created_at,
                    row.expires_at,
                    row.revoked_at,
                )
                for row in connection.execute(statement)
            )

    def revoke_token(self, token_id: str) -> bool:
        """End a token from the next request on; False when it already was."""
        return self._revoke(TOKEN, token_id, "mileage token list")

    def create_key(self, account_id: str, scope: KeyScope) -> NewSecret:
        """Make an API key of an account."""
        made = NewSecret(
            new_id("key", self._database.random_bytes),
            new_secret("k", self._database.random_bytes),
        )
        values = {
            "key_id": made.credential_id,
            "hash": hashed(made.secret),
            "account_id": account_id,
            "scope": scope,
            "created_at": self._database.now(),
        }
        with self._database.writing() as connection:
            _require_account(connection, account_id)
            connection.execute(insert(API_KEY).values(values))
        return made

    def key_viewer(self, key: str) -> Viewer | None:
        """Return who holds an API key; None when it is unknown or revoked."""
        row = self._key(key)
        if row is None:
            return None
        return Viewer(row.account_id, row.name, operator=row.scope == "operator")

    def _key(self, key: str) -> Row[Any] | None:
        if not looks_like(key, "k"):
            return None
        with self._database.reading() as connection:
            return connection.execute(KEY_OF_HASH, {"hash": hashed(key)}).one_or_none()

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
                )
                for row in connection.execute(statement)
            )

    def revoke_key(self, key_id: str) -> bool:
        """End a key and the sessions it opened; False when it already was."""
        return self._revoke(API_KEY, key_id, "mileage key list")

    def _revoke(self, table: Table, credential_id: str, where_listed: str) -> bool:
        (identifier,) = table.primary_key
        one = identifier == credential_id
        with self._database.writing() as connection:
            if connection.execute(select(identifier).where(one)).first() is None:
                raise NotFound(f"there is no {credential_id}: see '{where_listed}'")
            ended = connection.execute(
                update(table)
                .where(one, table.c.revoked_at.is_(None))
                .values(revoked_at=self._database.now())
            )
        return ended.rowcount == 1


def _require_account(connection: Connection, account_id: str) -> None:
    statement = select(ACCOUNT.c.account_id).where(ACCOUNT.c.account_id == account_id)
    if account_id and connection.execute(statement).first() is None:
        raise NotFound(f"there is no account {account_id}")
