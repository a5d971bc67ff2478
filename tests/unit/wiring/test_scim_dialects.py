"""SCIM as Okta, Entra ID and others speak it: the shapes of a change, its traps."""

from __future__ import annotations

import json

import pytest

from mileage.domain.people import HeldRole, Viewer
from mileage.domain.sign_in_policy import GroupRole, SignInPolicy
from tests.scim_service import CORE, ENTERPRISE, GROUP, PATCH, scim_service

ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"


@pytest.fixture
def service(tmp_path):
    with scim_service(tmp_path / "control.sqlite") as opened:
        yield opened


@pytest.fixture(scope="module")
def refusing(tmp_path_factory):
    """One for all that is refused: nothing of it may stay."""
    path = tmp_path_factory.mktemp("refusing") / "control.sqlite"
    with scim_service(path) as opened:
        yield opened
        assert opened.find("")["totalResults"] == 0
        assert opened.find("", "Groups")["totalResults"] == 0


def path_of(user):
    return f"/Users/{user['id']}"


def refused(service, path, *operations, status=400):
    answer = service.patch(path, *operations, status=status)
    assert answer["schemas"] == [ERROR]
    return answer


def raw(service, body, path="/Users"):
    headers = {"Content-Type": "application/scim+json"}
    return service.http.post(path, content=body, headers=headers)


# Where somebody belongs

DEPARTMENT = {
    "a path": {"path": f"{ENTERPRISE}:department", "value": "Sales"},
    "a key with the whole name": {"value": {f"{ENTERPRISE}:department": "Sales"}},
    "a table": {"value": {ENTERPRISE: {"department": "Sales"}}},
    "blanks around": {"path": f"{ENTERPRISE}:department", "value": "  Sales "},
}


@pytest.mark.parametrize("op", ["add", "Replace"])
def test_a_department_comes_in_several_shapes(service, op):
    ana = service.user(**{ENTERPRISE: {"division": "Core"}})
    for dialect, change in DEPARTMENT.items():
        before = {"op": "replace", "path": f"{ENTERPRISE}:department", "value": "Eng"}
        service.patch(path_of(ana), before)
        assert service.place(ana) == ("Eng", "Core", "")
        service.patch(path_of(ana), {"op": op, **change})
        assert service.place(ana) == ("Sales", "Core", ""), dialect


MANAGER = {
    "RFC 7643": lambda boss: {"value": {"value": boss}},
    "a path to its value": lambda boss: {"value": boss, "deeper": ".value"},
    "Entra ID, the id alone": lambda boss: {"value": boss},
}


@pytest.mark.parametrize("dialect", MANAGER)
def test_a_manager_comes_in_several_shapes(service, dialect):
    boss, ana = service.user("boss@x.example"), service.user()
    given = MANAGER[dialect](boss["id"])
    path = f"{ENTERPRISE}:manager{given.pop('deeper', '')}"
    service.patch(path_of(ana), {"op": "add", "path": path, **given})
    assert service.place(ana)[2] == "boss@x.example"
    removal = {"op": "remove", "path": f"{ENTERPRISE}:manager"}
    service.patch(path_of(ana), removal)
    assert service.place(ana)[2] == ""


def test_what_is_no_manager_changes_none(service):
    boss = service.user("boss@x.example")
    ana = service.user(**{ENTERPRISE: {"manager": {"value": boss["id"]}}})
    for value in (7, [{"value": "x"}], True):
        change = {"op": "replace", "path": f"{ENTERPRISE}:manager", "value": value}
        assert refused(service, path_of(ana), change)["scimType"] == "invalidValue"
    assert service.place(ana)[2] == "boss@x.example"


def test_an_empty_manager_is_none(service):
    boss = service.user("boss@x.example")
    ana = service.user(**{ENTERPRISE: {"manager": {"value": boss["id"]}}})
    change = {"op": "replace", "path": f"{ENTERPRISE}:manager", "value": ""}
    service.patch(path_of(ana), change)
    assert service.place(ana)[2] == ""


