"""A published board, computed again from the ledger: equal, and what has changed."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from random import Random
from typing import TYPE_CHECKING

import pytest

from mileage.domain.errors import Invalid, NotFound
from mileage.domain.people import Membership
from mileage.domain.settings import Settings
from mileage.domain.window import WINDOWS, moment
from mileage.reports import standings
from mileage.reports.boards import Boards
from mileage.reports.recomputing import DIFFERS, Again, recompute
from mileage.reports.snapshots import Snapshots
from mileage.reports.standings import Making, publish
from mileage.store import queries, recomputing, retention
from mileage.store.erasing import Tombstone, erase
from mileage.store.rules import Priced
from mileage.store.standing_files import StandingFiles
from mileage.wiring.policy import load_policy
from tests.ledgers import FewPeople, Turning, booking, in_columns, ledger_in
from tests.ranking import whole
from tests.unit.reports.test_status import simulate
from tests.witnesses import DAY, HOUR, LOG, NOON, OTLP, seen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mileage.domain.call import Call
    from mileage.domain.recomputed import Changed, Recomputed
    from mileage.store.ledger import Ledger

LENSES = tuple(
    one
    for one in load_policy(None).lenses
    if one.name in {"credit", "cost", "savings", "steadiness"}
)
ZONES = ("Europe/Berlin", "Asia/Kolkata")


@dataclass
class Firm:
    """A ledger that publishes, with a directory that may change."""

    ledger: Ledger
    snapshots: Snapshots
    clock: Turning
    people: FewPeople = field(default_factory=FewPeople)
    hidden: frozenset[str] = frozenset()

    def publish(self) -> int:
        now = self.clock()
        making = Making(Settings(), {}, now, LENSES)
        publish(self.ledger, self.people, making, self.snapshots)
        return now

    def again(self, as_of: int, window: str = "", **other: object) -> Recomputed:
        boards = Boards(self.snapshots)
        publication = self.snapshots.publication(as_of)
        head = boards.head(window, as_of)
        day = self.ledger.rules.clock.day(as_of)
        who = {one.account_id: one for one in self.people.everybody_on(day)}
        asked = Again(
            head=head,
            seq=publication.seq,
            who=who,
            lenses=LENSES,
            hidden=self.hidden,
            masked=lambda rows, _: rows,
        )
        asked = replace(asked, **other)
        return recompute(self.ledger, asked, boards.everybody(head))

    def bytes_of(self, as_of: int) -> dict[str, bytes]:
        files = self.snapshots.directory.glob(f"{as_of:020d}.*")
        return {path.name: path.read_bytes() for path in files}


@contextmanager
def firm_in(folder: Path, zone: str = "UTC") -> Iterator[Firm]:
    clock = Turning()
    with ledger_in(folder, zone, clock) as ledger:
        yield Firm(ledger, Snapshots(folder / "snapshots"), clock)


@pytest.fixture
def firm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Firm]:
    """Open one that publishes a single window, and is recomputed a few at a time."""
    monkeypatch.setattr(recomputing, "TOGETHER", 2)
    monkeypatch.setattr(standings, "WINDOWS", ("30d",))
    with firm_in(tmp_path) as opened:
        yield opened


def by_account(found: Recomputed) -> dict[str, Changed]:
    return {one.account_id: one for one in found.changed}


def call(number: int, account: str = "acc_a", source: str = LOG, **fields: object):
    names = {"key": f"k{number}", "link": f"r{number}"}
    return seen(source, account=account, **{**names, **fields})


def test_nothing_new_is_equal_and_has_no_changes(firm: Firm) -> None:
    firm.ledger.append(booking([call(1), call(2, "acc_b", model="unknown")]))
    firm.ledger.append(in_columns([call(3, "acc_c", attended=True)]))
    found = firm.again(firm.publish())
    assert (found.equal, found.provable, found.accounts) == (True, True, 3)
    assert (found.changed, found.changed_accounts, found.differing) == ((), 0, ())
    assert found.seq == found.last == 2
    assert found.notes == ()


@pytest.mark.parametrize("together", [1, 2, 3, 4, 100])
def test_accounts_are_the_same_however_many_at_a_time(
    firm: Firm, monkeypatch: pytest.MonkeyPatch, together: int
) -> None:
    """Also one that no roll-up of now knows, and that sorts before or after all."""
    monkeypatch.setattr(recomputing, "TOGETHER", together)
    accounts = ("0_first", "acc_a", "acc_b", "acc_c", "acc_d", "zz_last")
    firm.ledger.append(booking(call(n, one) for n, one in enumerate(accounts)))
    then = firm.publish()
    assert firm.again(then).equal
    late = [call(10 + n, one, output=7 + n) for n, one in enumerate(accounts)]
    firm.ledger.append(booking(late))
    found = firm.again(then, count=99)
    assert (found.equal, found.accounts) == (True, len(accounts))
    assert set(by_account(found)) == set(accounts)


def test_every_window_and_the_period_before_it_is_equal(tmp_path: Path) -> None:
    said = [call(n, occurred_at=NOON - n * 9 * HOUR) for n in range(500)]
    with firm_in(tmp_path, "America/St_Johns") as firm:
        firm.ledger.append(booking(said[:20]))
        firm.ledger.append(in_columns(said[20:]))
        at = firm.publish()
        for window in WINDOWS:
            (row,) = whole(firm.snapshots, window, at).standings
            assert row.before
            assert firm.again(at, window).equal


def test_late_calls_are_told_by_account_and_what_they_add(firm: Firm) -> None:
    firm.ledger.append(booking([call(1), call(2, "acc_b")]))
    at = firm.publish()
    late = [call(3, output=1000), call(4, "acc_z"), call(5, "acc_z")]
    firm.ledger.append(booking(late))
    found = firm.again(at)
    rows = by_account(found)
    assert found.equal
    assert set(rows) == {"acc_a", "acc_z"}
    assert rows["acc_a"].reasons == ("1 call told later (+2,110 tokens)",)
    assert rows["acc_z"].reasons == ("2 calls told later (+2,320 tokens)",)
    assert (rows["acc_z"].then, rows["acc_z"].now.calls) == (None, 2)
    was, tells = rows["acc_a"].then, rows["acc_a"].now
    assert (was.calls, was.tokens, was.cost) == (1, 1160, 1160)
    assert (tells.calls, tells.tokens, tells.cost) == (2, 3270, 3270)
    assert tells.value > was.value > 0
    assert (found.seq, found.last) == (1, 2)


def test_late_calls_of_other_times_change_nothing(firm: Firm) -> None:
    firm.ledger.append(booking([call(1)]))
    at = firm.publish()
    firm.ledger.append(booking([call(2, occurred_at=NOON - 45 * DAY)]))
    found = firm.again(at)
    assert found.equal
    assert found.changed == ()


def test_a_corrected_call_is_no_new_one(firm: Firm) -> None:
    firm.ledger.append(booking([call(1, output=50)]))
    at = firm.publish()
    # The log has the call with more output: the line had been written too early.
    firm.ledger.append(booking([call(1, output=80)]))
    found = firm.again(at)
    (row,) = found.changed
    assert found.equal
    assert row.reasons == ("1 call corrected since (+30 tokens)",)
    assert row.then.calls == row.now.calls == 1


def test_a_corrected_time_moves_a_call_out_of_the_window_and_in(firm: Firm) -> None:
    inside, outside = NOON, NOON - 40 * DAY
    firm.ledger.append(booking([call(1, occurred_at=inside)]))
    firm.ledger.append(booking([call(2, "acc_b", occurred_at=inside)]))
    at = firm.publish()
    # Of the same call the first time counts.
    firm.ledger.append(booking([call(1, occurred_at=outside)]))
    found = firm.again(at)
    assert found.equal
    row = by_account(found)["acc_a"]
    assert row.now is None
    assert row.reasons == (
        "1 call moved out of the window by a corrected time (-1,160 tokens)",
    )


def test_what_is_booked_to_somebody_else_is_told_on_both_sides(firm: Firm) -> None:
    firm.ledger.append(booking([call(1), call(2, "acc_x")]))
    at = firm.publish()
    firm.ledger.claim("acc_x", "acc_a")
    rows = by_account(found := firm.again(at))
    assert found.equal
    assert rows["acc_a"].reasons == (
        "1 call booked to another account then (+1,160 tokens)",
    )
    assert rows["acc_x"].reasons == (
        "1 call booked to another account now (-1,160 tokens)",
    )
    assert rows["acc_x"].now is None
    firm.ledger.claim("acc_x", "")
    assert firm.again(at).changed == ()


def test_a_call_that_turns_out_to_be_another_one_is_told(firm: Firm) -> None:
    firm.ledger.append(booking([call(1, link="")]))
    at = firm.publish()
    # What it is known by is told later, and it is the call of that name from then on.
    firm.ledger.append(booking([call(1, output=60)]))
    found = firm.again(at)
    (row,) = found.changed
    assert found.equal
    assert row.reasons == (
        "1 call found to be told of another call (-1,160 tokens)",
        "1 call told later (+1,170 tokens)",
    )
    assert row.then.calls == row.now.calls == 1


def test_another_price_of_the_same_call_is_told_with_its_version(
    firm: Firm, tmp_path: Path
) -> None:
    firm.ledger.append(booking([call(1)]))
    at = firm.publish()

    def dearer(one: Call) -> Priced:
        return Priced(one.tokens.total * 2, "dearer prices")

    firm.ledger.rules = firm.ledger.rules._replace(price=dearer)
    # The same call, by another source: it is derived, and priced, again.
    firm.ledger.append(booking([call(1, source=OTLP, key="r1")]))
    found = firm.again(at)
    (row,) = found.changed
    assert found.equal
    assert row.reasons == (
        "1 call priced anew: prices test prices then, dearer prices now",
    )
    assert (row.then.cost, row.now.cost) == (1160, 2320)


def test_a_move_that_is_dated_back_is_told(firm: Firm) -> None:
    firm.ledger.append(booking([call(1)]))
    firm.people.places["acc_a"] = Membership("acc_a", "Old", "One", "", "", None, None)
    at = firm.publish()
    firm.people.places["acc_a"] = Membership("acc_a", "New", "", "", "", None, None)
    (row,) = firm.again(at).changed
    assert row.reasons == ("in the directory: Old / One then, New now",)
    del firm.people.places["acc_a"]
    (row,) = firm.again(at).changed
    assert row.reasons == ("in the directory: Old / One then, nothing now",)


def test_who_has_an_account_now_was_unclaimed_then(firm: Firm) -> None:
    firm.ledger.append(booking([call(1, "acc_new")]))
    at = firm.publish()
    firm.people.names = (*firm.people.names, "acc_new")
    (row,) = firm.again(at).changed
    assert row.reasons == ("in the directory: unclaimed then, person now",)


def tamper(firm: Firm, at: int, **fields: object) -> None:
    """Write one row of a kept file otherwise."""
    head = Boards(firm.snapshots).head("", at)
    path = firm.snapshots.standings(at, head.name)
    files = StandingFiles(firm.snapshots.directory)
    first, *others = files.everybody(path)
    files.write(path, [replace(first, **fields), *others])


@pytest.mark.parametrize(
    "fields",
    [
        {"sessions": 9},
        {"models": ("other",)},
        {"attended_calls": 5},
        {"active_days": 2},
        {"values": tuple(1 for _ in LENSES)},
        {"before": tuple(1 for _ in LENSES)},
        {"simulated": True},
        {"daily": (1,) * 31},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_a_kept_row_that_was_changed_is_found(
    firm: Firm, fields: dict[str, object]
) -> None:
    firm.ledger.append(booking([call(1), call(2, "acc_b")]))
    at = firm.publish()
    tamper(firm, at, **fields)
    found = firm.again(at)
    assert not found.equal
    assert found.provable
    assert (found.differing, found.differing_accounts) == (("acc_a",), 1)


def test_a_changed_row_says_so_beside_what_it_was(firm: Firm) -> None:
    firm.ledger.append(booking([call(1)]))
    at = firm.publish()
    tamper(firm, at, sessions=3)
    (row,) = firm.again(at).changed
    assert row.reasons == (DIFFERS,)


def test_a_row_that_is_left_out_and_one_too_many_are_found(firm: Firm) -> None:
    firm.ledger.append(booking([call(1), call(2, "acc_b")]))
    at = firm.publish()
    files = StandingFiles(firm.snapshots.directory)
    path = firm.snapshots.standings(at, "30d")
    first, second = files.everybody(path)
    files.write(path, [first])
    assert firm.again(at).differing == ("acc_b",)
    files.write(path, [first, second, replace(second, account_id="acc_c")])
    assert firm.again(at).differing == ("acc_c",)


def test_only_hidden_people_go_without_a_line(firm: Firm) -> None:
    firm.ledger.append(booking([call(1), call(2, "acc_b")]))
    at = firm.publish()
    tamper(firm, at, sessions=3)
    firm.ledger.append(booking([call(3), call(4, "acc_b")]))
    firm.hidden = frozenset({"acc_a"})
    found = firm.again(at)
    assert [one.account_id for one in found.changed] == ["acc_b"]
    assert (found.changed_accounts, found.differing_accounts) == (2, 1)
    assert found.differing == ()
    assert found.notes == ("changes of people who stand on no board: 1, not listed",)


def test_the_largest_changes_come_first_and_are_cut(firm: Firm) -> None:
    firm.ledger.append(booking([call(1)]))
    at = firm.publish()
    late = [call(n, f"acc_{n}", output=n * 100) for n in range(2, 9)]
    firm.ledger.append(booking(late))
    found = firm.again(at, count=3)
    assert [one.account_id for one in found.changed] == ["acc_8", "acc_7", "acc_6"]
    assert found.changed_accounts == 7


def test_other_lenses_are_not_compared(firm: Firm) -> None:
    firm.ledger.append(booking([call(1)]))
    at = firm.publish()
    tamper(firm, at, values=(1,) * len(LENSES))
    firm.ledger.append(booking([call(2)]))
    found = firm.again(at, lenses=None)
    assert found.equal
    assert "lenses.toml has changed since" in found.notes[0]
    assert (found.changed[0].then.value, found.changed[0].now.value) == (None, None)
    with pytest.raises(NotFound, match="no lens 'speed'"):
        firm.again(at, lens="speed")


def test_simulated_use_is_taken_as_it_stands(firm: Firm) -> None:
    simulate(firm.ledger)
    firm.ledger.append(booking([call(1)]))
    found = firm.again(firm.publish())
    assert (found.equal, found.accounts) == (True, 2)
    assert found.notes[0].startswith("simulated use")


def test_what_was_deleted_by_policy_cannot_be_proven(firm: Firm) -> None:
    said = [call(n, occurred_at=NOON - n * DAY, session="one") for n in range(20)]
    firm.ledger.append(booking(said))
    at = firm.publish()
    due = retention.due(firm.ledger, "calls", 10)
    retention.delete(firm.ledger, due, 10)
    found = firm.again(at)
    # Ten days of one session are ten: nobody can tell any more that it was one.
    assert (found.equal, found.provable) == (False, False)
    assert "were deleted" in found.notes[0]


def test_whoever_was_erased_is_compared_under_the_tombstone(firm: Firm) -> None:
    firm.ledger.append(booking([call(1), call(2, "acc_b")]))
    at = firm.publish()
    before = firm.bytes_of(at)
    erase(firm.ledger, [Tombstone("acc_a", "zz_grave", ())])
    Boards(firm.snapshots).bury({"acc_a": "zz_grave"}, lambda head, _: head)
    assert firm.bytes_of(at) != before
    found = firm.again(at)
    assert (found.equal, found.changed) == (True, ())
    assert found.notes[0].startswith(
        "accounts that belong to nobody since an erasure: 1"
    )


def test_what_was_published_before_appends_were_kept_is_refused(firm: Firm) -> None:
    at = firm.publish()
    head = replace(Boards(firm.snapshots).head("", at), previous=None)
    with pytest.raises(Invalid, match="cannot be computed again"):
        firm.again(at, head=head)


@pytest.mark.parametrize("seed", range(1))
def test_thirty_days_of_late_data_corrections_and_moves(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every day is published; at the end each day's board is still what it was.

    Byte for byte on disk, and row for row from the ledger; and what it says of today
    is what a publication of today of the same window says.
    """
    monkeypatch.setattr(standings, "WINDOWS", ("30d", "week"))
    random = Random(seed)  # noqa: S311
    with firm_in(tmp_path, ZONES[seed]) as firm:
        kept: dict[int, dict[str, bytes]] = {}
        told: list[dict[str, object]] = []
        claimed = ""
        for day in range(30):
            firm.clock.at = NOON + day * DAY + random.randrange(DAY)
            said = [drawn(random, firm.clock(), told) for _ in range(6)]
            firm.ledger.append(random.choice((booking, in_columns))(said))
            if random.random() < 0.2:
                firm.ledger.claim("acc_x", claimed := "" if claimed else "acc_c")
            if random.random() < 0.3:
                where = Membership(
                    "acc_b", random.choice("UVW"), "", "", "", None, None
                )
                firm.people.places["acc_b"] = where
            if random.random() < 0.2:
                firm.ledger.rules = firm.ledger.rules._replace(price=priced(day))
            if day % 8 == 5:
                at = firm.publish()
                kept[at] = firm.bytes_of(at)
        for at, files in kept.items():
            assert firm.bytes_of(at) == files
            for window in ("30d", "week"):
                found = firm.again(at, window)
                assert found.equal, (moment(at), window, found.differing)
                assert all(row.reasons for row in found.changed)
                now_is_what_the_roll_ups_say(firm, found, window)


