"""Standings that are brought up to date equal those that are made anew."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mileage.domain.errors import Unavailable
from mileage.domain.settings import Settings
from mileage.domain.tokens import Tokens
from mileage.honours.lenses import Lens
from mileage.reports.snapshots import Snapshots
from mileage.reports.standings import Making, publish
from mileage.store.erasing import Tombstone, erase
from mileage.store.standing_files import StandingFiles
from tests.drawing import examples
from tests.ledgers import FewPeople, Turning, booking, ledger_in
from tests.unit.reports.test_status import simulate
from tests.witnesses import ACCOUNTS, CODEX_OTLP, HOUR, LOG, NOON, seen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mileage.domain.call import Seen
    from mileage.domain.figures import Publication
    from mileage.store.ledger import Ledger

TOKENS = Lens("tokens", "Tokens", "tokens", Tokens(*[100] * 7), "", "")
CAPPED = replace(TOKENS, name="capped", title="Capped", daily_cap=50)
SETTINGS = Settings(zone="Europe/Berlin")


class Broken(Exception):
    """Of a moment that fails."""


def forget(ledger: Ledger) -> None:
    """Have nothing left of the publications before: a moment that fails does it."""
    with suppress(Broken), ledger.one_moment():
        raise Broken


def stale(ledger: Ledger) -> set[str]:
    """Return whose standings were looked at again for the windows made last."""
    with ledger.one_moment() as cursor:
        found = cursor.execute(
            "select account from standing_stale join standing_account using (number)"
        )
        return {account for (account,) in found.fetchall()}


@dataclass
class Organisation:
    """A ledger of which boards are published."""

    ledger: Ledger
    snapshots: Snapshots
    clock: Turning
    people: FewPeople
    files: StandingFiles
    lenses: tuple[Lens, ...] = (TOKENS, CAPPED)
    settings: Settings = SETTINGS

    def publish(self) -> Publication:
        versions = {"prices": "1"}
        making = Making(self.settings, versions, self.clock(), self.lenses)
        return publish(self.ledger, self.people, making, self.snapshots)

    def told(self) -> list[object]:
        """Return everybody's standings of all windows, with what is told beside."""
        made = self.snapshots.publication()
        paths = [self.path(made.as_of, one.name) for one in made.snapshots]
        boards = [
            (replace(one, as_of=NOON), tuple(self.files.everybody(path)))
            for one, path in zip(made.snapshots, paths, strict=True)
        ]
        found = {one.account_id: one.values for one in boards[0][1]}
        assert self.for_honours() == found
        return [*boards]

    def for_honours(self) -> dict[str, tuple[int | None, ...]]:
        """Return the values that titles and tiers are decided by."""
        with self.ledger.one_moment() as cursor:
            of = 'select account, "values" from standing_kept where side = 0'
            return {one: tuple(values) for one, values in cursor.execute(of).fetchall()}

    def path(self, as_of: int, window: str) -> Path:
        return self.snapshots.standings(as_of, window)


Step: TypeAlias = "Callable[[Organisation], object]"


def bring(*said: Seen) -> Step:
    return lambda one: one.ledger.append(booking(said))


def turn(hours: int) -> Step:
    def step(one: Organisation) -> None:
        one.clock.at += hours * HOUR

    return step


def name(called: str) -> Step:
    def step(one: Organisation) -> None:
        one.people.names = ("acc_a", called)

    return step


def look_through(*lenses: Lens) -> Step:
    def step(one: Organisation) -> None:
        one.lenses = lenses

    return step


def look_back(days: int) -> Step:
    def step(one: Organisation) -> None:
        one.settings = replace(SETTINGS, window_days=days)

    return step


def bury(account: str) -> Step:
    """Erase somebody, from what is published too."""

    def step(one: Organisation) -> None:
        grave = f"grave_{account}"
        erase(one.ledger, [Tombstone(account, grave, ())])
        for path in sorted(one.snapshots.directory.glob("*.parquet")):
            one.files.bury(path, {account: grave})

    return step


def claim(account: str, person: str) -> Step:
    return lambda one: one.ledger.claim(account, person)


def both(changes: Iterable[Iterable[Step]]) -> None:
    """Publish after each change: once going on, once anew."""
    with ExitStack() as stack:
        going_on, anew = (organisation(stack) for _ in range(2))
        for steps in changes:
            for one in (going_on, anew):
                for step in steps:
                    step(one)
                one.clock.at += 1_000_000
            forget(anew.ledger)
            assert going_on.publish() == anew.publish()
            assert going_on.told() == anew.told()


@pytest.fixture(autouse=True)
def _few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mileage.store.standings.FEW", 0)
    # So few that windows are made one after another, and some together.
    monkeypatch.setattr("mileage.store.standings.ROWS_AT_ONCE", 60)


