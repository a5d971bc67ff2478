"""Claude Code's transcripts: identity, merging, classes, and what is refused."""

from __future__ import annotations

import json
from pathlib import PurePath

import pytest

from mileage.domain.tokens import MAX_COUNT, Tokens
from mileage.sources.claude_code_log import SOURCE
from tests.session_logs import (
    activities,
    answer,
    at,
    ignored,
    line,
    only,
    read,
    rejections,
    said,
    total,
    usage,
    witnesses,
)

HOUR = "ephemeral_1h_input_tokens"


def test_a_line_becomes_a_witness_with_everything_the_format_tells():
    row = only(
        read(
            SOURCE,
            answer(
                "msg_1",
                usage(3, 1000, 50, 70, output_tokens_details={"thinking_tokens": 20}),
                agentId="a1b2",
                entrypoint="cli",
                costUSD=0.25,
            ),
        )
    )
    assert (row.source, row.client) == ("claude_code_log", "claude-code")
    assert (row.key, row.link, row.session) == ("msg_1", "req_1", "session-1")
    assert (row.provider, row.model, row.tier) == ("anthropic", "claude-opus-4-8", "")
    assert (row.client_version, row.project) == ("2.1.197", "/home/alice/code/repo")
    assert (row.agent, row.copied, row.attended) == ("a1b2", False, True)
    assert row.occurred_at == 1_795_176_000_000_000
    assert row.reported_cost == 250_000
    assert row.tokens == Tokens(3, 1000, 50, 0, 50, 20, 0)
    assert row.identity == ""


def test_t1_streamed_lines_count_once_with_the_last_output():
    lines = [
        answer(used=usage(out=out), seconds=seconds)
        for seconds, out in enumerate((2, 2, 310))
    ]
    row = only(read(SOURCE, *lines))
    assert row.output == 310
    assert row.occurred_at == only(read(SOURCE, lines[0])).occurred_at


def test_output_may_also_shrink_in_a_later_line():
    lines = [answer(used=usage(out=310)), answer(used=usage(out=2), seconds=1)]
    assert only(read(SOURCE, *lines)).output == 310


def test_maxima_are_taken_field_by_field():
    first = answer(used=usage(fresh=9, read=0, write=50, out=1))
    again = answer(used=usage(fresh=3, read=800, write=70, out=5), seconds=1)
    assert only(read(SOURCE, first, again)).tokens == Tokens(9, 800, 70, 0, 5)


def test_t2_resumed_and_forked_copies_count_once_and_stay_with_the_first_session():
    original = read(SOURCE, answer(), place="a.jsonl")
    copy = read(SOURCE, answer(sessionId="session-2", seconds=0), place="b.jsonl")
    later = read(SOURCE, answer(sessionId="session-0", seconds=60), place="c.jsonl")
    for order in ([original, copy, later], [later, copy, original]):
        (row,) = witnesses(reading for part in order for reading in part)
        assert row.session == "session-1"
        assert row.tokens == Tokens(3, 1000, 50, 0, 7)


def test_t3_lines_without_request_id_are_merged_by_message_id():
    lines = [answer(requestId=None, seconds=seconds) for seconds in range(3)]
    row = only(read(SOURCE, *lines))
    assert (row.key, row.link) == ("msg_1", "")


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({}, "req:req_1"),
        ({"requestId": None, "uuid": "u-1"}, "uuid:u-1"),
        ({"requestId": 5, "uuid": "u-1"}, "uuid:u-1"),
    ],
)
def test_without_message_id_the_next_best_id_names_the_call(fields, key):
    assert only(read(SOURCE, answer(None, **fields))).key == key


def test_usage_without_any_id_is_refused():
    readings = read(SOURCE, answer(None, requestId=None, uuid=None))
    assert witnesses(readings) == []
    assert [one.reason for one in rejections(readings)] == [
        "neither message, request nor uuid"
    ]


