"""Writing the ledger's file anew, while nobody else has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mileage.domain.errors import Conflict
from mileage.store import compacting
from mileage.store.heard import roll_up
from mileage.store.ledger import Room
from mileage.store.past import lay
from mileage.wiring.organisation import open_organisation

if TYPE_CHECKING:
    from pathlib import Path

    from mileage.store.compacting import Compacted


def compact(data: Path) -> Compacted:
    """Take in what waits, roll up who was heard of, and write the file anew.

    Raises Conflict while `serve` runs: whoever has the file open would go on with
    the old one.
    """
    try:
        with open_organisation(data) as organisation:
            organisation.pipeline.drain()
            roll_up(organisation.ledger, least=1)
            lay(organisation.ledger, least=1)
            settings = organisation.policy.settings
            path = data / "ledger.duckdb"
    except Conflict:
        message = (
            f"{data} is in use, and its ledger can only be written anew while it is "
            "not: stop `mileage serve` for that long"
        )
        raise Conflict(message) from None
    return compacting.compact(
        path, Room(settings.ledger_megabytes, settings.ledger_threads)
    )
