"""Each role asks every address about everybody: it finds what the table grants.

A real organisation behind the real application. Everybody's figures are multiples of
a number of their own, so that a figure anywhere in an answer (page, JSON, header,
message) tells whose it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from importlib.resources import files
from time import time

import pytest
from starlette.testclient import TestClient

from mileage.access.readables import READABLES
from mileage.domain.directory import PersonRow
from mileage.domain.people import OPERATOR, HeldRole, Viewer
from mileage.web.app import create_app
from mileage.web.route_access import ROUTES
from mileage.wiring.ingest_door import IngestDoor
from mileage.wiring.organisation import open_organisation
from mileage.wiring.serve import Server, _bind
from tests.ledgers import booking
from tests.witnesses import HOUR, LOG, SECOND, seen

PRIMES = {"top": 98_245_165, "below": 961_748, "peer": 941_083, "far": 92_041}
"""The first is on the board, which everybody may see; the board has one row."""
CHART = {
    "top": ("Yard", ""),
    "boss": ("Engines", ""),
    "below": ("Engines", "boss"),
    "peer": ("Engines", ""),
    "far": ("Sales", ""),
}
GRANTED = {
    "department-lead": "Engines",
    **dict.fromkeys(
        (
            *("executive", "finance", "steward", "auditor"),
            *("works-council", "administrator"),
        ),
        "",
    ),
}
ROLES = ("member", "manager", "operator", *GRANTED)
PURPOSES = ("", "support", "integrity", "performance-review")
HIDDEN = ("below", "peer", "far")


def people():
    names = {**CHART, **dict.fromkeys(ROLES, ("Staff", ""))}
    return [
        PersonRow(
            email=f"{name}@x.example",
            name=f"Person{name.title()}",
            kind="person",
            department=department,
            team="A",
            manager=f"{manager}@x.example" if manager else "",
            role="",
            since=None,
            until=None,
        )
        for name, (department, manager) in names.items()
    ]


def calls(ids):
    at = (int(time()) - 2 * 86_400) * SECOND
    for name, prime in PRIMES.items():
        for place, factor in enumerate((7, 11)):
            yield seen(
                LOG,
                account=ids[name],
                key=f"{name}-{place}",
                link="",
                session=f"session-of-{name}-{place}",
                occurred_at=at - place * 26 * HOUR,
                input=prime * 3,
                cache_read=prime * 13,
                cache_write=prime * 2,
                output=prime * factor,
                model=f"model-of-{name}",
                attended=bool(place),
            )


def amounts(name):
    """Return the token figures of somebody."""
    return [PRIMES[name] * factor for factor in (6, 26, 4, 18, 54, 25, 29)]


# Digits of a token or an id are no figure: letters stand beside them.
WRITTEN = re.compile(r"(?<![\w.])(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?\s?([KMBT]?)(?!\w)")
UNITS = {"": 1, "K": 10**3, "M": 10**6, "B": 10**9, "T": 10**12}


def numbers_in(text):
    """Read every large number of a text, in full or cut to a few digits."""
    found = {int(run) for run in re.findall(r"(?<![\w.])\d{6,15}(?!\w)", text)}
    for whole, rest, unit in WRITTEN.findall(text):
        if len(whole) < 20:
            found.add(float(whole.replace(",", "") + rest) * UNITS[unit])
    return [one for one in found if one > 100_000]


def shows(text, name):
    """Tell whether a text has a figure of somebody, marked or rounded ones too."""
    if any(f"{what}-of-{name}" in text for what in ("model", "session")):
        return True
    wanted = amounts(name)
    return any(
        abs(one - amount) <= amount * 0.002
        for one in numbers_in(text)
        for amount in wanted
    )


@dataclass
class World:
    app: object
    ids: dict[str, str]
    organisation: object
    port: int

    def client(self, role, accept="text/html"):
        control = self.organisation.control
        if role == "operator":
            viewer = OPERATOR
        else:
            who = "boss" if role == "manager" else role
            viewer = Viewer(self.ids[who], who)
        secret = control.open_link(control.create_link(viewer))
        client = TestClient(
            self.app,
            base_url=f"http://127.0.0.1:{self.port}",
            headers={"accept": accept},
            follow_redirects=False,
        )
        client.cookies.set("mileage_session", secret)
        return client

    def seen_in(self, answer):
        """Return whose figures stand anywhere in an answer."""
        text = f"{unescape(plain(answer.text))}\n{answer.headers}"
        return {name for name in HIDDEN if shows(text, name)}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    data = tmp_path_factory.mktemp("roles") / "data"
    (data / "policy").mkdir(parents=True, mode=0o700)
    (data / "policy" / "mileage.toml").write_text("[board]\ntop = 1\n")
    with (
        _bind("127.0.0.1", 0, "--port") as listener,
        open_organisation(data) as organisation,
    ):
        control = organisation.control
        control.import_people(people())
        ids = {
            one.email.partition("@")[0]: one.account_id for one in control.accounts()
        }
        for role, department in GRANTED.items():
            control.grant_role(ids[role], HeldRole(role, department))
        organisation.ledger.append(booking(calls(ids)))
        organisation.publish()
        server = Server(organisation, listener, "127.0.0.1")
        door = IngestDoor(organisation)
        app = create_app(server._services(door))
        yield World(app, ids, organisation, listener.getsockname()[1])
        door.close()


def addresses(ids):
    """Every address that is got, about everybody, whole and divided."""
    subjects = (ids["below"], ids["far"])
    asked = {
        "sources": ("", "?scope=me", "?scope=org", "?scope=org&q=person"),
        "disagreements": ("", "?scope=org"),
        "usage": ("", "?scope=org&group_by=account"),
    }
    for one in ROUTES:
        if "GET" not in one.methods or one.opener in {"token", "anybody"}:
            continue
        for subject in subjects if "{" in one.path else [""]:
            path = one.path.replace("{lens}", "tokens")
            path = re.sub(r"{\w+}", subject, path)
            yield from (path + rest for rest in asked.get(one.report, ("",)))
            if "{lens}" in one.path:
                break


def granted(role, path, purpose, ids):
    """Say by hand whose figures this answer may have."""
    if role == "operator":
        return set(HIDDEN)
    of = next((name for name in HIDDEN if path.endswith(f"/people/{ids[name]}")), "")
    if role == "manager" and purpose in {"support", "planning"}:
        return {of} & {"below"}
    if role == "steward" and purpose == "integrity":
        return {of} if of else set(HIDDEN) if "scope=org" in path else set()
    return set()


def purposes_for(path):
    """Return what to state: everything where it is about one person."""
    if "/people/" in path:
        return PURPOSES
    return ("", "integrity") if "scope=org" in path else ("",)


def with_purpose(path, purpose):
    return path + (("&" if "?" in path else "?") + f"purpose={purpose}") * bool(purpose)


@pytest.mark.parametrize("role", [one for one in ROLES if one != "operator"])
def test_a_role_finds_only_what_is_granted(world, role):
    client = world.client(role)
    for path in addresses(world.ids):
        for purpose in purposes_for(path):
            asked = with_purpose(path, purpose)
            answer = client.get(asked)
            told = world.seen_in(answer)
            allowed = granted(role, path, purpose, world.ids)
            assert told <= allowed, (role, asked, told)
            assert answer.status_code < 500 or answer.status_code == 503, asked


@pytest.mark.parametrize("text", ["51,934,392", "51934392", "51.9M", "51.95 M", "51.9"])
def test_figures_are_found_however_they_are_written(text):
    assert shows(f"[1,{text},77]", "below") is ("M" in text or len(text) > 5)
    assert not shows(text, "peer")
    assert not shows(text, "far")


def test_the_crawler_would_find_them(world):
    below, far = world.ids["below"], world.ids["far"]
    manager, steward = world.client("manager"), world.client("steward")
    for name in HIDDEN:
        page = world.client("operator").get(f"/people/{world.ids[name]}")
        assert world.seen_in(page) == {name}
    assert world.seen_in(manager.get(f"/people/{below}?purpose=support")) == {"below"}
    assert world.seen_in(steward.get(f"/people/{far}?purpose=integrity")) == {"far"}
    usage = world.client("operator").get("/api/v1/usage?scope=org&group_by=account")
    assert world.seen_in(usage) == set(HIDDEN)


@pytest.mark.parametrize("role", ["member", "manager", "steward", "finance"])
def test_nobody_learns_who_is_there(world, role):
    """Who is hidden and who does not exist are answered in the same bytes."""
    client = world.client(role)
    hidden = "peer" if role == "manager" else "below"
    for purpose in PURPOSES:
        answers = [
            client.get(with_purpose(f"/people/{who}", purpose))
            for who in (world.ids[hidden], "acc_nobody")
        ]
        if role == "steward" and purpose == "integrity":
            assert [one.status_code for one in answers] == [200, 404]
            continue
        there, absent = (
            (one.status_code, plain(one.text.replace(one.url.path, "/people/WHO")))
            for one in answers
        )
        assert there == absent
        assert there[0] == (200 if role == "steward" else 403)


def plain(text):
    """Leave out what differs each time: the token of the form."""
    return re.sub(r'name="csrf" value="[^"]*"', "", text)


def test_the_parts_that_a_manager_may_not_see_are_not_there(world):
    below = world.ids["below"]
    page = world.client("manager").get(f"/people/{below}?purpose=planning").text
    whole = world.client("operator").get(f"/people/{below}").text
    assert shows(page, "below")
    for part in ("session-of-below", 'id="heat"', 'id="attended"', 'id="activity"'):
        assert part in whole
        assert part not in page
    assert "It was read for: planning" in page
    named = "activity, attendance, hours, rank, rejected, sessions"
    assert named in page
    assert set(named.split(", ")) <= set(READABLES["personal"].fields)


def test_whoever_states_no_purpose_is_asked_and_then_recorded(world):
    client, control = world.client("manager"), world.organisation.control
    path = f"/people/{world.ids['below']}"
    before = len(control.access_rows())
    form = client.get(path)
    assert form.status_code == 200
    assert "Record this and show it" in form.text
    assert 'value="planning"' in form.text
    assert "performance-review" not in form.text
    assert len(control.access_rows()) == before
    assert client.get(f"{path}?purpose=planning").status_code == 200
    row = control.access_rows(limit=1)[0]
    assert (row.purpose, row.subject) == ("planning", world.ids["below"])
    assert row.viewer == world.ids["boss"]
    told = world.client("manager", "application/json").get(path)
    assert told.status_code == 422


def test_a_change_of_roles_counts_at_the_next_request(world):
    control, client = world.organisation.control, world.client("auditor")
    path, held = f"/people/{world.ids['far']}?purpose=integrity", HeldRole("steward")
    assert client.get(path).status_code == 403
    control.grant_role(world.ids["auditor"], held)
    assert world.seen_in(client.get(path)) == {"far"}
    control.revoke_role(world.ids["auditor"], held)
    assert client.get(path).status_code == 403


def test_a_manager_lists_the_people_below_and_nobody_else(world):
    page = world.client("manager").get("/people").text
    assert "PersonBelow" in page
    assert not {name for name in ("PersonPeer", "PersonFar") if name in page}
    assert ">People</a>" in page
    member = world.client("member")
    assert member.get("/people").status_code == 403
    assert ">People</a>" not in member.get("/me").text


def test_everybody_is_told_when_performance_review_is_switched_on(world):
    notice = "Performance review is switched on"
    member, manager = world.client("member"), world.client("manager")
    path = f"/people/{world.ids['below']}?purpose=performance-review"
    assert notice not in member.get("/access").text
    assert world.seen_in(manager.get(path)) == set()
    file = world.organisation.data / "policy" / "roles.toml"
    shipped = files("mileage").joinpath("policy/roles.toml").read_text("utf-8")
    file.write_text(shipped.replace('state = "off"', 'state = "on"'))
    try:
        assert all(notice in member.get(one).text for one in ("/", "/me", "/access"))
        assert world.seen_in(manager.get(path)) == {"below"}
        last = world.organisation.control.audit_rows(1)[0]
        assert (last.action, last.subject) == ("purposes changed", "roles.toml")
        assert "performance-review" in last.detail
    finally:
        file.unlink()
    assert notice not in member.get("/me").text
    assert world.seen_in(manager.get(path)) == set()
