"""The description of an endpoint made up for the test, part by part."""

from __future__ import annotations

import pytest

from mileage import __version__
from mileage.domain.tokens import TOKEN_CLASSES
from mileage.web import openapi
from mileage.web.openapi import COUNT, INSTANT, SCHEMAS, TEXT, Endpoint, Parameter

COLOURS = {"type": "array", "items": {"type": "string", "enum": ["red", "blue"]}}


def parameter(name="q", schema=TEXT, **more):
    return Parameter(name, f"What {name} is.", schema, **more)


def endpoint(*parameters, path="/api/v1/cars", **more):
    return Endpoint(
        path=path,
        name="cars",
        summary="Cars",
        description="All of them.",
        answer="Usage",
        handler=lambda _request: {},
        parameters=parameters,
        **more,
    )


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        (TEXT, "text"),
        (COUNT, "whole number"),
        (COLOURS, "comma list"),
        (INSTANT, "instant"),
        ({"type": "string", "format": "uuid"}, "text"),
    ],
)
def test_what_a_parameter_is_in_words(schema, kind):
    assert parameter(schema=schema).kind == kind


@pytest.mark.parametrize(
    ("schema", "values"),
    [
        (TEXT, ()),
        (COLOURS, ("red", "blue")),
        ({"type": "array", "items": {"type": "string"}}, ()),
    ],
)
def test_the_values_that_a_parameter_knows(schema, values):
    assert parameter(schema=schema).values == values


def test_query_names_leave_the_path_out():
    found = endpoint(
        parameter("make", where="path"), parameter("year"), parameter("top")
    )
    assert found.query_names == {"year", "top"}
    assert endpoint().query_names == frozenset()


@pytest.mark.parametrize(
    ("path", "parameters", "example"),
    [
        ("/cars", (), "/cars"),
        ("/cars", (parameter("q"),), "/cars"),
        ("/cars", (parameter("q", example="x"),), "/cars?q=x"),
        (
            "/cars",
            (parameter("q", example="x"), parameter("r"), parameter("s", example="1")),
            "/cars?q=x&s=1",
        ),
        (
            "/cars/{make}",
            (parameter("make", where="path", example="a"),),
            "/cars/a",
        ),
        (
            "/cars/{make}/{year}",
            (
                parameter("year", where="path", example="9"),
                parameter("make", where="path", example="a"),
                parameter("top", COUNT, example="2"),
            ),
            "/cars/a/9?top=2",
        ),
    ],
)
def test_examples(path, parameters, example):
    assert endpoint(*parameters, path=path).example() == example


def operation(*parameters, **more):
    made = endpoint(*parameters, **more)
    return openapi.document((made,))["paths"][made.path]["get"]


def test_an_operation_by_hand():
    described = operation(parameter(), errors=(404,))
    assert described == {
        "operationId": "cars",
        "summary": "Cars",
        "description": "All of them.",
        "parameters": [
            {
                "name": "q",
                "in": "query",
                "required": False,
                "description": "What q is.",
                "schema": TEXT,
            }
        ],
        "responses": {
            "200": {
                "description": "The answer.",
                "content": {
                    "application/json": {
                        "schema": {"$ref": "#/components/schemas/Usage"}
                    }
                },
            },
            "404": {
                "description": openapi.ERRORS[404],
                "content": {
                    "application/json": {
                        "schema": {"$ref": "#/components/schemas/Error"}
                    }
                },
            },
        },
    }


def test_what_stands_in_the_path_is_required():
    (made,) = operation(parameter("q", where="path"))["parameters"]
    assert (made["in"], made["required"]) == ("path", True)


@pytest.mark.parametrize("schema", [TEXT, COUNT, COLOURS])
def test_lists_are_written_with_commas(schema):
    (made,) = operation(parameter(schema=schema))["parameters"]
    styled = (made.get("style"), made.get("explode"))
    assert styled == (("form", False) if schema is COLOURS else (None, None))


def test_the_usual_errors():
    assert [*operation()["responses"]] == ["200", "401", "403", "422", "429", "503"]


def test_the_document_names_itself():
    described = openapi.document(())
    assert described["paths"] == {}
    assert described["info"]["version"] == __version__
    assert described["info"]["license"]["identifier"] == "Apache-2.0"
    assert described["security"] == [{"key": []}, {"session": []}]
    schemes = described["components"]["securitySchemes"]
    assert schemes["key"]["scheme"] == "bearer"
    assert (schemes["session"]["in"], schemes["session"]["name"]) == (
        "cookie",
        "mileage_session",
    )


def test_two_endpoints_are_two_paths():
    described = openapi.document((endpoint(), endpoint(path="/api/v1/bikes")))
    assert [*described["paths"]] == ["/api/v1/cars", "/api/v1/bikes"]


@pytest.mark.parametrize(
    "name", ["Figures", "Window", "Board", "BoardRow", "PersonalPage", "IngestStatus"]
)
def test_published_objects_are_closed_and_whole(name):
    schema = SCHEMAS[name]
    assert schema["additionalProperties"] is False
    assert schema["required"] == [*schema["properties"]]


@pytest.mark.parametrize("name", ["Usage"])
def test_rows_of_usage_may_have_more(name):
    assert "additionalProperties" not in SCHEMAS[name]
    assert "additionalProperties" not in SCHEMAS[name]["properties"]["rows"]["items"]


@pytest.mark.parametrize("name", ["Figures", "BoardRow"])
def test_figures_hold_every_class_as_a_count(name):
    properties = SCHEMAS[name]["properties"]
    for counted in (*TOKEN_CLASSES, "calls", "unpriced_calls", "unmeasured_calls"):
        assert properties[counted] == {"type": "integer", "minimum": 0}
    assert properties["tokens"]["type"] == "integer"
    assert properties["cost_usd"]["type"] == ["string", "null"]


def test_ranks_begin_with_one_and_counts_with_nothing():
    row = SCHEMAS["BoardRow"]["properties"]
    assert row["rank"]["minimum"] == 1
    assert COUNT["minimum"] == 0
    share = SCHEMAS["PersonalPage"]["properties"]["cache_share"]
    assert (share["minimum"], share["maximum"]) == (0, 1)


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        ("by_day", "day"),
        ("by_client", "client"),
        ("by_model", "model"),
        ("by_session", "session"),
    ],
)
def test_breakdowns_name_what_they_are_by(kind, key):
    line = SCHEMAS["PersonalPage"]["properties"][kind]["items"]["properties"]
    assert [*line][:2] == [key, "note"]
    assert {*line} >= {"tokens", "cost_usd", "calls"}
