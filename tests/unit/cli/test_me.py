"""``mileage me``, from files on a disk to what stands in the terminal."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.cells import cell_len

from mileage.cli import me
from mileage.cli.me import command
from mileage.reports.local_question import GROUPINGS
from tests.denying import kept_from, shared_folder
from tests.session_logs import (
    MARKER,
    answer,
    at,
    count,
    meta,
    record,
    said,
    tokens,
    turn,
    usage,
    write_log,
)

GOLDEN = Path(__file__).parents[2] / "golden" / "logs"
CLAUDE = ".claude/projects/-repo/one.jsonl"
CODEX = ".codex/sessions/2026/11/20/rollout-1.jsonl"


def run(*arguments: object, env: dict[str, str] | None = None):
    return CliRunner().invoke(command, [str(one) for one in arguments], env=env)


def as_json(*arguments: object, env: dict[str, str] | None = None):
    result = run(*arguments, "--json", env=env)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture
def home(tmp_path):
    write_log(tmp_path, CLAUDE, said(MARKER), answer(), answer(seconds=1))
    write_log(tmp_path, CODEX, meta(), turn(), record("resp_1", tokens(100, 40, 10)))
    return tmp_path


def test_both_clients_are_counted_and_priced(home):
    found = as_json("--home", home, "--by", "client", "--tz", "UTC")
    by_client = {row["client"]: row for row in found["rows"]}
    assert by_client["claude-code"]["tokens"] == 1060
    assert by_client["codex"]["tokens"] == 150
    assert found["total"]["calls"] == 2
    assert found["total"]["unpriced_calls"] == 0
    assert float(found["total"]["cost_usd"]) > 0
    assert found["window"]["tz"] == "UTC"
    assert [(one["source"], one["files"]) for one in found["sources"]] == [
        ("claude_code_log", 1),
        ("codex_rollout", 1),
    ]


@pytest.mark.parametrize(
    "case", sorted(path.parent for path in GOLDEN.glob("*/*/truth.json")), ids=str
)
def test_recordings_equal_what_was_billed(case, tmp_path):
    claude = case.parent.name == "claude_code_log"
    root = ".claude/projects/p" if claude else ".codex/sessions/2026"
    for file in (case / "in").rglob("*.jsonl"):
        write_log(
            tmp_path, f"{root}/{file.relative_to(case / 'in')}", file.read_bytes()
        )
    truth = json.loads((case / "truth.json").read_text())
    total = as_json("--home", tmp_path)["total"]
    assert total["calls"] == truth["calls"]
    assert total["input"] == truth["input"]
    assert total["cache_read"] == truth["cache_read"]
    writes = truth["cache_write"] + truth["cache_write_1h"]
    assert total["cache_write"] + total["cache_write_1h"] == writes
    assert total["output"] + total["reasoning"] == truth["output_and_reasoning"]


def test_the_same_call_in_two_homes_counts_once(home, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    write_log(other, CLAUDE, answer(seconds=5), answer("msg_2", used=usage(out=1)))
    found = as_json("--home", home, "--home", other)
    assert found["total"]["calls"] == 3
    assert as_json("--home", home, "--home", home) == as_json("--home", home)


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
@pytest.mark.parametrize("year", [3000, 9999])
def test_a_year_that_no_clock_shows_is_told_and_not_counted(home, year, zone):
    late = f"{year}-12-31T23:59:59.999Z"
    write_log(home, ".claude/projects/p/b.jsonl", answer("late", timestamp=late))
    totals = [tokens(100 * n, 40 * n, 10 * n) for n in range(1, 5)]
    lines = [count(one, seconds=second) for second, one in enumerate(totals)]
    lines[2] = lines[2].replace(at(2).encode(), late.encode())
    write_log(home, CODEX.replace("1.jsonl", "2.jsonl"), meta(), turn(), *lines)
    for words in ("--no-index",), ():
        found = as_json("--home", home, "--tz", zone, *words)
        assert found["total"]["calls"] == 2 + 3
        assert [one["rejected"] for one in found["sources"]] == [1, 1]


def test_logs_that_may_not_be_looked_at_are_told():
    with shared_folder() as home:
        write_log(home, CLAUDE, answer())
        write_log(home, CODEX, meta(), turn(), record("resp_1", tokens(100, 40, 10)))
        assert as_json("--home", home, "--no-index")["total"]["calls"] == 2
        # Whoever looks below is nobody, and might not be able to load what is missing.
        assert "closed" not in run("--home", home / "none", "--no-index").stdout
        with kept_from(home / ".claude", home / ".codex/sessions/2026"):
            found = as_json("--home", home, "--no-index")
            said = run("--home", home, "--no-index").stdout
    assert found["total"]["calls"] == 0
    assert [one["rejected"] for one in found["sources"]] == [1, 1]
    assert f"{home}/.claude/projects  (closed to you)" in said
    assert f"{home}/.codex/sessions\n" in said
    assert "codex_rollout: 1 file, no usage" in said


def test_since_and_until_are_both_included(home):
    write_log(home, ".claude/projects/p/two.jsonl", answer("b", seconds=86_400))

    def calls(*arguments):
        return as_json("--home", home, "--tz", "UTC", *arguments)["total"]["calls"]

    assert calls("--since", "2026-11-20", "--until", "2026-11-20") == 2
    assert calls("--since", "2026-11-21", "--until", "2026-11-21") == 1
    assert calls("--since", "2026-11-20") == 3
    assert calls("--until", "2026-11-19") == 0


def test_blocks_are_named_where_the_person_is(home):
    (row,) = as_json("--home", home, "--tz", "Asia/Kolkata", "--by", "block")["rows"]
    assert row["block"] == "2026-11-20T12:00:00Z"
    said = run("--home", home, "--tz", "Asia/Kolkata", "--by", "block").stdout
    assert "\n 2026-11-20 17:30 " in said


def test_a_block_that_the_days_cut_is_told(home):
    """Twelve calls from 22:10 on, of which eight are of the day before."""
    lines = [answer(f"n{n}", seconds=36_600 + 900 * n) for n in range(12)]
    write_log(home, ".claude/projects/p/night.jsonl", *lines)

    def asked(*words):
        where = ("--home", home, "--tz", "UTC", "--by", "block", *words)
        (*_, row) = as_json(*where)["rows"]
        remark = "reaches beyond these days: its row has only its calls within them."
        said = run(*where, env={"COLUMNS": "120"}).stdout
        return row["calls"], f"The block of 2026-11-20 22:00 {remark}" in said

    assert asked() == (12, False)
    assert asked("--since", "2026-11-20") == (12, False)
    assert asked("--until", "2026-11-21") == (12, False)
    assert asked("--since", "2026-11-21") == (4, True)
    assert asked("--until", "2026-11-20") == (8, True)
    assert "reaches" not in run("--home", home, "--since", "2026-11-21").stdout


@pytest.mark.parametrize("by", ["project", "session", "model"])
def test_a_name_in_a_log_steers_no_terminal(home, by):
    odd = "x\x1b[31mred\nline\x1b]0;o\x07\u202e"
    log = answer("o", cwd=f"/{odd}", sessionId=odd, model=odd)
    write_log(home, ".claude/projects/p/odd.jsonl", log)
    said = run("--home", home, "--by", by, env={"COLUMNS": "140"}).stdout
    assert said.replace("\n", "").isprintable()
    assert "x\ufffd[31mred\ufffdline\ufffd]0;o\ufffd\ufffd " in said
    assert odd in {
        row[by].lstrip("/") for row in as_json("--home", home, "--by", by)["rows"]
    }


@pytest.mark.parametrize("name", ["[red]", "[/red]", "a [bold"])
def test_a_folder_is_named_as_it_is(tmp_path, name):
    assert f"  {tmp_path}/{name}/.gemini/tmp\n" in run("--home", tmp_path / name).stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("--json", "forecast"),
            "Put --json behind the name of the view: mileage me forecast --json",
        ),
        (("--json", "live"), "--json is for the report without a view"),
        (("--no-index", "forecast"), "--no-index is for the report without a view"),
        (("--rebuild-index", "ratio"), "ratio does not have it"),
        (("--since", "2030-01-01", "forecast"), "--since is for the report"),
        (("--until", "2030-01-01", "unreadable"), "--until is for the report"),
        (("--by", "day", "statusline"), "--by is for the report"),
        (("--by", "model", "picture", "/nowhere/x.png"), "--by is for the report"),
    ],
)
def test_an_option_that_a_view_would_not_hear_is_refused(home, words, message):
    done = run("--home", home, "--tz", "UTC", *words)
    assert done.exit_code == 2
    assert message in " ".join(done.output.split())


def test_what_every_view_hears_stands_before_its_name(home):
    for view in me._MORE:
        words = ("x.png", "--help") if view == "picture" else ("--help",)
        done = run("--home", home, "--tz", "UTC", view, *words)
        assert done.exit_code == 0, done.output


@pytest.mark.parametrize("count", [1, 2])
def test_one_of_a_kind_is_said_as_one(home, count):
    more = [
        write_log(home, f".claude/projects/p/{n}.jsonl", answer(f"m{n}"))
        for n in range(count)
    ]
    write_log(home, CLAUDE, answer(), *[b"{broken\n"] * count)
    run("--home", home)
    for file in more:
        file.unlink()
    said = run("--home", home).stdout
    files, lines = (
        ("1 deleted file still counts", "1 line could")
        if count == 1
        else ("2 deleted files still count", "2 lines could")
    )
    assert f", {files}, {lines} not be read (`" in said


@pytest.mark.parametrize("by", ["day", "week", "month", "model", "session", "project"])
def test_every_grouping_names_its_rows(home, by):
    rows = as_json("--home", home, "--by", by)["rows"]
    assert rows
    assert all(by in row for row in rows)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--tz", "Nowhere/Land"], "is no time zone"),
        (["--tz", "../../etc/passwd"], "is no time zone"),
        (["--since", "2026-11-21", "--until", "2026-11-20"], "--since is after"),
        (["--since", "yesterday"], "is no day; write it as 2026-11-23"),
        (["--by", "mood"], "is not one of"),
    ],
)
def test_wrong_use_is_explained(home, arguments, message):
    result = run("--home", home, *arguments)
    assert result.exit_code == 2
    assert message in result.output


def test_a_named_home_is_not_affected_by_this_machines_settings(home, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    write_log(elsewhere, "projects/p/x.jsonl", answer("other"), answer("more"))
    env = {"CLAUDE_CONFIG_DIR": str(elsewhere), "CODEX_HOME": str(elsewhere)}
    assert as_json("--home", home, env=env)["total"]["calls"] == 2


def test_without_a_home_the_settings_are_honoured(tmp_path):
    write_log(tmp_path, "c/projects/p/x.jsonl", answer("one"))
    write_log(tmp_path, "x/sessions/r.jsonl", meta(), record("r", tokens()))
    env = {
        "HOME": str(tmp_path / "empty"),
        "CLAUDE_CONFIG_DIR": str(tmp_path / "c"),
        "CODEX_HOME": str(tmp_path / "x"),
    }
    assert as_json(env=env)["total"]["calls"] == 2


def test_bad_lines_are_counted_and_the_rest_is_read(home):
    write_log(home, ".claude/projects/p/bad.jsonl", b"\x00\n", answer("b"), b'{"tor')
    (home / ".claude/projects/p/folder.jsonl").mkdir()
    found = as_json("--home", home)
    assert found["total"]["calls"] == 3
    assert found["sources"][0]["rejected"] == 2
    shown = run("--home", home)
    assert "2 lines could not be read" in shown.stdout


def test_an_empty_home_says_where_it_looked(tmp_path):
    result = run("--home", tmp_path)
    assert result.exit_code == 0
    assert "No usage found." in result.stdout
    assert f"{tmp_path}/.gemini/tmp" in result.stdout
    assert "--home DIR" in result.stdout
    assert f"{tmp_path}/.claude/projects" in result.stdout
    assert f"{tmp_path}/.codex/archived_sessions" in result.stdout
    found = as_json("--home", tmp_path)
    assert found["total"]["cost_usd"] is None
    assert found["rows"] == []


def test_the_table_says_what_stands_in_it(home):
    write_log(home, ".claude/projects/p/k.jsonl", answer("k", model="kimi-k2"))
    result = run("--home", home, "--tz", "UTC", "--by", "model", env={"COLUMNS": "140"})
    assert result.exit_code == 0
    shown = result.stdout
    assert "Your usage  2026-11-20, days of UTC" in shown
    for word in ("claude-opus-4-8", "reasoning", "cache write", "list price", "total"):
        assert word in shown
    assert "1 of 3 calls has no known price and is not in the sum" in shown
    assert "--by model shows which" in shown
    assert "claude_code_log: 2 files, 2 calls on 2026-11-20 (UTC)" in shown
    assert "of all prompt tokens came from the cache" in shown
    assert MARKER not in shown


def test_a_narrow_terminal_gets_fewer_columns(home):
    shown = run("--home", home, env={"COLUMNS": "80"}).stdout
    assert "list price" in shown
    assert "Left out here: input, cache write, reasoning." in shown
    assert shown.count("reasoning") == 1
    assert "providers' public prices" in shown
    assert max(map(len, shown.splitlines())) <= 84


@pytest.mark.parametrize("by", ["day", "block", "session", "model"])
@pytest.mark.parametrize("width", [30, 40, 50])
def test_what_a_narrow_terminal_has_no_room_for_is_named(home, by, width):
    shown = run("--home", home, "--by", by, env={"COLUMNS": str(width)}).stdout
    told = " ".join(shown.split()).partition("Left out here: ")[2]
    missing = told.partition(". ")[0].split(", ")
    heads = next(line for line in shown.splitlines() if line.split()[:1] == [by])
    for name in ("calls", "tokens", "output", "cache read", "list price"):
        assert (name in heads) != (name in missing)
    assert max(map(len, shown.splitlines()[:6])) <= width


def test_a_wide_name_pushes_no_figure_out(home):
    line = answer(
        "w", cwd="/home/tanaka/src/日本語のプロジェクト/とても長い名前のフォルダー"
    )
    write_log(home, ".claude/projects/p/w.jsonl", line)
    shown = run("--home", home, "--by", "project", env={"COLUMNS": "80"}).stdout
    heads = next(line for line in shown.splitlines() if "list price" in line)
    assert "tokens" in heads
    (row,) = [line for line in shown.splitlines() if "フォルダー" in line]
    assert "$" in row
    assert cell_len(row) <= 80


@pytest.mark.parametrize("by", ["day", "block", "session", "model", "project"])
def test_no_number_is_cut_in_a_narrow_terminal(home, by):
    wide = run("--home", home, "--by", by, env={"COLUMNS": "200"}).stdout
    (dollars,) = [line.split()[-1] for line in wide.splitlines() if " total " in line]
    for width in (60, 79, 80, 109, 110):
        shown = run("--home", home, "--by", by, env={"COLUMNS": str(width)}).stdout
        heads = next(line for line in shown.splitlines() if "calls" in line)
        assert heads.rstrip().endswith("list price")
        (line,) = [line for line in shown.splitlines() if " total " in line]
        assert line.split()[-1] == dollars
        assert ("cache read" in heads) == (width >= 80)
        assert ("reasoning: where a client tells it apart" in shown) == (width >= 110)
        assert ("Left out here: input, cache" in shown) == (width < 110)


def test_a_session_is_told_by_when_it_began(home):
    later = answer("z", seconds=7_200, sessionId="01234567-89ab-cdef-0123-456789abcdef")
    write_log(home, ".claude/projects/p/z.jsonl", later)
    where = ("--home", home, "--by", "session", "--tz", "Asia/Kolkata")
    assert "\n 2026-11-20 19:30 \u202689abcdef " in run(*where).stdout
    narrow = run(*where, env={"COLUMNS": "60"}).stdout
    assert "\u2026-0123-456789abcdef " in narrow
    found = as_json(*where)["rows"]
    assert "01234567-89ab-cdef-0123-456789abcdef" in {one["session"] for one in found}


@pytest.mark.parametrize("windowed", [False, True])
def test_a_session_says_when_where_and_with_what_it_was(tmp_path, windowed):
    """The first answer, one of the index, and one without it say the same."""
    other = json.loads(answer("b", seconds=90, cwd="/repo/a"))
    other["message"]["model"] = "claude-haiku-4-5"
    lines = answer("a", cwd="/repo/b"), json.dumps(other).encode() + b"\n"
    write_log(tmp_path, CLAUDE, *lines, answer("c", seconds=60, sessionId="s2"))
    days = ("--since", "2026-11-20") if windowed else ()
    where = ("--home", tmp_path, "--by", "session", "--tz", "UTC", *days)
    found, *again = (as_json(*where, *words) for words in ((), (), ("--no-index",)))
    assert again == [found] * 2
    rows = {row["session"]: row for row in found["rows"]}
    one = rows["session-1"]
    assert (one["from"], one["until"]) == (
        "2026-11-20T12:00:00Z",
        "2026-11-20T12:01:30Z",
    )
    assert one["clients"] == ["claude-code"]
    assert one["projects"] == ["/repo/a", "/repo/b"]
    assert one["models"] == ["claude-haiku-4-5", "claude-opus-4-8"]
    assert one["calls"] == 2
    assert (rows["s2"]["from"], rows["s2"]["calls"]) == ("2026-11-20T12:01:00Z", 1)


def test_names_give_way_to_numbers(home):
    folder = "/home/alice/" + "long-name/" * 9
    write_log(home, ".claude/projects/p/n.jsonl", answer("n", cwd=folder))
    shown = run("--home", home, "--by", "project", env={"COLUMNS": "80"}).stdout
    assert "calls   cache read   output   tokens   list price" in shown
    (row,) = [line for line in shown.splitlines() if "long-name/" in line]
    assert row.lstrip().startswith("\u2026")
    assert row.count("\u2026") == 1


def test_the_choices_are_those_of_the_report():
    assert me._GROUPINGS == GROUPINGS


def test_the_collector_is_left_as_it_was(home):
    assert gc.isenabled()
    as_json("--home", home)
    assert gc.isenabled()
    gc.disable()
    try:
        as_json("--home", home)
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_it_starts_without_what_it_does_not_need(home):
    """The JSON must not pay for tables, databases, the web or the price library."""
    code = (
        "import sys; from mileage.cli.me import command\n"
        "command(sys.argv[1:], standalone_mode=False)\n"
        "print([n for n in ('rich', 'duckdb', 'sqlalchemy', 'genai_prices', "
        "'starlette', 'httpx') if n in sys.modules], file=sys.stderr)"
    )
    arguments = ["--home", str(home), "--json"]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONWARNINGS": "error"},
    )
    assert done.stderr.strip() == "[]"
    assert json.loads(done.stdout)["total"]["calls"] == 2