@pytest.mark.parametrize("replay_first", [True, False])
def test_t4_a_side_question_replays_the_parent_and_never_adds(replay_first):
    replay = answer(isSidechain=True, requestId="req_other", seconds=5, agentId="x")
    lines = [replay, answer(seconds=9)] if replay_first else [answer(), replay]
    row = only(read(SOURCE, *lines))
    assert (row.link, row.copied, row.agent) == ("req_1", False, "")


def test_t5_progress_lines_that_embed_an_answer_are_ignored():
    embedded = json.loads(answer("msg_sub"))
    progress = line(
        type="progress",
        data={"type": "agent_progress", "message": embedded},
        timestamp=at(0),
        uuid="p-1",
    )
    readings = read(SOURCE, progress)
    assert (witnesses(readings), rejections(readings)) == ([], [])
    assert ignored(readings) == 1


def test_t6_the_summary_of_a_sub_agent_is_not_counted():
    content = [{"type": "tool_result", "tool_use_id": "t", "content": "done"}]
    summary = said(content, toolUseResult={"totalTokens": 9999, "usage": usage()})
    assert witnesses(read(SOURCE, summary)) == []


def test_sub_agents_count_under_the_parent_session():
    row = only(read(SOURCE, answer(isSidechain=True, agentId="a99")))
    assert (row.agent, row.session, row.copied) == ("a99", "session-1", True)


def test_t7_synthetic_answers_are_ignored():
    readings = read(SOURCE, answer("x", usage(0, 0, 0, 0), model="<synthetic>"))
    assert (witnesses(readings), ignored(readings)) == ([], 1)


def test_t8_a_half_written_last_line_is_told_apart():
    readings = read(SOURCE, answer(), answer("msg_2")[:150])
    assert only_reasons(readings) == [("log.jsonl:2", "incomplete last line")]
    assert len(witnesses(readings)) == 1


def test_a_complete_last_line_without_its_end_counts():
    assert only(read(SOURCE, answer().rstrip(b"\n"))).key == "msg_1"


def test_t9_usage_that_a_tool_quotes_is_no_usage():
    quoted = answer("msg_quoted", usage(fresh=999_999)).decode()
    readings = read(SOURCE, said(quoted), said([{"type": "text", "text": quoted}]))
    assert witnesses(readings) == []


def test_an_advisor_is_a_call_of_its_own():
    used = usage(
        iterations=[
            {"type": "message", **usage()},
            {"type": "advisor_message", "model": "claude-opus-4-8[1m]", **usage(91)},
            {"type": "advisor_message", "model": "claude-haiku-4-5", **usage(92)},
        ]
    )
    lines = [answer(used=used, seconds=seconds) for seconds in range(2)]
    rows = {row.key: row for row in witnesses(read(SOURCE, *lines))}
    assert set(rows) == {"msg_1", "msg_1:advisor:1", "msg_1:advisor:2"}
    assert rows["msg_1"].input == 3
    assert [rows[f"msg_1:advisor:{n}"].input for n in (1, 2)] == [91, 92]
    assert rows["msg_1:advisor:1"].model == "claude-opus-4-8"
    assert rows["msg_1:advisor:2"].model == "claude-haiku-4-5"
    assert rows["msg_1:advisor:1"].link == ""


def test_an_unreadable_advisor_is_refused_alone():
    bad = {"type": "advisor_message", "model": "claude-opus-4-8", "input_tokens": -1}
    readings = read(SOURCE, answer(used=usage(iterations=[bad])))
    assert [row.key for row in witnesses(readings)] == ["msg_1"]
    ((_, reason),) = only_reasons(readings)
    assert reason.startswith("advisor: ")


def test_the_model_that_took_over_is_the_model():
    used = usage(
        iterations=[{"type": "fallback_message", "model": "claude-sonnet-4-6"}]
    )
    assert only(read(SOURCE, answer(used=used))).model == "claude-sonnet-4-6"


