"""``mileage compact``: the same figures in a smaller file, while nobody has it."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from mileage.cli.compact import command
from mileage.domain.errors import Conflict
from mileage.domain.people import Credential
from mileage.domain.witness import Reading, WitnessBatch
from mileage.ingest.record import Record
from mileage.reports.shape import ingest_status_json
from mileage.store.verify import verify
from mileage.wiring.compacting import compact
from mileage.wiring.organisation import now, open_organisation
from tests.witnesses import OTLP, witness

if TYPE_CHECKING:
    from pathlib import Path

GATE = Credential("tok_gate", "", "gate")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory with some calls, closed."""
    at = now() - 3_600_000_000
    with open_organisation(tmp_path / "data") as organisation:
        for number in range(3):
            rows = [
                witness(
                    OTLP,
                    key=f"k{number}-{other}",
                    link=f"k{number}-{other}",
                    occurred_at=at - (number * 7 + other) % 5 * 1_000_000,
                )
                for other in range(4)
            ]
            record = Record(GATE, "otlp", Reading(WitnessBatch.of(rows)))
            organisation.pipeline.submit(record).result()
            organisation.pipeline.drain()
    return tmp_path / "data"


def counted(data: Path) -> tuple[dict[str, int], int]:
    with open_organisation(data) as organisation:
        assert verify(organisation.ledger) == []
        rows = organisation.ledger.cursor().execute("select count(*) from presence")
        ((presence,),) = rows.fetchall()
        counts = ingest_status_json(organisation.receiver.counts())
        same = ("durable", "visible", "duplicates", "rejected", "ignored")
        return {name: counts[name] for name in same}, presence


def test_figures_stay_and_what_is_rolled_up_goes(data: Path) -> None:
    before, heard = counted(data)
    assert heard >= 3
    done = CliRunner().invoke(command, ["--data", str(data)])
    assert done.exit_code == 0, done.output
    assert "MB before" in done.output
    assert "ledger.duckdb" in done.output
    after, left = counted(data)
    assert left == 0
    assert after == before
    assert before["visible"] == 12


def test_it_waits_for_nobody_who_has_it(data: Path) -> None:
    hold = (
        "import duckdb, sys; own = duckdb.connect(sys.argv[1]);"
        "print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(data / "ledger.duckdb")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(Conflict, match="stop `mileage serve`"):
            compact(data)
        other.communicate()
    assert not (data / "compacted.duckdb").exists()
