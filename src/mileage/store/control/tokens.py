"""Ingest tokens: made, changed, rotated, revoked, and looked up at every request.

What a secret stands for is remembered until anybody writes to the file, in this process
or another: a revocation holds from the next request on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import bindparam, delete, func, insert, select, union_all, update

from mileage.domain.asserted import COLLECTOR
from mileage.domain.directory import IngestToken, NewSecret, Rate, TokenTerms
from mileage.domain.errors import Conflict, Invalid, NotFound, Unauthorised
from mileage.domain.people import Credential
from mileage.domain.window import moment
from mileage.store.control.accounts import checked
from mileage.store.control.audit import ITSELF, Change, note
from mileage.store.control.database import OnDatabase, Remembered
from mileage.store.control.minting import hashed, looks_like, new_id, new_secret
from mileage.store.control.schema import ACCOUNT, FORMER_SECRET, TOKEN

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from sqlalchemy import BindParameter, Connection, Row

    from mileage.store.control.database import Database

REMEMBERED = 100_000
"""Secrets in use at once of which the last answer is kept (some 50 MB at most)."""
KEPT = 90 * 24 * 3600 * 1_000_000
"""How long whoever uses a replaced secret is told so (µs)."""

_HASH: BindParameter[bytes] = bindparam("hash")
_FORMER_END = (
    select(FORMER_SECRET.c.ends_at).where(FORMER_SECRET.c.hash == _HASH)
).scalar_subquery()
TOKEN_OF_HASH = (
    select(TOKEN, ACCOUNT.c.disabled_at, _FORMER_END.label("former_until"))
    .outerjoin(ACCOUNT, ACCOUNT.c.account_id == TOKEN.c.account_id)
    .where(
        TOKEN.c.token_id.in_(
            union_all(
                select(TOKEN.c.token_id).where(TOKEN.c.hash == _HASH),
                select(FORMER_SECRET.c.token_id).where(FORMER_SECRET.c.hash == _HASH),
            )
        )
    )
)


class Admitted(NamedTuple):
    """What a secret stands for, and how much it may bring."""

    credential: Credential
    rate: Rate


class _Known(NamedTuple):
    """A secret's token as the file has it; whether it is over, the clock decides."""

    admitted: Admitted
    revoked: bool
    """Or its account is disabled."""
    expires_at: int | None
    former_until: int | None
    outlived: bool


