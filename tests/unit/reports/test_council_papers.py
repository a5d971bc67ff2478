"""Each paper for the works council says what the configuration says, and no more."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace

import pytest
from click.testing import CliRunner

from mileage.access.readables import READABLES
from mileage.access.roles import IMPLIED, parse_roles, shipped_roles
from mileage.cli.council_pack import command
from mileage.domain.policy import PolicyErrors
from mileage.domain.rights import ANSWER_DAYS
from mileage.domain.settings import Settings
from mileage.reports.council_pack import council_pack
from mileage.reports.statement import statement
from tests.architecture.tree import PACKAGE

SHIPPED = (PACKAGE / "policy" / "roles.toml").read_text("utf-8")
DAY = "2026-11-22"


def papers(roles=None, versions=None, **settings):
    told = statement(replace(Settings(), **settings), roles or shipped_roles())
    return council_pack(told, versions or {}, DAY)


def changed(old, new):
    assert SHIPPED.count(old) == 1, old
    return parse_roles(SHIPPED.replace(old, new), "roles.toml")


def rows(text, header):
    """The rows of the table with a header, as tuples of cells."""
    lines = text.splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith(f"| {header} |"))
    found = []
    for line in lines[at + 2 :]:
        if not line.startswith("|"):
            break
        found.append(tuple(re.split(r" (?<!\\)\| ", line[2:-2])))
    return found


def differing(one, other):
    return {name for name in one if one[name] != other[name]}


@pytest.mark.parametrize(
    ("settings", "name", "says"),
    [
        ({"calls_days": 90}, "retention.md", "| calls and witnesses | 90 days |"),
        ({"activities_days": 30}, "retention.md", "| activities | 30 days |"),
        ({"rejections_days": 7}, "retention.md", "rejections 7 days"),
        ({"hourly_snapshot_days": 55}, "retention.md", "up to 55 days"),
        ({"every_snapshot_days": 3}, "retention.md", "every one 3 days"),
        ({"group_people": 9}, "roles.md", "fewer than 9 people"),
        ({"group_people_managers": 21}, "roles.md", "21 for who sees their names"),
        ({"sum_people": 33}, "roles.md", "Of groups below 33 people bands"),
        ({"sum_percent": 25}, "roles.md", "more closely than 25 %"),
        ({"renew_days": 17}, "roles.md", "the same for 17 days"),
        ({"top": 42}, "roles.md", "Boards show the first 42"),
        ({"organisation": "Acme"}, "dpia-draft.md", "Acme counts the use"),
    ],
    ids=str,
)
def test_every_setting_is_in_its_paper(settings, name, says):
    assert says not in papers()[name]
    assert says in papers(**settings)[name]


def test_a_setting_changes_the_papers_that_tell_of_it_and_no_others():
    before = papers()
    assert differing(before, papers()) == set()
    assert differing(before, papers(calls_days=90)) == {"retention.md", "data-map.md"}
    assert differing(before, papers(group_people=9)) == {"roles.md"}
    assert differing(before, papers(versions={"a.toml": "1"})) == {"README.md"}
    assert differing(before, papers(organisation="Acme")) == set(before)


def test_each_line_of_the_table_of_roles_is_a_row_or_refused():
    policy = tomllib.loads(SHIPPED)
    off = {one["name"] for one in policy["purpose"] if one.get("state") == "off"}
    wanted = {
        (one["role"], READABLES[one["report"]].title, one["of"])
        for one in policy["allow"]
        if set(one["purposes"]) - off
    }
    found = rows(papers()["roles.md"], "role")
    assert {(one[0], one[2], one[3]) for one in found} == wanted
    assert len(found) == len(wanted)
    for one in found:
        assert not off & set(one[4].split(", "))


def test_each_purpose_is_a_row_with_its_state():
    policy = tomllib.loads(SHIPPED)
    found = {row[0]: row[1:] for row in rows(papers()["purposes.md"], "purpose")}
    for one in policy["purpose"]:
        assert found[one["name"]] == (one["title"], one.get("state", "on"))
    assert set(found) == {one["name"] for one in policy["purpose"]} | set(IMPLIED)


def test_a_purpose_that_is_switched_off_is_in_no_row_of_roles():
    title = 'title = "Planning capacity and budgets"'
    roles = changed(title, f'{title}\nstate = "off"')
    assert any("planning" in row[4] for row in rows(papers()["roles.md"], "role"))
    found = papers(roles)
    assert not any("planning" in row[4] for row in rows(found["roles.md"], "role"))
    assert ("planning", "Planning capacity and budgets", "off") in rows(
        found["purposes.md"], "purpose"
    )


def test_review_that_is_on_is_in_three_papers():
    roles = changed('state = "off"', 'state = "on"')
    names = differing(papers(), papers(roles))
    assert {"purposes.md", "excluded-uses.md", "dpia-draft.md"} <= names
    assert names <= {"purposes.md", "excluded-uses.md", "dpia-draft.md", "roles.md"}


@pytest.mark.parametrize("title", ['"a | b"', '"||"', '"# a"', '"<b>a</b>"', '"-"'])
def test_words_of_the_policy_stay_in_their_cell(title):
    roles = changed('"Planning capacity and budgets"', title)
    found = rows(papers(roles)["purposes.md"], "purpose")
    assert len(found) == len(rows(papers()["purposes.md"], "purpose"))
    assert all(len(row) == 3 for row in found)


@pytest.mark.parametrize("title", ['"a\\nb"', '"""\na\n| b |"""', '""'])
def test_words_that_would_not_stay_in_a_cell_are_refused_at_the_start(title):
    with pytest.raises(PolicyErrors, match=r"purpose\[2\]\.title"):
        changed('"Planning capacity and budgets"', title)


def test_the_contents_link_to_every_paper_and_name_every_policy_file():
    found = papers(versions={"roles.toml": "1a", "audit.toml": "2b"})
    links = re.findall(r"\[([\w.-]+)\]\(\1\)", found["README.md"])
    assert sorted([*links, "README.md"]) == sorted(found)
    versions = rows(found["README.md"], "policy file")
    assert versions == [("audit.toml", "2b"), ("roles.toml", "1a")]


def test_links_between_papers_lead_somewhere():
    found = papers()
    for text in found.values():
        assert set(re.findall(r"\]\(([^)]+)\)", text)) <= set(found)


def test_the_draft_says_what_is_left_to_write():
    text = papers()["dpia-draft.md"]
    assert text.count("[") - text.count("](") >= 8
    assert f"within {ANSWER_DAYS} days" in text
    assert [line[:4] for line in text.splitlines() if line.startswith("## ")] == [
        f"## {number}" for number in range(1, 7)
    ]


def test_the_command_is_refused_where_a_file_stands(tmp_path):
    out = tmp_path / "pack"
    out.write_text("in the way")
    words = ["--out", str(out), "--data", str(tmp_path / "data")]
    assert CliRunner().invoke(command, words).exit_code == 2
    assert out.read_text() == "in the way"


def test_what_was_filled_in_is_not_written_over(tmp_path):
    out = tmp_path / "pack"
    words = ["--out", str(out), "--data", str(tmp_path / "data")]
    assert CliRunner().invoke(command, words).exit_code == 0
    assert CliRunner().invoke(command, words).exit_code == 0
    (out / "dpia-draft.md").write_text("filled in")
    (out / "roles.md").unlink()
    again = CliRunner().invoke(command, words)
    assert again.exit_code == 2
    assert "other text in dpia-draft.md: " in again.output
    assert (out / "dpia-draft.md").read_text() == "filled in"
    assert not (out / "roles.md").exists()


def test_to_replace_them_replaces_nothing_else(tmp_path):
    out = tmp_path / "new" / "pack"
    words = ["--out", str(out), "--data", str(tmp_path / "data")]
    first = CliRunner().invoke(command, words)
    assert first.exit_code == 0, first.output
    names = {path.name for path in out.iterdir()}
    assert first.output.splitlines() == [str(out / name) for name in papers()]
    (out / "mine.md").write_text("mine")
    (out / "roles.md").write_text("old")
    assert CliRunner().invoke(command, [*words, "--replace"]).exit_code == 0
    assert (out / "roles.md").read_text("utf-8").startswith("# ")
    assert {path.name for path in out.iterdir()} == names | {"mine.md"}
