"""What everybody is told, and the papers for the works council, follow the policy."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from mileage.access.roles import parse_roles, shipped_roles
from mileage.cli.council_pack import command
from mileage.domain.settings import Settings
from mileage.reports.council_pack import council_pack
from mileage.reports.statement import statement
from mileage.store import erasing, retention
from mileage.store.control import Control
from mileage.store.control.schema import METADATA
from tests.architecture.tree import PACKAGE

if TYPE_CHECKING:
    from pathlib import Path

TECHNICAL = {
    "meta": "keys and versions of the file itself",
    "darkness": "whether it is dark, and why",
}
"""Tables that say nothing of people who use models."""
DAY = "2026-11-22"


def told(**settings: object):
    return statement(replace(Settings(), **settings), shipped_roles())


def kept(name: str, **settings: object) -> str:
    return next(one.kept for one in told(**settings).data if one.name == name)


def test_every_table_is_in_the_data_map():
    assert Control.__mro__  # its import brings every table in
    mapped = {table for one in told().data for table in one.tables}
    missing = set(METADATA.tables) - mapped - set(TECHNICAL)
    assert not missing, "reports/statement.py does not tell of these tables"
    assert set(erasing.TABLES) <= mapped


def test_retention_follows_the_settings():
    assert kept("calls and witnesses") == "for ever (no limit is set)"
    assert kept("calls and witnesses", calls_days=400) == "400 days"
    assert "rejections 9 days" in kept("presence and rejections", rejections_days=9)
    assert kept("boards", hourly_snapshot_days=77).endswith(
        "up to 77 days, then one a day"
    )


@pytest.mark.parametrize("kind", retention.KINDS)
def test_what_is_deleted_after_its_days_is_not_said_to_stay(kind):
    for one in told(**{f"{kind}_days": 9}).data:
        if set(one.tables) & set(retention.TABLES[kind]):
            assert "9 days" in one.kept, one.name


def test_thresholds_follow_the_settings():
    assert "fewer than 8 people" in told(group_people=8).thresholds[0]
    assert "12 %" in told(sum_percent=12).thresholds[2]


def test_roles_are_those_in_force():
    rights = told().rights
    lines = [
        one for one in shipped_roles().lines
        if set(one.purposes) & shipped_roles().in_force
    ]  # fmt: skip
    assert len(rights) == len(lines)
    manager = next(
        one for one in rights if one.role == "manager" and "person's" in one.report
    )
    assert "performance-review" not in manager.purposes
    assert "hours" in manager.without


def test_switching_performance_review_on_is_told():
    assert told().reviewed is False
    assert "is refused" in told().excluded[0]
    text = (PACKAGE / "policy" / "roles.toml").read_text("utf-8")
    roles = parse_roles(text.replace('state = "off"', 'state = "on"'), "roles.toml")
    on = statement(Settings(), roles)
    assert on.reviewed
    assert on.excluded[0].startswith("JUDGING SOMEBODY'S WORK")
    assert "(performance review: on)" in council_pack(on, {}, DAY)["dpia-draft.md"]


def test_the_papers_are_whole():
    papers = council_pack(told(), {"roles.toml": "0a1b2c3d"}, DAY)
    assert set(papers) == {
        *("README.md", "data-map.md", "purposes.md", "roles.md", "retention.md"),
        *("logs.md", "excluded-uses.md", "dpia-draft.md"),
    }
    assert "0a1b2c3d" in papers["README.md"]
    for name, text in papers.items():
        assert text.startswith("# "), name
        assert DAY in text
        assert text.count("](") == text.count(".md)")
        for line in text.splitlines():
            if line.startswith("|"):
                assert line.endswith("|"), line


def test_a_cell_cannot_break_a_table():
    one = told()
    odd = replace(one, data=(one.data[0]._replace(says="a|b"),))
    assert "a\\|b" in council_pack(odd, {}, DAY)["data-map.md"]


def test_the_command_writes_them_from_the_policy_in_force(tmp_path: Path):
    policy = tmp_path / "data" / "policy"
    policy.mkdir(parents=True)
    (policy / "mileage.toml").write_text(
        'organisation = "Works"\n[retention]\ncalls_days = 123\n'
    )
    out = tmp_path / "pack"
    words = ["--out", str(out), "--data", str(tmp_path / "data")]
    done = CliRunner().invoke(command, words)
    assert done.exit_code == 0, done.output
    assert "Works, 20" in (out / "README.md").read_text("utf-8")
    assert "123 days" in (out / "retention.md").read_text("utf-8")


@pytest.mark.parametrize("word", ["prompt", "command lines", "contents of files"])
def test_what_is_never_kept_is_said(word: str):
    (done,) = [one.says for one in told().data if one.name == "activities"]
    assert word in " ".join((*told().never, done))
