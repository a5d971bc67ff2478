"""SCIM: the store leaves out only what a filter cannot mean."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scim2_models.path import ScimFilter

from mileage.domain.provisioning import Need
from mileage.wiring import scim
from mileage.wiring.scim_needs import ANYTHING, MOST, needs
from tests.drawing import examples
from tests.scim_service import ENTERPRISE, scim_service


def needed(condition):
    return needs(ScimFilter(condition).ast)


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ('userName co "ana"', Need(texts=("ana",))),
        ('emails.value eq "Ana@x.example"', Need(texts=("Ana@x.example",))),
        (
            'emails[type eq "work" and value sw "ana"]',
            Need(texts=("work", "ana")),
        ),
        (f'{ENTERPRISE}:department eq "Eng"', Need(texts=("Eng",))),
        ('displayName eq "say \\"hi\\""', Need(texts=('say \\"hi\\"',))),
        ("active eq false", Need(texts=('"active": false',))),
        ('id eq "acc_1"', Need(ids=("acc_1",))),
        ('members eq "acc_1"', Need(members=("acc_1",))),
        ('members.value eq "acc_1"', Need(members=("acc_1",))),
        ('members[value eq "acc_1"]', Need(members=("acc_1",))),
        (
            'id eq "grp_1" and members eq "acc_1"',
            Need(ids=("grp_1",), members=("acc_1",)),
        ),
    ],
)
def test_what_a_filter_takes_for_granted(condition, found):
    assert needed(condition) == (found,)


def test_one_of_several_has_to_hold():
    told = needed('(userName sw "a" or userName sw "b") and active eq true')
    assert [need.texts for need in told] == [
        ("a", '"active": true'),
        ("b", '"active": true'),
    ]


@pytest.mark.parametrize(
    "condition",
    [
        "userName pr",
        'not (userName eq "ana")',
        'userName ne "ana"',
        'userName gt "ana"',
        'displayName eq "Zoë"',
        'meta.lastModified gt "2020-01-01T00:00:00Z"',
        'userName eq "ana" or title pr',
        'phoneNumbers.value eq "1"',
        'members[type eq "User"]',
        " or ".join(f'userName eq "{number}"' for number in range(MOST + 1)),
        " and ".join(['(userName eq "a" or userName eq "b")'] * 40),
    ],
)
def test_of_what_takes_nothing_for_granted_everything_is_looked_at(condition):
    assert needed(condition) == ANYTHING


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """One for all: nothing here changes anything."""
    path = tmp_path_factory.mktemp("needs") / "control.sqlite"
    with scim_service(path) as opened:
        users = [
            opened.user(
                name,
                externalId=f"e-{number % 3}",
                displayName=shown,
                active=bool(number % 2),
                emails=[{"value": name.upper(), "type": "work"}],
                **{ENTERPRISE: {"department": department}},
            )
            for number, (name, shown, department) in enumerate(
                [
                    ("ana@x.example", "Ana 100%", "Eng_A"),
                    ("zoe@x.example", "Zoë", "eng"),
                    ("ben@x.example", 'Ben "B" \\ Co', "Sales"),
                    ("x%y_z@x.example", "true", "active"),
                ]
            )
        ]
        opened.group("leads", *users[:2])
        opened.group("Ana")
        yield opened


WORDS = ("ana", "Zoë", "ZOE", "%", "_", '"', "\\", "Eng", "e-1", "true", "x.example")
values = st.sampled_from(WORDS).map(
    lambda word: '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'
)
attributes = st.sampled_from(
    [
        *("userName", "displayName", "externalId", "emails.value", "emails.type"),
        *("id", f"{ENTERPRISE}:department", "name.formatted"),
    ]
)
compared = st.builds(
    "{} {} {}".format,
    attributes,
    st.sampled_from(("eq", "co", "sw", "ew", "ne")),
    values,
)
single = st.one_of(
    compared,
    st.sampled_from(["active eq true", "active eq false", "title pr", "userName pr"]),
    st.builds("emails[type eq {} or value co {}]".format, values, values),
)
filters = st.recursive(
    single,
    lambda some: st.one_of(
        st.builds("({}) and ({})".format, some, some),
        st.builds("({}) or ({})".format, some, some),
        st.builds("not ({})".format, some),
    ),
    max_leaves=4,
)


@given(filters)
@settings(max_examples=examples(60), deadline=None)
def test_nobody_is_left_out_whom_a_filter_means(service, condition):
    def found():
        answer = service.http.get("/Users", params={"filter": condition})
        return answer.status_code, answer.json()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scim, "needs", lambda _: ())
        every = found()
    assert found() == every


def test_documents_that_cannot_be_meant_are_not_read(service, monkeypatch):
    read = []
    monkeypatch.setattr(
        scim,
        "_resource",
        lambda stored, make=scim._resource: read.append(1) or make(stored),
    )
    page = service.find('emails.value eq "zoe@x.example"')
    assert [one["userName"] for one in page["Resources"]] == ["zoe@x.example"]
    assert len(read) == 1
    ana = service.find('userName eq "ana@x.example"')["Resources"][0]["id"]
    read.clear()
    page = service.find(f'members[value eq "{ana}"]', "Groups")
    assert [one["displayName"] for one in page["Resources"]] == ["leads"]
    assert len(read) == 1
