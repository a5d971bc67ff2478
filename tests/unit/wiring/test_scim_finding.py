"""SCIM: what services look for, page by page, and what they get wrong."""

from __future__ import annotations

import pytest

from tests.scim_service import CORE, scim_service


@pytest.fixture
def service(tmp_path):
    with scim_service(tmp_path / "control.sqlite") as opened:
        yield opened


# Finding


def ids(page):
    return [one["userName"] for one in page["Resources"]]


def test_filters_of_services_find_one(service):
    service.user("ana@x.example", externalId="e-1", displayName="Ana")
    service.user("ben@x.example", externalId="E-1", active=False)
    for condition, found in {
        'userName eq "ANA@x.example"': ["ana@x.example"],
        'externalId eq "e-1"': ["ana@x.example"],
        'externalId eq "nobody"': [],
        'displayName eq "ana"': ["ana@x.example"],
        "active eq false": ["ben@x.example"],
        'userName sw "b" or displayName co "na"': ["ana@x.example", "ben@x.example"],
        'not (userName co "ana")': ["ben@x.example"],
        'userName eq "it@x.example"': [],
    }.items():
        page = service.find(condition)
        assert (ids(page) if found else []) == found, condition
        assert page["totalResults"] == len(found)


def test_a_filter_that_is_none_is_told(service):
    answer = service.http.get("/Users", params={"filter": "userName eq"})
    assert answer.status_code == 400
    assert answer.json()["scimType"] == "invalidFilter"


def test_pages_hold_everybody_once(service):
    names = [f"p{number}@x.example" for number in range(7)]
    for name in names:
        service.user(name)
    seen = []
    for start in (1, 4, 7):
        page = service.find("", startIndex=start, count=3)
        assert page["totalResults"] == 7
        seen += ids(page)
    assert seen == names
    descending = service.find("", sortBy="userName", sortOrder="descending", count=2)
    assert ids(descending) == names[:-3:-1]


def test_groups_are_found_by_their_name(service):
    service.group("leads")
    service.group("money")
    page = service.find('displayName eq "LEADS"', "Groups")
    assert [one["displayName"] for one in page["Resources"]] == ["leads"]


def test_a_version_keeps_two_writers_apart(service):
    ana = service.user()
    path, version = f"/Users/{ana['id']}", ana["meta"]["version"]
    body = {"schemas": [CORE], "userName": "ana@x.example", "displayName": "A"}
    first = service.send("PUT", path, body, **{"If-Match": version})
    second = service.send("PUT", path, body, **{"If-Match": version})
    assert (first.status_code, second.status_code) == (200, 412)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/Users", []),
        ("POST", "/Users", {"schemas": [CORE]}),
        ("POST", "/Users", {"userName": {"a": 1}}),
        ("PATCH", "/Users/x", {"Operations": "no"}),
        ("PUT", "/Groups/x", None),
        ("POST", "/Bulk", {}),
        ("GET", "/Me", None),
        ("DELETE", "/Users", None),
    ],
)
def test_nonsense_is_refused_in_scim(service, method, path, body):
    answer = service.send(method, path, body)
    assert 400 <= answer.status_code <= 501
    assert answer.json()["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
