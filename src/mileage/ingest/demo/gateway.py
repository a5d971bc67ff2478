"""What the organisation's gateway tells of calls that pass it, as CloudEvents."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mileage.domain.window import moment
from mileage.ingest.demo.models import MODELS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mileage.ingest.demo.door_call import DoorCall

TYPE = "application/cloudevents-batch+json"


def events(email: str, calls: Sequence[DoorCall]) -> bytes:
    """Return one batch: the counts that the provider answered with."""
    return json.dumps([_event(email, call) for call in calls]).encode()


def _event(email: str, call: DoorCall) -> dict[str, object]:
    counts = {name: count for name, count in call.tokens._asdict().items() if count}
    return {
        "specversion": "1.0",
        "type": "ai.usage.call",
        "source": "/gateways/eu",
        "id": call.request,
        "time": moment(call.at).isoformat(),
        "data": {
            "client": call.client,
            "provider": MODELS[call.model].provider,
            "model": call.model,
            "session": call.turn.session,
            "request_id": call.request,
            "identity": email,
            **counts,
        },
    }
