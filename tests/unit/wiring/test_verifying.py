"""Each part of ``mileage verify`` finds what is wrong in it, and says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mileage.domain.errors import Invalid
from mileage.domain.people import Credential
from mileage.domain.witness import Reading, WitnessBatch
from mileage.ingest.record import Record
from mileage.wiring.organisation import now, open_organisation
from mileage.wiring.verifying import PARTS, check
from tests.witnesses import LOG, OTLP, witness

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mileage.domain.checked import Checked
    from mileage.wiring.organisation import Organisation

GATE = Credential("tok_gate", "", "gate")


@pytest.fixture(scope="module")
def organisation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Organisation]:
    with open_organisation(tmp_path_factory.mktemp("verify") / "data") as opened:
        at = now() - 60_000_000
        rows = [
            witness(
                source, key=f"{source}-{number}", link=f"req_{number}", occurred_at=at
            )
            for number in range(3)
            for source in (OTLP, LOG)
        ]
        record = Record(GATE, "otlp", Reading(WitnessBatch.of(rows)))
        opened.pipeline.submit(record).result()
        opened.pipeline.drain()
        opened.publish()
        yield opened


@pytest.fixture
def spoil(organisation: Organisation) -> Iterator[object]:
    """Run statements, and put the tables back as they were."""
    cursor = organisation.ledger.cursor()
    spoiled: list[str] = []

    def change(table: str, statement: str) -> None:
        cursor.execute(f"create or replace temp table kept as from {table}")
        spoiled.append(table)
        cursor.execute(statement)

    yield change
    for table in spoiled:
        cursor.execute(f"delete from {table}")  # noqa: S608 - tables of ours
        cursor.execute(f"insert into {table} from kept")


def found(organisation: Organisation) -> dict[str, Checked]:
    return {part: check(organisation, part) for part in PARTS}


def wrong(organisation: Organisation) -> set[str]:
    return {part for part, one in found(organisation).items() if one.problems}


def test_all_is_well_and_everything_was_looked_at(organisation: Organisation) -> None:
    told = found(organisation)
    assert [one.part for one in told.values()] == list(PARTS)
    assert wrong(organisation) == set()
    for part in ("segments", "snapshots", "calls", "hours", "days", "sessions"):
        assert told[part].looked_at > 0, part
    assert told["quarantine"].looked_at == told["deletions"].looked_at == 0


@pytest.mark.parametrize("part", ["", "call", "everything", "Calls"])
def test_a_part_that_there_is_not_is_said(
    organisation: Organisation, part: str
) -> None:
    with pytest.raises(Invalid, match="is it older"):
        check(organisation, part)


def test_a_call_with_other_tokens_contradicts_its_witnesses(
    organisation: Organisation, spoil
) -> None:
    spoil("joined_call", "update joined_call set output = output + 1")
    assert "calls" in wrong(organisation)


@pytest.mark.parametrize(
    ("part", "table", "change"),
    [
        ("hours", "rollup_hour", "calls = calls + 1"),
        ("hours", "rollup_hour", "account = 'acc_other'"),
        ("days", "rollup_day", "calls = calls - 1"),
        ("sessions", "rollup_session", "client = 'another'"),
        ("sessions", "rollup_session", "output = output + 1"),
        ("sessions", "rollup_session", "name = 'another'"),
    ],
)
def test_a_sum_that_is_none_is_found_in_its_own_part(
    organisation: Organisation, spoil, part: str, table: str, change: str
) -> None:
    spoil(table, f"update {table} set {change}")  # noqa: S608 - ours
    assert part in wrong(organisation)
    assert "calls" not in wrong(organisation)


def test_an_altered_segment_is_found(organisation: Organisation) -> None:
    segments = organisation.pipeline.segments
    path = segments.path(segments.written.segment)
    content = path.read_bytes()
    damaged = bytearray(content)
    damaged[len(damaged) // 2] ^= 1
    try:
        path.write_bytes(damaged)
        (problem,) = check(organisation, "segments").problems
    finally:
        path.write_bytes(content)
    assert problem.endswith("are altered")
    assert wrong(organisation) == set()


def test_a_damaged_snapshot_and_one_of_another_name(
    organisation: Organisation,
) -> None:
    folder = organisation.data / "snapshots"
    (path,) = folder.glob("*.head")
    content = path.read_bytes()
    other = folder / "00000000000000000007.head"
    broken = folder / "00000000000000000008.head"
    try:
        other.write_bytes(content)
        broken.write_bytes(content[:-4])
        told = check(organisation, "snapshots")
    finally:
        other.unlink()
        broken.unlink()
    assert told.looked_at == 3
    assert [str(other) in told.problems[0], str(broken) in told.problems[1]] == [
        True,
        True,
    ]


@pytest.mark.parametrize(("kind", "problems"), [("altered", 1), ("torn", 0)])
def test_what_was_kept_aside_is_told_until_somebody_removes_it(
    organisation: Organisation, kind: str, problems: int
) -> None:
    folder = organisation.data / "quarantine"
    folder.mkdir(exist_ok=True)
    piece = folder / f"00000001-0000000020.{kind}"
    piece.write_bytes(b"12345")
    try:
        told = check(organisation, "quarantine")
    finally:
        piece.unlink()
    assert (told.looked_at, len(told.problems), len(told.notes)) == (
        1,
        problems,
        1 - problems,
    )
