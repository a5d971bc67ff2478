"""Codex rollouts: records, running totals, forks, copies, and what is refused."""

from __future__ import annotations

import json
from pathlib import PurePath

import pytest

from mileage.domain.tokens import MAX_COUNT, Tokens
from mileage.sources.codex_rollout import SOURCE
from tests.session_logs import (
    added,
    answer,
    at,
    count,
    event,
    ignored,
    line,
    meta,
    only,
    read,
    record,
    rejections,
    tokens,
    total,
    turn,
    witnesses,
)

ONE = tokens(100, 40, 10, 4)
TWO = tokens(200, 300, 30, 0)
THREE = tokens(7, 500, 5, 5)
OWN = [meta(), turn()]
CHILD = [meta("child", forked_from_id="thread-1"), event("task_started", 2)]


def after(*used: dict[str, int]) -> list[bytes]:
    """Token counts of a thread, ten seconds apart."""
    totals = [added(*used[: n + 1]) for n in range(len(used))]
    return [
        count(whole, last, 10 * (n + 1))
        for n, (whole, last) in enumerate(zip(totals, used, strict=True))
    ]


def classes(*used: dict[str, int]) -> Tokens:
    whole = added(*used)
    thought, cached = whole["reasoning_output_tokens"], whole["cached_input_tokens"]
    written = whole["cache_write_input_tokens"]
    return Tokens(
        whole["input_tokens"] - cached - written,
        cached,
        written,
        0,
        whole["output_tokens"] - thought,
        thought,
    )


def counted(*lines: bytes) -> Tokens:
    return total(witnesses(read(SOURCE, *lines)))


def reasons(*lines: bytes) -> list[tuple[str, str]]:
    readings = read(SOURCE, *lines)
    return [(one.place, one.reason) for one in rejections(readings)]


# --------------------------------------------------------------------- records


def test_a_record_becomes_a_witness_with_everything_the_format_tells():
    settings = {"model": "gpt-5.1-codex", "service_tier": "priority"}
    row = only(
        read(
            SOURCE,
            meta(source="exec", model_provider="openai"),
            event("thread_settings_applied", thread_settings=settings),
            record("resp_1", tokens(100, 40, 10, 4, written=9)),
        )
    )
    assert (row.source, row.client) == ("codex_rollout", "codex")
    assert (row.key, row.link, row.session) == ("thread-1:resp_1", "", "thread-1")
    assert (row.provider, row.model) == ("openai", "gpt-5.1-codex")
    assert (row.tier, row.attended) == ("priority", False)
    assert (row.client_version, row.project) == ("0.128.0", "/home/alice/code/repo")
    assert (row.agent, row.copied, row.reported_cost) == ("", False, None)
    assert row.tokens == Tokens(100, 40, 9, 0, 6, 4, 0)


def test_records_count_and_totals_beside_them_do_not():
    lines = [
        *OWN,
        record("resp_1", ONE),
        count(ONE),
        record("resp_2", TWO, added(ONE, TWO)),
        count(added(ONE, TWO), TWO),
    ]
    assert counted(*lines) == classes(ONE, TWO)


def test_a_total_written_before_its_record_counts_once():
    assert counted(*OWN, count(ONE), record("resp_1", ONE)) == classes(ONE)


def test_totals_of_an_older_version_before_the_first_record_count():
    lines = [*OWN, *after(ONE, TWO), count(added(ONE, TWO, THREE), THREE, 30)]
    lines.append(record("resp_3", THREE, added(ONE, TWO, THREE), 30))
    rows = witnesses(read(SOURCE, *lines))
    assert total(rows) == classes(ONE, TWO, THREE)
    assert len(rows) == 3


def test_a_record_without_thread_total_replaces_all_totals():
    bare = json.loads(record("resp_1", ONE))
    del bare["payload"]["thread_token_usage"]
    assert counted(*OWN, *after(ONE, TWO), line(**bare)) == classes(ONE)


