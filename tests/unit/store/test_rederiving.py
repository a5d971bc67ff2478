"""Ledgers of earlier versions, and of other rules of joining, are carried forward."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from mileage.domain.join_policy import JoinPolicy, PairRule, SourceRule
from mileage.domain.window import Window
from mileage.store import queries, rederiving
from mileage.store.disagreements import disagreements
from mileage.store.verify import verify
from tests.ledgers import booking, ledger_in, rules
from tests.old_ledgers import step_back
from tests.witnesses import (
    CODEX_OTLP,
    DAY,
    HOUR,
    LOG,
    NOON,
    OTLP,
    ROLLOUT,
    SECOND,
    seen,
)

if TYPE_CHECKING:
    from pathlib import Path

    from mileage.domain.call import Seen
    from mileage.store.ledger import Ledger

ALL = Window(NOON - 10 * DAY, NOON + 10 * DAY)
APART = JoinPolicy(pairs=(PairRule(ROLLOUT, CODEX_OTLP, keys="nothing"),))


def history() -> list[Seen]:
    """Claude Code by ids; Codex by counts, some of which the two disagree on."""
    said = []
    for number in range(30):
        at = NOON + number * HOUR // 7
        link = {"link": f"req_{number}", "occurred_at": at}
        said.append(seen(OTLP, key=f"req_{number}", output=number + 50, **link))
        if number % 3:
            said.append(seen(LOG, key=f"msg_{number}", **link))
        thread = {"link": "", "session": f"thread-{number % 4}", "input": number}
        said.append(seen(ROLLOUT, key=f"r{number}", occurred_at=at, **thread))
        if number % 2:
            later = {**thread, "output": 50 + number % 5, "occurred_at": at + SECOND}
            said.append(seen(CODEX_OTLP, key=f"o{number}", **later))
    return said


def told(ledger: Ledger) -> list[tuple[object, ...]]:
    rows = queries.usage(ledger, ALL, None, ("account", "client", "day", "session"))
    return [(sorted(row.keys.items()), row.figures) for row in rows]


def rows_of(ledger: Ledger, table: str) -> int:
    counted = ledger.cursor().execute(f"select count(*) from {table}").fetchone()  # noqa: S608
    assert counted is not None
    return int(counted[0])


def kept_in(ledger: Ledger) -> tuple[object, ...]:
    ids, profiles = rows_of(ledger, "witness_id"), rows_of(ledger, "session_profile")
    return told(ledger), ids, profiles


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[object, ...]]:
    """The folder of a ledger of now, for tests to copy, and what it holds."""
    folder, said = tmp_path_factory.mktemp("filled"), history()
    with ledger_in(folder) as ledger:
        for start in range(0, len(said), 20):
            ledger.append(booking(said[start : start + 20]))
        return folder, kept_in(ledger)


@pytest.mark.parametrize("version", [1, 2, 3, 4])
@pytest.mark.parametrize("at_once", [7, 10_000])
def test_ledgers_of_earlier_versions_go_on(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    filled: tuple[Path, tuple[object, ...]],
    version: int,
    at_once: int,
) -> None:
    monkeypatch.setattr(rederiving, "WITNESSES_AT_ONCE", at_once)
    folder, before = filled
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    step_back(tmp_path / "ledger.duckdb", version)
    with ledger_in(tmp_path) as ledger:
        assert kept_in(ledger) == before
        assert verify(ledger) == []
        again = ledger.append(booking(history()))
        assert (again.visible, again.calls) == (0, 0)
        assert disagreements(ledger, ALL)


def test_calls_that_an_earlier_version_did_not_join_are_joined(tmp_path: Path) -> None:
    said = history()
    with ledger_in(tmp_path, join=APART) as ledger:
        ledger.append(booking(said))
        apart = told(ledger)
    step_back(tmp_path / "ledger.duckdb", 1)
    with ledger_in(tmp_path) as ledger:
        joined = told(ledger)
        assert verify(ledger) == []
    (tmp_path / "new").mkdir()
    with ledger_in(tmp_path / "new") as ledger:
        ledger.append(booking(said))
        assert told(ledger) == joined != apart


def test_other_rules_give_other_calls_and_the_old_rows_stay(tmp_path: Path) -> None:
    said = history()
    with ledger_in(tmp_path, join=APART) as ledger:
        first = ledger.append(booking(said))
        calls, apart = rows_of(ledger, "call"), told(ledger)
        assert (first.calls, calls) == (75, 75)
    with ledger_in(tmp_path) as ledger:
        assert rows_of(ledger, "current_call") == 60
        assert rows_of(ledger, "call") > calls
        kept = ledger.cursor().execute("select count(*) from call where seq = 1")
        assert kept.fetchone() == (75,)
        assert verify(ledger) == []
    with ledger_in(tmp_path, join=APART) as ledger:
        assert told(ledger) == apart
        assert verify(ledger) == []


def test_the_same_rules_write_nothing(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking(history()))
        seq, written = queries.span(ledger).seq, rows_of(ledger, "joined_by")
    for _ in range(2):
        with ledger_in(tmp_path) as ledger:
            assert queries.span(ledger).seq == seq
            assert rows_of(ledger, "joined_by") == written == 1


def test_rules_about_sources_that_were_never_heard_change_nothing(
    tmp_path: Path,
) -> None:
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking([seen(LOG)]))
        seq = queries.span(ledger).seq
    known = rules().traits
    fewer = {name: one for name, one in known.items() if name != ROLLOUT}
    text = rederiving.rules_text(rules(), "")
    less = rederiving.rules_text(rules()._replace(traits=fewer), "")
    assert text != less
    assert rederiving.joined_alike(less, text, {LOG})
    assert rederiving.joined_alike(text, less, {LOG})
    assert not rederiving.joined_alike("", text, set())
    assert rederiving.rules_text(rules()._replace(traits=fewer), text) == text
    with ledger_in(tmp_path) as ledger:
        assert queries.span(ledger).seq == seq


def test_a_source_with_another_precedence_leads(tmp_path: Path) -> None:
    said = [
        seen(OTLP, key="req_1", output=50),
        seen(LOG, output=70),
    ]
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking(said))
        assert told(ledger)[0][1].tokens.output == 50
    policy = JoinPolicy(sources=(SourceRule(LOG, precedence=30),))
    with ledger_in(tmp_path, join=policy) as ledger:
        assert told(ledger)[0][1].tokens.output == 70
        assert verify(ledger) == []
