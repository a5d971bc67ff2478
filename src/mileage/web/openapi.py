"""The OpenAPI document, made from the table of endpoints that also routes.

What is described is what is served: both come from the same ``Endpoint``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from mileage import __version__
from mileage.domain.attendance import Pattern
from mileage.domain.tokens import TOKEN_CLASSES
from mileage.web.board_schemas import BOARD_SCHEMAS, FIGURES
from mileage.web.department_schemas import DEPARTMENT_SCHEMAS
from mileage.web.hook_schemas import HOOK_SCHEMAS
from mileage.web.receiver_schemas import RECEIVER_SCHEMAS
from mileage.web.taking_part_schemas import TAKING_PART_SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request

Schema = dict[str, Any]
NO_POSTS: Mapping[str, Schema] = MappingProxyType({})

COUNT: Schema = {"type": "integer", "minimum": 0}
MAYBE_COUNT: Schema = {"type": ["integer", "null"], "minimum": 0}
TEXT: Schema = {"type": "string"}
KINDS = {"array": "comma list", "integer": "whole number", "string": "text"}
INSTANT: Schema = {"type": "string", "format": "date-time"}
MAYBE_INSTANT: Schema = {"type": ["string", "null"], "format": "date-time"}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of an endpoint."""

    name: str
    description: str
    schema: Schema
    where: Literal["query", "path"] = "query"
    example: str = ""
    """What the curl line on the docs page sends; '' leaves it out."""

    @property
    def kind(self) -> str:
        """What it is, in words."""
        if self.schema.get("format") == "date-time":
            return "instant"
        return KINDS[self.schema["type"]]

    @property
    def values(self) -> tuple[str, ...]:
        """The values it knows, () for any."""
        return tuple(self.schema.get("items", self.schema).get("enum", ()))


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address of the API: where, what, and the function that answers."""

    path: str
    name: str
    summary: str
    description: str
    answer: str
    """Name of the schema of its 200."""
    handler: Callable[[Request], dict[str, Any]]
    parameters: tuple[Parameter, ...] = field(default=())
    errors: tuple[int, ...] = (401, 403, 422, 429, 503)

    @property
    def query_names(self) -> frozenset[str]:
        """The query parameters it knows."""
        return frozenset(p.name for p in self.parameters if p.where == "query")

    def example(self) -> str:
        """Return its path filled with the examples, for a curl line."""
        path, query = self.path, []
        for parameter in self.parameters:
            if parameter.where == "path":
                path = path.replace(f"{{{parameter.name}}}", parameter.example)
            elif parameter.example:
                query.append(f"{parameter.name}={parameter.example}")
        return f"{path}?{'&'.join(query)}" if query else path


def _object(properties: Schema, *, more: bool = False, about: str = "") -> Schema:
    """Describe an object of which every property is always there."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        **({} if more else {"additionalProperties": False}),
        **({"description": about} if about else {}),
    }


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _shares(kind: str) -> Schema:
    return _list(_object({kind: TEXT, "note": TEXT, **FIGURES}))


PERSONAL_PAGE: Schema = {
    "account": TEXT,
    "name": TEXT,
    "window": _ref("Window"),
    "total": _ref("Figures"),
    "cache_share": {"type": ["number", "null"], "minimum": 0, "maximum": 1},
    "sessions": COUNT,
    "active_days": COUNT,
    "rank": {"type": ["integer", "null"]},
    "ranked": COUNT,
    "by_day": _shares("day"),
    "hours": _list(_list(COUNT)),
    "by_client": _shares("client"),
    "by_model": _shares("model"),
    "by_session": _shares("session"),
    "activity": _list(_object({"kind": TEXT, "name": TEXT, "amount": COUNT})),
    "attended_calls": COUNT,
    "unattended_calls": COUNT,
    "by_pattern": {
        "oneOf": [
            _object(
                {
                    **dict.fromkeys(("restless", "even", "crowded"), COUNT),
                    "rule": _object(dict.fromkeys(Pattern._fields, COUNT)),
                }
            ),
            {"type": "null"},
        ]
    },
    "differing_calls": COUNT,
    "rejected": _list(
        _object(
            {
                "source": TEXT,
                "reason": TEXT,
                "count": COUNT,
                "sample_place": TEXT,
                "last": MAYBE_INSTANT,
            }
        )
    ),
    "simulated": {"type": "boolean"},
    "completeness": _ref("Completeness"),
}

_TOKENS: Schema = dict.fromkeys(TOKEN_CLASSES, COUNT)

COVERAGE: Schema = {
    **dict.fromkeys(("account", "name", "client", "source", "kind"), TEXT),
    "witnesses": COUNT,
    "from": INSTANT,
    "until": INSTANT,
    "active_days": COUNT,
    "cadence_days": MAYBE_COUNT,
    "gap_days": _list(TEXT),
    "silent_days": COUNT,
    "stopped": {"type": "boolean"},
    "version": TEXT,
    "clock_ahead_seconds": {"type": ["number", "null"]},
    "machines": _list(
        _object(
            {
                "machine": TEXT,
                "witnesses": COUNT,
                "active_days": COUNT,
                "last_day": TEXT,
                "gap_days": _list(TEXT),
            }
        )
    ),
}

DISAGREEMENT: Schema = {
    **dict.fromkeys(("call", "account", "name"), TEXT),
    "at": INSTANT,
    **dict.fromkeys(("client", "session", "model"), TEXT),
    "differs": _list(TEXT),
    "counted": _object(_TOKENS),
    "witnesses": _list(
        _object(
            {
                "source": TEXT,
                "version": TEXT,
                "at": INSTANT,
                "inflated": {"type": ["string", "null"]},
                **_TOKENS,
            }
        )
    ),
}