def test_a_record_belongs_to_the_thread_that_it_names():
    row = only(read(SOURCE, meta("child"), record("resp_1", ONE, thread="parent")))
    assert (row.key, row.session) == ("parent:resp_1", "parent")


def test_a_record_without_response_id_is_named_by_time_and_counts():
    lines = [meta(), record("", ONE), record("", ONE), record("", ONE, seconds=11)]
    assert len(witnesses(read(SOURCE, *lines))) == 2


def test_records_of_inherited_history_are_skipped():
    inherited = json.loads(record("resp_0", ONE))
    own = json.loads(record("resp_1", TWO))
    lines = [
        meta("child", forked_from_id="p", subagent_history_start_ordinal=10),
        line(**{**inherited, "ordinal": 4}),
        line(**{**own, "ordinal": 10}),
    ]
    assert counted(*lines) == classes(TWO)


def told(*used: dict[str, int]) -> list[bytes]:
    """What a newer version writes of a thread: a record and a total a response."""
    lines = []
    for n, last in enumerate(used):
        whole = added(*used[: n + 1])
        lines.append(record(f"resp_{n}", last, whole, 10 * (n + 1)))
        lines.append(count(whole, last, 10 * (n + 1)))
    return lines


def test_a_thread_that_an_older_version_goes_on_with_counts_on():
    lines = [*OWN, *told(ONE), *after(ONE, TWO, THREE)[1:]]
    rows = witnesses(read(SOURCE, *lines))
    assert [row.tokens for row in rows] == [classes(ONE), classes(TWO), classes(THREE)]
    assert [row.key.partition(":")[2] for row in rows] == [
        "resp_0",
        "0:640/340/0/40/4",
        "0:1147/840/0/45/9",
    ]


def test_versions_that_take_turns_count_each_response_once():
    every = [ONE, TWO, THREE, TWO, ONE, THREE]
    new, old = told(*every), after(*every)
    lines = [*OWN, old[0], *new[2:4], *old[2:4], *new[8:10], old[5]]
    rows = witnesses(read(SOURCE, *lines))
    assert total(rows) == classes(*every)
    assert len(rows) == len(every)


def test_a_total_before_its_record_counts_once_behind_another_version_too():
    every = [ONE, TWO, THREE, TWO]
    new, old = told(*every), after(*every)
    before = [new[3], new[2]]
    lines = [*OWN, *new[:2], *before, old[2], new[7], new[6]]
    assert counted(*lines) == classes(*every)


def test_totals_that_come_late_or_again_behind_a_record_are_none():
    new = told(ONE, TWO, THREE)
    late = [*OWN, *new[:3], new[1], new[3], *new[4:], new[1], new[3], new[5]]
    assert counted(*late) == classes(ONE, TWO, THREE)


def test_a_record_and_its_total_may_count_from_different_starts():
    apart = tokens(5_000, 100, 70)
    used = [ONE, TWO, THREE]
    for above, below in ((apart, None), (None, apart)):
        lines = [*OWN]
        for n, last in enumerate(used):
            whole = added(*used[: n + 1])
            high = added(whole, apart)
            lines.append(record(f"resp_{n}", last, high if above else whole, 10 * n))
            lines.append(count(high if below else whole, last, 10 * n))
        assert counted(*lines) == classes(*used)


def test_without_thread_totals_the_total_of_a_response_tells_where_it_ends():
    lines = [*OWN]
    for one in told(ONE, TWO):
        bare = json.loads(one)
        bare["payload"].pop("thread_token_usage", None)
        lines.append(line(**bare))
    assert counted(*lines, *after(ONE, TWO, THREE)[2:]) == classes(ONE, TWO, THREE)


def test_events_with_only_the_last_usage_tell_nothing_beside_records():
    info = {"total_token_usage": None, "last_token_usage": ONE}
    assert counted(*OWN, *told(TWO), event("token_count", 9, info=info)) == classes(TWO)


