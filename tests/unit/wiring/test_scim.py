"""SCIM from outside: the conformance checker, then what services really send."""

from __future__ import annotations

from datetime import date
from importlib import import_module
from types import SimpleNamespace

import pytest

from mileage.domain.directory import PersonRow
from mileage.domain.errors import TooLarge, Unauthorised
from mileage.domain.people import HeldRole, Viewer
from mileage.domain.sign_in_policy import GroupRole, SignInPolicy
from mileage.store.control import open_control
from tests.scim_service import ENTERPRISE, GROUP, scim_service


@pytest.fixture
def service(tmp_path):
    with scim_service(tmp_path / "control.sqlite") as opened:
        yield opened


def placed(department="Eng", team="Core", manager=None):
    where = {"department": department, "division": team}
    if manager:
        where["manager"] = {"value": manager}
    return {ENTERPRISE: where}


# The checker


def test_the_conformance_checker_finds_no_error(service):
    # Imported here: it takes seconds of whoever only looks which tests there are.
    clients = import_module("scim2_client.engines.httpx2")
    checker = import_module("scim2_tester")
    bad_ones = {"ERROR", "CRITICAL", "DEVIATION"}
    results = checker.check_server(clients.SyncSCIMClient(service.http))
    bad = [
        (one.title, one.resource_type, one.reason)
        for one in results
        if one.status.name in bad_ones
    ]
    assert bad == []
    assert len(results) > 20


# Who may


@pytest.mark.parametrize("path", ["/Users", "/Groups/x", "/Schemas", "/nowhere"])
def test_strangers_learn_nothing(service, path):
    answer = service.client("").get(path)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.json()["status"] == "401"


@pytest.mark.parametrize("scope", ["read", "operator"])
def test_keys_of_other_scopes_open_nothing(service, scope):
    owner = service.control.ensure_account("it@x.example")
    key = service.control.create_key(owner, scope).secret
    assert service.client(key).get("/Users").status_code == 401


def test_its_key_reads_no_figures_and_opens_no_session(service):
    assert service.control.key_viewer(service.key.secret) is None
    with pytest.raises(Unauthorised):
        service.control.open_key(service.key.secret)


def test_a_revoked_key_is_refused_at_once(service):
    assert service.send("GET", "/Users").status_code == 200
    service.control.revoke_key(service.key.credential_id)
    assert service.send("GET", "/Users").status_code == 401


def test_a_body_has_a_limit(service):
    with pytest.raises(TooLarge):
        service.send("POST", "/Users", {"userName": "a" * 1_100_000})


# Users


def test_a_user_becomes_a_person(service):
    boss = service.user("boss@x.example", displayName="The Boss")
    ana = service.user(
        name={"givenName": "Ana", "familyName": "B"}, **placed(manager=boss["id"])
    )
    account = service.control.account(ana["id"])
    assert (account.kind, account.name, account.email) == (
        "person",
        "Ana B",
        "ana@x.example",
    )
    assert service.place(ana) == ("Eng", "Core", "boss@x.example")
    assert ana["meta"]["location"].endswith(f"/scim/v2/Users/{ana['id']}")


def test_usage_from_before_is_found_again(service):
    before = service.control.ensure_account("ana@x.example")
    assert service.user()["id"] == before
    assert service.control.account(before).kind == "person"


def test_people_of_a_file_are_taken_over(service):
    row = PersonRow("ana@x.example", "Ana", "contractor", "Ops", "", "", "", None, None)
    service.control.import_people([row])
    ana = service.user(**placed())
    assert service.control.account(ana["id"]).kind == "contractor"
    assert service.place(ana)[0] == "Eng"
    yesterday = date(2026, 5, 31)
    assert service.place(ana, yesterday)[0] == "Ops"


def test_a_service_of_ours_is_no_user(service):
    row = PersonRow("ci@x.example", "CI", "service", "", "", "", "", None, None)
    service.control.import_people([row])
    service.user("ci@x.example", status=409)


