"""What the API answers about boards, as JSON schemas."""

from __future__ import annotations

from typing import Any

from mileage.domain.tokens import TOKEN_CLASSES

Schema = dict[str, Any]
COUNT: Schema = {"type": "integer", "minimum": 0}
TEXT: Schema = {"type": "string"}
TEXTS: Schema = {"type": "array", "items": TEXT}
INSTANT: Schema = {"type": "string", "format": "date-time"}
MAYBE_INSTANT: Schema = {"type": ["string", "null"], "format": "date-time"}
NULL: Schema = {"type": "null"}

FIGURES: Schema = {
    "calls": COUNT,
    **dict.fromkeys(TOKEN_CLASSES, COUNT),
    "tokens": {**COUNT, "description": "The sum of the seven classes."},
    "cost_usd": {
        "type": ["string", "null"],
        "pattern": r"^-?\d+\.\d{6}$",
        "description": "Dollars, the sum of the priced calls; null when none is.",
    },
    "unpriced_calls": COUNT,
    "unmeasured_calls": COUNT,
}


def _object(properties: Schema) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _or_null(name: str) -> Schema:
    return {"oneOf": [_ref(name), NULL]}


RANK: Schema = {"type": "integer", "minimum": 1}
ROW = {
    "rank": RANK,
    "rank_before": {
        "type": ["integer", "null"],
        "minimum": 1,
        "description": "In the period before; null without a rank in it.",
    },
    "account": TEXT,
    "name": TEXT,
    "department": {
        "type": ["string", "null"],
        "description": "null where none is told.",
    },
    "value": {"type": "integer", "description": "Counts the board's `unit`."},
    "tier": {"type": ["string", "null"]},
    "titles": TEXTS,
    "sessions": COUNT,
    "active_days": {**COUNT, "description": "Local days with any use."},
    "models": {**TEXTS, "description": "Names, most tokens first."},
    **FIGURES,
}
BOARD = {
    "lens": TEXT,
    "unit": TEXT,
    "warning": {**TEXT, "description": "What its readers must be told, or ''."},
    "window": _ref("Window"),
    "window_name": TEXT,
    "previous": {
        **_or_null("Window"),
        "description": "The period that `rank_before` is of.",
    },
    "as_of": INSTANT,
    "scope": TEXT,
    "completeness": _ref("Completeness"),
    "total": _or_null("Figures"),
    "ranked": COUNT,
    "first": {**COUNT, "description": "How many rows come before the first here."},
    "rows": {"type": "array", "items": _ref("BoardRow")},
    "own": _or_null("BoardRow"),
}
LENS = dict.fromkeys(("name", "title", "encourages", "gamed_by"), TEXT)
BOARDS = {
    "as_of": MAYBE_INSTANT,
    "lenses": {"type": "array", "items": _object(LENS)},
    "windows": TEXTS,
    "scopes": TEXTS,
}

BOARD_SCHEMAS: dict[str, Schema] = {
    "Board": _object(BOARD),
    "BoardRow": _object(ROW),
    "Boards": _object(BOARDS),
}
