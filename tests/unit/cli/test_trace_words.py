"""What ``mileage trace`` says, word by word; the search itself is made up here."""

from __future__ import annotations

import codecs
import json
from math import log
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from mileage.access.tracing import ERROR_RATE, Reading, Suspect, Verdict, needed
from mileage.cli import trace
from mileage.domain.directory import AccessRow
from mileage.domain.errors import Invalid
from mileage.domain.people import Account
from mileage.domain.shown import Cell
from mileage.reports.tracing import Traced, Used
from mileage.wiring import tracing
from mileage.wiring.tracing import Found, Period

if TYPE_CHECKING:
    from pathlib import Path

DAY = 86_400_000_000
FIRST = 1_767_225_600_000_000  # 2026-01-01T00:00:00Z
CELL = Cell(28_140, 28_150, 0, 2048, 128)
PEOPLE = {
    name: Account(name, "person", f"{name.title()} <b>", f"{name}@x.test")
    for name in ("ada", "bob", "cyd")
}
USED = (
    Used(1, "28.14K", "ada", "tokens", Reading(CELL, high=False)),
    Used(2, "28.15K", "bob", "tokens", Reading(CELL, high=True)),
    Used(3, "7", "bob", "calls", None),
)


def row(viewer: str, name: str) -> AccessRow:
    told = f"lens cost, as of {FIRST}"
    return AccessRow(1, FIRST + DAY, viewer, name, "board", "board", "org", 9, told)


def sure(viewer: str, odds: float = 1e6) -> Suspect:
    return Suspect(viewer, log(3 * odds), 3)


def found(*suspects: Suspect, used: tuple[Used, ...] = USED, **more: Any) -> Found:
    reads = more.pop("reads", {"ada": (row("ada", "Ada"),)})
    verdict = Verdict(len(used), 3, needed(3), suspects)
    as_of = more.pop("as_of", FIRST)
    return Found(Traced(as_of, 9, used, verdict, reads), PEOPLE, 4)


class Asked:
    """Stands for the search: keeps what it was asked, returns what it was given."""

    def __init__(self) -> None:
        self.answer = found(sure("ada"))
        self.text = ""
        self.period = Period(0, 0)
        self.boards = 0

    def __call__(self, data: Path, text: str, period: Period, tell: Any) -> Found:
        self.text, self.period = text, period
        for count in range(1, self.boards + 1):
            tell(count)
        return self.answer