@pytest.mark.parametrize("named", ["usage", "token_usage"])
def test_a_record_without_usage_is_refused_and_the_total_beside_it_counts(named):
    lines = [*OWN]
    for one in told(ONE, TWO):
        odd = json.loads(one)
        used = odd["payload"].pop("usage", None)
        odd["payload"][named] = None if named == "usage" else used
        lines.append(line(**odd))
    readings = read(SOURCE, *lines)
    assert total(witnesses(readings)) == classes(ONE, TWO)
    assert [one.reason for one in rejections(readings)] == [
        "a record without usage"
    ] * 2


def test_a_record_of_an_impossible_time_leaves_the_total_beside_it():
    bad = {**json.loads(record("resp_1", ONE)), "timestamp": "soon"}
    readings = read(SOURCE, *OWN, line(**bad), count(ONE))
    assert total(witnesses(readings)) == classes(ONE)
    assert [one.reason for one in rejections(readings)] == ["no readable time"]


def test_a_record_of_inherited_history_hides_no_total():
    lines = [
        meta("child", forked_from_id="p", subagent_history_start_ordinal=10),
        line(**{**json.loads(record("resp_0", ONE)), "ordinal": 4}),
        count(ONE, seconds=10, ordinal=5),
        event("task_started", 11, ordinal=10),
        count(added(ONE, TWO), TWO, 20, ordinal=12),
    ]
    assert counted(*lines) == classes(TWO)


# -------------------------------------------------------------- running totals


def test_growth_of_totals_is_what_responses_used():
    rows = witnesses(read(SOURCE, *OWN, *after(ONE, TWO, THREE)))
    assert [row.tokens for row in rows] == [classes(ONE), classes(TWO), classes(THREE)]
    assert all(row.model == "gpt-5.1-codex" for row in rows)
    assert rows[0].key == "thread-1:0:140/40/0/10/4"


def test_c1_a_repeated_event_is_no_response():
    first, second = after(ONE, TWO)
    limits = json.loads(first)
    limits["payload"]["rate_limits"] = {"primary": {"used_percent": 12.0}}
    assert counted(*OWN, first, first, line(**limits), second, second) == classes(
        ONE, TWO
    )


def test_c2_null_info_is_ignored():
    readings = read(SOURCE, *OWN, count(None), *after(ONE))
    assert total(witnesses(readings)) == classes(ONE)
    assert rejections(readings) == []


def test_a_late_older_event_is_ignored():
    small = tokens(5, 0, 1)
    big = tokens(100_000, 0, 100)
    lines = [*OWN, *after(big, small), count(big, big, 40), *after(big, small, ONE)[2:]]
    assert counted(*lines) == classes(big, small, ONE)


def test_a_large_fall_is_a_new_start():
    lines = [
        *OWN,
        *after(TWO, THREE),
        count(ONE, ONE, 60),
        count(added(ONE, TWO), TWO, 70),
    ]
    rows = witnesses(read(SOURCE, *lines))
    assert total(rows) == classes(TWO, THREE, ONE, TWO)
    assert [row.key.split(":")[1] for row in rows] == ["0", "0", "1", "1"]


def test_the_same_total_after_a_new_start_is_another_call():
    lines = [*OWN, *after(ONE, TWO), *after(ONE, TWO)]
    assert counted(*lines) == classes(ONE, TWO, ONE, TWO)


def test_a_thread_that_goes_on_in_a_new_file_counts_only_what_is_new():
    old = read(SOURCE, *OWN, *after(ONE, TWO), place="a.jsonl")
    new = read(SOURCE, *OWN, count(added(ONE, TWO, THREE), THREE), place="b.jsonl")
    assert total(witnesses([*old, *new])) == classes(ONE, TWO, THREE)
    assert total(witnesses(new)) == classes(THREE)


