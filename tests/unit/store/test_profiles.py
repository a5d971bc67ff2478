"""What is known of sessions before and after an append, asked for once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.booking import Booking
from mileage.domain.call import ESTIMATE
from mileage.domain.join_policy import JoinPolicy
from mileage.domain.joining import Joining
from mileage.store import profiles as module
from mileage.store.identities import insert_identities, profile_rows
from mileage.store.profiles import Profiles
from tests.drawn_sessions import GAP, GATEWAY, SESSION_TRAITS
from tests.ledgers import ledger_in
from tests.witnesses import CODEX_OTLP, LOG, OTLP, ROLLOUT, seen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import duckdb

    from mileage.domain.call import Seen
    from mileage.store.ledger import Ledger

JOINING = Joining(SESSION_TRAITS, JoinPolicy())


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    with ledger_in(tmp_path_factory.mktemp("ledger")) as opened:
        yield opened


@pytest.fixture
def cursor(ledger: Ledger) -> duckdb.DuckDBPyConnection:
    cursor = ledger.cursor()
    cursor.execute("delete from session_profile")
    return cursor


def store(cursor: duckdb.DuckDBPyConnection, *told: Seen) -> None:
    insert_identities(cursor, (), profile_rows(told, JOINING))


def codex(source: str, session: str = "s", **fields: object) -> Seen:
    told = seen(ROLLOUT, session=session, link="", **fields)
    return told._replace(witness=told.witness._replace(source=source))


def looked_up(cursor: duckdb.DuckDBPyConnection, *coming: Seen) -> Profiles:
    made = Profiles(cursor, JOINING, coming)
    sessions = {one.witness.session for one in coming} | {"s"}
    made.look_up(sessions, {one.account for one in coming} | {"acc_a"})
    return made


def sources(found: set[object]) -> set[str]:
    return {one.source for one in found}  # type: ignore[attr-defined]


def test_before_is_what_is_stored_and_after_what_comes_as_well(cursor) -> None:
    store(cursor, codex(ROLLOUT))
    told = looked_up(cursor, codex(CODEX_OTLP))
    assert sources(told.before("s")) == {ROLLOUT}
    assert sources(told.after("s")) == {ROLLOUT, CODEX_OTLP}
    assert sources(told.before("s")) == {ROLLOUT}


def test_sessions_are_told_apart(cursor) -> None:
    store(cursor, codex(ROLLOUT, "one"), codex(CODEX_OTLP, "two"))
    told = Profiles(cursor, JOINING, ())
    told.look_up(["one", "two", "three"], [])
    found = [sources(told.after(name)) for name in ("one", "two", "three")]
    assert found == [{ROLLOUT}, {CODEX_OTLP}, set()]


def test_what_was_not_looked_up_is_not_guessed(cursor) -> None:
    told = Profiles(cursor, JOINING, ())
    with pytest.raises(KeyError):
        told.before("s")
    with pytest.raises(KeyError):
        told.has_gateway("acc_a")


def test_the_ledger_is_asked_once_for_each(cursor, monkeypatch) -> None:
    asked: list[list[int]] = []
    run = module.run

    def counting(cursor: object, name: str, **parameters: list[int]) -> object:
        asked.append(parameters["ids"])
        return run(cursor, name, **parameters)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "run", counting)
    told = Profiles(cursor, JOINING, ())
    told.look_up(["a", "b"], ["acc_a"])
    told.look_up(["a", "b"], ["acc_a"])
    told.look_up(["b", "c"], ["acc_a"])
    told.look_up([], [])
    assert list(map(len, asked)) == [3, 1]


def test_an_account_and_a_session_of_one_name_are_two(cursor) -> None:
    store(cursor, codex(GATEWAY, "acc_b", account="acc_c"))
    told = Profiles(cursor, JOINING, ())
    told.look_up(["acc_b", "acc_c"], ["acc_b", "acc_c"])
    assert told.before("acc_b")
    assert not told.before("acc_c")
    assert [told.has_gateway(one) for one in ("acc_b", "acc_c")] == [False, True]


def test_a_gateway_stored_or_coming_is_one(cursor) -> None:
    store(cursor, codex(GATEWAY, account="acc_stored"))
    told = Profiles(cursor, JOINING, [codex(GATEWAY, account="acc_coming")])
    accounts = ["acc_stored", "acc_coming", "acc_neither"]
    told.look_up([], accounts)
    assert list(map(told.has_gateway, accounts)) == [True, True, False]


def test_what_a_client_does_itself_is_no_gateway(cursor) -> None:
    told = looked_up(cursor, codex(ROLLOUT), codex(CODEX_OTLP))
    assert not told.has_gateway("acc_a")


def test_news_is_what_is_not_stored(cursor) -> None:
    store(cursor, codex(ROLLOUT))
    told = looked_up(cursor, codex(ROLLOUT), codex(ROLLOUT, key="b"), codex(CODEX_OTLP))
    assert [row.profile.split("\t")[0] for row in told.news()] == [CODEX_OTLP]
    insert_identities(cursor, (), told.news())
    assert looked_up(cursor, codex(ROLLOUT), codex(CODEX_OTLP)).news() == []


def test_an_estimate_says_nothing_about_its_session(cursor) -> None:
    told = looked_up(cursor, codex(ROLLOUT, measure=ESTIMATE))
    assert told.after("s") == set()
    assert told.news() == []


@pytest.mark.parametrize(
    ("stored", "coming", "wanted"),
    [
        # One source alone has nothing to be matched with.
        ((), (ROLLOUT,), False),
        ((ROLLOUT,), (ROLLOUT,), False),
        # Two that share no id may have seen the same calls.
        ((ROLLOUT,), (CODEX_OTLP,), True),
        ((), (ROLLOUT, CODEX_OTLP), True),
        ((ROLLOUT, CODEX_OTLP), (CODEX_OTLP,), True),
        # Events end the gap that a filler filled.
        ((GAP,), (CODEX_OTLP,), True),
        ((), (GAP, ROLLOUT), True),
        # A filler that comes where events are already changes nothing.
        ((ROLLOUT,), (GAP,), False),
        ((GAP,), (GAP,), False),
    ],
)
def test_when_a_session_must_be_read_as_a_whole(
    cursor,
    stored: tuple[str, ...],
    coming: tuple[str, ...],
    wanted: bool,  # noqa: FBT001
) -> None:
    store(cursor, *map(codex, stored))
    assert looked_up(cursor, *map(codex, coming)).is_wanted("s") is wanted


def test_sources_that_share_ids_need_no_session(cursor) -> None:
    told = looked_up(
        cursor,
        seen(LOG, session="s", key="msg_1", link="req_1"),
        seen(OTLP, session="s", key="req_1", link="req_1"),
    )
    assert told.is_wanted("s") is False


TOLD = st.lists(
    st.builds(
        codex,
        st.sampled_from([ROLLOUT, CODEX_OTLP, GAP, GATEWAY]),
        st.sampled_from(["s", "t", ""]),
        account=st.sampled_from(["acc_a", "acc_b"]),
    ),
    max_size=6,
)


@given(first=TOLD, second=TOLD)
def test_after_one_append_is_before_the_next(ledger, first, second) -> None:
    cursor = ledger.cursor()
    cursor.execute("delete from session_profile")
    one = looked_up(cursor, *first)
    one.look_up(["t"], ["acc_b"])
    insert_identities(cursor, (), one.news())
    two = looked_up(cursor, *second)
    two.look_up(["t"], ["acc_b"])
    for session in ("s", "t"):
        assert two.before(session) == one.after(session)
        assert two.after(session) >= one.after(session)
    for account in ("acc_a", "acc_b"):
        assert two.has_gateway(account) >= one.has_gateway(account)


def test_an_append_stores_what_came(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as opened:
        opened.append(Booking(seen=(codex(ROLLOUT),)))
        told = Profiles(opened.cursor(), JOINING, ())
        told.look_up(["s"], [])
        assert sources(told.before("s")) == {ROLLOUT}
