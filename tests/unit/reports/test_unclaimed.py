"""Which identities are listed as nobody's, and with what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from mileage.domain.parking import Claimed, Identity, Parked
from mileage.domain.people import Account
from mileage.reports.unclaimed import claimed, parked_json, unclaimed
from tests.ledgers import booking, ledger_in
from tests.witnesses import CODEX_OTLP, HOUR, LOG, NOON, OTLP, seen

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

STRANGER = Identity("installation:1", "acc_u", "unclaimed", "installation 1")
ADDRESS = Identity("zoe@x.org", "acc_z", "unclaimed", "zoe@x.org")
GATE = Identity("collector:gate", "acc_g", "service", "gate (unattributed)")
ANA = Identity("ana@x.org", "acc_a", "person", "Ana")
CI = Identity("ci@x.org", "acc_ci", "service", "Nightly builds")


@dataclass
class Known:
    """A directory of some identities."""

    all: tuple[Identity, ...] = (STRANGER, ADDRESS, GATE, ANA, CI)

    def claimable_identities(self) -> tuple[Identity, ...]:
        return tuple(one for one in sorted(self.all) if one.claimable)

    def identities_of(self, account_ids: Iterable[str]) -> tuple[Identity, ...]:
        wanted = set(account_ids)
        return tuple(one for one in sorted(self.all) if one.account_id in wanted)

    def accounts_of(self, account_ids: Iterable[str]) -> tuple[Account, ...]:
        found = self.identities_of(account_ids)
        return tuple(Account(one.account_id, "person", one.name, "") for one in found)


@pytest.mark.parametrize(
    ("identity", "can"),
    [(STRANGER, True), (ADDRESS, True), (GATE, True), (ANA, False), (CI, False)],
)
def test_what_can_be_claimed(identity: Identity, *, can: bool) -> None:
    assert identity.claimable is can


def test_the_most_tokens_come_first_and_people_never(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        ledger.append(
            booking(
                [
                    seen(LOG, account="acc_z", key="z"),
                    seen(OTLP, account="acc_u", key="u", link="req_u", output=999),
                    seen(
                        CODEX_OTLP,
                        account="acc_u",
                        key="v",
                        session="thread-9",
                        occurred_at=NOON + HOUR,
                    ),
                    seen(OTLP, account="acc_a", key="a", link="req_a"),
                ]
            )
        )
        found = unclaimed(ledger, Known())
    first, second, third = found
    assert first == Parked(
        "installation:1",
        "acc_u",
        (OTLP, CODEX_OTLP) if OTLP < CODEX_OTLP else (CODEX_OTLP, OTLP),
        ("claude-code", "codex"),
        NOON,
        NOON + HOUR,
        2,
        2 * 1160 + 949,
    )
    assert (second.identity, second.calls, second.tokens) == ("zoe@x.org", 1, 1160)
    assert third == Parked("collector:gate", "acc_g", (), (), None, None, 0, 0)


def test_what_is_claimed_is_in_the_other_list(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking([seen(LOG, account="acc_u")]))
        assert claimed(ledger, Known()) == ()
        ledger.claim("acc_u", "acc_a")
        ledger.claim("acc_g", "acc_ci")
        assert [one.identity for one in unclaimed(ledger, Known())] == ["zoe@x.org"]
        assert claimed(ledger, Known()) == (
            Claimed("collector:gate", "acc_g", "acc_ci", "Nightly builds"),
            Claimed("installation:1", "acc_u", "acc_a", "Ana"),
        )
        ledger.claim("acc_u", "")
        assert [one.identity for one in claimed(ledger, Known())] == ["collector:gate"]


def test_use_of_a_claimed_account_counts_for_whoever_claimed_it(
    tmp_path: Path,
) -> None:
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking([seen(LOG, account="acc_u")]))
        ledger.claim("acc_u", "acc_z")
        (first, *_) = unclaimed(ledger, Known())
    assert (first.identity, first.calls) == ("zoe@x.org", 1)


def test_nobody_is_listed_of_an_empty_ledger(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        assert unclaimed(ledger, Known(())) == ()
        assert [one.calls for one in unclaimed(ledger, Known())] == [0, 0, 0]
        assert [one.identity for one in unclaimed(ledger, Known())] == [
            *("collector:gate", "installation:1", "zoe@x.org")
        ]


def test_instants_are_written_for_machines() -> None:
    told = Parked("i", "acc", ("s",), ("c",), NOON, None, 1, 2)
    assert parked_json((told,)) == [
        {
            "identity": "i",
            "account_id": "acc",
            "sources": ["s"],
            "clients": ["c"],
            "first": "2026-11-20T12:00:00+00:00",
            "last": None,
            "calls": 1,
            "tokens": 2,
        }
    ]