@pytest.mark.parametrize("iterations", [None, [], "x", [5], [{"type": 5}], {"a": 1}])
def test_strange_iterations_do_no_harm(iterations):
    row = only(read(SOURCE, answer(used=usage(iterations=iterations))))
    assert row.model == "claude-opus-4-8"


@pytest.mark.parametrize(
    ("split", "writes"),
    [
        ({}, (50, 0)),
        ({"cache_creation": None}, (50, 0)),
        ({"cache_creation": {"ephemeral_5m_input_tokens": 50}}, (50, 0)),
        (
            {
                "cache_creation": {
                    "ephemeral_5m_input_tokens": 20,
                    "ephemeral_1h_input_tokens": 30,
                }
            },
            (20, 30),
        ),
        ({"cache_creation": {"ephemeral_1h_input_tokens": 80}}, (0, 80)),
    ],
)
def test_cache_writes_are_split_by_lifetime(split, writes):
    row = only(read(SOURCE, answer(used=usage(**split))))
    assert (row.cache_write, row.cache_write_1h) == writes


def test_thinking_is_part_of_output_and_never_more():
    used = usage(out=7, output_tokens_details={"thinking_tokens": 900})
    row = only(read(SOURCE, answer(used=used)))
    assert (row.output, row.reasoning) == (0, 7)


@pytest.mark.parametrize(
    ("fields", "tier"),
    [
        ({"speed": "fast"}, "fast"),
        ({"speed": "fast", "service_tier": "priority"}, "fast"),
        ({"speed": "standard", "service_tier": "priority"}, "priority"),
        ({"service_tier": "batch"}, "batch"),
        ({"service_tier": None, "speed": None}, ""),
        ({"inference_geo": "us"}, "us"),
        ({"inference_geo": "us", "speed": "fast"}, "fast+us"),
        ({"inference_geo": "not_available"}, ""),
        ({"inference_geo": "global", "service_tier": "batch"}, "batch"),
        ({"service_tier": ["x"], "speed": 5}, ""),
    ],
)
def test_tiers_are_read_from_the_record(fields, tier):
    assert only(read(SOURCE, answer(used=usage(**fields)))).tier == tier


@pytest.mark.parametrize(
    ("entrypoint", "attended"),
    [
        ("cli", True),
        ("sdk-cli", False),
        ("sdk-py", False),
        ("claude-vscode", None),
        (None, None),
    ],
)
def test_attended_comes_from_the_entrypoint(entrypoint, attended):
    assert only(read(SOURCE, answer(entrypoint=entrypoint))).attended is attended


@pytest.mark.parametrize(
    ("model", "plain", "provider"),
    [
        ("claude-opus-4-8[1m]", "claude-opus-4-8", "anthropic"),
        ("kimi-k2-thinking", "kimi-k2-thinking", ""),
        ("us.anthropic.claude-opus-4-8", "us.anthropic.claude-opus-4-8", ""),
        (None, "", ""),
        (17, "", ""),
    ],
)
def test_model_and_provider(model, plain, provider):
    row = only(read(SOURCE, answer(model=model)))
    assert (row.model, row.provider) == (plain, provider)


@pytest.mark.parametrize(
    ("message", "provider"),
    [
        ("msg_bdrk_01W", "bedrock"),
        ("msg_vrtx_01W", "vertex_ai"),
        ("msg_01_msg_bdrk_", "anthropic"),
        ("msg_bdr", "anthropic"),
        (None, "anthropic"),
    ],
)
def test_an_answer_of_a_cloud_is_told_by_its_id(message, provider):
    advice = {"type": "advisor_message", "model": "claude-haiku-4-5", **usage(91)}
    rows = witnesses(read(SOURCE, answer(message, usage(iterations=[advice]))))
    assert [row.provider for row in rows] == [provider] * 2


