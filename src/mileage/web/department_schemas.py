"""What the API answers about departments, as JSON schemas."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]
COUNT: Schema = {"type": "integer", "minimum": 0}
TEXT: Schema = {"type": "string"}
NULL: Schema = {"type": "null"}
INSTANT: Schema = {"type": "string", "format": "date-time"}


def closed_object(properties: dict[str, Any], about: str = "") -> Schema:
    """Describe an object that has each of these properties and no other."""
    schema: Schema = {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
    return schema | ({"description": about} if about else {})


RANGE = closed_object({"from": COUNT, "below": COUNT}, "In steps of 1, 2 and 5.")
TOTALS = closed_object(
    {
        "calls": COUNT,
        "tokens": COUNT,
        "cost_usd": {"type": ["string", "null"]},
        "unpriced": {"type": "boolean", "description": "Some calls have no price."},
        "people": COUNT,
        "or_more": {
            "type": "boolean",
            "description": "Nearly everybody used something: `people` is the least.",
        },
    }
)
LINE = closed_object(
    {
        "teams": {"type": "array", "items": TEXT},
        "members": COUNT,
        "median_tokens": {"oneOf": [RANGE, NULL]},
        "middle_half_tokens": {"oneOf": [RANGE, NULL]},
        "total": {"oneOf": [TOTALS, NULL]},
    },
    "Teams that are told together; null is not told.",
)
LINES: Schema = {"type": "array", "items": LINE}

DEPARTMENT_SCHEMAS: dict[str, Schema] = {
    "Departments": closed_object(
        {
            "departments": {
                "type": "array",
                "items": closed_object(
                    {
                        "id": TEXT,
                        "name": TEXT,
                        "members": COUNT,
                        "told": {"type": "boolean"},
                    }
                ),
            }
        }
    ),
    "Department": closed_object(
        {
            "id": TEXT,
            "name": TEXT,
            "window": {"$ref": "#/components/schemas/Window"},
            "as_of": INSTANT,
            "renewed_from": {"type": "string", "format": "date"},
            "least_people": COUNT,
            "least_people_sums": COUNT,
            "whole": LINE,
            "teams": LINES,
            "together": LINES,
            "services": TOTALS,
            "purpose": TEXT,
        }
    ),
}
