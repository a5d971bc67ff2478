"""``mileage board --scope``: the terminal leaves out whom the page leaves out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from mileage.cli.board import command
from mileage.domain.cube import department_id
from mileage.domain.directory import PersonRow
from mileage.domain.people import OPERATOR
from mileage.wiring.organisation import now, open_organisation
from tests.ledgers import booking
from tests.witnesses import DAY, seen

if TYPE_CHECKING:
    from pathlib import Path

ENGINEERING = department_id("Engineering")


@pytest.mark.parametrize("scope", [f"dept:{ENGINEERING}", f"team:{ENGINEERING}/Core"])
def test_another_name_stands_on_no_board_of_a_group(tmp_path: Path, scope: str) -> None:
    at = now()
    with open_organisation(tmp_path) as opened:
        opened.control.import_people(
            PersonRow(
                *(f"{name}@x.example", name, "person", "Engineering", "Core", ""),
                *("", None, None),
            )
            for name in ("ada", "ben")
        )
        ids = [
            opened.control.account_of_email(f"{name}@x.example").account_id
            for name in ("ada", "ben")
        ]
        opened.ledger.append(
            booking(
                seen(account=one, key=one, link=one, occurred_at=at - DAY)
                for one in ids
            )
        )
        opened.control.take_part(OPERATOR, ids[0], "pseudonym", stated=False)

    def ranked(*words: str) -> list[str]:
        asked = ["--data", str(tmp_path), "--json", *words]
        run = CliRunner().invoke(command, asked)
        assert run.exit_code == 0, run.output
        return [row["account"] for row in json.loads(run.stdout)["rows"]]

    assert ranked("--scope", scope) == [ids[1]]
    assert len(ranked()) == len(ids)
