"""SCIM 2.0: the protocol is scim2-server's, the users and groups are the store's."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from scim2_models import (
    InvalidValueException,
    Meta,
    NotFoundException,
    PreconditionFailedException,
    SCIMException,
    UniquenessException,
)
from scim2_models.path import CompareOperator, Comparison
from scim2_server.handler import ScimHandler
from scim2_server.requests import ScimRequest
from scim2_server.service import ScimService
from scim2_server.storage import ScimStorage, SearchPage

from mileage.domain.errors import Conflict, Invalid, MileageError, NotFound
from mileage.domain.provisioning import Kind, Provisioned, ProvisionedPerson, Wanted
from mileage.wiring.scim_models import EnterpriseUser, Group, User, provider
from mileage.wiring.scim_needs import needs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from scim2_models import Resource, ResourceType, ResponseParameters, SearchRequest

    from mileage.domain.people import Viewer
    from mileage.store.control import Control

FullUser = User[EnterpriseUser]
INDEXED = {"username": "name", "displayname": "name", "externalid": "external_id"}
"""Attributes that the store looks up by itself, and what it calls them."""
BEYOND = 2**53
"""More than there can be; the store counts no further than to 2**63."""
NOT_KEPT = {"id", "meta", "members"}


class Scim:
    """Answers requests of a directory service; safe to share between threads."""

    def __init__(self, control: Control, today: Callable[[], date]) -> None:
        self._control = control
        self._today = today
        self._provider = provider()
        self._service = ScimService(self._provider)

    def answer(
        self,
        asked: tuple[str, str, str, Mapping[str, str], Mapping[str, str], bytes],
        actor: Viewer,
    ) -> tuple[int, dict[str, str], bytes]:
        """Answer ``actor``, whatever was asked; see ``Provisioning.answer``."""
        request = ScimRequest(*asked)
        storage = _Storage(self._control, self._today(), actor)
        try:
            with self._provider.policy:
                response = ScimHandler(self._service, storage).handle(request)
        except SCIMException as refused:
            response = self._service.error_response(refused)
        except MileageError as error:
            response = self._service.error_response(_as_scim(error))
        body = b"" if response.body is None else json.dumps(response.body).encode()
        return int(response.status), dict(response.headers), body


def _as_scim(error: MileageError) -> SCIMException:
    if isinstance(error, Conflict):
        return UniquenessException(detail=str(error))
    if isinstance(error, NotFound):
        return NotFoundException(detail=str(error))
    if isinstance(error, Invalid):
        return InvalidValueException(detail=str(error))
    raise error


class _Storage(ScimStorage):
    """Users and groups of the control plane, for one request."""

    def __init__(self, control: Control, today: date, actor: Viewer) -> None:
        self._control, self._today, self._actor = control, today, actor

    def get(
        self,
        resource_type: ResourceType,
        resource_id: str,
        *,
        response_parameters: ResponseParameters[Any] | None = None,
    ) -> Resource[Any]:
        """Return a copy of one."""
        del response_parameters
        return _resource(self._control.provisioned(_kind(resource_type), resource_id))

    def search(
        self,
        resource_types: list[ResourceType],
        search_request: SearchRequest[Any],
        *,
        position: Any = None,  # noqa: ANN401 (cursors are off)
    ) -> SearchPage:
        """Find a page; of what no index finds, the store leaves out all it can."""
        del position
        kinds = list(dict.fromkeys(map(_kind, resource_types)))
        start = min(search_request.start_index_0 or 0, BEYOND)
        count = search_request.count
        if len(kinds) == 1 and search_request.sort_by is None:
            wanted = Wanted(kinds[0], start=start, most=count)
            if search_request.filter is None:
                return self._page(wanted)
            indexed = _indexed(wanted, search_request)
            if indexed is not None:
                return self._page(indexed)
        asked = search_request.filter
        needed = needs(asked.ast) if asked is not None else ()
        found = [
            resource
            for kind in kinds
            for resource in map(
                _resource,
                self._control.find_provisioned(Wanted(kind, needs=needed))[1],
            )
            if asked is None or asked.match(resource)
        ]
        if search_request.sort_by is not None:
            _sort(found, search_request)
        stop = None if count is None else start + count
        return SearchPage(len(found), found[start:stop])

    def _page(self, wanted: Wanted) -> SearchPage:
        total, found = self._control.find_provisioned(wanted)
        return SearchPage(total, [_resource(one) for one in found])

    def create(
        self, resource_type: ResourceType, resource: Resource[Any]
    ) -> Resource[Any]:
        """Keep a new one."""
        document = _document(resource)
        del resource_type
        if isinstance(resource, Group):
            name, members = str(resource.display_name), _member_ids(resource)
            made = self._control.add_group(name, document, members, self._actor)
        else:
            person = _person(cast("User[Any]", resource))
            made = self._control.add_user(person, document, self._today, self._actor)
        return _resource(made)

    def update(
        self,
        resource_type: ResourceType,
        resource: Resource[Any],
        *,
        expected_version: str | None = None,
    ) -> Resource[Any]:
        """Make it what it is said to be now."""
        kind, resource_id = _kind(resource_type), str(resource.id)
        self._expect(kind, resource_id, expected_version)
        document = _document(resource)
        if isinstance(resource, Group):
            name, members = str(resource.display_name), _member_ids(resource)
            changed = self._control.change_group(
                resource_id, name, document, members, self._actor
            )
        else:
            person = _person(cast("User[Any]", resource))
            changed = self._control.change_user(
                resource_id, person, document, self._today, self._actor
            )
        return _resource(changed)

    def delete(
        self,
        resource_type: ResourceType,
        resource_id: str,
        *,
        expected_version: str | None = None,
    ) -> None:
        """Let it go: a user is disabled for good, what was counted stays."""
        kind = _kind(resource_type)
        self._expect(kind, resource_id, expected_version)
        if kind == "User":
            self._control.remove_user(resource_id, self._today, self._actor)
        else:
            self._control.remove_group(resource_id, self._actor)

    def _expect(self, kind: Kind, resource_id: str, version: str | None) -> None:
        stored = self._control.provisioned(kind, resource_id)
        if version is not None and version != _version(stored):
            raise PreconditionFailedException


def _kind(resource_type: ResourceType) -> Kind:
    return "User" if resource_type.name == "User" else "Group"


def _version(stored: Provisioned) -> str:
    return f'W/"{stored.changed_at}"'


def _resource(stored: Provisioned) -> Resource[Any]:
    # The service makes whole addresses of these.
    members = [{"value": one, "$ref": f"Users/{one}"} for one in stored.members]
    document = {
        **stored.document,
        "id": stored.resource_id,
        **({"members": members} if members else {}),
    }
    model = FullUser if stored.kind == "User" else Group
    resource: Resource[Any] = model.model_validate(document)
    resource.meta = Meta(
        resource_type=stored.kind,
        created=_instant(stored.created_at),
        last_modified=_instant(stored.changed_at),
        version=_version(stored),
    )
    return resource


def _instant(micros: int) -> datetime:
    return datetime.fromtimestamp(micros / 1_000_000, UTC)


def _document(resource: Resource[Any]) -> dict[str, Any]:
    dumped: dict[str, Any] = resource.model_dump(mode="json", by_alias=True)
    return {name: value for name, value in dumped.items() if name not in NOT_KEPT}


def _member_ids(group: Group) -> list[str]:
    return [str(member.value) for member in group.members or ()]


def _person(user: User[Any]) -> ProvisionedPerson:
    enterprise = user[EnterpriseUser] or EnterpriseUser()
    manager = enterprise.manager.value if enterprise.manager else None
    return ProvisionedPerson(
        user_name=str(user.user_name),
        email=_email(user),
        name=_name(user),
        # RFC 7643 leaves open what silence means; nobody is shut out by it.
        active=user.active is not False,
        department=(enterprise.department or "").strip(),
        team=(enterprise.division or "").strip(),
        manager=(manager or "").strip(),
    )


def _email(user: User[Any]) -> str:
    given = [one for one in user.emails or () if one.value]
    first = next((one for one in given if one.primary), given[0] if given else None)
    return str(first.value if first else user.user_name or "")


def _name(user: User[Any]) -> str:
    parts = user.name
    whole = (parts.formatted or "") if parts else ""
    joined = f"{parts.given_name or ''} {parts.family_name or ''}" if parts else ""
    named = user.display_name or whole.strip() or joined.strip() or user.user_name
    return str(named).strip()


def _indexed(wanted: Wanted, search: SearchRequest[Any]) -> Wanted | None:
    """Return what a filter such as ``userName eq "ana"`` asks the store for."""
    node = search.filter.ast if search.filter is not None else None
    if not isinstance(node, Comparison) or node.op != CompareOperator.eq:
        return None
    attribute = node.attr_path
    column = INDEXED.get(attribute.attr.lower())
    if column is None or attribute.sub_attr or not isinstance(node.value, str):
        return None
    # A user's displayName is no name of its own.
    if attribute.attr.lower() == "displayname" and wanted.kind == "User":
        return None
    if column == "name":
        return wanted._replace(name=node.value)
    return wanted._replace(external_id=node.value)


def _sort(found: list[Resource[Any]], search: SearchRequest[Any]) -> None:
    def key(resource: Resource[Any]) -> tuple[bool, Any, str]:
        value = search.sort_value(resource)
        return value is None, "" if value is None else value, str(resource.id)

    found.sort(key=key, reverse=search.sort_order == search.SortOrder.descending)