def test_another_manager_from_another_day(service):
    bosses = [service.user(f"{name}@x.example") for name in ("one", "two")]
    path = f"{ENTERPRISE}:manager.value"
    ana = service.user()
    first = service.today
    for boss in bosses:
        service.patch(
            path_of(ana), {"op": "replace", "path": path, "value": boss["id"]}
        )
        service.today = service.today.replace(day=service.today.day + 5)
    assert service.place(ana, first)[2] == "one@x.example"
    assert service.place(ana)[2] == "two@x.example"


def test_who_is_put_takes_what_is_left_out_away(service):
    ana = service.user(**{ENTERPRISE: {"department": "Eng", "division": "Core"}})
    body = {"schemas": [CORE], "userName": "ana@x.example"}
    assert service.send("PUT", path_of(ana), body).status_code == 200
    assert service.place(ana) == ("", "", "")


# Names and addresses


def test_parts_of_a_name_arrive_one_by_one(service):
    ana = service.user()
    change = {"name.givenName": "Anna", "name.familyName": "Zett"}
    service.patch(path_of(ana), {"op": "add", "value": change})
    assert service.control.account(ana["id"]).name == "Anna Zett"
    service.patch(
        path_of(ana), {"op": "replace", "path": "name.formatted", "value": "A. Zett"}
    )
    assert service.control.account(ana["id"]).name == "A. Zett"
    service.patch(
        path_of(ana), {"op": "add", "path": "displayName", "value": "Doctor Zett"}
    )
    assert service.control.account(ana["id"]).name == "Doctor Zett"


def test_without_a_name_the_user_name_is_shown(service):
    ana = service.user("somebody", name={"givenName": "  "}, displayName="")
    assert service.control.account(ana["id"]).name == "somebody"


def test_entra_names_an_address_by_its_type(service):
    ana = service.user("ana", emails=[{"type": "work", "value": "ana@x.example"}])
    path = 'emails[type eq "work"].value'
    service.patch(
        path_of(ana), {"op": "Replace", "path": path, "value": "ana.b@x.example"}
    )
    for address in ("ana@x.example", "ana.b@x.example"):
        assert service.control.account_of_email(address).account_id == ana["id"]
    assert service.control.account(ana["id"]).email == "ana.b@x.example"


def test_entra_adds_an_address_that_is_not_there_yet(service):
    ana = service.user("ana")
    path = 'emails[type eq "work"].value'
    service.patch(path_of(ana), {"op": "Add", "path": path, "value": "ana@x.example"})
    assert service.control.account_of_email("ANA@x.example").account_id == ana["id"]


def test_nobody_takes_the_address_of_somebody_else(service):
    service.user("ben@x.example")
    ana = service.user()
    path = 'emails[type eq "work"].value'
    change = {"op": "add", "path": path, "value": "Ben@x.example"}
    told = refused(service, path_of(ana), change, status=409)
    assert (told["scimType"], told["detail"]) == (
        "uniqueness",
        "ben@x.example belongs to another account",
    )
    assert service.control.account(ana["id"]).email == "ana@x.example"


@pytest.mark.parametrize("name", ["", " ", "\t"])
def test_a_name_of_nothing_is_refused(refusing, name):
    told = refusing.user(name, status=400)
    assert told["detail"] == "a User has a name of more than blanks"
    body = {"schemas": [GROUP], "displayName": name}
    answer = refusing.send("POST", "/Groups", body)
    assert answer.status_code == 400
    assert answer.json()["detail"] == "a Group has a name of more than blanks"


@pytest.mark.parametrize("name", [7, None, True, [], {"a": 1}])
def test_a_user_name_is_text(refusing, name):
    assert refusing.user(name, status=400)["scimType"] == "invalidValue"


@pytest.mark.parametrize("email", ["a@b\n@c", "x" * 400 + "@x.example", "\x00@x"])
def test_what_is_no_address_is_told_as_such(refusing, email):
    told = refusing.user(email, status=400)
    assert "an identity is an e-mail address" in told["detail"]


# What services get wrong


WRONG = (
    ({"op": "explode", "path": "userName"}, "invalidValue", "add, remove or"),
    ({"op": "remove", "path": "userName"}, "mutability", "required attribute"),
    ({"op": "replace", "path": "id", "value": "x"}, "mutability", "read-only"),
    ({"op": "replace", "path": "active", "value": "maybe"}, "invalidValue", "bool"),
    ({"op": "add", "path": "userName"}, "invalidValue", "value is required"),
    ({"op": "remove"}, "noTarget", ""),
)


