"""Groups of peers: made of what was published, kept beside the departments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mileage.reports.benchmark import Groups
from mileage.reports.peers import Material, PeerFiles
from mileage.store.group_use import use_of_groups

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from mileage.domain.figures import Snapshot, Standing
    from mileage.domain.settings import Settings
    from mileage.store.ledger import Ledger
    from mileage.wiring.organisation import Organisation


def peer_files(data: Path, settings: Settings) -> PeerFiles:
    """Return where groups are published."""
    return PeerFiles(data / "peers", settings.renew_days)


def renew_peers(
    files: PeerFiles,
    ledger: Ledger,
    head: Snapshot,
    standings: Iterable[Standing],
    named: frozenset[str],
    least: int,
) -> bool:
    """Publish groups when it is due; tell whether it was."""
    return files.renew(
        head,
        lambda: Material(standings, use_of_groups(ledger, head.window), named),
        least,
    )


def group_desk(organisation: Organisation) -> Groups:
    """Return what pages ask about groups."""
    settings = organisation.policy.settings
    return Groups(
        files=peer_files(organisation.data, settings),
        answers=organisation.answers,
        departments=organisation.departments,
        control=organisation.control,
        least=settings.group_people,
    )
