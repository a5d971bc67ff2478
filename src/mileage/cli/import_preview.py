"""The first rows of a file as an import would book them."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING

from mileage.domain.tokens import TOKEN_CLASSES
from mileage.domain.window import moment

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mileage.domain.witness import Witness
    from mileage.sources.rows import Booker, Found

TEXTS = ("client", "provider", "model", "tier", "session", "identity", "link")


def preview(book: Booker, found: Iterable[Found], name: str, shown: int) -> str:
    """Describe the first rows; every figure that is not 0 and every text there is."""
    lines = [f"{name}: the first rows as they would be booked; nothing is written."]
    counts: Counter[str] = Counter()
    for number, row in enumerate(islice(found, shown), start=1):
        outcome = book(row)
        if outcome is None:
            counts["ignored"] += 1
            lines.append(f"  row {number}: ignored")
        elif isinstance(outcome, str):
            counts["rejected"] += 1
            lines.append(f"  row {number}: rejected, {outcome}")
        else:
            counts["calls"] += 1
            lines.append(f"  row {number}: {described(outcome)}")
    told = ", ".join(f"{count} {what}" for what, count in sorted(counts.items()))
    return "\n".join([*lines, f"  {told or 'no rows'}"])


def described(call: Witness) -> str:
    """Say in one line what a row means."""
    figures = [
        f"{name} {count:,}"
        for name, count in zip(TOKEN_CLASSES, call.tokens, strict=True)
        if count
    ]
    texts = [f"{name} {text}" for name in TEXTS if (text := getattr(call, name))]
    cost = (
        []
        if call.reported_cost is None
        else [f"reported ${call.reported_cost / 1_000_000:.6f}"]
    )
    when = f"{moment(call.occurred_at):%Y-%m-%d %H:%M:%S} UTC"
    return "; ".join([when, ", ".join(figures) or "no tokens", *texts, *cost])
