"""Groups of peers: made of what was published, kept beside the departments."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Protocol

from mileage.reports.adoption import Adoption, Before, Everybody, make_progress
from mileage.reports.benchmark import Groups
from mileage.reports.peers import Material, PeerFiles
from mileage.reports.statements import StatementDesk
from mileage.store.group_use import use_of_groups

if TYPE_CHECKING:
    from pathlib import Path

    from mileage.domain.figures import Publication
    from mileage.domain.peers import Peers
    from mileage.domain.settings import Settings
    from mileage.reports.answers import Answers
    from mileage.reports.boards import Boards
    from mileage.reports.departments import Departments
    from mileage.store.control import Control
    from mileage.store.ledger import Ledger
    from mileage.wiring.policy import Policy


class Organisation(Protocol):
    """What is read of a ``wiring.organisation.Organisation``."""

    @property
    def data(self) -> Path: ...  # noqa: D102 - as there
    @property
    def policy(self) -> Policy: ...  # noqa: D102
    @property
    def control(self) -> Control: ...  # noqa: D102
    @property
    def ledger(self) -> Ledger: ...  # noqa: D102
    @property
    def boards(self) -> Boards: ...  # noqa: D102
    @property
    def answers(self) -> Answers: ...  # noqa: D102
    @property
    def departments(self) -> Departments: ...  # noqa: D102


def peer_files(data: Path, settings: Settings) -> PeerFiles:
    """Return where groups are published."""
    return PeerFiles(data / "peers", settings.renew_days)


def renew_peers(
    organisation: Organisation, made: Publication, *, alike: bool = False
) -> bool:
    """Publish groups of a publication when it is due; tell whether it was."""
    head, settings = made.snapshots[0], organisation.policy.settings
    boards, unnamed = organisation.boards, organisation.answers.participation.unnamed()

    def material(previous: Peers | None) -> Material:
        standings = tuple(boards.everybody(head))
        control, targets = organisation.control, organisation.policy.adoption
        everybody = Everybody(
            accounts=control.accounts(),
            places=control.membership_at(date.fromisoformat(head.days[-1])),
            standings=standings,
            trained=control.trained(),
        )
        before = Before(previous.progress if previous else (), head.days)
        return Material(
            standings=standings,
            uses=use_of_groups(organisation.ledger, head.window),
            named=boards.among_the_first(made, settings.top, unnamed),
            progress=make_progress(targets, everybody, settings.group_people, before),
        )

    files = peer_files(organisation.data, settings)
    return files.renew(head, material, settings.group_people, alike=alike)


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


def adoption_desk(organisation: Organisation) -> Adoption:
    """Return what pages ask about targets."""
    files = peer_files(organisation.data, organisation.policy.settings)
    return Adoption(files, organisation.answers.gate)


def statement_desk(organisation: Organisation) -> StatementDesk:
    """Return what pages ask about statements."""
    return StatementDesk(
        boards=organisation.boards,
        gate=organisation.answers.gate,
        participation=organisation.answers.participation,
        control=organisation.control,
        top=organisation.policy.settings.top,
    )