@pytest.mark.parametrize("again", ["ana@x.example", "ANA@x.example"])
def test_a_name_is_taken_once(service, again):
    service.user()
    assert service.user(again, status=409)["scimType"] == "uniqueness"


def test_an_address_is_where_services_put_it(service):
    nobody = service.user("somebody", emails=[{"value": "no address"}])
    assert service.control.account(nobody["id"]).email == ""
    emails = [{"value": "other@x.example"}, {"value": "ana@x.example", "primary": True}]
    ana = service.user("ana", emails=emails)
    assert service.control.account(ana["id"]).email == "ana@x.example"


def test_what_mileage_does_not_want_is_not_kept(service, tmp_path):
    service.user(
        password="hunter2-hunter2",
        phoneNumbers=[{"value": "+1 555 0100"}],
        addresses=[{"formatted": "1 Main St"}],
        title="Head of everything",
    )
    kept = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    for private in (b"hunter2", b"555 0100", b"Main St", b"Head of everything"):
        assert private not in kept


def test_a_move_keeps_the_department_of_its_day(service):
    ana = service.user(**placed("Eng"))
    service.today = date(2026, 6, 10)
    change = {"op": "replace", "path": f"{ENTERPRISE}:department", "value": "Sales"}
    service.patch(f"/Users/{ana['id']}", change)
    assert service.place(ana)[0] == "Sales"
    assert service.place(ana, date(2026, 6, 9))[0] == "Eng"
    # Twice on one day is one move.
    service.patch(f"/Users/{ana['id']}", {**change, "value": "Legal"})
    assert service.place(ana)[0] == "Legal"
    assert service.place(ana, date(2026, 6, 9))[0] == "Eng"


def test_what_changes_nothing_writes_no_membership(service):
    ana = service.user(**placed())
    before = service.control.memberships()
    service.today = date(2026, 7, 1)
    service.patch(
        f"/Users/{ana['id']}", {"op": "replace", "path": "displayName", "value": "A"}
    )
    assert service.control.memberships() == before


@pytest.mark.parametrize("reference", ["id", "externalId", "userName"])
def test_a_manager_is_named_in_several_ways(service, reference):
    boss = service.user("boss@x.example", externalId="e-1")
    ana = service.user(**placed(manager=boss[reference]))
    assert service.place(ana)[2] == "boss@x.example"


def test_a_manager_nobody_knows_is_none(service):
    ana = service.user(**placed(manager="nobody"))
    assert service.place(ana)[2] == ""


def test_another_address_is_one_more(service):
    ana = service.user()
    service.user("ben@x.example")
    path = f"/Users/{ana['id']}"
    service.patch(
        path, {"op": "replace", "path": "userName", "value": "ana.c@x.example"}
    )
    for address in ("ana@x.example", "ana.c@x.example"):
        assert service.control.account_of_email(address).account_id == ana["id"]
    taken = {"op": "replace", "path": "userName", "value": "ben@x.example"}
    service.patch(path, taken, status=409)


# Disabling


def everything_of(service, account_id):
    control = service.control
    viewer = Viewer(account_id, "Ana")
    return SimpleNamespace(
        session=control.open_link(control.create_link(viewer)),
        key=control.create_key(account_id, "operator").secret,
        token=control.create_token(account_id=account_id).secret,
    )


def open_doors(service, secrets):
    opened = []
    if service.control.session_viewer(secrets.session):
        opened.append("session")
    if service.control.key_viewer(secrets.key):
        opened.append("key")
    try:
        service.control.credential(secrets.token)
        opened.append("token")
    except Unauthorised:
        pass
    return opened


DISABLING = {
    "Okta": {"op": "replace", "value": {"active": False}},
    "Entra ID": {"op": "Replace", "path": "active", "value": "False"},
    "RFC 7644": {"op": "replace", "path": "active", "value": False},
}