def organisation(stack: ExitStack) -> Organisation:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    clock = Turning()
    ledger = stack.enter_context(ledger_in(folder, SETTINGS.zone, clock))
    snapshots = Snapshots(folder / "snapshots")
    files = StandingFiles(snapshots.directory)
    return Organisation(ledger, snapshots, clock, FewPeople(), files)


def call(key: str, account: str = "acc_a", ago: int = 0, **fields: object) -> Seen:
    """Return a call of some hours ago."""
    told = {"link": f"req_{key}", "session": "one", **fields}
    return seen(account=account, key=key, occurred_at=NOON - ago * HOUR - 60, **told)


START = bring(
    call("1"),
    call("2", "acc_b", ago=30),
    call("3", "acc_c", ago=40 * 24, model="large"),
    call("4", "acc_c", ago=29 * 24, cache_read=7),
)


def simulated(one: Organisation) -> None:
    simulate(one.ledger)


ONE_AFTER_THE_OTHER: list[list[Step]] = [
    [START],
    # Somebody new, late, into the middle of a window.
    [bring(call("5", "acc_b", ago=1)), bring(call("6", "acc_d", ago=240, output=9))],
    [turn(1), bring(call("7", ago=50, session="x"), call("8", ago=1, session="y"))],
    # The same use, of a session that there was; more of a call that was known.
    [bring(call("7", ago=50))],
    [bring(call("8", ago=1))],
    [bring(call("2", "acc_b", ago=30, output=10**6))],
    [look_through(CAPPED, replace(TOKENS, minimum=(("calls", 2),)))],
    [turn(23), name("acc_c")],
    [claim("acc_b", "acc_a")],
    [simulated],
    [claim("acc_b", ""), bury("acc_c")],
    [turn(24 * 31), bring(call("9", "acc_d", ago=-24 * 30))],
    [turn(24 * 200)],
]


def test_each_kind_of_change_is_found() -> None:
    both(ONE_AFTER_THE_OTHER)


STEPS = st.one_of(
    st.builds(
        lambda key, account, ago, output, session, source: bring(
            seen(
                source,
                account=account,
                key=f"key-{key}",
                link="",
                session=f"session-{session}",
                occurred_at=NOON - ago * HOUR - 60,
                output=output,
            )
        ),
        st.integers(0, 9),
        ACCOUNTS,
        st.sampled_from([-1, 0, 1, 12, 24, 36, 7 * 24, 14 * 24, 30 * 24, 100 * 24]),
        st.integers(0, 200),
        st.integers(0, 2),
        st.sampled_from([LOG, CODEX_OTLP]),
    ),
    st.sampled_from([0, 1, 12, 24, 7 * 24]).map(turn),
    ACCOUNTS.map(name),
)


def test_a_window_that_was_left_out_for_a_while_misses_nothing() -> None:
    late = bring(call("5", "acc_b", ago=2, output=9))
    both([[START, look_back(14)], [look_back(30), late], [look_back(14)]])


@settings(max_examples=examples(2))
@given(st.lists(st.lists(STEPS, max_size=3), max_size=3))
def test_any_changes_are_found(changes: list[list[Step]]) -> None:
    both([[START], *changes])


@pytest.mark.parametrize(
    ("step", "whose"),
    [
        (bring(call("5", "acc_b", ago=5 * 24)), {"acc_b"}),
        (turn(0), set()),
        (name("acc_b"), set()),
        (look_through(TOKENS), {"acc_a", "acc_b", "acc_c"}),
        (turn(24), {"acc_a", "acc_b", "acc_c"}),
    ],
    ids=["late", "nothing", "called", "lenses", "day"],
)
def test_only_what_can_have_changed_is_looked_at_again(
    step: Step, whose: set[str]
) -> None:
    with ExitStack() as stack:
        one = organisation(stack)
        START(one)
        one.publish()
        assert stale(one.ledger) == {"acc_a", "acc_b", "acc_c"}
        step(one)
        one.clock.at += 1_000_000
        one.publish()
        assert stale(one.ledger) == whose


def test_a_file_that_is_gone_or_damaged_is_not_built_upon() -> None:
    with ExitStack() as stack:
        one = organisation(stack)
        START(one)
        first = one.publish()
        told = one.told()
        one.path(first.as_of, "30d").unlink()
        one.clock.at += 1_000_000
        second = one.publish()
        assert one.told() == told
        one.path(second.as_of, "30d").write_bytes(b"PAR1 nothing of it PAR1")
        one.clock.at += 1_000_000
        with pytest.raises(Unavailable, match="cannot be written"):
            one.publish()
        one.publish()
        assert one.told() == told