def test_an_archived_copy_counts_once():
    lines = [*OWN, *after(ONE, TWO)]
    name = "rollout-2026-11-20T12-00-00-01a200d5-581a-76b1-a2f2-e20b53c2e0ca.jsonl"
    readings = [
        *read(SOURCE, *lines, place=f"/h/sessions/2026/11/20/{name}"),
        *read(SOURCE, *lines, place=f"/h/archived_sessions/{name}"),
    ]
    assert total(witnesses(readings)) == classes(ONE, TWO)


@pytest.mark.parametrize(
    ("place", "thread"),
    [
        (
            "/x/rollout-2026-11-20T12-00-00-01a200d5-581a-76b1-a2f2-e20b53c2e0ca.jsonl",
            "01a200d5-581a-76b1-a2f2-e20b53c2e0ca",
        ),
        (
            "C:\\x\\rollout-1-01a200d5-581a-76b1-a2f2-e20b53c2e0ca.jsonl.zst",
            "01a200d5-581a-76b1-a2f2-e20b53c2e0ca",
        ),
        ("short.jsonl", "short"),
    ],
)
def test_without_an_introduction_the_file_names_the_thread(place, thread):
    (row,) = witnesses(read(SOURCE, turn(), *after(ONE), place=place))
    assert row.session == thread


def test_events_with_only_the_last_usage_collapse_equal_neighbours():
    def last(used, seconds):
        info = {"total_token_usage": None, "last_token_usage": used}
        return event("token_count", seconds, info=info)

    lines = [*OWN, last(ONE, 1), last(ONE, 2), last(TWO, 3), last(ONE, 4)]
    assert counted(*lines) == classes(ONE, TWO, ONE)


def test_totals_without_the_last_usage_count_too():
    bare = json.loads(count(ONE))
    bare["payload"]["info"]["last_token_usage"] = None
    assert counted(*OWN, line(**bare)) == classes(ONE)


def test_a_total_of_nothing_is_no_call():
    assert witnesses(read(SOURCE, *OWN, count(tokens(0, 0, 0)))) == []


def test_cached_and_thinking_never_exceed_what_they_are_part_of():
    odd = {**ONE, "cached_input_tokens": 9_000, "reasoning_output_tokens": 8_000}
    assert counted(*OWN, record("resp_1", odd)) == Tokens(0, 140, 0, 0, 0, 10)


# ------------------------------------------------------------ forks, sub-agents


def burst(*used: dict[str, int], seconds: float = 0.01) -> list[bytes]:
    """Parent's history, written again in one go when the child begins."""
    totals = [added(*used[: n + 1]) for n in range(len(used))]
    return [
        count(whole, last, seconds + n / 1000)
        for n, (whole, last) in enumerate(zip(totals, used, strict=True))
    ]


def test_c3_replayed_history_is_only_where_counting_starts():
    lines = [
        meta("child", forked_from_id="thread-1"),
        *burst(ONE, TWO),
        turn(seconds=5),
        event("user_message", 5, message="x"),
        count(added(ONE, TWO, THREE), THREE, 9),
    ]
    assert counted(*lines) == classes(THREE)


def test_c3_a_burst_may_cross_a_second():
    lines = [
        meta("child", 0.98, forked_from_id="thread-1"),
        *burst(ONE, TWO, seconds=0.99),
        count(added(ONE, TWO, ONE), ONE, 1.05),
        event("task_started", 1.06),
        count(added(ONE, TWO, ONE, THREE), THREE, 4),
    ]
    assert counted(*lines) == classes(THREE)


def test_c3_history_that_kept_its_old_times():
    lines = [
        meta("child", 5_000, forked_from_id="thread-1"),
        *after(ONE, TWO),
        event("task_started", 5_004),
        count(added(ONE, TWO, THREE), THREE, 5_009),
    ]
    assert counted(*lines) == classes(THREE)


def test_c3_before_the_first_own_task_nothing_counts():
    lines = [
        meta("child", forked_from_id="thread-1"),
        turn(seconds=3),
        *after(ONE, TWO),
        event("task_started", 60),
        count(added(ONE, TWO, THREE), THREE, 70),
    ]
    assert counted(*lines) == classes(THREE)


