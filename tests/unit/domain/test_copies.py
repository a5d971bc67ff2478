"""Whose a call is, when witnesses name different people or nobody."""

from __future__ import annotations

from itertools import combinations, permutations
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.copies import ADDRESS, CREDENTIAL, NAME, NOBODY, naming
from mileage.domain.join import derive, resolve
from mileage.domain.joining import Joining
from tests.drawn_sessions import GATEWAY, SESSION_TRAITS
from tests.stories import sayings
from tests.witnesses import LOG, NOON, OTLP, SECOND, TRAITS, seen

if TYPE_CHECKING:
    from collections.abc import Collection

    from mileage.domain.call import Seen

OWN = seen(account="acc_own", occurred_at=NOON + 3)
MAILED = seen(
    account="acc_mail", asserted=True, identity="ana@example.org", occurred_at=NOON + 2
)
PARKED = seen(
    account="acc_id", asserted=True, identity="litellm:ana", occurred_at=NOON + 1
)
NAMELESS = seen(account="acc_all", asserted=True, identity="", occurred_at=NOON)
BEST_FIRST = (OWN, MAILED, PARKED, NAMELESS)


def of(source: str, one: Seen) -> Seen:
    """Let another source say it, of the same request."""
    witness = one.witness._replace(
        source=source, key=f"{source}-1", client=SESSION_TRAITS[source].client
    )
    return one._replace(witness=witness)


def owner_of(*said: Seen) -> tuple[str, bool]:
    (call,) = resolve(said, SESSION_TRAITS)
    return call.account, call.asserted


def test_how_well_a_witness_names_somebody() -> None:
    assert list(map(naming, BEST_FIRST)) == [CREDENTIAL, ADDRESS, NAME, NOBODY]
    # Whatever its payload says: the credential is somebody's.
    own = OWN.witness._replace(identity="bob@example.org")
    assert naming(OWN._replace(witness=own)) == CREDENTIAL


@pytest.mark.parametrize(("best", "other"), list(combinations(BEST_FIRST, 2)))
def test_who_is_named_better_has_the_call_however_late(best: Seen, other: Seen) -> None:
    expected = best.account, best.asserted
    for pair in permutations((best, other)):
        assert owner_of(*pair) == expected
    for first, second in permutations((LOG, OTLP, GATEWAY), 2):
        assert owner_of(of(first, best), of(second, other)) == expected


def test_of_sources_that_name_somebody_equally_well_the_client_s_has_it() -> None:
    bob = seen(account="acc_bob", asserted=True, identity="bob@example.org")
    for first, second in permutations((of(GATEWAY, bob), of(OTLP, MAILED))):
        assert owner_of(first, second) == ("acc_mail", True)


def test_an_original_has_it_before_a_replay() -> None:
    fork = seen(account="acc_a", copied=True, occurred_at=NOON - SECOND)
    assert owner_of(OWN, fork) == ("acc_own", False)
    # But not where it names nobody.
    nobody = seen(account="acc_all", asserted=True, occurred_at=NOON - SECOND)
    assert owner_of(fork, nobody) == ("acc_a", False)


def backwards(accounts: Collection[str]) -> str:
    return max(accounts)


def test_of_equals_the_one_known_longest_has_it_whenever_it_was() -> None:
    said = [
        seen(account=f"acc_{name}", occurred_at=NOON + late)
        for late, name in enumerate("cab")
    ]
    for order in permutations(said):
        assert owner_of(*order) == ("acc_a", False)
        (call,) = derive(order, Joining(TRAITS, eldest=backwards))
        assert call.account == "acc_c"


def test_the_eldest_is_only_asked_for_where_it_matters() -> None:
    def never(accounts: Collection[str]) -> str:
        raise AssertionError(accounts)

    said = [OWN, MAILED, PARKED, NAMELESS, OWN._replace(asserted=True)]
    (call,) = derive(said, Joining(TRAITS, eldest=never))
    assert call.account == "acc_own"


@given(st.lists(sayings(), min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_nobody_takes_a_call_from_whom_a_witness_names_better(
    said: list[Seen], rng: object
) -> None:
    for one in resolve(said, SESSION_TRAITS):
        of_it = [
            told
            for told in said
            if (told.witness.source, told.witness.key)
            in zip(one.sources, one.keys, strict=True)
            and told.witness.measure != "estimate"
        ]
        best = min(map(naming, of_it))
        named = {told.account for told in of_it if naming(told) == best}
        assert one.account in named
        assert one.asserted == (best != CREDENTIAL)
    shuffled = rng.sample(said * 2, 2 * len(said))  # type: ignore[attr-defined]
    for eldest in (min, backwards):
        joining = Joining(SESSION_TRAITS, eldest=eldest)
        assert sorted(derive(said, joining), key=repr) == sorted(
            derive(shuffled, joining), key=repr
        )