@pytest.mark.parametrize("dialect", DISABLING)
def test_disabling_ends_everything_at_the_next_request(service, tmp_path, dialect):
    ana, ben = service.user(), service.user("ben@x.example")
    hers, his = everything_of(service, ana["id"]), everything_of(service, ben["id"])
    assert len(open_doors(service, hers)) == 3
    service.patch(f"/Users/{ana['id']}", DISABLING[dialect])
    assert open_doors(service, hers) == []
    assert len(open_doors(service, his)) == 3
    # In every process.
    with open_control(tmp_path / "control.sqlite", clock=service.clock) as other:
        assert other.session_viewer(hers.session) is None
    actions = [row.action for row in service.control.audit_rows()]
    assert "account disabled" in actions


def test_enabling_again_opens_no_old_session(service):
    ana = service.user()
    hers = everything_of(service, ana["id"])
    for active in (False, True):
        change = {"op": "replace", "path": "active", "value": active}
        service.patch(f"/Users/{ana['id']}", change)
    assert open_doors(service, hers) == ["key", "token"]


def test_a_deleted_user_is_gone_and_what_was_counted_stays(service):
    ana = service.user(**placed())
    hers = everything_of(service, ana["id"])
    assert service.send("DELETE", f"/Users/{ana['id']}").status_code == 204
    assert open_doors(service, hers) == []
    assert service.send("GET", f"/Users/{ana['id']}").status_code == 404
    assert service.control.account(ana["id"]).email == "ana@x.example"
    assert ana["id"] not in service.control.membership_at(service.today)
    assert service.place(ana, date(2026, 5, 31))[0] == "Eng"


def test_who_comes_back_is_the_same_person(service):
    ana = service.user()
    service.send("DELETE", f"/Users/{ana['id']}")
    again = service.user()
    assert again["id"] == ana["id"]
    assert open_doors(service, everything_of(service, ana["id"])) != []


# Groups


def test_groups_bring_roles_at_the_next_request(service):
    policy = SignInPolicy(group_roles=(GroupRole("Money", HeldRole("finance")),))
    service.control.take_groups(policy)
    ana = service.user()
    hers = everything_of(service, ana["id"])
    reader = service.control.create_key(ana["id"], "read").secret
    group = service.group("money", ana)

    def roles():
        control = service.control
        viewers = control.session_viewer(hers.session), control.key_viewer(reader)
        return [viewer.roles for viewer in viewers]

    assert roles() == [(HeldRole("finance"),)] * 2
    path = f'members[value eq "{ana["id"]}"]'
    service.patch(f"/Groups/{group['id']}", {"op": "remove", "path": path})
    assert roles() == [(), ()]
    service.patch(
        f"/Groups/{group['id']}",
        {"op": "add", "path": "members", "value": [{"value": ana["id"]}]},
    )
    assert roles() == [(HeldRole("finance"),)] * 2
    service.send("DELETE", f"/Groups/{group['id']}")
    assert roles() == [(), ()]


def test_entra_removes_members_in_its_own_way(service):
    ana, ben = service.user(), service.user("ben@x.example")
    group = service.group("g", ana, ben)
    removal = {"op": "Remove", "path": "members", "value": [{"value": ana["id"]}]}
    service.patch(f"/Groups/{group['id']}", removal)
    left = service.send("GET", f"/Groups/{group['id']}").json()["members"]
    assert [one["value"] for one in left] == [ben["id"]]


def test_a_member_must_be_a_user(service):
    body = {"schemas": [GROUP], "displayName": "g", "members": [{"value": "acc_x"}]}
    assert service.send("POST", "/Groups", body).status_code == 400


def test_a_deleted_user_leaves_the_groups(service):
    ana = service.user()
    group = service.group("g", ana)
    service.send("DELETE", f"/Users/{ana['id']}")
    assert "members" not in service.send("GET", f"/Groups/{group['id']}").json()
