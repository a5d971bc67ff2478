"""Whatever anybody asks of the API, as the document describes it and otherwise.

schemathesis draws requests from the OpenAPI document, right ones and wrong ones, and
sends them to a real server with the key of each role: no bug, and no answer that the
document does not describe.
"""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.otlp_bodies import API_REQUEST, log, logs
from tests.road.station import JSON, station_in

ROLES = (
    *("executive", "finance", "steward", "auditor", "works-council"),
    "administrator",
)
VIEWERS = ("stranger", "member", "operator", *ROLES)
CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)
DRAWN = 3
"""Requests for one endpoint and viewer."""
POLICY = "[serving]\npages_a_minute = 0\n"
PEOPLE = "email,name,department,team,manager\n" + "".join(
    f"{one}@example.com,{one.title()},Engines,Difference,\n" for one in VIEWERS[1:]
)


@pytest.fixture(scope="module")
def station(tmp_path_factory):
    folder = tmp_path_factory.mktemp("schema")
    with station_in(folder, POLICY) as made:
        people = folder / "people.csv"
        people.write_text(PEOPLE)
        done = made.run("people", "import", people)
        assert done.returncode == 0, done.stderr
        for role in ROLES:
            mail = f"{role}@example.com"
            granted = made.run("role", "grant", role, "--account", mail)
            assert granted.returncode == 0, granted.stderr
        token = made.token(email="member@example.com")
        assert made.post(logs(log(API_REQUEST)), token, content_type=JSON).status == 200
        operator = made.key("operator@example.com", "operator")
        made.settled(operator)
        made.keys = {one: made.key(f"{one}@example.com") for one in VIEWERS[2:]}
        made.keys["member"] = made.key("member@example.com")
        made.keys["operator"], made.keys["stranger"] = operator, ""
        yield made


def operations(station):
    document = station.get("/api/openapi.json", station.keys["operator"]).json
    schema = schemathesis.openapi.from_dict(document)
    for result in schema.get_all_operations():
        operation = result.ok()
        if operation.method == "get":
            yield operation


@pytest.mark.parametrize("viewer", VIEWERS)
def test_no_role_finds_a_bug_or_an_undocumented_answer(station, viewer):
    key = station.keys[viewer]
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    asked = [ask(station, operation, headers) for operation in operations(station)]
    assert len(asked) >= 8
    # Every endpoint was reached by somebody who may: not all of them were refused.
    if viewer == "operator":
        assert sum(200 in statuses for statuses in asked) >= 5
    if viewer == "stranger":
        assert set().union(*asked) == {401}


def ask(station, operation, headers):
    statuses = set()
    strategy = operation.as_strategy()

    @settings(
        max_examples=DRAWN,
        phases=[Phase.generate],
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy)
    def drawn(case):
        address = f"http://127.0.0.1:{station.port}"
        answer = case.call(base_url=address, headers=headers)
        statuses.add(answer.status_code)
        case.validate_response(answer, checks=CHECKS)

    drawn()
    return statuses
