"""Sessions: opened by what signs in, looked up at every request, listed and ended.

Of a session's secret only the hash is here; its ``session_id`` opens nothing.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import bindparam, delete, func, insert, or_, select, update

from mileage.domain.errors import NotFound, Unauthorised, Unavailable
from mileage.domain.people import OPERATOR, Viewer
from mileage.domain.sign_in import MINUTE, Federated, Method, Session, SessionLimits
from mileage.domain.sign_in_policy import SignInPolicy
from mileage.store.control.audit import Change, note
from mileage.store.control.credentials import Credentials
from mileage.store.control.entry_schema import PROVISIONED, PROVISIONED_MEMBER
from mileage.store.control.minting import hashed, looks_like, new_id, new_secret
from mileage.store.control.schema import ACCOUNT, API_KEY, SESSION

if TYPE_CHECKING:
    from typing import Any

    from sqlalchemy import (
        BindParameter,
        ColumnElement,
        Connection,
        Row,
        ScalarSelect,
        Select,
    )

    from mileage.store.control.database import Database

SEEN_EVERY = MINUTE
# A page load must not cost a disk write: idle time is known to the minute.
NOTHING_FEDERATED = Federated()


def _groups_of(account_id: Any) -> ScalarSelect[str]:  # noqa: ANN401 (a column)
    """Select the names of the groups that the directory service put somebody into."""
    return (
        select(func.json_group_array(PROVISIONED.c.name))
        .join_from(
            PROVISIONED_MEMBER,
            PROVISIONED,
            PROVISIONED.c.resource_id == PROVISIONED_MEMBER.c.group_id,
        )
        .where(PROVISIONED_MEMBER.c.member_id == account_id)
        .scalar_subquery()
    )


GROUPS_OF_ACCOUNT = _groups_of(SESSION.c.account_id)


def _going() -> tuple[ColumnElement[bool], ...]:
    """Return what holds of a session that is not over, by the parameter ``now``."""
    now: BindParameter[int] = bindparam("now")
    return (
        SESSION.c.expires_at > now,
        SESSION.c.last_seen_at + SESSION.c.idle_limit > now,
        ACCOUNT.c.disabled_at.is_(None),
        API_KEY.c.revoked_at.is_(None),
        or_(API_KEY.c.expires_at.is_(None), API_KEY.c.expires_at > now),
    )


def _sessions() -> Select[Any]:
    return (
        select(SESSION, ACCOUNT.c.name, GROUPS_OF_ACCOUNT.label("directory_groups"))
        .outerjoin(ACCOUNT, ACCOUNT.c.account_id == SESSION.c.account_id)
        .outerjoin(API_KEY, API_KEY.c.key_id == SESSION.c.key_id)
        .where(*_going())
    )


SESSION_OF_HASH = _sessions().where(SESSION.c.hash == bindparam("hash"))
OPEN_SESSIONS = _sessions().order_by(SESSION.c.created_at, SESSION.c.session_id)


class Opening(NamedTuple):
    """What a session is opened for."""

    account_id: str | None
    operator: bool
    method: Method
    device: str = ""
    key_id: str | None = None
    """The key that opened it; the session ends with it."""
    federated: Federated = NOTHING_FEDERATED


class Sessions(Credentials):
    """Sessions of people and of the operator."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._limits = SessionLimits()
        self._groups = SignInPolicy()

    def take_groups(self, policy: SignInPolicy) -> None:
        """Set which roles come with which groups, from the next request on."""
        self._groups = policy

    def limit_sessions(self, limits: SessionLimits) -> None:
        """Set how long the sessions last that are opened from now on."""
        self._limits = limits

    def _open_session(self, connection: Connection, opening: Opening) -> str:
        """Return the secret of a new session, made in a transaction of the caller's."""
        _require_enabled(connection, opening.account_id)
        secret = new_secret("s", self._database.random_bytes)
        session_id = new_id("ses", self._database.random_bytes)
        now = self._database.now()
        _sweep(connection, now)
        _make_room(connection, opening, self._limits.most)
        connection.execute(
            insert(SESSION).values(
                hash=hashed(secret),
                session_id=session_id,
                account_id=opening.account_id,
                operator=opening.operator,
                key_id=opening.key_id,
                method=opening.method,
                device=opening.device,
                subject=opening.federated.subject,
                provider_session=opening.federated.provider_session,
                provider_groups=json.dumps(opening.federated.groups),
                created_at=now,
                last_seen_at=now,
                idle_limit=self._limits.idle,
                expires_at=now + self._limits.longest,
            )
        )
        of = opening.account_id or "operator"
        note(connection, now, Change("session opened", session_id, f"of {of}"))
        return secret

    def session_viewer(self, session_secret: str) -> Viewer | None:
        """Return who holds this session; None when it is unknown or over."""
        row = self._session(session_secret)
        if row is None:
            return None
        now = self._database.now()
        if now - row.last_seen_at >= SEEN_EVERY:
            # A full disk must not keep anybody from reading what is wrong.
            with suppress(Unavailable):
                self._touch(row.hash, now)
        if row.account_id is None:
            return OPERATOR if row.operator else None
        groups = *json.loads(row.provider_groups), *json.loads(row.directory_groups)
        return Viewer(
            row.account_id,
            row.name,
            operator=row.operator,
            roles=self._groups.roles_of(groups),
        )

    def key_viewer(self, key: str) -> Viewer | None:
        """Return who holds an API key, with the roles that directory groups give."""
        viewer = super().key_viewer(key)
        if viewer is None or viewer.operator or not self._groups.group_roles:
            return viewer
        wanted = select(_groups_of(bindparam("account")))
        with self._database.reading() as connection:
            known = {"account": viewer.account_id}
            groups = json.loads(connection.execute(wanted, known).scalar_one())
        return replace(viewer, roles=self._groups.roles_of(groups))

    def _session(self, secret: str) -> Row[Any] | None:
        if not looks_like(secret, "s"):
            return None
        known = {"hash": hashed(secret), "now": self._database.now()}
        with self._database.reading() as connection:
            return connection.execute(SESSION_OF_HASH, known).one_or_none()

    def _touch(self, session_hash: bytes, now: int) -> None:
        with self._database.writing() as connection:
            connection.execute(
                update(SESSION)
                .where(SESSION.c.hash == session_hash)
                .values(last_seen_at=now)
            )

    def close(self, session_secret: str) -> None:
        """End a session by its secret: who holds it signs out."""
        with self._database.writing() as connection:
            connection.execute(
                delete(SESSION).where(SESSION.c.hash == hashed(session_secret))
            )

    def session_id(self, session_secret: str) -> str:
        """Return the id of an open session, '' when it is unknown or over."""
        row = self._session(session_secret)
        return row.session_id if row else ""

    def open_sessions(self, viewer: Viewer | None = None) -> tuple[Session, ...]:
        """List open sessions, oldest first: everybody's, or those of one viewer."""
        statement = OPEN_SESSIONS
        if viewer is not None:
            statement = statement.where(_of(viewer.account_id))
        with self._database.reading() as connection:
            rows = connection.execute(statement, {"now": self._database.now()})
            return tuple(map(_as_session, rows))

    def end_session(self, session_id: str, actor: Viewer, *, own: bool = True) -> None:
        """End one session from the next request on; raises NotFound.

        ``own`` leaves those of others alone, and does not say that they are there.
        """
        which = [SESSION.c.session_id == session_id]
        if own:
            which.append(_of(actor.account_id))
        if not self._end(actor, *which):
            raise NotFound(
                "There is no such session, or it is over: look at the list again."
            )

    def end_sessions(self, of: Viewer, actor: Viewer, *, but: str = "") -> int:
        """End all sessions of a viewer, except the one of the secret ``but``."""
        which = [_of(of.account_id)]
        if but:
            which.append(SESSION.c.hash != hashed(but))
        return self._end(actor, *which)

    def end_all_sessions(self, actor: Viewer) -> int:
        """End everybody's sessions; the operator's too."""
        return self._end(actor)

    def _end(self, actor: Viewer, *which: ColumnElement[bool]) -> int:
        with self._database.writing() as connection:
            return ended(connection, self._database.now(), actor, *which)