@pytest.fixture
def asked(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Asked:
    asked = Asked()
    monkeypatch.setenv("MILEAGE_DATA", str(tmp_path_factory.mktemp("data")))
    monkeypatch.setattr(tracing, "trace_leak", asked)
    return asked


def run(*options: str, content: str | bytes = b"28.14K") -> Any:
    return CliRunner().invoke(trace.command, ["-", *options], input=content)


def test_a_name_stands_with_address_odds_reads_and_caution(asked: Asked) -> None:
    lines = run().output.splitlines()
    assert lines[0] == (
        "9 figures read, 3 fit the board as of 2026-01-01T00:00:00Z, 3 of them tell "
        "one viewer from another (4 boards tried, 3 viewers)."
    )
    assert lines[1].startswith("Ada <b> <ada@x.test> (ada): probability 99.9999%; ")
    assert lines[1].endswith("in at most 1 of 1,000,000 leaks")
    assert lines[2].split() == [
        *("2026-01-02T00:00:00Z", "board,", "lens", "cost,", "as", "of"),
        "2026-01-01T00:00:00Z",
    ]
    assert lines[3] == trace.CAUTION


def test_several_may_be_named_the_likeliest_first(asked: Asked) -> None:
    asked.answer = found(sure("bob", 1e8), sure("ada"), sure("cyd", 2))
    answer = run()
    assert answer.exit_code == 0
    assert answer.output.index("Bob") < answer.output.index("Ada")
    assert "Cyd" not in answer.output
    assert "no read of this board by this viewer is on record" in answer.output


@pytest.mark.parametrize(
    ("odds", "named"),
    [(1 / ERROR_RATE * 0.99, False), (1 / ERROR_RATE * 1.01, True)],
)
def test_nobody_is_named_beyond_the_error_rate(
    asked: Asked,
    odds: float,
    named: bool,  # noqa: FBT001
) -> None:
    asked.answer = found(sure("ada", odds))
    answer = run()
    assert ("Ada" in answer.output) is named
    assert answer.exit_code == (0 if named else 1)
    assert ("Untraceable" in answer.output) is not named
    told = json.loads(run("--json").output)
    assert told["verdict"] == ("traced" if named else "untraceable")
    assert told["suspects"][0]["named"] is named


def test_certain_is_what_it_never_is(asked: Asked) -> None:
    asked.answer = found(Suspect("ada", 10_000.0, 3))
    assert "probability 99.9999%" in run().output
    assert "100" not in run().output.split("probability")[1].split("%")[0]


def test_untraceable_says_how_many_marks_would_do(asked: Asked) -> None:
    asked.answer = found(used=(), as_of=None)
    answer = run()
    assert answer.exit_code == trace.UNTRACEABLE
    assert "0 fit no board" in answer.output
    assert f"Untraceable: {needed(3)} legible marks find one of 3 viewers" in (
        answer.output
    )
    assert trace.CAUTION not in answer.output


def test_exact_figures_list_the_operators_who_read_them(asked: Asked) -> None:
    exact = Used(1, "28143", "ada", "tokens", None, exact=True)
    asked.answer = found(used=(exact,), reads={"": (row("", "root at a desk"),)})
    answer = run()
    assert "1 figures are exact: only operators are shown those" in answer.output
    assert "root at a desk" in answer.output
    asked.answer = found(used=(exact,), reads={})
    assert "no read of this board by an operator is on record" in run().output


def test_json_tells_all_of_it(asked: Asked) -> None:
    told = json.loads(run("--json").output)
    assert {key: told[key] for key in ("figures", "figures_that_fit", "marks")} == {
        "figures": 9,
        "figures_that_fit": 3,
        "marks": 3,
    }
    assert told["as_of"] == "2026-01-01T00:00:00Z"
    assert (told["boards_tried"], told["viewers"]) == (4, 3)
    assert told["marks_needed"] == needed(3)
    assert [one["says"] for one in told["readings"]] == ["lower", "higher", None]
    assert told["readings"][0] == {
        "line": 1,
        "text": "28.14K",
        "account": "ada",
        "figure": "tokens",
        "says": "lower",
    }
    (suspect,) = told["suspects"]
    assert (suspect["account"], suspect["name"]) == ("ada", "Ada <b>")
    assert suspect["error_rate"] == pytest.approx(1e-6)
    assert suspect["reads"][0]["at"] == "2026-01-02T00:00:00Z"
    assert told["caution"] == trace.CAUTION


@pytest.mark.parametrize(
    "content",
    [
        b"name\n28.14K",
        codecs.BOM_UTF8 + b"name\n28.14K",
        codecs.BOM_UTF16_LE + "name\n28.14K".encode("utf-16-le"),
        codecs.BOM_UTF16_BE + "name\n28.14K".encode("utf-16-be"),
    ],
)
def test_files_of_every_editor_are_read_alike(asked: Asked, content: bytes) -> None:
    assert run(content=content).exit_code == 0
    assert asked.text == "name\n28.14K"


def test_bytes_that_are_no_text_are_no_traceback(asked: Asked) -> None:
    assert run(content=b"\x89PNG\r\n\x1a\n\x00\xff 28.14K").exit_code == 0
    assert "28.14K" in asked.text
    assert run(content=b"\xff\xfe2").exit_code == 0


@pytest.mark.parametrize(
    ("options", "since", "until"),
    [
        (("--since", "2026-01-01", "--until", "2026-01-01"), 0, 1),
        (("--since", "2026-01-01", "--until", "2026-01-03"), 0, 3),
        (("--until", "2026-01-08"), 1, 8),
    ],
)
def test_a_period_holds_both_of_its_days(
    asked: Asked, options: tuple[str, ...], since: int, until: int
) -> None:
    assert run(*options).exit_code == 0
    assert asked.period == Period(FIRST + since * DAY, FIRST + until * DAY)


def test_left_out_it_is_the_last_seven_days(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trace.time, "time", lambda: FIRST / 1e6 + 3600)
    run()
    assert asked.period == Period(FIRST - 6 * DAY, FIRST + DAY)


def test_it_tells_how_far_it_is_now_and_then(asked: Asked) -> None:
    asked.boards = 120
    told = run().stderr.splitlines()
    assert told == [f"compared with {n} boards so far" for n in (50, 100)]


def test_a_period_the_wrong_way_round_is_refused(asked: Asked) -> None:
    answer = run("--since", "2026-01-02", "--until", "2026-01-01")
    assert isinstance(answer.exception, Invalid)
    assert str(answer.exception) == "--since is later than --until"


@pytest.mark.parametrize("day", ["yesterday", "2026-13-01", "01.02.2026", ""])
def test_a_day_that_is_none_is_refused_with_its_form(asked: Asked, day: str) -> None:
    answer = run("--since", day)
    assert answer.exit_code == 2
    assert "--since" in answer.output
    assert "%Y-%m-%d" in answer.output


def test_a_file_that_is_not_there_or_too_large_is_refused(
    asked: Asked, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    answer = CliRunner().invoke(trace.command, [str(tmp_path / "leak.csv")])
    assert answer.exit_code == 2
    assert "leak.csv" in answer.output
    monkeypatch.setattr(trace, "MOST_BYTES", 10)
    assert run(content=b"1" * 10).exit_code == 0
    answer = run(content=b"1" * 11)
    assert isinstance(answer.exception, Invalid)
    assert "larger than 32 MiB" in str(answer.exception)