@pytest.mark.parametrize("bad", [-1, MAX_COUNT + 1, True, "12", 1.5, [1]])
@pytest.mark.parametrize("name", ["input_tokens", "output_tokens"])
def test_absurd_counts_are_refused_and_named(name, bad):
    readings = read(SOURCE, answer(used=usage(**{name: bad})), answer("msg_2"))
    assert [row.key for row in witnesses(readings)] == ["msg_2"]
    ((place, reason),) = only_reasons(readings)
    assert place == "log.jsonl:1"
    assert name in reason


def test_the_largest_count_is_still_a_count():
    assert (
        only(read(SOURCE, answer(used=usage(read=MAX_COUNT)))).cache_read == MAX_COUNT
    )


def test_null_counts_are_zero():
    row = only(read(SOURCE, answer(used=usage(cache_read_input_tokens=None))))
    assert row.cache_read == 0


@pytest.mark.parametrize(
    ("timestamp", "reason"),
    [
        ("2019-12-31T23:59:59Z", "time before 2020-01-01"),
        ("0001-01-01T00:00:00+14:00", "time before 2020-01-01"),
        ("yesterday", "no readable time"),
        (1_795_176_000, "no readable time"),
    ],
)
def test_impossible_times_are_refused(timestamp, reason):
    readings = read(SOURCE, answer(timestamp=timestamp))
    assert only_reasons(readings) == [("log.jsonl:1", reason)]


@pytest.mark.parametrize(
    "timestamp",
    ["2026-11-20T12:00:00Z", "2026-11-20T17:30:00+05:30", "2026-11-20T12:00:00"],
)
def test_times_are_instants_whatever_their_offset(timestamp):
    row = only(read(SOURCE, answer(timestamp=timestamp)))
    assert row.occurred_at == only(read(SOURCE, answer())).occurred_at


@pytest.mark.parametrize("content", [b"[1]", b"42", b'"text"', b"null"])
def test_lines_that_are_no_objects_are_refused(content):
    ((_, reason),) = only_reasons(read(SOURCE, content + b"\n"))
    assert reason.startswith("Expected `object`")


@pytest.mark.parametrize(
    "noise", [b"\x00\xff\xfe\x80\n", b"{{\n", b'{"a":' * 5000 + b"\n"]
)
def test_noise_is_refused_and_the_next_line_read(noise):
    readings = read(SOURCE, noise, answer())
    assert [one.reason for one in rejections(readings)] == ["not JSON"]
    assert len(witnesses(readings)) == 1


@pytest.mark.parametrize("activity", [True, False])
def test_blank_lines_are_nothing_and_keep_line_numbers(activity):
    readings = read(SOURCE, b"\n", b"  \r\n", b"{\n", activity=activity)
    assert only_reasons(readings) == [("log.jsonl:3", "not JSON")]
    assert ignored(readings) == 0


def test_null_usage_and_messages_without_usage_are_ignored():
    nothing = line(type="assistant", message={"role": "assistant", "usage": None})
    bare = line(type="assistant", message={"role": "assistant", "content": "hm"})
    readings = read(SOURCE, nothing, bare)
    assert (witnesses(readings), rejections(readings), ignored(readings)) == ([], [], 2)


RENAMED = [
    {},
    {"inputTokens": 3, "outputTokens": 7},
    {"input_tokens": None, "output_tokens": None, "cache_creation": {}},
    {"prompt_tokens": 3, "cache_creation": None, "output_tokens_details": {"n": 1}},
]


@pytest.mark.parametrize("activity", [True, False])
@pytest.mark.parametrize("used", RENAMED)
def test_usage_of_which_no_count_is_known_is_refused(used, activity):
    lines = [answer("msg_0"), answer("msg_1", used)]
    readings = read(SOURCE, *lines, activity=activity)
    assert [row.key for row in witnesses(readings)] == ["msg_0"]
    assert only_reasons(readings) == [("log.jsonl:2", "no known token count")]