def ended(
    connection: Connection, now: int, actor: Viewer, *which: ColumnElement[bool]
) -> int:
    """End sessions in a transaction of the caller's; one audit row each."""
    over = connection.execute(
        delete(SESSION).where(*which).returning(SESSION.c.session_id)
    ).scalars()
    ids = sorted(over)
    for session_id in ids:
        note(connection, now, Change("session ended", session_id, actor=actor))
    return len(ids)


def _require_enabled(connection: Connection, account_id: str | None) -> None:
    disabled = select(ACCOUNT.c.disabled_at).where(ACCOUNT.c.account_id == account_id)
    if account_id and connection.execute(disabled).scalar() is not None:
        raise Unauthorised("this account is disabled: ask whoever runs the directory")


def _of(account_id: str) -> ColumnElement[bool]:
    column = SESSION.c.account_id
    return column == account_id if account_id else column.is_(None)


def _make_room(connection: Connection, opening: Opening, most: int) -> None:
    """End the sessions of one account that were unused the longest."""
    mine = _of(opening.account_id or "")
    count = select(func.count()).select_from(SESSION).where(mine)
    too_many = connection.execute(count).scalar_one() - most + 1
    if too_many > 0:
        oldest = (
            select(SESSION.c.hash)
            .where(mine)
            .order_by(SESSION.c.last_seen_at, SESSION.c.created_at)
            .limit(too_many)
        )
        connection.execute(delete(SESSION).where(SESSION.c.hash.in_(oldest)))


def _sweep(connection: Connection, now: int) -> None:
    """Forget sessions that are over; they identify people for nothing."""
    connection.execute(
        delete(SESSION).where(
            or_(
                SESSION.c.expires_at <= now,
                SESSION.c.last_seen_at + SESSION.c.idle_limit <= now,
            )
        )
    )


def _as_session(row: Row[Any]) -> Session:
    return Session(
        session_id=row.session_id,
        account_id=row.account_id or "",
        name=row.name or OPERATOR.name,
        operator=row.operator,
        method=row.method,
        device=row.device,
        created_at=row.created_at,
        last_seen_at=row.last_seen_at,
        ends_at=min(row.expires_at, row.last_seen_at + row.idle_limit),
    )