SCHEMAS: dict[str, Schema] = {
    **BOARD_SCHEMAS,
    **DEPARTMENT_SCHEMAS,
    **HOOK_SCHEMAS,
    **RECEIVER_SCHEMAS,
    **TAKING_PART_SCHEMAS,
    "Figures": _object(FIGURES),
    "Window": _object(
        {"from": INSTANT, "until": INSTANT, "tz": TEXT},
        about="Half-open: `from` is in, `until` is not.",
    ),
    "Completeness": _object(
        {
            "sources": _list(
                _object(
                    {
                        "source": TEXT,
                        "witnesses": MAYBE_COUNT,
                        "from": MAYBE_INSTANT,
                        "until": MAYBE_INSTANT,
                        "rejected": COUNT,
                        "accounts": COUNT,
                        "stopped": COUNT,
                        "clients": _list(TEXT),
                        **dict.fromkeys(
                            ("active_days", "cadence_days", "gap_days"), MAYBE_COUNT
                        ),
                        **dict.fromkeys(("silent_days", "machines"), MAYBE_COUNT),
                        "version": TEXT,
                        "clock_ahead_seconds": {"type": ["number", "null"]},
                    }
                )
            ),
            "until": MAYBE_INSTANT,
            "missing": _list(TEXT),
        },
        about="What the figures rest on; `missing` holds sentences.",
    ),
    "Usage": _object(
        {
            "window": _ref("Window"),
            "rows": _list(
                _object(FIGURES, more=True, about="Plus the keys of `group_by`.")
            ),
            "completeness": _ref("Completeness"),
        },
        more=True,
    ),
    "PersonalPage": _object(PERSONAL_PAGE),
    "Sources": _object(
        {
            "scope": TEXT,
            "tz": TEXT,
            "accounts": {**COUNT, "description": "Heard of, and found by `q`."},
            "rows": _list(_object(COVERAGE)),
            "problems": _list(
                _object(
                    {
                        **dict.fromkeys(("kind", "severity", "account", "name"), TEXT),
                        **dict.fromkeys(("client", "source", "problem", "fix"), TEXT),
                    }
                )
            ),
            "problem_counts": {"type": "object", "additionalProperties": COUNT},
            "completeness": _ref("Completeness"),
        },
        about="Problems of severity `todo` come before notes; of everybody, the first "
        "of each kind are listed and `problem_counts` counts all.",
    ),
    "Disagreements": _object(
        {
            "scope": TEXT,
            "window": _ref("Window"),
            "rows": _list(_object(DISAGREEMENT)),
            "completeness": _ref("Completeness"),
        }
    ),
    "Receipt": _object(
        {
            "witnesses": {**COUNT, "description": "Rows on disk now, old or new."},
            "activities": COUNT,
            "rejected": {**COUNT, "description": "Rows that will not be taken."},
            "reasons": _list(_object({"reason": TEXT, "count": COUNT})),
            "recipient": {**TEXT, "description": "Stands for this ledger and account."},
            "sources": _list(TEXT),
            "version": {**TEXT, "description": "Of the server."},
        }
    ),
    "Error": _object(
        {
            "error": _object(
                {"status": {"type": "integer"}, "title": TEXT, "message": TEXT},
                more=True,
            )
        }
    ),
}

ERRORS = {
    401: "No valid key or session came with the request.",
    403: "The viewer may not see this.",
    404: "There is no such thing, or its existence is private.",
    422: "A parameter cannot be used; the message says which.",
    429: "Asked too often; repeat it after the seconds of Retry-After.",
    503: "Not available right now; repeat it later.",
}


CREDENTIALS: Schema = {
    "key": {
        "type": "http",
        "scheme": "bearer",
        "description": "Made by `mileage key create`.",
    },
    "ingest": {
        "type": "http",
        "scheme": "bearer",
        "description": "Made by `mileage token create`.",
    },
    "session": {"type": "apiKey", "in": "cookie", "name": "mileage_session"},
}


def document(
    endpoints: tuple[Endpoint, ...], posts: Mapping[str, Schema] = NO_POSTS
) -> dict[str, Any]:
    """Describe the endpoints as OpenAPI 3.1; ``posts`` are operations by address."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Mileage",
            "version": __version__,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            "description": "Usage of AI tokens. Keys are the project's vocabulary, "
            "instants are ISO 8601, windows are half-open, money is a decimal "
            "string. Unknown parameters are refused, never ignored.",
        },
        "servers": [{"url": "/"}],
        "security": [{"key": []}, {"session": []}],
        "paths": {
            **{e.path: {"get": _operation(e)} for e in endpoints},
            **{path: {"post": operation} for path, operation in posts.items()},
        },
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": CREDENTIALS,
        },
    }


def _operation(endpoint: Endpoint) -> Schema:
    answers: Schema = {"200": _answer("The answer.", endpoint.answer)}
    for status in endpoint.errors:
        answers[str(status)] = _answer(ERRORS[status], "Error")
    return {
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "description": endpoint.description,
        "parameters": [_parameter(parameter) for parameter in endpoint.parameters],
        "responses": answers,
    }


def _answer(description: str, schema: str) -> Schema:
    content = {"application/json": {"schema": _ref(schema)}}
    return {"description": description, "content": content}


def _parameter(parameter: Parameter) -> Schema:
    described: Schema = {
        "name": parameter.name,
        "in": parameter.where,
        "required": parameter.where == "path",
        "description": parameter.description,
        "schema": parameter.schema,
    }
    if parameter.schema.get("type") == "array":
        described |= {"style": "form", "explode": False}
    return described
