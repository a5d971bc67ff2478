"""What ``mileage board --recompute --json`` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mileage.reports.values import dollars, instant_json

if TYPE_CHECKING:
    from mileage.domain.recomputed import Amount, Recomputed


def recomputed_json(found: Recomputed) -> dict[str, Any]:
    """Write it; a row has ``then`` or ``now`` null where it stood on no board."""
    told = found._asdict()
    told["as_of"] = instant_json(found.as_of)
    told["differing"] = list(found.differing)
    told["notes"] = list(found.notes)
    told["changed"] = [
        {
            "account": one.account_id,
            "name": one.name,
            "then": _amount(one.then),
            "now": _amount(one.now),
            "reasons": list(one.reasons),
        }
        for one in found.changed
    ]
    return told


def _amount(one: Amount | None) -> dict[str, Any] | None:
    if one is None:
        return None
    return {
        "calls": one.calls,
        "tokens": one.tokens,
        "cost_usd": dollars(one.cost),
        "value": one.value,
    }
