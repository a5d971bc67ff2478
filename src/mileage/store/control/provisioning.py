"""The directory as a service provisions it: users, groups, who is disabled.

A user is an account: the id is the same, and what the account used before is still
its own. Disabling one ends its sessions and closes its keys and tokens with the same
transaction; nothing of what was counted changes.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, insert, or_, select, update

from mileage.domain.errors import Conflict, Invalid, NotFound
from mileage.domain.people import found_by
from mileage.domain.provisioning import Kind, Provisioned, ProvisionedPerson, Wanted
from mileage.store.control.accounts import NewAccount, checked
from mileage.store.control.audit import Change, note
from mileage.store.control.entry_schema import PROVISIONED, PROVISIONED_MEMBER
from mileage.store.control.meant import meant
from mileage.store.control.minting import new_id
from mileage.store.control.moving import move
from mileage.store.control.schema import ACCOUNT, IDENTITY, SESSION
from mileage.store.control.sessions import Sessions, ended

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from sqlalchemy import Connection, Row

    from mileage.domain.people import Viewer

PEOPLE = ("person", "contractor", "unclaimed")
"""Kinds of accounts that a user may be; a service of ours never becomes one."""
MOST_MEMBERS = 100_000


class Provisioning(Sessions):
    """Users and groups of a directory service."""

    def provisioned(self, kind: Kind, resource_id: str) -> Provisioned:
        """Return one user or group; raises NotFound."""
        with self._database.reading() as connection:
            return _found(connection, kind, resource_id)

    def find_provisioned(self, wanted: Wanted) -> tuple[int, tuple[Provisioned, ...]]:
        """Return how many there are, and a page of them, oldest first."""
        which = meant(wanted)
        count = select(func.count()).select_from(PROVISIONED).where(*which)
        page = (
            select(PROVISIONED)
            .where(*which)
            .order_by(PROVISIONED.c.created_at, PROVISIONED.c.resource_id)
            .offset(wanted.start)
            .limit(-1 if wanted.most is None else wanted.most)
        )
        with self._database.reading() as connection:
            total = connection.execute(count).scalar_one()
            rows = connection.execute(page).all()
            members = _members(connection, [row.resource_id for row in rows])
            return total, tuple(_resource(row, members) for row in rows)

    # Users

    def add_user(
        self,
        person: ProvisionedPerson,
        document: dict[str, Any],
        today: date,
        actor: Viewer,
    ) -> Provisioned:
        """Take in a user; raises Conflict when the name or address is taken."""
        email = _address(person)
        with self._database.writing() as connection:
            account_id = self._account_for(connection, email, person)
            self._keep(connection, account_id, "User", person.user_name, document)
            now = self._database.now()
            note(connection, now, Change("user provisioned", account_id, actor=actor))
            self._apply(connection, account_id, person, today, actor)
            return _found(connection, "User", account_id)

    def change_user(
        self,
        resource_id: str,
        person: ProvisionedPerson,
        document: dict[str, Any],
        today: date,
        actor: Viewer,
    ) -> Provisioned:
        """Make a user what this says; raises NotFound and Conflict."""
        email = _address(person)
        with self._database.writing() as connection:
            _found(connection, "User", resource_id)
            self._rewrite(connection, resource_id, "User", person.user_name, document)
            self._take_address(connection, resource_id, email)
            mine = ACCOUNT.c.account_id == resource_id
            said = {"name": person.name, "email": email}
            said["found_by"] = found_by(person.name, email or "")
            connection.execute(update(ACCOUNT).where(mine).values(**said))
            self._apply(connection, resource_id, person, today, actor)
            return _found(connection, "User", resource_id)

    def remove_user(self, resource_id: str, today: date, actor: Viewer) -> None:
        """Disable an account for good and take it out of the chart and its groups."""
        with self._database.writing() as connection:
            _found(connection, "User", resource_id)
            self._enable(connection, resource_id, actor, active=False)
            move(connection, self._database.now(), resource_id, None, today)
            member = PROVISIONED_MEMBER.c.member_id == resource_id
            connection.execute(delete(PROVISIONED_MEMBER).where(member))
            _forget(connection, resource_id)
            now = self._database.now()
            note(connection, now, Change("user removed", resource_id, actor=actor))

    def _apply(
        self,
        connection: Connection,
        account_id: str,
        person: ProvisionedPerson,
        today: date,
        actor: Viewer,
    ) -> None:
        self._enable(connection, account_id, actor, active=person.active)
        manager = _manager(connection, person.manager)
        place = (person.department, person.team, manager)
        move(connection, self._database.now(), account_id, place, today)

    def _account_for(
        self, connection: Connection, email: str | None, person: ProvisionedPerson
    ) -> str:
        """Return the account of an address, a new one when nobody has it."""
        made = NewAccount("person", person.name, email)
        known = _holder(connection, email)
        if known is None:
            now = self._database.now()
            account_id = new_id("acc", self._database.random_bytes)
            row = {"account_id": account_id, "created_at": now}
            connection.execute(insert(ACCOUNT).values(**row, **made.row()))
            if email:
                connection.execute(insert(IDENTITY).values(**row, value=email))
            return account_id
        if known.kind not in PEOPLE:
            raise Conflict(f"{email} is no person here, but a service")
        kind = "person" if known.kind == "unclaimed" else known.kind
        mine = ACCOUNT.c.account_id == known.account_id
        values = {**made.row(), "kind": kind}
        connection.execute(update(ACCOUNT).where(mine).values(**values))
        return str(known.account_id)

    def _take_address(
        self, connection: Connection, account_id: str, email: str | None
    ) -> None:
        """Give an account one more address; usage under the old one stays its own."""
        known = _holder(connection, email)
        if known is not None and known.account_id != account_id:
            raise Conflict(f"{email} belongs to another account")
        if known is None and email:
            now = self._database.now()
            row = {"value": email, "account_id": account_id, "created_at": now}
            connection.execute(insert(IDENTITY).values(row))

    def _enable(
        self, connection: Connection, account_id: str, actor: Viewer, *, active: bool
    ) -> None:
        now = self._database.now()
        disabled = ACCOUNT.c.disabled_at
        changed = connection.execute(
            update(ACCOUNT)
            .where(
                ACCOUNT.c.account_id == account_id,
                disabled.is_not(None) if active else disabled.is_(None),
            )
            .values(disabled_at=None if active else now)
        )
        if changed.rowcount:
            action = "account enabled" if active else "account disabled"
            note(connection, now, Change(action, account_id, actor=actor))
        if not active:
            ended(connection, now, actor, SESSION.c.account_id == account_id)

    # Groups

    def add_group(
        self,
        name: str,
        document: dict[str, Any],
        members: Iterable[str],
        actor: Viewer,
    ) -> Provisioned:
        """Take in a group; raises Conflict, and Invalid for an unknown member."""
        group_id = new_id("grp", self._database.random_bytes)
        with self._database.writing() as connection:
            self._keep(connection, group_id, "Group", name, document)
            self._set_members(connection, group_id, members, actor)
            return _found(connection, "Group", group_id)

    def change_group(
        self,
        group_id: str,
        name: str,
        document: dict[str, Any],
        members: Iterable[str],
        actor: Viewer,
    ) -> Provisioned:
        """Make a group what this says; its roles follow with the next request."""
        with self._database.writing() as connection:
            _found(connection, "Group", group_id)
            self._rewrite(connection, group_id, "Group", name, document)
            self._set_members(connection, group_id, members, actor)
            return _found(connection, "Group", group_id)

    def remove_group(self, group_id: str, actor: Viewer) -> None:
        """Forget a group, and the roles that came with it."""
        with self._database.writing() as connection:
            _found(connection, "Group", group_id)
            self._set_members(connection, group_id, (), actor)
            _forget(connection, group_id)

    def _set_members(
        self,
        connection: Connection,
        group_id: str,
        members: Iterable[str],
        actor: Viewer,
    ) -> None:
        wanted = set(members)
        if len(wanted) > MOST_MEMBERS:
            raise Invalid(f"a group has at most {MOST_MEMBERS:,} members")
        before = set(_members(connection, [group_id]).get(group_id, ()))
        _require_users(connection, wanted - before)
        mine = PROVISIONED_MEMBER.c.group_id == group_id
        for gone in before - wanted:
            one = PROVISIONED_MEMBER.c.member_id == gone
            connection.execute(delete(PROVISIONED_MEMBER).where(mine, one))
        rows = [{"group_id": group_id, "member_id": one} for one in wanted - before]
        if rows:
            connection.execute(insert(PROVISIONED_MEMBER), rows)
        if wanted != before:
            detail = f"{len(wanted - before)} in, {len(before - wanted)} out"
            change = Change("group changed", group_id, detail, actor)
            note(connection, self._database.now(), change)

    # Both

    def _keep(
        self,
        connection: Connection,
        resource_id: str,
        kind: Kind,
        name: str,
        document: dict[str, Any],
    ) -> None:
        _require_free(connection, kind, name, resource_id)
        mine = PROVISIONED.c.resource_id == resource_id
        if connection.execute(select(PROVISIONED).where(mine)).first() is not None:
            raise Conflict("there is a user with this address already")
        now = self._database.now()
        connection.execute(
            insert(PROVISIONED).values(
                resource_id=resource_id,
                kind=kind,
                name=name.lower(),
                account_id=resource_id if kind == "User" else None,
                document=json.dumps(document),
                created_at=now,
                changed_at=now,
            )
        )

    def _rewrite(
        self,
        connection: Connection,
        resource_id: str,
        kind: Kind,
        name: str,
        document: dict[str, Any],
    ) -> None:
        _require_free(connection, kind, name, resource_id)
        later = func.max(self._database.now(), PROVISIONED.c.changed_at + 1)
        connection.execute(
            update(PROVISIONED)
            .where(PROVISIONED.c.resource_id == resource_id)
            .values(name=name.lower(), document=json.dumps(document), changed_at=later)
        )


def _found(connection: Connection, kind: Kind, resource_id: str) -> Provisioned:
    one = PROVISIONED.c.resource_id == resource_id, PROVISIONED.c.kind == kind
    row = connection.execute(select(PROVISIONED).where(*one)).one_or_none()
    if row is None:
        raise NotFound(f"there is no {kind} {resource_id[:64]}")
    return _resource(row, _members(connection, [resource_id]))


def _members(connection: Connection, ids: list[str]) -> dict[str, tuple[str, ...]]:
    member = PROVISIONED_MEMBER.c
    found: dict[str, tuple[str, ...]] = {}
    for group_id in ids:
        rows = connection.execute(
            select(member.member_id)
            .where(member.group_id == group_id)
            .order_by(member.member_id)
        ).scalars()
        found[group_id] = tuple(rows)
    return found


def _resource(row: Row[Any], members: dict[str, tuple[str, ...]]) -> Provisioned:
    return Provisioned(
        row.resource_id,
        row.kind,
        json.loads(row.document),
        row.created_at,
        row.changed_at,
        members.get(row.resource_id, ()),
    )


def _require_free(
    connection: Connection, kind: Kind, name: str, resource_id: str
) -> None:
    if not name.strip():
        raise Invalid(f"a {kind} has a name of more than blanks")
    taken = select(PROVISIONED.c.resource_id).where(
        PROVISIONED.c.kind == kind,
        PROVISIONED.c.name == name.lower(),
        PROVISIONED.c.resource_id != resource_id,
    )
    if connection.execute(taken).first() is not None:
        raise Conflict(f"there is another {kind} of this name")


def _require_users(connection: Connection, members: set[str]) -> None:
    for member in sorted(members):
        one = PROVISIONED.c.resource_id == member, PROVISIONED.c.kind == "User"
        if connection.execute(select(PROVISIONED.c.kind).where(*one)).first() is None:
            raise Invalid(f"there is no User {member[:64]} to be a member")


def _forget(connection: Connection, resource_id: str) -> None:
    mine = PROVISIONED.c.resource_id == resource_id
    connection.execute(delete(PROVISIONED).where(mine))


def _address(person: ProvisionedPerson) -> str | None:
    """Return the address in its one spelling; nobody is found by what is none."""
    return checked(person.email) if "@" in person.email else None


def _holder(connection: Connection, email: str | None) -> Row[Any] | None:
    return connection.execute(
        select(ACCOUNT)
        .join(IDENTITY, IDENTITY.c.account_id == ACCOUNT.c.account_id)
        .where(IDENTITY.c.value == email)
    ).one_or_none()


def _manager(connection: Connection, reference: str) -> str:
    """Return the address of a manager, '' while the service has not sent them."""
    if not reference:
        return ""
    external = func.json_extract(PROVISIONED.c.document, "$.externalId")
    found = connection.execute(
        select(ACCOUNT.c.email)
        .join(PROVISIONED, PROVISIONED.c.account_id == ACCOUNT.c.account_id)
        .where(
            PROVISIONED.c.kind == "User",
            or_(
                PROVISIONED.c.resource_id == reference,
                PROVISIONED.c.name == reference.lower(),
                external == reference,
            ),
        )
    ).scalar()
    return str(found) if found else ""
