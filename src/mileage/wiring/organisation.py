"""One data directory, opened by the process that owns it."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from mileage import __version__
from mileage.access.disclosure import Thresholds
from mileage.domain.directory import memberships_on, moves
from mileage.domain.errors import MileageError, Unavailable
from mileage.domain.window import Clock, moment
from mileage.ingest.asserting import AssertedIdentities
from mileage.ingest.meters import MeteredLedger, Meters
from mileage.ingest.pipeline import Pipeline
from mileage.ingest.screen import Screen
from mileage.pricing.catalog import Catalog, shipped
from mileage.reports.answers import Answers, Holdings
from mileage.reports.boards import Boards
from mileage.reports.cube import Terms
from mileage.reports.cube_files import Cubes
from mileage.reports.departments import Departments
from mileage.reports.my_data import Rights
from mileage.reports.snapshots import VERSION as SNAPSHOT_FORMAT
from mileage.reports.snapshots import Snapshots
from mileage.reports.snapshots_of_before import bring_forward
from mileage.reports.standings import Making, alike, publish
from mileage.reports.status import Receiving
from mileage.reports.stays import Chart
from mileage.sources.installed import traits
from mileage.store import queries, retention
from mileage.store.control import FILE_NAME, Control, open_control
from mileage.store.heard import roll_up
from mileage.store.ledger import Ledger, Room
from mileage.store.past import lay
from mileage.store.rules import Priced, Pricer, Rules
from mileage.store.use_by_day import use_by_day
from mileage.wiring.claiming import Claims
from mileage.wiring.collection import no_collection
from mileage.wiring.groups import renew_peers
from mileage.wiring.honours_in_force import HonoursInForce
from mileage.wiring.horizon import Horizon
from mileage.wiring.policy import Policy, load_policy
from mileage.wiring.receiver import ORIGINS, Gauge, Receiver
from mileage.wiring.roles_in_force import RolesInForce
from mileage.wiring.waiting import behind_others

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from mileage.domain.call import Call, SourceTraits
    from mileage.domain.figures import Publication


def now() -> int:
    """Return UTC microseconds since 1970."""
    return time.time_ns() // 1000


@dataclass(frozen=True, slots=True)
class Organisation:
    """Everything behind one data directory."""

    data: Path
    policy: Policy
    catalog: Catalog
    control: Control
    ledger: Ledger
    people: AssertedIdentities
    pipeline: Pipeline
    receiver: Receiver
    snapshots: Snapshots
    boards: Boards
    cubes: Cubes
    answers: Answers

    @property
    def claims(self) -> Claims:
        """Return where usage that belongs to nobody gets an owner."""
        return Claims(self.ledger, self.control, self.answers.gate)

    @property
    def rights(self) -> Rights:
        """Return where people ask about their own data."""
        name = self.answers.organisation
        gate = self.answers.gate
        settings = self.policy.settings
        return Rights(self.ledger, self.control, self.snapshots, name, gate, settings)

    @property
    def departments(self) -> Departments:
        """Return what is told of departments, to whom."""
        answers = self.answers
        return Departments(
            self.cubes, answers.gate, self.control, self._terms(), answers.shows
        )

    horizon: Horizon
    honours: HonoursInForce

    def moved(self) -> bool:
        """Tell whether ledger, hour or a policy are past the last publication."""
        last = self._published()
        if last is None:
            return True
        hour = self.ledger.rules.clock.hour
        versions = self._versions(self.honours()[1])
        before = last.seq, hour(last.as_of), last.snapshots[0].versions
        return before != (queries.span(self.ledger).seq, hour(now()), versions)

    def refresh(self) -> None:
        """Make anew, beside the requests, what takes too long for one of them."""
        roll_up(self.ledger)
        lay(self.ledger)
        self.control.file_by_account()
        self.answers.overview.refresh()
        self.receiver.receiving.calls.refresh()
        self.receiver.receiving.reasons.refresh()

    def publish(self) -> Publication:
        """Publish everybody's standings of now, behind what others are waiting for."""
        return behind_others(self._publish)

    def _publish(self) -> Publication:
        rules, of_rules = self.honours()
        versions = self._versions(of_rules)
        settings = self.policy.settings
        making = Making(settings, versions, now(), rules.lenses, rules)
        before = self._published()
        with no_collection():
            made = publish(self.ledger, self.control, making, self.snapshots)
        head, same = made.snapshots[0], before is not None and alike(before, made)
        self.cubes.renew(head, lambda: self._chart(made), self._terms(), alike=same)
        renew_peers(self, made, alike=same)
        return made

    def _published(self) -> Publication | None:
        try:
            return self.snapshots.publication()
        except MileageError:
            return None

    def _versions(self, of_rules: Mapping[str, str]) -> dict[str, str]:
        return {
            "mileage": __version__,
            "prices": self.catalog.version,
            "snapshot": str(SNAPSHOT_FORMAT),
            **self.policy.versions,
            **of_rules,
        }

    def _chart(self, made: Publication) -> Chart:
        head = made.snapshots[0]
        days = [date.fromisoformat(day) for day in head.days]
        control = self.control
        memberships = control.memberships()
        moved = moves(days, memberships)
        unnamed = self.answers.participation.unnamed()
        return Chart(
            accounts=control.accounts(),
            places=memberships_on(days[-1], memberships),
            standings=tuple(self.boards.everybody(head)),
            first=lambda top: self.boards.among_the_first(made, top, unnamed),
            unranked=unnamed,
            moved=moved,
            uses=use_by_day(self.ledger, head.window, made.seq, moved),
        )

    def _terms(self) -> Terms:
        settings = self.policy.settings
        limits = Thresholds(
            people=settings.group_people,
            managers=settings.group_people_managers,
            sums=settings.sum_people,
            percent=settings.sum_percent,
        )
        return Terms(limits, settings.renew_days, settings.top)


