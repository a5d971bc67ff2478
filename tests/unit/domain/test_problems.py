"""Problems: each says what is missing, names no person, and says how to fix it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.client_faults import Fault
from mileage.domain.coverage import VersionSeen, coverages
from mileage.domain.problems import Problem, problems_of, said_once
from mileage.domain.window import SECOND
from tests.unit.domain.test_coverage import TODAY, TRAITS, ago, heard

if TYPE_CHECKING:
    from mileage.domain.coverage import Presence

MINUTE = 60 * SECOND


def found(*rows: Presence) -> dict[str, Problem]:
    several = problems_of(coverages(rows, TRAITS, TODAY))
    by_kind = {one.kind: one for one in several}
    assert len(by_kind) == len(several), several
    return by_kind


KINDS = st.sampled_from(["stale", "gaps", "unpriced"])
WORDS = st.sampled_from(["so", "otherwise"])
ACCOUNTS = st.sampled_from(["", "acc_a", "acc_b", "acc_c"])
SAID = st.lists(
    st.builds(
        Problem, KINDS, st.just("todo"), ACCOUNTS, st.just(""), WORDS, WORDS, WORDS
    ),
    max_size=12,
)


@given(SAID, st.dictionaries(KINDS, st.integers(0, 30)))
def test_each_is_said_once_and_nobody_is_left_out(problems, counts) -> None:
    told = said_once(problems, counts)
    words = [(each.one.kind, each.one.problem, each.one.fix) for each in told]
    assert words == list(
        dict.fromkeys((one.kind, one.problem, one.fix) for one in problems)
    )
    whose = sorted(account for each in told for account in each.accounts)
    assert whose == sorted(one.account for one in problems if one.account)
    for each in told:
        same = [one for one in problems if said_once([each.one, one])[1:] == []]
        alone = [kind for kind, _, _ in words].count(each.one.kind) == 1
        counted = counts.get(each.one.kind, 0) if alone else 0
        assert each.total == max(len(same), counted)


def test_two_sources_that_go_on_are_well() -> None:
    assert found(heard("log", 2, 1, 0), heard("otlp", 2, 1)) == {}


def test_telemetry_that_stopped_asks_for_its_settings() -> None:
    one = found(heard("log", 9, 1), heard("otlp", 9, 8))["stopped"]
    assert one.severity == "todo"
    assert one.problem == (
        f"no telemetry of claude-code since {ago(8)[0]}, while log went on"
    )
    assert "`mileage setup claude-code`" in one.fix
    assert (one.account, one.client, one.source) == ("acc_a", "claude-code", "otlp")


def test_logs_that_stopped_ask_for_the_collector() -> None:
    one = found(heard("otlp", 9, 1), heard("log", 9, 8))["stopped"]
    assert "no session logs of claude-code since" in one.problem
    assert "`mileage collect install --to URL`" in one.fix
    assert "persistence" in one.fix


def test_a_gateway_that_is_passed_by_is_worth_a_note() -> None:
    one = found(heard("log", 9, 8, 1), heard("otlp", 9, 8, 1), heard("gate", 9, 8))
    assert one["stopped"].severity == "note"
    assert "through gate" in one["stopped"].problem


def test_a_filler_that_stopped_is_no_problem() -> None:
    rows = (heard("log", 9, 1), heard("otlp", 9, 1), heard("metrics", 9))
    assert found(*rows) == {}


@pytest.mark.parametrize(
    ("days", "stale"),
    [
        ((7,), False),
        ((8,), True),
        ((90,), True),
        ((91,), False),
        # Who uses it every five days is missed after fifteen.
        ((25, 20, 15), False),
        ((26, 21, 16), True),
        # Every day: after a week.
        ((9, 8), True),
    ],
)
def test_a_client_is_missed_by_its_own_rhythm(
    days: tuple[int, ...],
    stale: bool,  # noqa: FBT001
) -> None:
    told = found(heard("log", *days), heard("otlp", *days))
    assert ("stale" in told) is stale
    if stale:
        assert f"since {ago(min(days))[0]}" in told["stale"].problem
        assert "still switched on" in told["stale"].fix


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ((10, 9, 8), "(8 days, usually every day)"),
        ((26, 21, 16), "(16 days, usually every 5 days)"),
        ((8,), "(8 days)"),
    ],
)
def test_the_usual_rhythm_is_told_with_the_silence(
    days: tuple[int, ...], words: str
) -> None:
    told = found(heard("log", *days), heard("otlp", *days))
    assert told["stale"].problem.endswith(words)


def test_one_silence_is_told_once() -> None:
    told = found(heard("log", 30, 20), heard("otlp", 30, 29))
    assert "stale" in told
    assert "stopped" not in told


@pytest.mark.parametrize(
    ("delay", "words"),
    [
        (-121 * SECOND, "about 2 min ahead"),
        (-3600 * SECOND, "about 60 min ahead"),
        (121 * SECOND, "about 2 min behind"),
        (12 * 3600 * SECOND, "about 720 min behind"),
    ],
)
def test_a_clock_that_is_off_is_told(delay: int, words: str) -> None:
    one = found(heard("otlp", 1, least_delay=delay), heard("log", 1))["clock-skew"]
    assert words in one.problem
    assert "NTP" in one.fix


@pytest.mark.parametrize(
    "delay", [None, 0, -120 * SECOND, 120 * SECOND, 12 * 3600 * SECOND + 1]
)
def test_clocks_in_step_and_late_deliveries_are_not(delay: int | None) -> None:
    assert found(heard("otlp", 1, least_delay=delay), heard("log", 1)) == {}


def test_days_that_only_the_other_saw_are_a_note() -> None:
    told = found(heard("log", 6, 5, 4, 0), heard("otlp", 6, 0))
    assert told["gaps"].severity == "note"
    assert told["gaps"].problem == (
        "on 2 days of the last 30 log saw claude-code at work and otlp did not"
    )
    assert "mileage setup claude-code" in told["gaps"].fix


def test_telemetry_that_logs_lack_hints_at_persistence() -> None:
    told = found(heard("otlp", 6, 5, 0), heard("log", 6, 0))
    assert "on 1 day of the last 30" in told["gaps"].problem
    assert "persistence" in told["gaps"].fix


def test_logs_only_and_telemetry_only_are_notes() -> None:
    logs, telemetry = found(heard("log", 1)), found(heard("otlp", 1))
    assert logs["logs-only"].fix == "run `mileage setup claude-code`"
    assert "one hour" in telemetry["telemetry-only"].problem
    assert {logs["logs-only"].severity, telemetry["telemetry-only"].severity} == {
        "note"
    }


def test_a_client_without_telemetry_is_whole_with_its_files() -> None:
    assert found(heard("log", 1, client="pi")) == {}
    assert found(heard("otlp", 1, client="gemini-cli")) == {}


def test_metrics_alone_ask_for_the_events() -> None:
    assert "events" in found(heard("metrics", 1))["no-events"].problem


def test_a_client_known_from_its_gateway_only() -> None:
    one = found(heard("gate", 1))["gateway-only"]
    assert one.problem.startswith("of claude-code only the gateway gate tells")
    assert one.fix == "run `mileage setup claude-code`"
    files = found(heard("gate", 1, client="aider"))["gateway-only"]
    assert "mileage collect" in files.fix
    nameless = found(heard("gate", 1, client="litellm"))["gateway-only"]
    assert "`mileage setup CLIENT`" in nameless.fix


def test_a_gateway_in_front_of_an_agent_that_is_heard_is_well() -> None:
    rows = (heard("gate", 1, client="litellm"), heard("log", 1), heard("otlp", 1))
    assert found(*rows) == {}


def test_a_machine_that_fell_silent_while_another_went_on() -> None:
    def told(quiet: int) -> dict[str, Problem]:
        return found(
            heard("log", 40, 1, machine="desk"),
            heard("log", 40, quiet, machine="laptop"),
            heard("otlp", 40, 1),
        )

    assert "quiet-machine" not in told(8)
    assert "machine laptop sent nothing" in told(9)["quiet-machine"].problem
    assert "quiet-machine" in told(31)
    assert "quiet-machine" not in told(32)


def test_a_version_that_counts_wrongly_is_named() -> None:
    fault = Fault("claude-code", "metrics", "2.1.214", "too many.", "Update it.")
    seen = [
        VersionSeen("acc_a", "metrics", "claude-code", "2.1.213", 4),
        VersionSeen("acc_a", "metrics", "claude-code", "2.1.214", 4),
        VersionSeen("acc_a", "otlp", "claude-code", "2.1.213", 4),
    ]
    (one,) = problems_of([], seen, [fault])
    assert one.problem == "version 2.1.213 of claude-code is in use: too many."
    assert (one.fix, one.kind) == ("Update it.", "client-version")


def test_a_version_that_was_left_behind_is_a_note() -> None:
    fault = Fault("claude-code", "log", "2.1.0", "too many.", "Update it.")
    old = VersionSeen("acc_a", "log", "claude-code", "2.0.0", 4, current=False)
    (one,) = problems_of([], [old], [fault])
    assert one.severity == "note"
    assert one.problem == (
        "version 2.0.0 of claude-code was in use until lately: too many."
    )
    assert one.fix == "where it is used still: Update it."


@pytest.mark.parametrize(("days", "told"), [(90, True), (91, False)])
def test_what_is_not_used_any_more_is_asked_after_no_more(
    days: int,
    told: bool,  # noqa: FBT001
) -> None:
    assert ("gateway-only" in found(heard("gate", days))) is told
    assert ("no-events" in found(heard("metrics", days))) is told
    tried = found(heard("log", 99, 0), heard("otlp", 99, days))
    assert ("stopped" in tried) is told
    # It is as if it had never been.
    assert ("logs-only" in tried) is not told
    moved = found(heard("log", days, client="codex"), heard("gate", 1, client="x"))
    assert ("gateway-only" in moved) is not told


def test_a_filler_that_counts_nothing_is_not_blamed() -> None:
    fault = Fault("claude-code", "metrics", "2.1.214", "too many.", "Update it.")
    seen = [VersionSeen("acc_a", "metrics", "claude-code", "2.1.197", 4)]

    def told(*rows: Presence) -> set[str]:
        return {
            one.kind
            for one in problems_of(coverages(rows, TRAITS, TODAY), seen, [fault])
        }

    assert "client-version" in told(heard("metrics", 1))
    assert "client-version" in told(heard("metrics", 1), heard("otlp", 1, account="b"))
    assert "client-version" not in told(heard("metrics", 1), heard("otlp", 1))


def test_what_is_to_do_comes_before_what_is_worth_knowing() -> None:
    rows = [
        heard("log", 1),
        heard("log", 9, 0, account="acc_b"),
        heard("otlp", 9, account="acc_b"),
    ]
    told = problems_of(coverages(rows, TRAITS, TODAY))
    assert [one.severity for one in told] == ["todo", "note"]
    assert [one.account for one in told] == ["acc_b", "acc_a"]


def test_no_sentence_names_an_account() -> None:
    rows = [
        heard("log", 40, 9, account="SECRET", machine="m1"),
        heard("otlp", 40, 20, account="SECRET", least_delay=-MINUTE * 9),
        heard("gate", 1, account="SECRET", client="codex"),
    ]
    told = problems_of(coverages(rows, TRAITS, TODAY))
    assert len(told) >= 3
    assert not [one for one in told if "SECRET" in one.problem + one.fix]