def test_c4_a_child_that_starts_at_zero_counts_everything():
    assert counted(*CHILD, *after(ONE, TWO)) == classes(ONE, TWO)
    old_version = [meta("child", forked_from_id="thread-1"), turn()]
    assert counted(*old_version, *after(ONE, TWO)) == classes(ONE, TWO)


def test_c4_a_child_that_replays_and_then_starts_at_zero():
    lines = [CHILD[0], *burst(TWO, THREE), CHILD[1], *after(ONE)]
    assert counted(*lines) == classes(ONE)


def test_a_child_that_only_inherits_the_total_counts_its_own():
    assert counted(*CHILD, count(added(TWO, ONE), ONE)) == classes(ONE)


def test_inherited_history_is_known_by_its_ordinal():
    lines = [
        meta("child", parent_thread_id="p", subagent_history_start_ordinal=8),
        event("task_started", 2, ordinal=1),
        count(ONE, seconds=10, ordinal=2),
        count(added(ONE, TWO), TWO, 20, ordinal=8),
    ]
    assert counted(*lines) == classes(TWO)


@pytest.mark.parametrize(
    ("source", "agent"),
    [
        ({"subagent": {"thread_spawn": {"agent_role": "worker"}}}, "worker"),
        ({"subagent": {"thread_spawn": {"parent_thread_id": "p"}}}, "subagent"),
        ({"subagent": "review"}, "review"),
        ({"subagent": {"thread_spawn": 5}}, "subagent"),
        ({"other": "guardian"}, "guardian"),
        ({}, ""),
        ([], ""),
        (7, ""),
    ],
)
def test_sub_agents_are_named(source, agent):
    row = only(read(SOURCE, meta(source=source), record("resp_1", ONE)))
    assert (row.agent, row.attended) == (agent, None)


@pytest.mark.parametrize(
    ("source", "attended"),
    [("cli", True), ("vscode", True), ("exec", False), ("x", None)],
)
def test_attended_comes_from_the_source(source, attended):
    row = only(read(SOURCE, meta(source=source), record("resp_1", ONE)))
    assert row.attended is attended


def test_only_the_first_introduction_counts():
    lines = [
        meta("child"),
        meta("parent", cli_version="0.1"),
        record("r", ONE, thread=""),
    ]
    row = only(read(SOURCE, *lines))
    assert (row.session, row.client_version) == ("child", "0.128.0")


# ---------------------------------------------------------- model, tier, vendor


def test_the_model_is_that_of_the_turn():
    lines = [*OWN, *after(ONE), turn("gpt-5.2", 15), *after(ONE, TWO)[1:]]
    assert [row.model for row in witnesses(read(SOURCE, *lines))] == [
        "gpt-5.1-codex",
        "gpt-5.2",
    ]


def test_the_event_itself_may_name_the_model():
    named = json.loads(count(ONE))
    named["payload"]["info"]["model"] = "gpt-5.3-codex"
    assert only(read(SOURCE, *OWN, line(**named))).model == "gpt-5.3-codex"


def test_a_missing_model_is_known_only_for_the_first_weeks():
    early = json.loads(count(ONE))
    early["timestamp"] = "2025-09-10T08:00:00Z"
    assert only(read(SOURCE, line(**early))).model == "gpt-5"
    assert only(read(SOURCE, count(ONE))).model == ""


@pytest.mark.parametrize(
    ("tier", "kept"),
    [
        *(("fast", "fast"), ("priority", "priority"), (None, ""), (5, "")),
        *(("default", ""), ("auto", ""), ("on_demand", "")),
    ],
)
def test_the_tier_holds_until_the_next_settings(tier, kept):
    settings = event("thread_settings_applied", thread_settings={"service_tier": tier})
    assert only(read(SOURCE, *OWN, settings, *after(ONE))).tier == kept
    strange = event("thread_settings_applied", thread_settings=tier)
    assert only(read(SOURCE, *OWN, settings, strange, *after(ONE))).tier == kept


