"""Roles that were granted: looked up at every request, so that an end is at once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from mileage.domain.directory import GrantedRole
from mileage.domain.errors import Conflict, NotFound
from mileage.domain.people import OPERATOR, HeldRole, Viewer
from mileage.store.control.audit import ITSELF, Change, note
from mileage.store.control.minting import new_id
from mileage.store.control.role_schema import ROLE_GRANT
from mileage.store.control.schema import ACCOUNT, META
from mileage.store.control.sign_in import SignIn
from mileage.store.control.tokens import require_account

if TYPE_CHECKING:
    from typing import Any

    from sqlalchemy import ColumnElement, Connection

PURPOSES_ON = "purposes_on"


def _in_force() -> tuple[ColumnElement[bool], ...]:
    expires = ROLE_GRANT.c.expires_at
    return (
        ROLE_GRANT.c.revoked_at.is_(None),
        or_(expires.is_(None), expires > bindparam("now")),
    )


ROLES_OF = (
    select(ROLE_GRANT.c.role, ROLE_GRANT.c.department)
    .where(ROLE_GRANT.c.account_id == bindparam("account"), *_in_force())
    .order_by(ROLE_GRANT.c.role, ROLE_GRANT.c.department)
)


class GrantedRoles(SignIn):
    """Signing in, with the roles that were granted."""

    def session_viewer(self, session_secret: str) -> Viewer | None:
        """Return who holds this session, with the roles of this moment."""
        return self._with_roles(super().session_viewer(session_secret))

    def key_viewer(self, key: str) -> Viewer | None:
        """Return who holds this key, with the roles of this moment."""
        return self._with_roles(super().key_viewer(key))

    def _with_roles(self, viewer: Viewer | None) -> Viewer | None:
        if viewer is None or viewer.operator or not viewer.account_id:
            return viewer
        granted = self.roles_of(viewer.account_id)
        if not granted:
            return viewer
        return replace(viewer, roles=tuple(sorted({*viewer.roles, *granted})))

    def roles_of(self, account_id: str) -> tuple[HeldRole, ...]:
        """Return the roles granted to an account that are in force."""
        known = {"account": account_id, "now": self._database.now()}
        with self._database.reading() as connection:
            rows = connection.execute(ROLES_OF, known)
            return tuple(HeldRole(row.role, row.department) for row in rows)

    def grant_role(
        self,
        account_id: str,
        held: HeldRole,
        *,
        expires_at: int | None = None,
        actor: Viewer = OPERATOR,
    ) -> str:
        """Grant a role and return the grant's id; raises Conflict when it is held."""
        grant_id = new_id("role", self._database.random_bytes)
        now = self._database.now()
        with self._database.writing() as connection:
            require_account(connection, account_id)
            before = connection.execute(ROLES_OF, {"account": account_id, "now": now})
            if any(HeldRole(*row) == held for row in before):
                raise Conflict(
                    f"{account_id} has this role already: 'mileage role revoke' ends "
                    "it, should it end on another day"
                )
            connection.execute(
                insert(ROLE_GRANT).values(
                    grant_id=grant_id,
                    account_id=account_id,
                    granted_at=now,
                    expires_at=expires_at,
                    **held._asdict(),
                )
            )
            note(connection, now, _change("granted", grant_id, account_id, held, actor))
        return grant_id

    def revoke_role(
        self, account_id: str, held: HeldRole, *, actor: Viewer = OPERATOR
    ) -> None:
        """End a role from the next request on; raises NotFound."""
        now = self._database.now()
        with self._database.writing() as connection:
            ended = connection.execute(
                update(ROLE_GRANT)
                .where(
                    ROLE_GRANT.c.account_id == account_id,
                    ROLE_GRANT.c.role == held.role,
                    ROLE_GRANT.c.department == held.department,
                    *_in_force(),
                )
                .values(revoked_at=now)
                .returning(ROLE_GRANT.c.grant_id),
                {"now": now},
            ).scalars()
            ids = sorted(ended)
            for one in ids:
                note(connection, now, _change("revoked", one, account_id, held, actor))
        if not ids:
            raise NotFound(f"{account_id} has no such role: see 'mileage role list'")

    def granted_roles(self) -> tuple[GrantedRole, ...]:
        """List grants, oldest first, ended ones too."""
        statement = (
            select(ROLE_GRANT, ACCOUNT.c.name)
            .join(ACCOUNT, ACCOUNT.c.account_id == ROLE_GRANT.c.account_id)
            .order_by(ROLE_GRANT.c.granted_at, ROLE_GRANT.c.grant_id)
        )
        with self._database.reading() as connection:
            return tuple(
                GrantedRole(
                    grant_id=row.grant_id,
                    account_id=row.account_id,
                    name=row.name,
                    role=row.role,
                    department=row.department,
                    granted_at=row.granted_at,
                    expires_at=row.expires_at,
                    revoked_at=row.revoked_at,
                )
                for row in connection.execute(statement)
            )

    def note_purposes(self, purposes: frozenset[str]) -> bool:
        """Note which purposes are accepted now; an audit row when that has changed."""
        now = " ".join(sorted(purposes))
        wanted = select(META.c.value).where(META.c.key == PURPOSES_ON)
        with self._database.reading() as connection:
            if _text(connection, wanted) == now:
                return False
        with self._database.writing() as connection:
            before = _text(connection, wanted)
            if before == now:
                return False
            kept = insert(META).values(key=PURPOSES_ON, value=now.encode())
            connection.execute(
                kept.on_conflict_do_update(
                    index_elements=[META.c.key], set_={"value": now.encode()}
                )
            )
            detail = f"{before or 'none'} → {now}"
            change = Change("purposes changed", "roles.toml", detail, ITSELF)
            note(connection, self._database.now(), change)
        return True


def _text(connection: Connection, wanted: Any) -> str | None:  # noqa: ANN401
    value = connection.execute(wanted).scalar()
    return None if value is None else bytes(value).decode()


def _change(
    what: str, grant_id: str, account_id: str, held: HeldRole, actor: Viewer
) -> Change:
    of = f" of department {held.department}" if held.department else ""
    detail = f"{held.role}{of}, account {account_id}"
    return Change(f"role {what}", grant_id, detail, actor)
