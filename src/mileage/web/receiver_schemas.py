"""What the API says of the receiver, as OpenAPI describes it."""

from __future__ import annotations

from typing import Any

from mileage.domain.load import KINDS, STATES

Schema = dict[str, Any]

_COUNT: Schema = {"type": "integer", "minimum": 0}
_MAYBE_COUNT: Schema = {"type": ["integer", "null"], "minimum": 0}
_MAYBE_SECONDS: Schema = {"type": ["number", "null"], "minimum": 0}
_TEXT: Schema = {"type": "string"}
_INSTANT: Schema = {"type": "string", "format": "date-time"}
_MAYBE_INSTANT: Schema = {"type": ["string", "null"], "format": "date-time"}


def _object(properties: Schema, about: str = "") -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
        **({"description": about} if about else {}),
    }


def _list(properties: Schema) -> Schema:
    return {"type": "array", "items": _object(properties)}


RECEIVER_SCHEMAS: dict[str, Schema] = {
    "IngestStatus": _object(
        {
            **dict.fromkeys(("accepted", "durable", "visible"), _COUNT),
            **dict.fromkeys(("rejected", "ignored", "duplicates"), _COUNT),
            "lag_seconds": {"type": "number", "minimum": 0},
            "state": {
                "enum": list(STATES),
                "description": "Refusing: what comes in now is answered with 503.",
            },
            "strains": _list(
                {
                    "kind": {"enum": list(KINDS)},
                    "severity": {"enum": list(STATES[1:])},
                    "problem": _TEXT,
                    "fix": {**_TEXT, "description": "What to do."},
                }
            ),
            "load": _object(
                {
                    **dict.fromkeys(("waiting_to_write", "waiting_to_append"), _COUNT),
                    "waiting_most": {**_COUNT, "description": "In either queue."},
                    **dict.fromkeys(("body_bytes", "body_bytes_most"), _COUNT),
                    "segment_bytes": _COUNT,
                    **dict.fromkeys(("disk_free_bytes", "disk_bytes"), _MAYBE_COUNT),
                    "last_append_seconds": _MAYBE_SECONDS,
                    "append_failures": _COUNT,
                    "snapshot_seconds": _MAYBE_SECONDS,
                },
                "Of this moment; ages are seconds ago, failures since the start.",
            ),
            "sources": _list(
                {
                    "source": _TEXT,
                    **dict.fromkeys(("visible", "duplicates"), _COUNT),
                    **dict.fromkeys(("rejected", "ignored"), _COUNT),
                    "from": _MAYBE_INSTANT,
                    "until": _MAYBE_INSTANT,
                }
            ),
        },
        "Witnesses since the data directory began; when idle, "
        "durable = visible + duplicates and lag_seconds = 0.",
    ),
    "Readers": _object(
        {
            "rows": _list(
                {
                    "entry": _COUNT,
                    "at": _INSTANT,
                    **dict.fromkeys(("reader", "purpose", "report", "about"), _TEXT),
                    "named": {**_COUNT, "description": "How many people it named."},
                    **dict.fromkeys(("through", "detail"), _TEXT),
                }
            ),
            "before": {"type": ["integer", "null"], "minimum": 0},
        },
        "The latest first; send `before` back for older ones, null when there is none.",
    ),
    "Rejected": _object(
        {
            "source": {"type": ["string", "null"]},
            "sort": _TEXT,
            "kinds": _COUNT,
            "records": _COUNT,
            "rows": _list(
                {
                    **dict.fromkeys(("source", "reason", "client_version"), _TEXT),
                    **dict.fromkeys(("records", "accounts"), _COUNT),
                    "first": _INSTANT,
                    "last": _INSTANT,
                    "place": {**_TEXT, "description": "Where the latest one stood."},
                    "sample": {
                        **_TEXT,
                        "description": "Keys and types of one record, never a value.",
                    },
                }
            ),
        },
        "`kinds` and `records` count what `rows` leaves out as well.",
    ),
}
