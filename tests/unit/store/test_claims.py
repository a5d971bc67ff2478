"""Booking an account's history to somebody else, undoing it, and what then arrives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mileage.domain.booking import Booking, Done, Refusal
from mileage.domain.errors import Conflict
from mileage.domain.window import Window
from mileage.domain.witness import Activity, Rejected
from mileage.store import claims, presence, queries
from mileage.store.held import held
from mileage.store.ledger import Ledger
from mileage.store.owners import claims_in_force
from mileage.store.verify import verify
from tests.drawing import examples
from tests.drawn_sessions import GATEWAY, SESSION_TRAITS
from tests.ledgers import Turning, booking, ledger_in, rules
from tests.witnesses import (
    CODEX_OTLP,
    DAY,
    HOUR,
    LOG,
    MINUTE,
    NOON,
    OTLP,
    ROLLOUT,
    claude_histories,
    codex_histories,
    seen,
)

if TYPE_CHECKING:
    from pathlib import Path

    from mileage.domain.call import Seen

ALL = Window(NOON - 100 * DAY, NOON + 100 * DAY)


def told(ledger: Ledger) -> list[tuple[object, ...]]:
    rows = queries.usage(ledger, ALL, None, ("account", "client", "day", "session"))
    return [(sorted(row.keys.items()), row.figures) for row in rows]


def by_account(ledger: Ledger) -> dict[str, int]:
    rows = queries.usage(ledger, ALL, None, ("account",))
    return {row.keys["account"]: row.figures.calls for row in rows}


def total(ledger: Ledger) -> Any:
    return queries.usage(ledger, ALL, None, ())[0].figures


def as_of(ledger: Ledger, seq: int) -> list[tuple[Any, ...]]:
    """Return the calls as they were after an append, straight from the tables."""
    return (
        ledger.cursor()
        .execute(
            "select c.* from call c where c.seq <= $1 and not exists (select 1 from"
            " superseded s where s.call_id = c.call_id and s.seq > c.seq"
            " and s.seq <= $1) order by c.call_id",
            [seq],
        )
        .fetchall()
    )


def spread(count: int = 5, **fields: Any) -> list[Seen]:
    return [
        seen(
            OTLP,
            key=f"req_{fields.get('account')}_{n}",
            link=f"req_{fields.get('account')}_{n}",
            occurred_at=NOON + n * HOUR,
            **fields,
        )
        for n in range(count)
    ]


def test_a_claim_moves_the_history_and_changes_no_total(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking(spread(5, account="acc_u", asserted=True)))
        ledger.append(booking(spread(2, account="acc_p")))
        before = total(ledger)
        assert ledger.claim("acc_u", "acc_p") == 5
        assert by_account(ledger) == {"acc_p": 7}
        assert total(ledger) == before
        assert verify(ledger) == []


def test_undoing_a_claim_brings_back_what_was_there(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking(spread(5, account="acc_u", asserted=True)))
        ledger.append(booking(spread(2, account="acc_p")))
        before = told(ledger)
        ledger.claim("acc_u", "acc_p")
        assert told(ledger) != before
        assert ledger.claim("acc_u", "") == 5
        assert told(ledger) == before
        assert verify(ledger) == []


def test_every_past_answer_stays_what_it_was(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking(spread(5, account="acc_u", asserted=True)))
        first = queries.span(ledger).seq
        then = as_of(ledger, first)
        ledger.claim("acc_u", "acc_p")
        second = queries.span(ledger).seq
        claimed = as_of(ledger, second)
        ledger.claim("acc_u", "")
        ledger.append(booking(spread(2, account="acc_p")))
        assert first < second < queries.span(ledger).seq
        assert as_of(ledger, first) == then
        assert as_of(ledger, second) == claimed
        assert {row[3] for row in then} == {"acc_u"}
        assert {row[3] for row in claimed} == {"acc_p"}


def test_a_claim_is_recorded_later_than_what_it_changes(tmp_path: Path) -> None:
    clock = Turning(NOON)
    with ledger_in(tmp_path, now=clock) as ledger:
        ledger.append(booking(spread(1, account="acc_u")))
        clock.at -= 10 * HOUR
        ledger.claim("acc_u", "acc_p")
        rows = ledger.cursor().execute("select recorded_at, account from call")
        assert sorted(rows.fetchall()) == [(NOON, "acc_u"), (NOON + 1, "acc_p")]


def test_what_comes_in_later_is_the_persons_and_a_retry_counts_once(
    tmp_path: Path,
) -> None:
    said = spread(3, account="acc_u", asserted=True)
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking(said[:2]))
        ledger.claim("acc_u", "acc_p")
        again = ledger.append(booking(said))
        assert (again.visible, again.duplicates) == (1, 2)
        assert by_account(ledger) == {"acc_p": 3}
        assert verify(ledger) == []
        ledger.claim("acc_u", "")
        assert by_account(ledger) == {"acc_u": 3}
        assert ledger.append(booking(said)).visible == 0
        assert verify(ledger) == []


def test_one_call_that_both_accounts_saw_is_one_before_and_after(
    tmp_path: Path,
) -> None:
    both = [
        seen(OTLP, key="req_1", account="acc_u", asserted=True),
        seen(LOG, account="acc_p"),
    ]
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking(both))
        assert by_account(ledger) == {"acc_p": 1}
        ledger.claim("acc_u", "acc_p")
        assert by_account(ledger) == {"acc_p": 1}
        ledger.claim("acc_u", "")
        assert verify(ledger) == []


def test_a_claim_repeated_changes_nothing(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking(spread(3, account="acc_u")))
        assert ledger.claim("acc_u", "acc_p") == 3
        assert ledger.claim("acc_u", "acc_p") == 0
        assert ledger.claim("acc_u", "") == 3
        assert ledger.claim("acc_u", "") == 0


@pytest.mark.parametrize(
    ("account", "person"),
    [("acc_u", "acc_q"), ("acc_x", "acc_u"), ("acc_p", "acc_q")],
)
def test_claims_make_no_chains(tmp_path: Path, account: str, person: str) -> None:
    with ledger_in(tmp_path) as ledger:
        ledger.claim("acc_u", "acc_p")
        with pytest.raises(Conflict, match="mileage people unclaim"):
            ledger.claim(account, person)
        assert claims_in_force(ledger.cursor()) == {"acc_u": "acc_p"}


def test_several_accounts_may_be_one_persons(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        for account in ("acc_u", "acc_v"):
            ledger.append(booking(spread(2, account=account)))
            ledger.claim(account, "acc_p")
        assert by_account(ledger) == {"acc_p": 4}
        ledger.claim("acc_u", "")
        assert by_account(ledger) == {"acc_p": 2, "acc_u": 2}


def test_an_account_without_usage_can_be_claimed_beforehand(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        assert ledger.claim("acc_u", "acc_p") == 0
        ledger.append(booking(spread(2, account="acc_u")))
        assert by_account(ledger) == {"acc_p": 2}


def test_a_claim_outlives_a_restart(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking(spread(2, account="acc_u")))
        ledger.claim("acc_u", "acc_p")
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking(spread(4, account="acc_u")))
        assert by_account(ledger) == {"acc_p": 4}
        assert verify(ledger) == []


@pytest.mark.parametrize("at_once", [1, 3])
def test_a_long_history_is_moved_in_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(claims, "WITNESSES_AT_ONCE", at_once)
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking(spread(9, account="acc_u")))
        assert ledger.claim("acc_u", "acc_p") == 9
        assert by_account(ledger) == {"acc_p": 9}
        assert verify(ledger) == []


def test_what_is_no_call_goes_with_it(tmp_path: Path) -> None:
    told_of = Activity(
        source=OTLP,
        key="a1",
        session="session-1",
        occurred_at=NOON,
        client="claude-code",
        kind="prompt",
        name="",
        amount=1,
        attended=None,
        identity="",
    )
    whole = Booking(
        tuple(spread(2, account="acc_u")),
        (Done(told_of, "acc_u", asserted=True),),
        (Refusal(Rejected(OTLP, "record 1", "no time"), "acc_u"),),
    )

    def all_of(account: str) -> tuple[int, int, int, int]:
        return (
            len(queries.personal_activity(ledger, account, ALL)),
            len(held(ledger, account)["sources"]),
            len(queries.rejections(ledger, account)),
            len(presence.presence(ledger, account, 0)),
        )

    with ledger_in(tmp_path) as ledger:
        ledger.append(whole)
        assert (all_of("acc_u"), all_of("acc_p")) == ((1, 1, 1, 1), (0, 0, 0, 0))
        ledger.claim("acc_u", "acc_p")
        assert (all_of("acc_u"), all_of("acc_p")) == ((0, 0, 0, 0), (1, 1, 1, 1))
        ledger.claim("acc_u", "")
        assert (all_of("acc_u"), all_of("acc_p")) == ((1, 1, 1, 1), (0, 0, 0, 0))


@settings(max_examples=examples(4))
@given(
    said=st.one_of(claude_histories().map(lambda drawn: drawn[1]), codex_histories()),
    cut=st.integers(0, 8),
)
def test_claims_at_any_time_give_what_booking_it_so_would_have(
    tmp_path_factory: pytest.TempPathFactory, said: list[Seen], cut: int
) -> None:
    straight = [
        one._replace(account="acc_b") if one.account == "acc_a" else one for one in said
    ]
    folder = tmp_path_factory.mktemp("claims")
    (folder / "other").mkdir()
    with ledger_in(folder) as ledger, ledger_in(folder / "other") as other:
        ledger.append(booking(said[:cut]))
        ledger.claim("acc_a", "acc_b")
        ledger.append(booking(said[cut:]))
        assert verify(ledger) == []
        other.append(booking(straight))
        assert told(ledger) == told(other)
        ledger.claim("acc_a", "")
        assert verify(ledger) == []
        once = queries.span(ledger).seq
        ledger.append(booking(said))
        assert queries.span(ledger).seq == once + 1
        assert verify(ledger) == []


def test_two_sources_of_one_session_meet_when_it_is_claimed(tmp_path: Path) -> None:
    thread = {"session": "thread-1", "link": "", "input": 7, "output": 9}
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking([seen(ROLLOUT, key="r1", account="acc_p", **thread)]))
        later = {**thread, "occurred_at": NOON + MINUTE // 60}
        ledger.append(booking([seen(CODEX_OTLP, key="o1", account="acc_u", **later)]))
        ledger.claim("acc_u", "acc_p")
        assert by_account(ledger) == {"acc_p": 1}
        assert verify(ledger) == []


@pytest.mark.parametrize("gateway_first", [True, False])
def test_a_gateways_calls_are_the_clients_once_their_owner_is_known(
    tmp_path: Path, *, gateway_first: bool
) -> None:
    log = seen(LOG, account="acc_p", link="", key="msg_9")
    behind = seen(LOG, account="acc_u", asserted=True, link="", key="call-9")
    named = {"source": GATEWAY, "client": "litellm", "session": ""}
    gateway = behind._replace(witness=behind.witness._replace(**named))
    both = [gateway, log] if gateway_first else [log, gateway]
    known = rules()._replace(traits=SESSION_TRAITS)
    ledger = Ledger(tmp_path / "ledger.duckdb", known, Turning())
    try:
        for one in both:
            ledger.append(booking([one]))
        assert by_account(ledger) == {"acc_p": 1, "acc_u": 1}
        ledger.claim("acc_u", "acc_p")
        assert by_account(ledger) == {"acc_p": 1}
        assert verify(ledger) == []
        ledger.claim("acc_u", "")
        assert by_account(ledger) == {"acc_p": 1, "acc_u": 1}
        assert verify(ledger) == []
    finally:
        ledger.close()
