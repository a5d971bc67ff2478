"""What the API answers about taking part, as JSON schemas."""

from __future__ import annotations

from mileage.domain.participation import CHOICES, MODES
from mileage.web.department_schemas import TEXT, Schema, closed_object

CHOICE: Schema = {"type": "string", "enum": list(CHOICES)}
FLAG: Schema = {"type": "boolean"}

TAKING_PART_SCHEMAS: dict[str, Schema] = {
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
}
