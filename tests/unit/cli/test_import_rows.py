"""``mileage import --source rows``: what it says of rows that do not fit together."""

from __future__ import annotations

import gzip
import json
import os
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from mileage.cli.commands import root

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

MAPPING = """name = "m"
[columns]
key = "id"
occurred_at = "at"
model = "model"
input = "in"
identity = "who"
"""
HEAD = "id,at,model,in,who\n"
NOON = "2026-11-20T12:00:00Z"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "map.toml").write_text(MAPPING)
    return tmp_path


def rows(folder: Path, *files: str) -> Result:
    where = ["--data", str(folder / "data"), "--mapping", str(folder / "map.toml")]
    named = [str(folder / one) if "." in one else one for one in files]
    return CliRunner().invoke(root, ["import", "--source", "rows", *where, *named])


def table(folder: Path, name: str, *lines: str) -> None:
    (folder / name).write_text(HEAD + "".join(f"{line}\n" for line in lines))


def test_ids_that_were_spoilt_are_not_one_call(folder: Path) -> None:
    table(
        folder,
        "t.csv",
        f"1.23457E+17,{NOON},gpt-5.1,1200,a@example.org",
        "1.23457E+17,2026-11-21T13:00:00Z,gpt-5-mini,700,b@example.org",
    )
    shown = rows(folder, "--dry-run", "t.csv").stdout
    assert "row 2: rejected, two calls with one key: is key in [columns]" in shown
    assert "1 calls, 1 rejected" in shown
    done = rows(folder, "t.csv")
    assert "2 rows: 1 new witnesses, 1 rejected, 0 ignored." in done.stdout


def test_rows_are_counted_as_read(folder: Path) -> None:
    table(folder, "t.csv", *[f"1,{NOON},gpt-5.1,1200,a@example.org"] * 3)
    done = rows(folder, "t.csv")
    assert "3 rows: 1 new witnesses, 0 rejected, 0 ignored." in done.stdout
    assert "other counts" not in done.stdout


def test_a_corrected_table_says_what_it_cannot_change(folder: Path) -> None:
    table(folder, "t.csv", *[f"{n},{NOON},gpt-5.1,1200,a@example.org" for n in (1, 2)])
    table(
        folder,
        "new.csv",
        f"1,{NOON},gpt-5.1,200,a@example.org",
        f"2,{NOON},gpt-5.1,1200,b@example.org",
    )
    assert "other counts" not in rows(folder, "t.csv").stdout
    done = rows(folder, "new.csv")
    assert "2 new witnesses" in done.stdout
    assert "1 call was told with other counts before" in done.stdout
    assert "other counts" not in rows(folder, "new.csv").stdout


def test_a_dry_run_knows_what_time_it_is(folder: Path) -> None:
    table(folder, "t.csv", "1,2100-11-20T12:00:00Z,gpt-5.1,1200,a@example.org")
    shown = rows(folder, "--dry-run", "t.csv").stdout
    assert "row 1: rejected, time more than a day ahead" in shown


def test_no_file_is_taken_in_before_every_name_is_known(folder: Path) -> None:
    table(folder, "one.csv", f"1,{NOON},gpt-5.1,1200,a@example.org")
    (folder / "two.csv.gz").write_bytes(b"\x1f\x8b")
    for asked in (["one.csv", "two.csv.gz", "one.csv"], ["--dry-run", "two.csv.gz"]):
        done = rows(folder, *asked)
        assert done.exit_code == 2
        assert "two.csv.gz: the name must end in one of .csv, " in done.stderr
        assert "unpack" in done.stderr
    assert "1 new witnesses" in rows(folder, "one.csv").stdout


def test_a_pipe_is_refused(folder: Path) -> None:
    os.mkfifo(folder / "pipe.csv")
    done = rows(folder, "pipe.csv")
    assert done.exit_code == 2
    assert "pipe.csv can be read only once; write it into a file" in done.stderr


def test_a_column_that_no_line_has_is_told(folder: Path) -> None:
    line = {"id": 1, "at": NOON, "model": "m", "in": 5, "user": "a@example.org"}
    (folder / "t.ndjson").write_text(json.dumps(line) + "\n")
    for asked in (["--dry-run", "t.ndjson"], ["t.ndjson"]):
        done = rows(folder, *asked)
        assert "t.ndjson: no row has what is mapped to identity" in done.stdout
    (folder / "u.ndjson").write_text(json.dumps({**line, "id": 2, "who": None}) + "\n")
    assert "no row has" not in rows(folder, "u.ndjson").stdout


@pytest.mark.parametrize("indent", [None, 2])
def test_an_array_behind_a_mark_of_its_bytes(folder: Path, indent: int | None) -> None:
    row = {"id": 1, "at": NOON, "model": "m", "in": 5, "who": "a@example.org"}
    text = json.dumps([row], indent=indent)
    (folder / "t.json").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert "1 rows: 1 new witnesses, 0 rejected" in rows(folder, "t.json").stdout


def test_what_is_compressed_is_told_apart(folder: Path) -> None:
    (folder / "t.json").write_bytes(gzip.compress(b"[]"))
    where = ["--data", str(folder / "data"), "--source", "litellm"]
    done = CliRunner().invoke(root, ["import", *where, str(folder / "t.json")])
    assert "not UTF-8 text; unpack what is compressed" in str(done.exception)
