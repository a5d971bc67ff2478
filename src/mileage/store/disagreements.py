"""Calls on which sources disagree, with what each of them says.

``disagreements(ledger, window, account=None, limit=100)`` returns the latest first;
``contradicted`` counts those of one source with itself.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from mileage.domain.disagreement import Disagreement, Testimony
from mileage.domain.tokens import Tokens
from mileage.domain.window import SECOND
from mileage.store.statements import run

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mileage.domain.window import Window
    from mileage.store.ledger import Ledger


def disagreements(
    ledger: Ledger, window: Window, account: str | None = None, limit: int = 100
) -> list[Disagreement]:
    """Return the latest calls that differ, of one account or of all."""
    rows = run(
        ledger.cursor(),
        "disagreements",
        start=-(-window.start // SECOND),
        end=-(-window.end // SECOND),
        account=account,
        limit=limit,
    )
    told = _told(ledger, {int(n) for row in rows for n in row[9].split()})
    found = []
    for row in rows:
        factors = dict(one.split(":") for one in row[8].split())
        numbers = map(int, row[9].split())
        testimonies = [one for number in numbers for one in told[number]]
        call_id, account, occurred_at, client, session, model = row[:6]
        found.append(
            Disagreement(
                call_id,
                account,
                occurred_at,
                client,
                session,
                model,
                tokens=Tokens(*row[10:]),
                differs=tuple(row[7].split()),
                testimonies=tuple(
                    one._replace(inflated=factors.get(one.source, ""))
                    for one in testimonies
                ),
            )
        )
    return found


def contradicted(ledger: Ledger, source: str, since: int) -> int:
    """Count the calls of which a source has said something else since an instant.

    0 for a source whose copies grow.
    """
    traits = ledger.rules.traits.get(source)
    if traits is None or not traits.repeats:
        return 0
    found = run(ledger.cursor(), "contradicted", source=source, since=since)
    return int(found[0][0])


def _told(ledger: Ledger, own_ids: Iterable[int]) -> dict[int, list[Testimony]]:
    """Return what each witness says, by the hash of its source and key.

    One testimony, or several where a source contradicts itself.
    """
    apart = [one.name for one in ledger.rules.traits.values() if one.repeats]
    places = {"ids": list(own_ids), "apart": apart}
    found: dict[int, list[Testimony]] = defaultdict(list)
    for row in run(ledger.cursor(), "disagreeing_witnesses", **places):
        own_id, source, version, occurred_at, *maxima = row
        told = Testimony(source, version, occurred_at, _tokens(*maxima), "")
        found[own_id].append(told)
    return found


def _tokens(*maxima: int) -> Tokens:
    """Return disjoint classes from the maxima of a source's copies."""
    fresh, read, writes, hour, outputs, thought, tools = maxima
    return Tokens(fresh, read, writes - hour, hour, outputs - thought, thought, tools)
