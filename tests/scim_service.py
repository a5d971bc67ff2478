"""A directory service with its key, in front of a control plane."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from types import SimpleNamespace

from starlette.applications import Starlette
from starlette.testclient import TestClient

from mileage.store.control import open_control
from mileage.web import scim
from mileage.wiring.provisioning import Provisioning

ROOT = "/scim/v2"
CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
START = 1_780_000_000_000_000


@dataclass
class Clock:
    instant: int = START

    def __call__(self):
        self.instant += 1
        return self.instant


class Service:
    """A directory service with its key, in front of a control plane."""

    def __init__(self, control, clock):
        self.control, self.clock = control, clock
        self.today = date(2026, 6, 1)
        desk = Provisioning(control, "UTC")
        desk._today = lambda: self.today
        self.app = Starlette(routes=scim.routes())
        self.app.state.services = SimpleNamespace(provisioning=desk)
        owner = control.ensure_account("it@x.example")
        self.key = control.create_key(owner, "scim")
        self.http = self.client(self.key.secret)

    def client(self, key):
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return TestClient(
            self.app, base_url=f"http://testserver{ROOT}", headers=headers
        )

    def send(self, method, path, body=None, **headers):
        kind = {"Content-Type": "application/scim+json"}
        return self.http.request(method, path, json=body, headers=kind | headers)

    def user(self, email="ana@x.example", status=201, **more):
        body = {"schemas": [CORE, ENTERPRISE], "userName": email, **more}
        answer = self.send("POST", "/Users", body)
        assert answer.status_code == status, answer.text
        return answer.json()

    def group(self, name, *members):
        body = {"schemas": [GROUP], "displayName": name}
        body["members"] = [{"value": one["id"]} for one in members]
        answer = self.send("POST", "/Groups", body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def patch(self, path, *operations, status=204):
        answer = self.send(
            "PATCH", path, {"schemas": [PATCH], "Operations": operations}
        )
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else {}

    def find(self, condition, kind="Users", **more):
        query = {"filter": condition, **more} if condition else more
        answer = self.http.get(f"/{kind}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def place(self, user, day=None):
        on = self.control.membership_at(day or self.today)[user["id"]]
        return on.department, on.team, on.manager


@cache
def _template():
    """Return a new control plane to copy: running the migrations each time is slow."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "control.sqlite"
        open_control(path, clock=Clock()).dispose()
        return path.read_bytes()


@contextmanager
def scim_service(path):
    """Open a control plane with a service in front of it."""
    path.touch(0o600)
    path.write_bytes(_template())
    clock = Clock()
    with open_control(path, clock=clock) as control:
        service = Service(control, clock)
        # One thread for all of its requests, not one for each.
        with service.http:
            yield service
