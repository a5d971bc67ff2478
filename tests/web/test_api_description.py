"""The API is described, and the description is true."""

from __future__ import annotations

import json
import re

import pytest

from mileage.store.queries import GROUPS as STORED_GROUPS
from mileage.web.api import ENDPOINTS, GROUPS, POSTS
from mileage.web.openapi import document
from tests.web.json_schema import problems, resolved
from tests.web.stage import WINDOW, Stage


@pytest.fixture
def stage():
    return Stage()


def asked(stage):
    """Return the last question of the usage report."""
    [*_, (kind, _, question)] = stage.reports.asked
    assert kind == "usage"
    return question


# The description

DESCRIBED = document(ENDPOINTS, POSTS)


def every_object(value):
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from every_object(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from every_object(inner)


def test_the_description_is_served(stage):
    answer = stage.program().get("/api/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == json.loads(json.dumps(DESCRIBED))


def test_the_description_has_what_openapi_requires():
    assert re.fullmatch(r"3\.1\.\d+", DESCRIBED["openapi"])
    assert {"title", "version"} <= set(DESCRIBED["info"])
    assert set(DESCRIBED) <= {
        "openapi",
        "info",
        "servers",
        "security",
        "paths",
        "components",
    }
    operations = [
        (path, operation)
        for path, item in DESCRIBED["paths"].items()
        for operation in item.values()
    ]
    names = [operation["operationId"] for _, operation in operations]
    assert len(set(names)) == len(names) == len(ENDPOINTS) + len(POSTS)
    for path, operation in operations:
        assert path.startswith(("/api/v1/", "/ingest/"))
        assert operation["summary"]
        parameters = operation.get("parameters", [])
        in_path = {p["name"] for p in parameters if p["in"] == "path"}
        assert in_path == set(re.findall(r"{(\w+)}", path))
        for parameter in parameters:
            assert parameter["in"] in {"query", "path"}
            assert parameter["required"] is (parameter["in"] == "path")
            assert parameter["description"].endswith(".")
            assert parameter["schema"]["type"]
        assert "200" in operation["responses"]
        assert "401" in operation["responses"]
        for status, response in operation["responses"].items():
            assert re.fullmatch(r"[1-5]\d\d", status)
            assert response["description"]


def test_every_reference_leads_somewhere():
    references = [one["$ref"] for one in every_object(DESCRIBED) if "$ref" in one]
    assert references
    for reference in references:
        assert resolved(reference, DESCRIBED)["type"] == "object"


def test_every_schema_and_credential_is_used():
    used = {
        one["$ref"].rsplit("/", 1)[1]
        for one in every_object(DESCRIBED)
        if "$ref" in one
    }
    assert used == set(DESCRIBED["components"]["schemas"])
    credentials = set(DESCRIBED["components"]["securitySchemes"])
    posts = [
        one for path in POSTS for one in DESCRIBED["paths"][path]["post"]["security"]
    ]
    assert credentials == {
        name for one in [*DESCRIBED["security"], *posts] for name in one
    }


def test_every_described_path_is_served_and_every_served_one_described(stage):
    served = {
        route.path
        for route in stage.app.routes
        if route.path.startswith(("/api/v1/", "/ingest/"))
        and route.path != "/ingest/rejected"
    }
    assert served == set(DESCRIBED["paths"])


def test_the_dimensions_are_those_of_the_ledger():
    assert set(GROUPS) == set(STORED_GROUPS)


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/boards/{lens}",
        "/api/v1/me",
        "/api/v1/sources",
        "/api/v1/disagreements",
        "/api/v1/ingest/status",
        "/api/v1/ingest/rejected",
    ],
)
def test_answers_are_as_described(stage, path):
    answer = stage.program().get(path.replace("{lens}", "tokens")).json()
    content = DESCRIBED["paths"][path]["get"]["responses"]["200"]["content"]
    schema = content["application/json"]["schema"]
    assert [*problems(answer, schema, DESCRIBED)] == []


def test_usage_is_as_described(stage, monkeypatch):
    board = stage.program().get("/api/v1/boards/tokens").json()
    told = {
        "window": board["window"],
        "rows": [{"client": "codex", "day": "2025-11-01", **board["total"]}],
        "completeness": board["completeness"],
    }
    schema = {"$ref": "#/components/schemas/Usage"}
    monkeypatch.setattr(stage.reports, "usage", lambda _viewer, _question: told)
    answer = stage.program().get("/api/v1/usage").json()
    assert [*problems(answer, schema, DESCRIBED)] == []
    for broken in ("window", "rows", "completeness"):
        without = {name: part for name, part in answer.items() if name != broken}
        assert [*problems(without, schema, DESCRIBED)]


def test_errors_are_as_described(stage):
    schema = {"$ref": "#/components/schemas/Error"}
    stage.reports.broken = RuntimeError("a bug")
    for answer in (
        stage.stranger().get("/api/v1/me"),
        stage.program().get("/api/v1/me?x=1"),
        stage.program().get("/api/v1/nowhere"),
        stage.program().post("/api/v1/me"),
        stage.program().get("/api/v1/me"),
    ):
        assert answer.status_code >= 400
        assert [*problems(answer.json(), schema, DESCRIBED)] == []


@pytest.mark.parametrize(
    "change",
    [
        {"rank": 0},
        {"rank": "1"},
        {"rank": True},
        {"calls": -1},
        {"cost_usd": 1.5},
        {"cost_usd": "1.5"},
        {"tier": 3},
        {"titles": [1]},
        {"surprise": 1},
    ],
)
def test_the_checker_of_these_tests_sees(stage, change):
    row = stage.program().get("/api/v1/boards/tokens").json()["rows"][0]
    schema = DESCRIBED["components"]["schemas"]["BoardRow"]
    assert [*problems(row, schema, DESCRIBED)] == []
    assert [*problems(row | change, schema, DESCRIBED)]


# The page about it


def test_the_docs_name_every_endpoint_and_parameter(stage):
    text = stage.browser().get("/api/docs").text
    for endpoint in ENDPOINTS:
        assert f"GET {endpoint.path}</code>" in text
        for parameter in endpoint.parameters:
            assert f"<code>{parameter.name}</code>" in text
    assert ", ".join(GROUPS) in text


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda one: one.name)
def test_the_examples_of_the_docs_work(stage, endpoint):
    example = endpoint.example()
    assert "{" not in example
    text = stage.browser().get("/api/docs").text.replace("&amp;", "&")
    assert 'curl -H "Authorization: Bearer $MILEAGE_KEY" "http://' in text
    assert f'{example}"' in text
    assert stage.program().get(example).status_code == 200


def test_a_window_is_given_to_the_example(stage):
    stage.program().get(ENDPOINTS[0].example())
    assert asked(stage).since is not None
    assert WINDOW.start != asked(stage).since