def test_one_known_count_is_enough_and_may_be_0():
    for used in ({"output_tokens": 0}, {"cache_creation": {HOUR: 0}}):
        assert total(witnesses(read(SOURCE, answer(used=used)))) == Tokens()
    readings = read(SOURCE, answer("x", {}, model="<synthetic>"))
    assert (rejections(readings), ignored(readings)) == ([], 1)


def test_an_advisor_of_which_no_count_is_known_is_refused_alone():
    iterations = [{"type": "advisor_message", "model": "m", "inputTokens": 3}]
    readings = read(SOURCE, answer(used=usage(iterations=iterations)))
    assert len(witnesses(readings)) == 1
    assert [reason for _, reason in only_reasons(readings)] == [
        "advisor: no known token count"
    ]


def test_usage_of_the_wrong_shape_is_refused():
    ((_, reason),) = only_reasons(read(SOURCE, answer(used=[1, 2])))
    assert "message.usage" in reason


def test_other_lines_with_strange_messages_are_ignored():
    readings = read(SOURCE, line(type="system", message="text"), line(type="summary"))
    assert (rejections(readings), ignored(readings)) == ([], 2)


def test_the_oldest_logs_have_no_type():
    assert only(read(SOURCE, answer(type=None))).key == "msg_1"


def test_half_of_a_surrogate_pair_in_the_text_does_not_cost_the_usage():
    broken = answer().replace(b"content-that-must-not-leave", b"cut \\ud83d here")
    assert only(read(SOURCE, broken)).output == 7
    named = answer("msg_\ud83d")
    row = only(read(SOURCE, named))
    assert row.key.encode() == b"msg_?"


def test_very_long_names_are_cut():
    assert len(only(read(SOURCE, answer(model="m" * 5000))).model) == 1000


@pytest.mark.parametrize("cost", [-1, True, "1", 1e300])
def test_strange_costs_are_none(cost):
    assert only(read(SOURCE, answer(costUSD=cost))).reported_cost is None


def test_reported_cost_takes_the_maximum_of_the_lines():
    lines = [answer(costUSD=0.1), answer(costUSD=0.3, seconds=1)]
    assert only(read(SOURCE, *lines)).reported_cost == 300_000


def test_huge_files_are_handed_on_in_parts():
    lines = [answer(f"msg_{number}") for number in range(10_001)]
    readings = read(SOURCE, *lines)
    assert [len(reading.witnesses) for reading in readings] == [10_000, 1]


def test_a_call_across_two_parts_still_counts_once():
    lines = [answer(seconds=number) for number in range(10_001)]
    readings = read(SOURCE, *lines)
    assert [len(reading.witnesses) for reading in readings] == [1, 1]
    assert total(witnesses(readings)) == Tokens(3, 1000, 50, 0, 7)


def test_without_activity_the_witnesses_are_the_same():
    lines = [said("hello"), answer(), said("again", seconds=1), answer("msg_2"), b"{\n"]
    with_it, without = read(SOURCE, *lines), read(SOURCE, *lines, activity=False)
    assert witnesses(with_it) == witnesses(without)
    assert rejections(with_it) == rejections(without)
    assert len(activities(with_it)) == 2
    assert activities(without) == []


def test_the_default_folders_are_both_homes():
    roots = SOURCE.roots(PurePath("/home/alice"), {})
    assert [str(root) for root in roots] == [
        "/home/alice/.claude/projects",
        "/home/alice/.config/claude/projects",
    ]


def test_the_environment_names_other_folders():
    home = PurePath("/home/alice")
    chosen = SOURCE.roots(home, {"CLAUDE_CONFIG_DIR": "/a, /b/c ,"})
    assert [str(root) for root in chosen] == ["/a/projects", "/b/c/projects"]
    moved = SOURCE.roots(home, {"XDG_CONFIG_HOME": "/x"})
    assert [str(root) for root in moved][1] == "/x/claude/projects"


def only_reasons(readings):
    return [(one.place, one.reason) for one in rejections(readings)]
