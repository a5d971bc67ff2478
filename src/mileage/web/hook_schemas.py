"""What the webhooks take and answer, for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from mileage.domain.tokens import TOKEN_CLASSES
from mileage.sources.cloudevents import TYPE

Schema = dict[str, Any]

_COUNT: Schema = {"type": "integer", "minimum": 0}
_TEXT: Schema = {"type": "string"}
_INSTANT: Schema = {"type": "string", "format": "date-time"}

_TAKEN: Schema = {
    "accepted": {**_COUNT, "description": "Calls on disk now, old or new."},
    "ignored": {**_COUNT, "description": "Records that are no usage."},
    "rejected": {**_COUNT, "description": "Records that cannot be read."},
    "reasons": {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {"reason": _TEXT, "count": _COUNT},
            "required": ["reason", "count"],
            "additionalProperties": False,
        },
    },
}

_CALL: Schema = {
    "model": {**_TEXT, "minLength": 1},
    "occurred_at": {
        **_INSTANT,
        "description": "When it happened; the event's `time` when left out.",
    },
    "client": {**_TEXT, "description": "Which program; `sdk` when left out."},
    "client_version": _TEXT,
    "provider": _TEXT,
    "tier": _TEXT,
    "session": _TEXT,
    "request_id": {**_TEXT, "description": "The provider's, for joining."},
    "response_id": {**_TEXT, "description": "The provider's, for joining."},
    **dict.fromkeys(TOKEN_CLASSES, _COUNT),
    "reported_cost_usd": {
        "type": ["string", "number", "null"],
        "description": "Dollars as the sender computed them; never the cost itself.",
    },
    "project": {**_TEXT, "description": "Hashed before it is written."},
    "agent": _TEXT,
    "attended": {"type": ["boolean", "null"]},
    "identity": {**_TEXT, "description": "Whose call, with a collector's token."},
    "measure": {"type": "string", "enum": ["", "estimate", "unmeasured"]},
}

HOOK_SCHEMAS: dict[str, Schema] = {
    "Taken": {
        "type": "object",
        "properties": _TAKEN,
        "required": list(_TAKEN),
        "additionalProperties": False,
    },
    "CallData": {
        "type": "object",
        "properties": _CALL,
        "required": ["model"],
        "additionalProperties": False,
        "description": "One call; the seven classes are disjoint, missing ones are 0.",
    },
    "CallEvent": {
        "type": "object",
        "properties": {
            "specversion": {"type": "string", "const": "1.0"},
            "id": _TEXT,
            "source": {**_TEXT, "format": "uri-reference"},
            "type": {**_TEXT, "description": f"`{TYPE}`; others are ignored."},
            "time": _INSTANT,
            "datacontenttype": _TEXT,
            "data": {"$ref": "#/components/schemas/CallData"},
            "data_base64": {"type": "string", "contentEncoding": "base64"},
        },
        "required": ["specversion", "id", "source", "type"],
    },
}
