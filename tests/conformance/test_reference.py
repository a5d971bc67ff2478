"""The sources against a second, slow reading of both logs, over drawn histories."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.conformance import reference
from tests.conformance.codex_home import added, written
from tests.conformance.homes import ALL_TRAPS, calls, home, witnesses
from tests.conformance.truth import Home, Tokens, facts, packed, stamp
from tests.drawing import examples
from tests.witnesses import NOON, SECOND

FEW = settings(max_examples=examples(40))
RECORDED = Path(__file__).parents[1] / "golden" / "logs"
CASES = sorted(path.parent for path in RECORDED.glob("*/*/truth.json"))


def same(files):
    """Both readings, in the same words."""
    return facts(calls(witnesses(Home(files)))), reference.read(files)


# ------------------------------------------------------------------- the reference


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_the_reference_is_right_about_recorded_logs(case):
    truth = json.loads((case / "truth.json").read_text())
    folder = ".claude" if case.parent.name == "claude_code_log" else ".codex"
    files = {
        f"{folder}/{file.relative_to(case)}": file.read_bytes().splitlines(
            keepends=True
        )
        for file in sorted((case / "in").rglob("*.jsonl"))
    }
    found = reference.read(files)
    assert len(found) == truth["calls"]
    sums = Tokens(*map(sum, zip(*(one[-1] for one in found), strict=True)))
    assert sums.input == truth["input"]
    assert sums.cache_read == truth["cache_read"]
    assert sums.cache_write + sums.cache_write_1h == (
        truth["cache_write"] + truth.get("cache_write_1h", 0)
    )
    assert sums.output + sums.reasoning == truth["output_and_reasoning"]


@pytest.mark.parametrize("seed", range(3))
def test_the_reference_is_right_about_all_traps(seed):
    made = home(seed, ALL_TRAPS)
    assert reference.read(made.files) == facts(made.calls)


# ----------------------------------------------------------------- Claude Code

COUNT = st.integers(0, 9)
MAYBE = st.one_of(st.none(), COUNT)
SPLIT = st.one_of(
    st.none(),
    st.fixed_dictionaries(
        {"ephemeral_5m_input_tokens": MAYBE, "ephemeral_1h_input_tokens": MAYBE}
    ),
)
MODELS = st.sampled_from(
    ["claude-opus-4-8", "claude-opus-4-8[1m]", "glm-5", "", "glm-5", "<synthetic>"]
)
ADVICE = st.fixed_dictionaries(
    {
        "type": st.just("advisor_message"),
        "model": st.sampled_from(["claude-opus-4-7", "claude-opus-4-7[1m]"]),
        "input_tokens": COUNT,
        "output_tokens": COUNT,
    }
)
OTHER_ITERATIONS = st.sampled_from(
    [
        {"type": "message", "input_tokens": 4, "output_tokens": 4},
        {"type": "compaction", "input_tokens": 5, "output_tokens": 5},
        {"type": "fallback_message", "model": "claude-haiku-4-5"},
    ]
)
USAGE = st.fixed_dictionaries(
    {
        "input_tokens": COUNT,
        "output_tokens": COUNT,
        "cache_read_input_tokens": MAYBE,
        "cache_creation_input_tokens": MAYBE,
    },
    optional={
        "cache_creation": SPLIT,
        "output_tokens_details": st.one_of(
            st.none(), st.fixed_dictionaries({"thinking_tokens": MAYBE})
        ),
        "iterations": st.lists(st.one_of(ADVICE, OTHER_ITERATIONS), max_size=3),
    },
)
# Names are few, so that lines often repeat a call; None stands for no such field.
IDS = st.sampled_from(["msg_1", "msg_2", "msg_3", "msg_1", "msg_2", None])
REQUESTS = st.sampled_from(["req_1", "req_2", "req_1", None])
UUIDS = st.sampled_from(["u-1", "u-2", None])
AGENTS = st.sampled_from([None, "a-1", "a-2"])
COSTS = st.sampled_from([None, None, 0.25])


def present(plain):
    return {name: held for name, held in plain.items() if held is not None}


@st.composite
def answers(draw):
    usage = None if draw(st.integers(0, 9)) == 7 else draw(USAGE)
    named = {"role": "assistant", "model": draw(MODELS), "id": draw(IDS)}
    return {
        "type": "assistant",
        "message": {**present(named), "usage": usage},
        **present({"requestId": draw(REQUESTS), "uuid": draw(UUIDS)}),
        **present({"agentId": draw(AGENTS), "costUSD": draw(COSTS)}),
        "isSidechain": draw(st.booleans()),
        "sessionId": draw(st.sampled_from(["s-1", "s-2"])),
    }


BESIDE = st.sampled_from(
    [
        {"type": "user", "message": {"role": "user", "content": "x"}},
        {"type": "user", "toolUseResult": {"usage": {"input_tokens": 9}}},
        {"type": "progress", "data": {"message": {"usage": {"input_tokens": 9}}}},
        {"type": "summary", "summary": '{"usage":{"input_tokens":9}}'},
        {"type": "user", "message": {"role": "user", "usage": {"input_tokens": 9}}},
        {
            "type": "system",
            "uuid": "u-9",
            "message": {
                "role": "assistant",
                "id": "msg_9",
                "usage": {"input_tokens": 9},
            },
        },
    ]
)
NOISE = st.sampled_from([b"\n", b"[1]\n", b"null\n", b"7\n", b"{x}\n", b'{"type":"as'])


@st.composite
def transcripts(draw):
    """Draw up to three files; lines may be copied from one into others."""
    lines = []
    for seconds in range(draw(st.integers(3, 9))):
        plain = draw(BESIDE if draw(st.integers(0, 9)) == 5 else answers())
        # A replay is written after what it replays.
        at = NOON + (seconds + 100 * plain.get("isSidechain", 0)) * SECOND
        lines.append(packed({"timestamp": stamp(at), **plain}))
    lines = draw(st.permutations(lines))
    names = ("a.jsonl", "b.jsonl", "a/subagents/agent-1.jsonl")
    files = {}
    for name in names[: draw(st.integers(1, 3))]:
        chosen = draw(st.lists(st.sampled_from(lines), max_size=9))
        chosen += draw(st.lists(NOISE, max_size=1))
        files[f".claude/projects/p/{name}"] = draw(st.permutations(chosen))
    files[".claude/projects/p/all.jsonl"] = lines
    return files


def one_answer(**usage):
    message = {"role": "assistant", "id": "msg_1", "model": "m", "usage": usage}
    line = {"type": "assistant", "timestamp": stamp(NOON), "message": message}
    return {".claude/projects/p/one.jsonl": [packed(line)]}


@FEW
@given(transcripts())
@example(one_answer(output_tokens=3, output_tokens_details={"thinking_tokens": 9}))
@example(
    one_answer(
        cache_creation_input_tokens=3,
        cache_creation={"ephemeral_1h_input_tokens": 9},
    )
)
def test_transcripts(files):
    found, expected = same(files)
    assert found == expected


@FEW
@given(transcripts())
def test_transcripts_read_for_usage_alone(files):
    rows = witnesses(Home(files), activity=False)
    assert facts(calls(rows)) == reference.read(files)


@FEW
@given(transcripts(), st.randoms(use_true_random=False))
def test_transcripts_in_any_order_of_files_and_lines(files, chance):
    shuffled = {
        name: chance.sample(lines, len(lines))
        for name, lines in chance.sample(sorted(files.items()), len(files))
    }
    found, expected = same(shuffled)
    assert found == expected == reference.read(files)


# ----------------------------------------------------------------------- Codex

USED = st.builds(
    Tokens,
    input=st.integers(1, 60),
    cache_read=st.integers(0, 40),
    cache_write=st.integers(0, 9),
    cache_write_1h=st.just(0),
    output=st.integers(1, 40),
    reasoning=st.integers(0, 20),
    tool_input=st.just(0),
)
STEPS = st.one_of(
    st.tuples(st.just("answer"), USED),
    st.tuples(st.just("answer"), USED),
    st.tuples(st.just("large"), USED),
    st.tuples(st.just("again"), st.integers(1, 3)),
    st.tuples(st.just("older"), st.integers(0, 9)),
    st.tuples(st.just("anew"), USED),
    st.tuples(st.just("no_counts"), st.none()),
    st.tuples(st.just("only_last"), USED),
    st.tuples(st.just("model"), st.sampled_from(["gpt-5.1-codex", "gpt-5.2"])),
    st.tuples(st.just("noise"), st.sampled_from([b"\n", b"[1]\n", b"{x}\n"])),
)
HISTORY = st.lists(STEPS, min_size=1, max_size=10)


class Rollout:
    """Writes the lines of one thread, step by step."""

    def __init__(self, thread, *, records=False, at=NOON):
        self.thread, self.records, self.at = thread, records, at
        self.lines, self.total, self.history = [], {}, []

    def add(self, kind, **payload):
        self.at += 3 * SECOND
        line = {"timestamp": stamp(self.at), "ordinal": len(self.lines)}
        self.lines.append(packed({**line, "type": kind, "payload": payload}))

    def meta(self, **more):
        plain = {"id": self.thread, "source": "cli", "cli_version": "0.128.0"}
        self.add("session_meta", **{**plain, **more})

    def own_turn(self):
        self.add("event_msg", type="task_started", turn_id="turn")
        self.add("turn_context", model="gpt-5.1-codex")

    def count(self, total, last, **more):
        info = {"total_token_usage": total, "last_token_usage": last}
        self.add("event_msg", type="token_count", info=info, **more)

    def answer(self, used):
        self.total = added(self.total, used)
        self.history.append((self.total, used))
        if self.records:
            self.add(
                "token_usage_record",
                thread_id=self.thread,
                response_id=f"resp_{len(self.history)}",
                usage=used,
                thread_token_usage=self.total,
            )
        self.count(self.total, used)

    def large(self, used):
        self.answer({name: 40 * count for name, count in used.items()})

    def anew(self, used):
        self.total = {}
        self.answer(used)

    def again(self, times):
        for _ in range(times if self.history else 0):
            self.count(*self.history[-1], rate_limits={"primary": None})

    def older(self, back):
        if self.history:
            self.count(*self.history[-1 - back % len(self.history)])

    def no_counts(self, nothing):
        self.add("event_msg", type="token_count", info=nothing)

    def only_last(self, used):
        if not self.records:
            self.count(None, used)

    def model(self, name):
        self.add("turn_context", model=name)

    def noise(self, line):
        self.lines.append(line)

    def steps(self, history):
        for kind, what in history:
            getattr(self, kind)(written(what) if isinstance(what, Tokens) else what)
        return self.lines


def named(thread, number=0):
    return f".codex/sessions/2026/11/20/rollout-{number}-{thread}.jsonl"


@st.composite
def threads(draw):
    """Draw a thread with an archived copy, and maybe a second file of it."""
    thread = Rollout("thread-1", records=draw(st.booleans()))
    thread.meta()
    thread.own_turn()
    lines = thread.steps(draw(HISTORY))
    files = {named("thread-1"): lines}
    if draw(st.booleans()):
        files[".codex/archived_sessions/rollout-0-thread-1.jsonl"] = lines
    return files


@FEW
@given(threads())
@example({named("t"): [b"\n"]})
def test_rollouts(files):
    found, expected = same(files)
    assert found == expected


@FEW
@given(threads())
def test_rollouts_read_for_usage_alone(files):
    rows = witnesses(Home(files), activity=False)
    assert facts(calls(rows)) == reference.read(files)


@pytest.mark.parametrize(
    ("size", "starts_anew"), [(97_999, True), (98_000, False), (99_999, False)]
)
def test_what_is_late_and_what_starts_anew(size, starts_anew):
    """From 98 % on, a smaller total is an older one; below, a start from zero."""
    thread = Rollout("thread-1")
    thread.meta()
    thread.own_turn()
    whole, next_answer = Tokens(99_000, output=1_000), Tokens(500, output=600)
    thread.answer(written(whole))
    smaller = Tokens(size - 1_000, output=1_000)
    thread.count(written(smaller), written(next_answer))
    thread.answer(written(next_answer))
    found, expected = same({named("thread-1"): thread.lines})
    assert found == expected
    # After a new start, the growth to the next total is all that it is short of.
    rest = Tokens(whole.input - smaller.input + 500, output=600)
    counted = [whole, next_answer, rest] if starts_anew else [whole, next_answer]
    assert sorted(one.tokens for one in found) == sorted(counted)


@FEW
@given(st.lists(USED, min_size=2, max_size=8), st.integers(1, 7), st.integers(0, 2))
def test_threads_that_go_on_in_another_file(used, cut, overlap):
    """The second file may begin with totals that the first one ended with."""
    whole = Rollout("thread-1")
    for one in used:
        whole.answer(written(one))
    cut = min(cut, len(used) - 1)
    opening = Rollout("thread-1")
    opening.meta()
    opening.own_turn()
    first = [*opening.lines, *whole.lines[:cut]]
    second = [*opening.lines, *whole.lines[max(0, cut - overlap) :]]
    found, expected = same({named("thread-1"): first, named("thread-1", 1): second})
    assert found == expected
    assert [one.tokens for one in sorted(found, key=lambda one: one.at)] == used


@FEW
@given(HISTORY, HISTORY, st.booleans(), st.booleans())
def test_children_that_replay_their_parents(before, after, by_ordinal, keeps_total):
    parent = Rollout("parent")
    parent.meta()
    parent.own_turn()
    parent.steps([step for step in before if step[0] != "noise"])
    child = Rollout("child", at=parent.at + 60 * SECOND)
    own_from = 1 + len(parent.history)
    start = {"subagent_history_start_ordinal": own_from} if by_ordinal else {}
    child.meta(forked_from_id="parent", **start)
    for total, used in parent.history:
        child.at -= 3 * SECOND - 1_000
        child.count(total, used)
    if keeps_total:
        child.total, child.history = parent.total, list(parent.history)
    child.own_turn()
    child.steps([step for step in after if step[0] != "noise"])
    found, expected = same({named("parent"): parent.lines, named("child"): child.lines})
    assert found == expected


@FEW
@given(st.lists(USED, min_size=1, max_size=6))
def test_records_and_totals_agree(used):
    sums = []
    for records in (False, True):
        thread = Rollout("thread-1", records=records)
        thread.meta()
        for one in used:
            thread.answer(written(one))
        found = calls(witnesses(Home({named("thread-1"): thread.lines})))
        sums.append(sorted(call.tokens for call in found))
    assert sums[0] == sums[1] == sorted(used)
