"""Who stands behind an account, and what came under it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.store.owners import claims_in_force, owned, use_of
from tests.ledgers import booking, ledger_in
from tests.witnesses import HOUR, LOG, NOON, OTLP, seen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mileage.domain.call import Seen
    from mileage.store.ledger import Ledger


def call(number: int, account: str, tokens: int, source: str = OTLP) -> Seen:
    counts: dict[str, Any] = {"input": tokens, "cache_read": 0, "cache_write": 0}
    return seen(
        source,
        account=account,
        key=f"k{number}",
        link=f"r{number}",
        session=f"s{number}",
        occurred_at=NOON + number * HOUR,
        output=0,
        **counts,
    )


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    told = [
        call(0, "acc_ana", 1000),
        call(1, "acc_zoe", 5),
        call(2, "acc_zoe", 6, LOG),
        call(3, "acc_laptop", 11),
    ]
    with ledger_in(tmp_path_factory.mktemp("ledger")) as opened:
        opened.append(booking(told))
        yield opened


@pytest.fixture
def claim(ledger: Ledger) -> Iterator[Any]:
    """Claim accounts, and take all of it back."""
    done: list[str] = []

    def claiming(account: str, person: str) -> None:
        ledger.claim(account, person)
        done.append(account)

    yield claiming
    for account in reversed(done):
        ledger.claim(account, "")


def in_force(ledger: Ledger) -> dict[str, str]:
    return claims_in_force(ledger.cursor())


def used(ledger: Ledger, *accounts: str) -> dict[str, tuple[int, int]]:
    found = use_of(ledger.cursor(), accounts)
    return {name: (one.calls, one.tokens) for name, one in found.items()}


def test_nobody_has_claimed_anything_in_the_beginning(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as empty:
        assert in_force(empty) == {}
        assert used(empty, "acc_ana") == {}


def test_only_the_last_word_about_an_account_is_in_force(ledger, claim) -> None:
    claim("acc_zoe", "acc_bo")
    claim("acc_laptop", "acc_bo")
    assert in_force(ledger) == {"acc_zoe": "acc_bo", "acc_laptop": "acc_bo"}
    ledger.claim("acc_zoe", "")
    assert in_force(ledger) == {"acc_laptop": "acc_bo"}
    ledger.claim("acc_zoe", "acc_ana")
    assert in_force(ledger)["acc_zoe"] == "acc_ana"


def test_use_is_told_of_those_who_were_asked_for(ledger) -> None:
    assert used(ledger, "acc_zoe", "acc_nobody", "acc_ana") == {
        "acc_zoe": (2, 11),
        "acc_ana": (1, 1000),
    }
    assert used(ledger) == {}
    assert used(ledger, "acc_zoe", "acc_zoe") == {"acc_zoe": (2, 11)}


def test_who_told_and_from_when_to_when(ledger) -> None:
    (zoe,) = use_of(ledger.cursor(), ["acc_zoe"]).values()
    assert (zoe.sources, zoe.clients) == ((LOG, OTLP), ("claude-code",))
    assert (zoe.first, zoe.last) == (NOON + HOUR, NOON + 2 * HOUR)


def test_use_follows_a_claim_and_comes_back_with_its_end(ledger, claim) -> None:
    before = used(ledger, "acc_zoe", "acc_ana", "acc_bo")
    claim("acc_zoe", "acc_ana")
    assert used(ledger, "acc_zoe", "acc_ana") == {"acc_ana": (3, 1011)}
    ledger.claim("acc_zoe", "")
    assert used(ledger, "acc_zoe", "acc_ana", "acc_bo") == before


def test_a_claim_of_somebody_without_use_is_the_whole_of_it(ledger, claim) -> None:
    claim("acc_laptop", "acc_new")
    (new,) = use_of(ledger.cursor(), ["acc_new"]).values()
    assert (new.account_id, new.calls, new.tokens) == ("acc_new", 1, 11)


NAMES = st.sampled_from(["acc_a", "acc_b", "acc_c", ""])


@given(account=NAMES, claims=st.dictionaries(NAMES, NAMES), asserted=st.booleans())
def test_a_row_changes_its_owner_and_nothing_else(account, claims, asserted) -> None:
    row = seen(LOG, account=account, asserted=asserted)
    found = owned(row, claims)
    assert found.account == claims.get(account, account)
    assert found._replace(account=account) == row
