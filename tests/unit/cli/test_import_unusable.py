"""``mileage import`` ends with 2 where nothing of a file could be used."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

import duckdb
import pytest
from click.testing import CliRunner

from mileage.cli.commands import root
from mileage.domain.errors import MileageError

if TYPE_CHECKING:
    from pathlib import Path

MAPPING = """name = "m"
[columns]
key = "id"
occurred_at = "at"
model = "model"
input = "in"
"""
HEAD = "id,at,model,in\n"
GOOD = "1,2026-11-20T12:00:00Z,m,5\n"
DAY = {"date": "2026-11-20", "model": "openai/gpt-4o", "usage": 1.5}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "map.toml").write_text(MAPPING)
    return tmp_path


class Done(NamedTuple):
    """What a command has said, and how it ended."""

    exit_code: int
    stdout: str
    stderr: str


def imported(folder: Path, source: str, *words: str) -> Done:
    files = [str(folder / one) if "." in one else one for one in words]
    where = ["--data", str(folder / "data"), "--source", source]
    done = CliRunner().invoke(root, ["import", *where, *files])
    if isinstance(done.exception, MileageError):
        return Done(done.exception.exit_code, done.stdout, str(done.exception))
    return Done(done.exit_code, done.stdout, done.stderr)


def rows(folder: Path, *files: str) -> Done:
    return imported(folder, "rows", "--mapping", "map.toml", *files)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("id,at,model,inn\n" + GOOD, "no column for input"),
        ("", "not CSV with a header"),
        ("id,at,model,in,in\n1,2026-11-20T12:00:00Z,m,5,6\n", "a column twice"),
        (HEAD + "1,never,m,5\n", "time"),
    ],
)
def test_a_table_that_is_refused_whole(folder: Path, text: str, why: str) -> None:
    (folder / "t.csv").write_text(text)
    # What was refused yesterday is refused today.
    for _ in range(2):
        done = rows(folder, "t.csv")
        assert done.exit_code == 2
        assert "0 new witnesses" in done.stdout
        assert "t.csv: " in done.stderr
        assert why in done.stderr


def test_a_misspelt_part_of_a_parquet_column(folder: Path) -> None:
    asked = (
        "copy (select 1 as id, timestamp '2026-11-20 12:00:00' as at, 'm' as model, "
        "{'in': 5, 'out': 3} as usage) to ? (format parquet)"
    )
    with duckdb.connect() as connection:
        connection.execute(asked, [str(folder / "t.parquet")])
    for name, code in (("usage.inn", 2), ("usage.in", 0)):
        (folder / "map.toml").write_text(MAPPING.replace('"in"', f'"{name}"'))
        done = rows(folder, "t.parquet")
        assert done.exit_code == code
        assert ("no column for input" in done.stderr) == bool(code)
        assert f"{int(not code)} new witnesses" in done.stdout


def test_files_beside_it_are_taken_in(folder: Path) -> None:
    (folder / "good.csv").write_text(HEAD + GOOD)
    (folder / "bad.csv").write_text("id\n1\n")
    done = rows(folder, "good.csv", "bad.csv")
    assert done.exit_code == 2
    assert "1 new witnesses, 1 rejected" in done.stdout
    assert "bad.csv" in done.stderr
    assert "good.csv" not in done.stderr


@pytest.mark.parametrize("text", [HEAD, HEAD + GOOD, HEAD + GOOD + "2,never,m,5\n"])
def test_a_file_of_use_or_with_nothing_in_it_is_well(folder: Path, text: str) -> None:
    (folder / "t.csv").write_text(text)
    for _ in range(2):
        assert rows(folder, "t.csv").exit_code == 0


def test_bodies_exports_and_buckets(folder: Path) -> None:
    (folder / "b.json").write_text("{broken")
    (folder / "s.json").write_text("{broken")
    for source, *words in (
        ("claude_code_otlp", "--account", "a@x", "b.json"),
        ("litellm", "s.json"),
        ("openrouter_activity", "b.json"),
    ):
        assert imported(folder, source, *words).exit_code == 2


def test_rows_of_one_bucket_are_added_up_and_replaced_ones_counted(
    folder: Path,
) -> None:
    def activity(*requests: int) -> None:
        parts = [{**DAY, "requests": one, "prompt_tokens": one} for one in requests]
        (folder / "a.json").write_text(json.dumps({"data": parts}))

    def said(*words: str) -> str:
        done = imported(folder, "openrouter_activity", "a.json", *words)
        assert done.exit_code == 0
        return done.stdout

    activity(10, 20)
    assert "1 buckets, 1 new, 0 replaced" in said()
    assert "1 buckets, 0 new, 0 replaced" in said()
    shown = ["buckets", "--data", str(folder / "data"), "--json"]
    days = ["--since", "2026-11-20", "--until", "2026-11-20"]
    (row,) = json.loads(CliRunner().invoke(root, [*shown, *days]).stdout)["rows"]
    assert row["bucket"]["requests"] == 30
    activity(7)
    told = said()
    assert "0 new, 1 replaced" in told
    assert "name each by --account" in told
    assert "1 new, 0 replaced" in said("--account", "research")