class Tokens(OnDatabase):
    """Ingest tokens."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._secrets: Remembered[bytes, _Known] = Remembered(database, REMEMBERED)
        self._bounds: Remembered[str, tuple[str, ...]] = Remembered(
            database, REMEMBERED
        )

    def create_token(
        self,
        *,
        account_id: str = "",
        collector: str = "",
        terms: TokenTerms | None = None,
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
        now = self._database.now()
        terms = terms or TokenTerms()
        values = {
            "token_id": made.credential_id,
            "hash": hashed(made.secret),
            "account_id": account_id or None,
            "collector": name,
            "created_at": now,
            **_columns(terms),
        }
        detail = _told(terms, f"of {account_id}" if account_id else "of a collector")
        with self._database.writing() as connection:
            require_account(connection, account_id)
            connection.execute(insert(TOKEN).values(values))
            note(connection, now, Change("token created", made.credential_id, detail))
        return made

    def change_token(self, token_id: str, terms: TokenTerms) -> None:
        """Give a token other terms, all of them, from the next request on."""
        now = self._database.now()
        with self._database.writing() as connection:
            _require_going(connection, token_id, now, ended_by_time=False)
            columns = {**_columns(terms), "outlived_at": None}
            connection.execute(
                update(TOKEN).where(TOKEN.c.token_id == token_id).values(columns)
            )
            note(connection, now, Change("token changed", token_id, _told(terms)))

    def rotate_token(self, token_id: str, overlap: int) -> NewSecret:
        """Give a token a new secret; those before work for ``overlap`` more µs."""
        now = self._database.now()
        with self._database.writing() as connection:
            row = _require_going(connection, token_id, now, ended_by_time=True)
            random_bytes = self._database.random_bytes
            secret = new_secret("c" if row.collector else "p", random_bytes)
            _sweep(connection, now)
            ends_at = now + overlap
            former = {"hash": row.hash, "token_id": token_id, "ends_at": ends_at}
            connection.execute(insert(FORMER_SECRET).values(former))
            connection.execute(
                update(FORMER_SECRET)
                .where(
                    FORMER_SECRET.c.token_id == token_id,
                    FORMER_SECRET.c.ends_at > ends_at,
                )
                .values(ends_at=ends_at)
            )
            connection.execute(
                update(TOKEN)
                .where(TOKEN.c.token_id == token_id)
                .values(hash=hashed(secret))
            )
            ends = f"former secrets end {_written(ends_at)}"
            note(connection, now, Change("token rotated", token_id, ends))
        return NewSecret(token_id, secret)

    def revoke_token(self, token_id: str) -> bool:
        """End a token from the next request on; False when it already was."""
        now = self._database.now()
        with self._database.writing() as connection:
            _row_of(connection, token_id)
            ended = connection.execute(
                update(TOKEN)
                .where(TOKEN.c.token_id == token_id, TOKEN.c.revoked_at.is_(None))
                .values(revoked_at=now)
            )
            if ended.rowcount == 1:
                note(connection, now, Change("token revoked", token_id))
        return ended.rowcount == 1

    def credential(self, bearer: str) -> Credential:
        """Return what an ingest token stands for; raises Unauthorised."""
        return self.admitted(bearer).credential

    def recalled(self, bearer: str) -> Admitted | None:
        """Return what ``admitted`` would, when that needs no look at the disk."""
        known = self._secrets.recall(hashed(bearer))
        ends = (known.expires_at, known.former_until) if known else ()
        now = self._database.now()
        if known is None or known.revoked or any(one and one <= now for one in ends):
            return None
        return known.admitted

    def admitted(self, bearer: str) -> Admitted:
        """Return what an ingest token stands for and its rate; raises Unauthorised."""
        known = None
        if looks_like(bearer, "p", "c"):
            known = self._secrets.ask(hashed(bearer), self._look_up)
        if known is None:
            raise Unauthorised(
                "no valid ingest token: send 'Authorization: Bearer mlg_…' with a "
                "token made by 'mileage token create'"
            )
        self._refuse_ended(known)
        return known.admitted

    def _look_up(self, secret_hash: bytes) -> _Known | None:
        with self._database.reading() as connection:
            found = connection.execute(TOKEN_OF_HASH, {"hash": secret_hash})
            row = found.one_or_none()
        if row is None:
            return None
        credential = Credential(row.token_id, row.account_id or "", row.collector)
        return _Known(
            Admitted(credential, Rate(row.requests, row.records)),
            row.revoked_at is not None or row.disabled_at is not None,
            row.expires_at,
            row.former_until,
            row.outlived_at is not None,
        )

    def _refuse_ended(self, known: _Known) -> None:
        now, token_id = self._database.now(), known.admitted.credential.token_id
        if known.revoked:
            raise Unauthorised(
                f"token {token_id} was revoked, or its account is disabled: make "
                "another with 'mileage token create'"
            )
        if known.expires_at is not None and known.expires_at <= now:
            if not known.outlived:
                self._note_outlived(token_id)
            raise Unauthorised(
                f"token {token_id} has expired: make another with "
                "'mileage token create', or give it more time with "
                f"'mileage token change {token_id} --expires'"
            )
        if known.former_until is not None and known.former_until <= now:
            raise Unauthorised(
                f"this secret of token {token_id} was replaced: use the one that "
                "'mileage token rotate' printed"
            )

    def _note_outlived(self, token_id: str) -> None:
        """Record the first use of a token that is over, and no other."""
        now = self._database.now()
        first = TOKEN.c.token_id == token_id, TOKEN.c.outlived_at.is_(None)
        with self._database.writing() as connection:
            noted = connection.execute(
                update(TOKEN).where(*first).values(outlived_at=now)
            )
            if noted.rowcount == 1:
                change = Change("expired token used", token_id, "refused", ITSELF)
                note(connection, now, change)

    def note_use(self, used: Mapping[str, int]) -> None:
        """Remember when tokens and keys were used last, all in one transaction."""
        rows = [{"token": token_id, "at": at} for token_id, at in used.items()]
        if not rows:
            return
        with self._database.writing() as connection:
            connection.execute(
                update(TOKEN)
                .where(TOKEN.c.token_id == bindparam("token"))
                .values(last_used_at=bindparam("at")),
                rows,
            )

    def bounds(self, token_id: str) -> tuple[str, ...]:
        """Return the domains that a token may name people of; () is no bound."""
        return self._bounds.ask(token_id, self._look_up_bounds) or ()

    def _look_up_bounds(self, token_id: str) -> tuple[str, ...]:
        wanted = select(TOKEN.c.domains).where(TOKEN.c.token_id == token_id)
        with self._database.reading() as connection:
            return tuple((connection.execute(wanted).scalar() or "").split())

    def tokens(self) -> tuple[IngestToken, ...]:
        """List all ingest tokens, oldest first, revoked ones too."""
        now = self._database.now()
        former = (
            select(func.max(FORMER_SECRET.c.ends_at))
            .where(
                FORMER_SECRET.c.token_id == TOKEN.c.token_id,
                FORMER_SECRET.c.ends_at > now,
            )
            .scalar_subquery()
        )
        statement = (
            select(TOKEN, ACCOUNT.c.name, former.label("former_until"))
            .outerjoin(ACCOUNT, ACCOUNT.c.account_id == TOKEN.c.account_id)
            .order_by(TOKEN.c.created_at, TOKEN.c.token_id)
        )
        with self._database.reading() as connection:
            return tuple(map(_token, connection.execute(statement)))

    def token(self, token_id: str) -> IngestToken:
        """Return one token; raises NotFound."""
        for one in self.tokens():
            if one.token_id == token_id:
                return one
        raise NotFound(f"there is no {token_id}: see 'mileage token list'")


def require_account(connection: Connection, account_id: str) -> None:
    """Raise NotFound unless there is such an account; '' is nobody."""
    statement = select(ACCOUNT.c.account_id).where(ACCOUNT.c.account_id == account_id)
    if account_id and connection.execute(statement).first() is None:
        raise NotFound(f"there is no account {account_id}")


def _row_of(connection: Connection, token_id: str) -> Row[Any]:
    wanted = select(TOKEN).where(TOKEN.c.token_id == token_id)
    row = connection.execute(wanted).one_or_none()
    if row is None:
        raise NotFound(f"there is no {token_id}: see 'mileage token list'")
    return row


def _require_going(
    connection: Connection, token_id: str, now: int, *, ended_by_time: bool
) -> Row[Any]:
    """Return a token that is not over; one that expired may be given more time."""
    row = _row_of(connection, token_id)
    expired = row.expires_at is not None and row.expires_at <= now
    if row.revoked_at is not None or (ended_by_time and expired):
        ended = "was revoked" if row.revoked_at is not None else "has expired"
        raise Conflict(f"{token_id} {ended}: make another with 'mileage token create'")
    return row


def _sweep(connection: Connection, now: int) -> None:
    """Forget replaced secrets of long ago; until then they are told what to do."""
    connection.execute(
        delete(FORMER_SECRET).where(FORMER_SECRET.c.ends_at <= now - KEPT)
    )


def _columns(terms: TokenTerms) -> dict[str, Any]:
    return {
        "expires_at": terms.expires_at,
        "requests": terms.rate.requests,
        "records": terms.rate.records,
        "domains": " ".join(terms.domains),
    }


def _told(terms: TokenTerms, *first: str) -> str:
    """Say what the terms are, for the audit."""
    parts = [*first]
    ends = "never" if terms.expires_at is None else _written(terms.expires_at)
    parts.append(f"expires {ends}")
    named = terms.rate._asdict().items()
    parts += [f"{name} {value}/s" for name, value in named if value is not None]
    if terms.domains:
        parts.append(f"domains {' '.join(terms.domains)}")
    return ", ".join(parts)


def _written(instant: int) -> str:
    return moment(instant).isoformat(timespec="seconds")


def _token(row: Row[Any]) -> IngestToken:
    return IngestToken(
        row.token_id,
        row.account_id or "",
        row.name or row.collector,
        row.created_at,
        row.expires_at,
        row.revoked_at,
        row.last_used_at,
        Rate(row.requests, row.records),
        tuple(row.domains.split()),
        row.former_until,
    )
