"""Standings: names and places, completeness, simulated accounts, equal hashes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mileage.domain.people import Membership
from mileage.domain.settings import Settings
from mileage.domain.tokens import Tokens
from mileage.domain.window import Window, period
from mileage.honours.lenses import Lens
from mileage.reports.completeness import completeness
from mileage.reports.personal import personal_page
from mileage.reports.snapshots import Snapshots
from mileage.reports.standings import Making, alike, publish
from mileage.store import queries, standings
from mileage.store.ledger_schema import MIGRATIONS
from mileage.store.statements import run
from mileage.store.verify import verify
from tests.ledgers import FewPeople, booking, ledger_in
from tests.old_ledgers import step_back
from tests.ranking import Whole, whole
from tests.unit.reports.test_status import simulate
from tests.witnesses import DAY, HOUR, LOG, NOON, SECOND, seen

if TYPE_CHECKING:
    from pathlib import Path

    from mileage.domain.figures import Publication
    from mileage.store.ledger import Ledger

PLACE = Membership("acc_a", "Engineering", "Compilers", "", "", None, None)


LENSES = (
    Lens("tokens", "Tokens", "tokens", Tokens(*[100] * 7), "", ""),
    Lens("cost", "Cost", "micro_usd", Tokens(), "", ""),
)


def snapshot(
    folder: Path,
    ledger: Ledger,
    now: int = NOON,
    window: str = "",
    lenses: tuple[Lens, ...] = LENSES,
) -> Whole:
    people = FewPeople(places={"acc_a": PLACE})
    making = Making(Settings(), {"prices": "p"}, now, lenses)
    snapshots = Snapshots(folder / "snapshots")
    publish(ledger, people, making, snapshots)
    return whole(snapshots, window, now)


def test_standings_carry_names_places_and_tools(tmp_path: Path) -> None:
    said = [
        seen(account="acc_a", key="1", link="", model="small", output=1),
        seen(account="acc_a", key="2", link="", model="large", output=10**6),
        seen(account="acc_z", key="3", link=""),
    ]
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking(said))
        found = {one.account_id: one for one in snapshot(tmp_path, ledger).standings}
    assert found["acc_a"].name == "ACC_A"
    assert found["acc_a"].department == "Engineering"
    assert found["acc_a"].models == ("large", "small")
    assert found["acc_a"].clients == ("claude-code",)
    assert (found["acc_z"].kind, found["acc_z"].name) == ("unclaimed", "acc_z")


def test_other_lenses_give_other_values_from_the_next_publication_on(
    tmp_path: Path,
) -> None:
    output = Lens(
        *("output", "Output", "tokens"), Tokens(0, 0, 0, 0, 100, 0, 0), *("", "")
    )
    doubled = replace(output, weights=Tokens(0, 0, 0, 0, 200, 0, 0))
    sets = ((output,), (doubled,), (doubled, output), (output,), (output,))
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking([seen(account="acc_a", key="1", link="", output=7)]))
        found = [
            snapshot(tmp_path, ledger, NOON + at, lenses=lenses).standings[0].values
            for at, lenses in enumerate(sets)
        ]
    with ledger_in(tmp_path) as ledger:
        again = snapshot(tmp_path, ledger, NOON + 9, lenses=(doubled,)).standings
    assert found == [(7,), (14,), (14, 7), (7,), (7,)]
    assert again[0].values == (14,)


def test_days_come_in_their_order_whatever_the_order_of_arrival(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        for day in (1, 3, 0, 2):
            at, output = NOON - day * DAY - 60, (10 + day) * 10**9
            call = seen(key=f"{day}", link="", occurred_at=at, output=output)
            ledger.append(booking([call]))
            found = snapshot(tmp_path, ledger, NOON + day)
    (one,) = found.standings
    for daily in (one.daily, found.daily):
        assert [day // 10**9 for day in daily if day] == [13, 12, 11, 10]


def test_publications_are_alike_within_an_hour_while_nobody_joins(
    tmp_path: Path,
) -> None:
    snapshots = Snapshots(tmp_path / "snapshots")

    def published(now: int) -> Publication:
        snapshot(tmp_path, ledger, now)
        return snapshots.publication(now)

    with ledger_in(tmp_path) as ledger:
        empty = published(NOON)
        assert alike(empty, published(NOON + 1))
        assert not alike(empty, published(NOON + HOUR))
        ledger.append(booking([seen(account="acc_a", key="1", link="")]))
        one = published(NOON + HOUR + 1)
        assert not alike(one, empty)
        ledger.append(booking([seen(account="acc_a", key="2", link="")]))
        assert alike(one, published(NOON + HOUR + 2))
        ledger.append(booking([seen(account="acc_z", key="3", link="")]))
        assert not alike(one, published(NOON + HOUR + 3))


def test_the_window_has_hard_edges(tmp_path: Path) -> None:
    start = NOON + HOUR - 30 * DAY
    said = [
        seen(key=name, link="", occurred_at=at)
        for name, at in {
            "before": start - 1,
            "first": start,
            "last": NOON + HOUR - 1,
            "after": NOON + HOUR,
        }.items()
    ]
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking(said))
        made = snapshot(tmp_path, ledger, NOON + 5 * SECOND)
    assert made.window == Window(start, NOON + HOUR)
    assert made.total.calls == 2


def test_equal_input_has_an_equal_hash_and_other_input_another(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking([seen()]))
        first, again = (
            snapshot(tmp_path, ledger),
            snapshot(tmp_path, ledger, NOON + SECOND),
        )
        ledger.append(booking([seen(key="msg_2", link="req_2")]))
        other = snapshot(tmp_path, ledger)
    assert first.input_hash == again.input_hash != other.input_hash
    assert first.as_of != again.as_of


def test_simulated_accounts_are_marked_and_stay_out_of_the_checks(
    tmp_path: Path,
) -> None:
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking([seen(account="acc_a")]))
        simulate(ledger)
        made = snapshot(tmp_path, ledger)
        assert verify(ledger) == []
        note = completeness(ledger).missing
        own = completeness(ledger, "acc_a").missing
        window = Window.rolling(30, now=NOON, zone=ledger.rules.clock.zone)
        page = personal_page(ledger, FewPeople().accounts()[1], window, (None, 0))
        rows = queries.usage(ledger, window, None, ("client",))
    marks = {one.account_id: one.simulated for one in made.standings}
    assert marks == {"acc_a": False, "acc_b": True}
    assert made.simulated
    assert made.total.calls == 41
    assert "simulated-rollup" in note[0]
    assert not [one for one in own if "simulated" in one]
    assert "simulated-rollup" in page.completeness.missing[0]
    assert (page.simulated, page.total.calls, page.sessions) == (True, 40, 3)
    calls = {row.keys["client"]: row.figures.calls for row in rows}
    assert calls == {"claude-code": 1, "codex": 40}


def test_a_simulated_hour_counts_only_when_it_lies_in_the_window(
    tmp_path: Path,
) -> None:
    hour = NOON // HOUR * HOUR
    with ledger_in(tmp_path) as ledger:
        simulate(ledger)
        whole = queries.usage(ledger, Window(hour, hour + HOUR), None, ())
        part = queries.usage(ledger, Window(hour + SECOND, hour + HOUR), None, ())
    assert whole[0].figures.calls == 40
    assert part == []


def test_an_empty_ledger_makes_an_empty_snapshot(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        made = snapshot(tmp_path, ledger)
    assert made.standings == ()
    assert made.total.calls == 0
    assert made.total.cost is None
    assert len(made.daily) == len(made.days) == 31
    assert made.completeness.until is None


def test_two_sources_that_disagree_show_on_the_page(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        said = [
            seen(LOG, attended=True, output=500),
            seen("claude_code_otlp", key="req_1", output=50),
        ]
        ledger.append(booking(said))
        window = Window.rolling(30, now=NOON, zone=ledger.rules.clock.zone)
        page = personal_page(ledger, FewPeople().accounts()[0], window, (1, 1))
    assert page.total.tokens.output == 50
    assert (page.differing_calls, page.attended_calls) == (1, 1)
    assert (page.rank, page.ranked) == (1, 1)


def test_what_clients_say_of_attendance_is_counted(tmp_path: Path) -> None:
    marks = (True, True, False, None)
    said = [
        seen(account="acc_a", key=str(at), link="", attended=mark)
        for at, mark in enumerate(marks)
    ]
    joined = [
        seen(account="acc_b", session="s", attended=None, output=7),
        seen(LOG, account="acc_b", session="s", attended=False, output=7),
    ]
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking(said))
        ledger.append(
            booking([seen(account="acc_a", key="9", link="", attended=False)])
        )
        ledger.append(booking(joined))
        found = {one.account_id: one for one in snapshot(tmp_path, ledger).standings}
        assert verify(ledger) == []
    one = found["acc_a"]
    assert (one.figures.calls, one.attended_calls, one.unattended_calls) == (5, 2, 2)
    other = found["acc_b"]
    assert other.attended_calls + other.unattended_calls == 1
    assert other.unattended_calls == 1


def test_attendance_of_before_is_told_anew_by_the_migration(tmp_path: Path) -> None:
    said = [
        seen(account="acc_a", key=str(at), link="", attended=mark)
        for at, mark in enumerate((True, False, False, None))
    ]
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking(said))
    step_back(tmp_path / "ledger.duckdb", MIGRATIONS.index("0013_attended"))
    with ledger_in(tmp_path) as ledger:
        (one,) = snapshot(tmp_path, ledger).standings
        assert verify(ledger) == []
    assert (one.attended_calls, one.unattended_calls) == (1, 2)


def test_a_ledger_can_be_checkpointed_while_standings_are_made(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking([seen(account="acc_a")]))
        clock = ledger.rules.clock
        periods = (period("30d", now=NOON, zone=clock.zone),)
        with ledger.one_moment() as cursor:
            since = clock.day(periods[0].previous.start)
            standings.bring_up_to_date(cursor, since)
            maker = standings.Making(cursor, clock, LENSES, periods)
            maker.make(periods)
            run(ledger.cursor(), "checkpoint")
            maker.name({name: [] for name, _ in standings.CHART})
            assert maker.values_before(periods[0], 0) == []