@contextmanager
def open_organisation(data: Path, *, catch_up: bool = True) -> Iterator[Organisation]:
    """Open a data directory as its owner; creates it, private, when it is new.

    Raises Conflict when another process owns it. What a crash left in the
    write-ahead segments is taken in behind: ``pipeline.drain`` waits for it. Without
    ``catch_up`` that begins when ``pipeline.catch_up`` is called.
    """
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        message = (
            f"{data} cannot be used ({error.strerror}): see who owns it, or name "
            "another directory with --data"
        )
        raise Unavailable(message) from None
    policy = load_policy(data)
    catalog = shipped(policy.overrides)
    with open_control(data / FILE_NAME, clock=now) as control:
        control.believe(policy.settings.domains)
        control.brake(policy.audit.brakes)
        control.limit_sessions(policy.sign_in.limits)
        control.take_groups(policy.sign_in)
        clock = Clock(ZoneInfo(policy.settings.zone))
        known = traits()
        rules = Rules(
            *(known, _pricer(catalog, known), clock, policy.join, catalog),
            eldest=control.eldest,
        )
        settings = policy.settings
        room = Room(settings.ledger_megabytes, settings.ledger_threads)
        ledger = Ledger(data / "ledger.duckdb", rules, now, room)
        try:
            organisation = _assemble(data, policy, catalog, control, ledger)
            organisation.pipeline.start(catch_up=catch_up)
            try:
                yield organisation
            finally:
                organisation.pipeline.close(policy.settings.drain_seconds)
        finally:
            ledger.close()


def _assemble(
    data: Path, policy: Policy, catalog: Catalog, control: Control, ledger: Ledger
) -> Organisation:
    horizon = Horizon(retention.horizon(ledger))
    screen = Screen(control.project_key(), now, horizon)
    meters, people = Meters(), AssertedIdentities(control, policy.settings.domains)
    pipeline = Pipeline(
        MeteredLedger(ledger, meters), people, screen, data / "segments", meters
    )
    snapshots = _published(data, policy)
    boards = Boards(snapshots)
    cadence = policy.settings.snapshot_seconds
    gauge = Gauge(data, pipeline, meters, snapshots, cadence, now)
    # It counts from what the ledger has before anything is taken in.
    receiving = Receiving(ledger, pipeline.backlog, gauge.load)
    receiver = Receiver(meters, receiving, frozenset(traits()) | ORIGINS)
    honours = HonoursInForce(data, policy)
    holdings = Holdings(
        *(ledger, control, snapshots, boards, policy.settings, honours.lenses, now),
        receiving=receiving,
        faults=policy.faults,
        attendance=policy.attendance,
        roles=RolesInForce(data, control.note_purposes),
    )
    return Organisation(
        data=data,
        horizon=horizon,
        honours=honours,
        policy=policy,
        catalog=catalog,
        control=control,
        ledger=ledger,
        people=people,
        pipeline=pipeline,
        receiver=receiver,
        snapshots=snapshots,
        boards=boards,
        cubes=Cubes(data / "cubes"),
        answers=Answers(holdings),
    )


def _published(data: Path, policy: Policy) -> Snapshots:
    """Open what was published, in the form of today and without leftovers."""
    snapshots = Snapshots(data / "snapshots")
    bring_forward(snapshots, policy.lenses)
    snapshots.sweep()
    return snapshots


def _pricer(catalog: Catalog, known: Mapping[str, SourceTraits]) -> Pricer:
    # Others are of sources that somebody has taken away again.
    sums = {name for name, one in known.items() if one.sums}

    def price(call: Call) -> Priced:
        day = moment(call.occurred_at).date()
        row = catalog.price(call.provider, call.model, day, call.tier)
        if row is not None and call.sources[0] in sums:
            row = row.of_sums()
        cost = None if row is None else row.cost(call.tokens)
        return Priced(cost, catalog.version)

    return price