def now_is_what_the_roll_ups_say(firm: Firm, found: Recomputed, window: str) -> None:
    head = Boards(firm.snapshots).head(window, found.as_of)
    today = {
        row.keys["account"]: row.figures
        for row in queries.usage(firm.ledger, head.window, None, ("account",))
    }
    standings = whole(firm.snapshots, window, found.as_of).standings
    then = {one.account_id: one.figures for one in standings}
    rows = by_account(found)
    for account in {*today, *then}:
        if account in rows:
            now = rows[account].now
            figures = today.get(account)
            assert (now is None) == (figures is None)
            if now and figures:
                assert (now.calls, now.tokens, now.cost) == (
                    *(figures.calls, figures.tokens.total, figures.cost),
                )
        else:
            assert today[account] == then[account]


def drawn(random: Random, now: int, told: list[dict[str, object]]):
    """Say something new, of now or long ago; or something said before, otherwise."""
    if told and random.random() < 0.35:
        fields = dict(random.choice(told[-40:]))
        fields["output"] = random.randrange(500)
        if random.random() < 0.3:
            fields["occurred_at"] -= random.randrange(20) * HOUR
    else:
        number = len(told)
        fields = {
            "account": random.choice(("acc_a", "acc_b", "acc_c", "acc_x")),
            "key": f"k{number}",
            "link": f"r{number}",
            "session": f"s{random.randrange(9)}",
            "occurred_at": now - random.randrange(12 * DAY) ** 2 // (12 * DAY),
            "model": random.choice(("small", "large", "unknown")),
            "output": random.randrange(500),
            "attended": random.choice((None, True, False)),
        }
        told.append(fields)
    return seen(random.choice((LOG, OTLP)), **fields)


def priced(day: int):
    def price(one: Call) -> Priced:
        unknown = one.model == "unknown"
        cost = None if unknown else one.tokens.total * (day + 1)
        return Priced(cost, f"prices of day {day}")

    return price
