"""What the API answers about taking part and about groups, as JSON schemas."""

from __future__ import annotations

from mileage.domain.participation import CHOICES, MODES
from mileage.web.department_schemas import (
    COUNT,
    INSTANT,
    RANGE,
    TEXT,
    Schema,
    closed_object,
)

CHOICE: Schema = {"type": "string", "enum": list(CHOICES)}
FLAG: Schema = {"type": "boolean"}

MAYBE_COUNT: Schema = {"type": ["integer", "null"], "minimum": 0}
MAYBE_INSTANT: Schema = {"type": ["string", "null"], "format": "date-time"}
MAYBE_TEXT: Schema = {"type": ["string", "null"]}
MAYBE_RANGE: Schema = {"oneOf": [RANGE, {"type": "null"}]}
WINDOW: Schema = {"$ref": "#/components/schemas/Window"}
FROZEN: Schema = {
    "window": WINDOW,
    "as_of": INSTANT,
    "renewed_from": {"type": "string", "format": "date"},
    "least_people": COUNT,
}

TAKING_PART_SCHEMAS: dict[str, Schema] = {
    "Awards": closed_object(
        {
            "awards": {
                "type": "array",
                "items": closed_object(
                    {
                        "kind": {"type": "string", "enum": ["title", "tier"]},
                        "name": TEXT,
                        "reason": TEXT,
                        "began_at": INSTANT,
                        "ended_at": MAYBE_INSTANT,
                        "lapsed_at": MAYBE_INSTANT,
                        "declined": FLAG,
                    }
                ),
            }
        },
        "One's own titles and tiers; `ended_at` is null for what one has, `lapsed_at` "
        "unless it is no longer earned and ends with its grace.",
    ),
    "Participation": closed_object(
        {
            "mode": {"type": "string", "enum": list(MODES)},
            "choice": {"type": ["string", "null"], "enum": [*CHOICES, None]},
            "statement": FLAG,
            "in_force": CHOICE,
            "objected": FLAG,
            "pseudonym": TEXT,
            "choices": {"type": "array", "items": CHOICE},
        },
        "How oneself stands on boards; `choice` is null while the policy decides.",
    ),
    "Benchmark": closed_object(
        {
            **FROZEN,
            "role": TEXT,
            "tools": TEXT,
            "tokens": COUNT,
            "compared_with": MAYBE_TEXT,
            "people_at_least": MAYBE_COUNT,
            "above_percent": MAYBE_COUNT,
            "below_percent": MAYBE_COUNT,
            "band": MAYBE_RANGE,
            "median": MAYBE_RANGE,
            "middle_half": MAYBE_RANGE,
            "distribution": {
                "type": "array",
                "items": closed_object(
                    {"from": COUNT, "below": COUNT, "up_to_percent": COUNT}
                ),
            },
        },
        "Null where no group that is large enough is there to compare with.",
    ),
    "Adoption": closed_object(
        {
            "window": WINDOW,
            "as_of": INSTANT,
            "rows": {
                "type": "array",
                "items": closed_object(
                    {
                        "title": TEXT,
                        "percent": COUNT,
                        "until": {"type": "string", "format": "date"},
                        "department": TEXT,
                        "team": TEXT,
                        "members": COUNT,
                        "low": MAYBE_COUNT,
                        "high": MAYBE_COUNT,
                        "reached": {"type": ["boolean", "null"]},
                    }
                ),
            },
        }
    ),
    "Statements": closed_object(
        {
            "top": COUNT,
            "lens": TEXT,
            "as_of": INSTANT,
            "rows": {
                "type": "array",
                "items": closed_object({"name": TEXT, "among": FLAG}),
            },
        }
    ),
    "GroupBoard": closed_object(
        {
            "scope": TEXT,
            **FROZEN,
            "rows": {
                "type": "array",
                "items": closed_object(
                    {
                        "rank": COUNT,
                        "name": TEXT,
                        "department": MAYBE_TEXT,
                        "people": COUNT,
                        "or_more": FLAG,
                        "median_tokens": MAYBE_RANGE,
                        "middle_half_tokens": MAYBE_RANGE,
                        "tokens_per_person": MAYBE_COUNT,
                        "cost_usd_per_person": MAYBE_TEXT,
                    }
                ),
            },
        }
    ),
}
