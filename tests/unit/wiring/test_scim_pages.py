"""SCIM: pages at their edges, filters of every form, and what no filter may do."""

from __future__ import annotations

import pytest

from tests.scim_service import ENTERPRISE, scim_service

NAMES = [f"p{number}@x.example" for number in range(5)]


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """One for all: nothing here changes anything."""
    path = tmp_path_factory.mktemp("pages") / "control.sqlite"
    with scim_service(path) as opened:
        users = [
            opened.user(
                name,
                externalId=f"e-{number}",
                displayName=f"Person {5 - number}",
                active=number != 3,
                **{ENTERPRISE: {"department": "Eng" if number < 2 else "Sales"}},
            )
            for number, name in enumerate(NAMES)
        ]
        opened.group("leads", *users[:2])
        opened.group("money")
        yield opened


def names(page, attribute="userName"):
    return [one[attribute] for one in page.get("Resources", ())]


@pytest.mark.parametrize(
    ("start", "count", "found"),
    [
        (1, 2, NAMES[:2]),
        (0, 2, NAMES[:2]),
        (-5, 2, NAMES[:2]),
        (5, 2, NAMES[4:]),
        (6, 2, []),
        (10**30, 2, []),
        (1, 0, []),
        (1, -1, []),
        (1, 10**30, NAMES),
    ],
)
@pytest.mark.parametrize("condition", ["", "userName pr", 'userName co "x.example"'])
def test_a_page_begins_and_ends_where_it_is_said(
    service, start, count, found, condition
):
    page = service.find(condition, startIndex=start, count=count)
    assert names(page) == found
    assert page["totalResults"] == len(NAMES)
    assert page["itemsPerPage"] == len(found)


@pytest.mark.parametrize("start", [1, 2, 10**30])
def test_a_filter_that_is_looked_up_has_pages_too(service, start):
    page = service.find('userName eq "P0@X.example"', startIndex=start)
    assert names(page) == (NAMES[:1] if start == 1 else [])
    assert page["totalResults"] == 1


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ('externalId eq "e-1"', [1]),
        ('externalId eq "E-1"', []),
        ('externalId sw "e-" and active eq true', [0, 1, 2, 4]),
        ("not (active eq true)", [3]),
        (f'{ENTERPRISE}:department eq "eng"', [0, 1]),
        (f'{ENTERPRISE}:department ne "eng"', [2, 3, 4]),
        ('userName ew "4@x.example" or userName sw "P0"', [0, 4]),
        ('displayName gt "Person 3"', [0, 1]),
        ("title pr", None),
        ('userName eq "\' or 1=1 --"', []),
        ('userName eq "p%"', []),
        ('userName sw "p_"', []),
        ('meta.created gt "2020-01-01T00:00:00Z"', [0, 1, 2, 3, 4]),
        ('meta.created gt "yesterday"', None),
        ("userName", None),
        ("(" * 500, None),
        ("userName eq", None),
        ('userName xx "a"', None),
    ],
)
def test_filters_find_who_they_mean_or_are_refused(service, condition, found):
    answer = service.http.get("/Users", params={"filter": condition})
    if found is None:
        assert answer.status_code == 400
        assert answer.json()["scimType"] == "invalidFilter"
    else:
        assert names(answer.json()) == [NAMES[number] for number in found]


def test_order_is_as_asked_and_pages_keep_it(service):
    query = {"sortBy": "displayName", "count": 2}
    seen = [
        name
        for start in (1, 3, 5)
        for name in names(service.find("", startIndex=start, **query), "displayName")
    ]
    assert seen == [f"Person {number}" for number in range(1, 6)]
    back = service.find("", sortOrder="descending", **query)
    assert names(back, "displayName") == ["Person 5", "Person 4"]


@pytest.mark.parametrize(
    ("query", "kind"),
    [({"sortBy": "nothing"}, "invalidPath"), ({"count": "x"}, "invalidValue")],
)
def test_what_no_page_can_be_made_of_is_told(service, query, kind):
    answer = service.http.get("/Users", params=query)
    assert (answer.status_code, answer.json()["scimType"]) == (400, kind)


def test_only_what_was_asked_for_is_sent(service):
    page = service.find("", attributes="userName", count=1)
    assert set(page["Resources"][0]) == {"schemas", "id", "userName"}
    page = service.find("", excludedAttributes="displayName,externalId", count=1)
    assert not {"displayName", "externalId"} & set(page["Resources"][0])


def test_groups_are_no_users(service):
    assert names(service.find("", "Groups"), "displayName") == ["leads", "money"]
    assert service.find('userName eq "leads"')["totalResults"] == 0
    answer = service.http.get("/Groups", params={"filter": 'userName eq "leads"'})
    assert answer.json()["scimType"] == "invalidFilter"
    member = service.find('userName eq "p0@x.example"')["Resources"][0]["id"]
    page = service.find(f'members.value eq "{member}"', "Groups")
    assert names(page, "displayName") == ["leads"]