def test_an_operation_that_is_none_is_told(service):
    ana = service.user()
    for operation, kind, said in WRONG:
        told = refused(service, path_of(ana), operation)
        assert told["scimType"] == kind, operation
        assert said in told["detail"]
    assert service.send("GET", path_of(ana)).json()["meta"] == ana["meta"]


def test_operations_count_together_or_not_at_all(service):
    ana = service.user()
    good = {"op": "replace", "path": "displayName", "value": "Another"}
    bad = {"op": "replace", "path": "id", "value": "x"}
    refused(service, path_of(ana), good, bad)
    assert service.control.account(ana["id"]).name == "ana@x.example"


def test_a_change_of_nothing_is_refused(service):
    told = refused(service, path_of(service.user()))
    assert "one or more operations" in told["detail"]


def test_an_attribute_that_is_not_wanted_is_dropped(service):
    ana = service.user()
    change = {"op": "add", "path": "favouriteColour", "value": "green"}
    service.patch(path_of(ana), change)
    assert "green" not in service.send("GET", path_of(ana)).text


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b"NaN",
        b"[" * 100_000,
        b'{"a":' * 20_000,
        json.dumps({"schemas": [CORE], "userName": "\ud800"}).encode(),
        json.dumps({"schemas": [GROUP], "displayName": "\udfff"}).encode(),
    ],
)
def test_what_is_no_json_is_told(refusing, body):
    answer = raw(refusing, body)
    assert answer.status_code == 400
    assert answer.json()["scimType"] == "invalidSyntax"


@pytest.mark.parametrize(
    "path",
    [
        *("/Users/%00", "/Users/%FF", "/Users/acc_nobody", "/Groups/acc_nobody"),
        *("/Schemas/x", "/ResourceTypes/Robot"),
    ],
)
def test_what_is_not_there_is_not_found(refusing, path):
    answer = refusing.send("GET", path)
    assert answer.status_code == 404
    assert answer.json()["schemas"] == [ERROR]


def test_the_id_of_a_group_is_no_user_and_the_other_way_round(service):
    ana, group = service.user(), service.group("g")
    for path in (f"/Users/{group['id']}", f"/Groups/{ana['id']}"):
        for method in ("GET", "DELETE"):
            assert service.send(method, path).status_code == 404
    assert service.send("GET", path_of(ana)).status_code == 200


def test_a_reason_repeats_no_endless_id(service):
    answer = service.send("GET", f"/Users/{'x' * 3_000}")
    assert len(answer.json()["detail"]) < 100


def test_accounts_that_no_service_made_are_not_shown(service):
    before = service.control.ensure_account("old@x.example")
    assert service.send("GET", f"/Users/{before}").status_code == 404
    assert service.send("DELETE", f"/Users/{before}").status_code == 404
    change = {"op": "replace", "path": "active", "value": False}
    refused(service, f"/Users/{before}", change, status=404)


def test_an_old_version_removes_nobody(service):
    ana = service.user()
    change = {"op": "replace", "path": "displayName", "value": "A"}
    service.patch(path_of(ana), change)
    stale = {"If-Match": ana["meta"]["version"]}
    assert service.send("DELETE", path_of(ana), **stale).status_code == 412
    assert service.send("GET", path_of(ana)).status_code == 200


# Groups and the roles that come with them


def roles_of(service, account_id):
    control = service.control
    link = control.create_link(Viewer(account_id, "x"))
    return set(control.session_viewer(control.open_link(link)).roles)


@pytest.fixture
def mapped(service):
    roles = (
        GroupRole("Leads of Engines", HeldRole("department-lead", "Engines")),
        GroupRole("Leads of Sales", HeldRole("department-lead", "Sales")),
        GroupRole("money", HeldRole("finance")),
    )
    service.control.take_groups(SignInPolicy(group_roles=roles))


def test_a_group_gives_a_role_of_a_department(service, mapped):
    ana, ben = service.user(), service.user("ben@x.example")
    service.group("leads of engines", ana)
    service.group("LEADS OF SALES", ana, ben)
    assert roles_of(service, ana["id"]) == {
        HeldRole("department-lead", "Engines"),
        HeldRole("department-lead", "Sales"),
    }
    assert roles_of(service, ben["id"]) == {HeldRole("department-lead", "Sales")}