@pytest.mark.parametrize(
    ("provider", "vendor"),
    [
        *(("openai", "openai"), (None, "openai"), ("azure", "azure"), ("mock", "")),
        *(("oss", "oss"), ("ollama", "ollama"), ("lmstudio", "lmstudio")),
        *(("amazon-bedrock", "bedrock"), ("amazon-bedrock-runtime", "bedrock")),
    ],
)
def test_the_vendor_is_named_only_where_it_is_known(provider, vendor):
    row = only(read(SOURCE, meta(model_provider=provider), record("resp_1", ONE)))
    assert row.provider == vendor


# ------------------------------------------------------------------------- bad


@pytest.mark.parametrize("bad", [-1, MAX_COUNT + 1, True, "12", 1.5])
def test_absurd_counts_are_refused(bad):
    odd = {**ONE, "output_tokens": bad}
    ((place, reason),) = reasons(meta(), record("resp_1", odd), record("resp_2", TWO))
    assert place == "log.jsonl:2"
    assert "output_tokens" in reason
    ((_, reason),) = reasons(*OWN, count(odd))
    assert "output_tokens" in reason


@pytest.mark.parametrize(
    ("timestamp", "reason"),
    [("2019-12-31T23:59:59Z", "time before 2020-01-01"), ("soon", "no readable time")],
)
def test_impossible_times_are_refused(timestamp, reason):
    for usage_line in (record("resp_1", ONE), count(ONE)):
        odd = line(**{**json.loads(usage_line), "timestamp": timestamp})
        assert reasons(meta(), odd) == [("log.jsonl:2", reason)]


@pytest.mark.parametrize(
    ("noise", "reason"),
    [
        (b"[1]\n", "Expected `object`, got `array`"),
        (b"\x00\xff\n", "not JSON"),
        (b"{" * 5000 + b"\n", "not JSON"),
        (b'{"timestamp":"2026', "incomplete last line"),
    ],
)
def test_noise_is_refused(noise, reason):
    assert reasons(meta(), noise) == [("log.jsonl:2", reason)]


@pytest.mark.parametrize(
    "other",
    [
        line(timestamp=at(0), type="event_msg", payload=None),
        line(timestamp=at(0), type="event_msg", payload={"type": 5}),
        line(timestamp=at(0), type=7, payload={"info": 5}),
        line(timestamp=at(0), type="future", payload="text"),
        line(timestamp=at(0), payload={"usage": "none", "type": "message"}),
        line(),
        answer(),
    ],
)
@pytest.mark.parametrize("activity", [True, False])
def test_other_lines_are_ignored(other, activity):
    readings = read(SOURCE, other, activity=activity)
    assert (witnesses(readings), rejections(readings)) == ([], [])
    assert ignored(readings) == 1


def test_order_of_keys_does_not_matter():
    lines = [
        line(**dict(reversed(json.loads(one).items()))) for one in (*OWN, *after(ONE))
    ]
    assert counted(*lines) == classes(ONE)


def test_blank_lines_are_nothing():
    readings = read(SOURCE, b"\n", b" \n")
    assert (rejections(readings), ignored(readings)) == ([], 0)


def test_huge_files_are_handed_on_in_parts():
    lines = [meta(), *(record(f"resp_{n}", ONE) for n in range(10_000))]
    readings = read(SOURCE, *lines)
    assert [len(reading.witnesses) for reading in readings] == [9_999, 1]


def test_both_places_are_read():
    roots = SOURCE.roots(PurePath("/home/alice"), {})
    assert [str(root) for root in roots] == [
        "/home/alice/.codex/sessions",
        "/home/alice/.codex/archived_sessions",
    ]
    (first, _) = SOURCE.roots(PurePath("/home/alice"), {"CODEX_HOME": "/x"})
    assert str(first) == "/x/sessions"
