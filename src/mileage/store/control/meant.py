"""Which users and groups a directory service means, as conditions of a statement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, func, or_, select, true

from mileage.store.control.entry_schema import PROVISIONED, PROVISIONED_MEMBER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import ColumnElement

    from mileage.domain.provisioning import Need, Wanted


def meant(wanted: Wanted) -> list[ColumnElement[bool]]:
    """Return what must hold of the resources that are looked for."""
    which = [PROVISIONED.c.kind == wanted.kind]
    if wanted.name is not None:
        which.append(PROVISIONED.c.name == wanted.name.lower())
    if wanted.external_id is not None:
        told = func.json_extract(PROVISIONED.c.document, "$.externalId")
        which.append(told == wanted.external_id)
    if wanted.needs:
        which.append(or_(*(and_(true(), *_holding(need)) for need in wanted.needs)))
    return which


def _holding(need: Need) -> Iterator[ColumnElement[bool]]:
    for text in need.texts:
        yield PROVISIONED.c.document.icontains(text, autoescape=True)
    for one in need.ids:
        yield PROVISIONED.c.resource_id == one
    for one in need.members:
        member = PROVISIONED_MEMBER.c
        groups = select(member.group_id).where(member.member_id == one)
        yield PROVISIONED.c.resource_id.in_(groups)