def test_a_group_that_is_renamed_gives_its_new_role(service, mapped):
    ana = service.user()
    group = service.group("nothing special", ana)
    assert roles_of(service, ana["id"]) == set()
    path = f"/Groups/{group['id']}"
    service.patch(path, {"op": "replace", "value": {"displayName": "Money"}})
    assert roles_of(service, ana["id"]) == {HeldRole("finance")}
    okta = {"op": "replace", "value": {"id": group["id"], "displayName": "other"}}
    service.patch(path, okta)
    assert roles_of(service, ana["id"]) == set()


@pytest.mark.parametrize("op", ["add", "replace"])
def test_members_are_put_together_or_in_place(service, mapped, op):
    ana, ben = service.user(), service.user("ben@x.example")
    group = service.group("money", ana)
    change = {"op": op, "path": "members", "value": [{"value": ben["id"]}]}
    service.patch(f"/Groups/{group['id']}", change)
    assert roles_of(service, ben["id"]) == {HeldRole("finance")}
    assert roles_of(service, ana["id"]) == (
        {HeldRole("finance")} if op == "add" else set()
    )


def test_all_members_may_go_at_once(service, mapped):
    ana, ben = service.user(), service.user("ben@x.example")
    group = service.group("money", ana, ben)
    service.patch(f"/Groups/{group['id']}", {"op": "remove", "path": "members"})
    assert roles_of(service, ana["id"]) == roles_of(service, ben["id"]) == set()


def test_a_member_counts_once(service):
    ana = service.user()
    group = service.group("g", ana, ana)
    assert [one["value"] for one in group["members"]] == [ana["id"]]
    again = {"op": "add", "path": "members", "value": [{"value": ana["id"]}]}
    service.patch(f"/Groups/{group['id']}", again)
    members = service.send("GET", f"/Groups/{group['id']}").json()["members"]
    assert len(members) == 1
    assert members[0]["$ref"].endswith(f"/scim/v2/Users/{ana['id']}")


def test_nobody_unknown_becomes_a_member(service):
    group = service.group("g")
    for member in ("acc_none", None, "", "x" * 300):
        change = {"op": "add", "path": "members", "value": [{"value": member}]}
        told = refused(service, f"/Groups/{group['id']}", change)
        assert "there is no User" in told["detail"]
        assert len(told["detail"]) < 120


def test_a_group_is_no_member_of_a_group(service):
    inner = service.group("inner")
    body = {
        "schemas": [GROUP],
        "displayName": "outer",
        "members": [{"value": inner["id"]}],
    }
    assert service.send("POST", "/Groups", body).status_code == 400
    assert service.find("", "Groups")["totalResults"] == 1


def test_two_groups_of_one_name_are_told_apart_by_neither(service):
    service.group("Leads")
    body = {"schemas": [GROUP], "displayName": "lEADS"}
    answer = service.send("POST", "/Groups", body)
    assert answer.status_code == 409
    other = service.group("others")
    change = {"op": "replace", "path": "displayName", "value": "leads"}
    refused(service, f"/Groups/{other['id']}", change, status=409)


def test_changes_of_groups_are_on_record_without_names(service):
    ana, ben = service.user(), service.user("ben@x.example")
    group = service.group("secret project", ana)
    change = {"op": "replace", "path": "members", "value": [{"value": ben["id"]}]}
    service.patch(f"/Groups/{group['id']}", change)
    rows = [one for one in service.control.audit_rows() if one.subject == group["id"]]
    assert [(one.action, one.detail) for one in rows] == [
        ("group changed", "1 in, 1 out"),
        ("group changed", "1 in, 0 out"),
    ]
    assert "secret" not in str(service.control.audit_rows())


def test_a_patch_must_say_that_it_is_one(service):
    ana = service.user()
    body = {"Operations": [{"op": "replace", "path": "displayName", "value": "A"}]}
    answer = service.send("PATCH", path_of(ana), {"schemas": [CORE], **body})
    assert answer.status_code == 400
    assert service.send(
        "PATCH", path_of(ana), {"schemas": [PATCH], **body}
    ).status_code in (200, 204)
