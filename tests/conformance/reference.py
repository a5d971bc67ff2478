"""A second reading of both logs, slow and simple, written from the formats alone.

It knows nothing of the product. Every rule can be left out, which makes the naive
reader that gets it wrong: so a test can show that a trap really is in the data.
"""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.conformance.claude_home import (
    ADVISOR,
    BLOCKS,
    FALLBACK,
    FORKED,
    GROWING,
    HALF,
    HOUR,
    JOURNAL,
    LONG,
    NO_MESSAGE,
    NO_REQUEST,
    NULL,
    ODD,
    PROGRESS,
    QUOTED,
    RESUMED,
    SIDE,
    SUBAGENT,
    SYNTHETIC,
    TASK,
    THINKING,
)
from tests.conformance.codex_home import (
    AGAIN,
    ANEW,
    ARCHIVED,
    BURST,
    CACHE,
    CODEX_HALF,
    CODEX_ODD,
    GOES_ON,
    LATE,
    NO_INFO,
    ONLY_LAST,
    ORDINAL,
    REASONING,
    RECORDS,
    ZERO,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

ONE_CALL = "all lines of a message are one call"
LARGEST = "the largest counts are the final ones"
ALL_FILES = "a message is one call over all files"
ID_ALONE = "the message id alone names a call"
NAMELESS = "without a message id, the request names a call"
REQUEST_LESS = "a line needs no request id"
SUBAGENTS = "sub-agents' files count"
NO_JOURNAL = "a journal is no log"
ADVISORS = "advisor iterations are calls"
SERVED = "the model that took over is the model"
PLAIN_NAME = "the mark of the long context is no part of the name"
NO_SYNTHETIC = "synthetic answers are no calls"
GO_ON = "a bad line does no harm to others"
NULL_IS_NONE = "null is nothing"
ASSISTANTS = "only an assistant's own usage counts"
TEXT_IS_TEXT = "what a tool printed is text"
LIFETIMES = "cache writes have two lifetimes"
THINKING_INSIDE = "thinking lies inside output"

RECORDS_WIN = "records make totals superfluous"
GROWTH = "only growth of a total is use"
LATE_IS_OLD = "a slightly smaller total is an old one"
NEW_START = "a far smaller total is a new start"
PARENTS = "replayed totals are the parent's"
ORDINALS = "lines before the own ordinal are the parent's"
CHILDREN = "a child's own use counts from its first answer"
ONE_THREAD = "a thread is one over all files"
FIRST_LAST = "a first total holds earlier use"
LAST_ALONE = "equal events without a total are one"
CACHE_INSIDE = "cached input lies inside input"
REASONING_INSIDE = "reasoning lies inside output"
NO_COUNTS = "an event without counts is none"
CODEX_GO_ON = "a bad line of a rollout does no harm"

# Which rule is for which trap; each trap has at least one, each rule too.
RULE_OF: dict[str, tuple[str, ...]] = {
    BLOCKS: (ONE_CALL,),
    GROWING: (ONE_CALL, LARGEST),
    NO_REQUEST: (REQUEST_LESS,),
    NO_MESSAGE: (NAMELESS,),
    RESUMED: (ONE_CALL, ALL_FILES),
    FORKED: (ONE_CALL, ALL_FILES),
    SIDE: (ONE_CALL, ID_ALONE),
    SUBAGENT: (SUBAGENTS,),
    JOURNAL: (NO_JOURNAL,),
    ADVISOR: (ADVISORS,),
    FALLBACK: (SERVED,),
    SYNTHETIC: (NO_SYNTHETIC,),
    HALF: (GO_ON,),
    ODD: (GO_ON,),
    NULL: (NULL_IS_NONE,),
    PROGRESS: (ASSISTANTS, SUBAGENTS),
    TASK: (ASSISTANTS,),
    QUOTED: (TEXT_IS_TEXT,),
    HOUR: (LIFETIMES,),
    THINKING: (THINKING_INSIDE,),
    LONG: (PLAIN_NAME,),
    AGAIN: (GROWTH,),
    RECORDS: (RECORDS_WIN,),
    BURST: (PARENTS,),
    ZERO: (CHILDREN,),
    ORDINAL: (ORDINALS,),
    LATE: (LATE_IS_OLD,),
    ANEW: (NEW_START,),
    ARCHIVED: (ONE_THREAD,),
    GOES_ON: (FIRST_LAST, ONE_THREAD),
    REASONING: (REASONING_INSIDE,),
    CACHE: (CACHE_INSIDE,),
    NO_INFO: (NO_COUNTS,),
    ONLY_LAST: (LAST_ALONE,),
    CODEX_ODD: (CODEX_GO_ON,),
    CODEX_HALF: (CODEX_GO_ON,),
}
RULES = frozenset(rule for rules in RULE_OF.values() for rule in rules)

Files = dict[str, list[bytes]]
Known = dict[str, Any]


def read(files: Files, rules: frozenset[str] = RULES) -> list[tuple[Any, ...]]:
    """Return (client, model, time, agent, seven counts) of every call."""
    claude = {name: lines for name, lines in files.items() if ".claude/" in name}
    codex = {name: lines for name, lines in files.items() if ".codex/" in name}
    return sorted([*read_claude(claude, rules), *read_codex(codex, rules)])


def instant(written: str) -> int:
    """Turn an ISO time into UTC microseconds."""
    return (datetime.fromisoformat(written) - EPOCH) // timedelta(microseconds=1)


class Spoilt(Exception):
    """A reader without the rule for it gives a whole file up."""


def objects(lines: list[bytes], *, forgiving: bool) -> list[tuple[int, Known]]:
    """Return the objects among some lines, with the numbers of their lines."""
    found = []
    for number, line in enumerate(lines):
        if not line.strip():
            continue
        try:
            plain = json.loads(line)
        except ValueError:
            plain = None
        if isinstance(plain, dict):
            found.append((number, plain))
        elif not forgiving:
            raise Spoilt
    return found


# ----------------------------------------------------------------- Claude Code


def read_claude(files: Files, rules: frozenset[str] = RULES) -> list[tuple[Any, ...]]:
    said: dict[Any, list[Known]] = defaultdict(list)
    for name, lines in files.items():
        if name.endswith("journal.jsonl") and NO_JOURNAL in rules:
            continue
        if "/subagents/" in name and SUBAGENTS not in rules:
            continue
        found: dict[Any, list[Known]] = defaultdict(list)
        try:
            for number, line in objects(lines, forgiving=GO_ON in rules):
                for key, one in claude_line(line, (name, number), rules):
                    found[key].append(one)
        except Spoilt:
            continue
        for key, many in found.items():
            said[key if ALL_FILES in rules else (name, key)] += many
    return [claude_call(many, rules) for many in said.values()]


def claude_line(line: Known, place: Any, rules: frozenset[str]) -> list[Any]:
    """Return (identity, what is said of the call) for each call of a line."""
    found = []
    if TEXT_IS_TEXT not in rules:
        found += [((place, n), stray(u)) for n, u in enumerate(quoted(line))]
    if line.get("type") != "assistant":
        if ASSISTANTS not in rules:
            found += [((place, -n), stray(u)) for n, u in enumerate(nested(line))]
        return found
    if counted(line, rules):
        message, usage = line["message"], line["message"]["usage"]
        key = claude_key(line, message, place, rules)
        if key is not None:
            found.append((key, claude_said(line, message, usage)))
            found += advice(line, key, usage) if ADVISORS in rules else []
    return found


def counted(line: Known, rules: frozenset[str]) -> bool:
    """Tell whether an assistant's line tells of a call."""
    message = line.get("message", {})
    usage = message.get("usage")
    if NULL_IS_NONE not in rules and (usage is None or None in usage.values()):
        raise Spoilt
    if message.get("model") == "<synthetic>" and NO_SYNTHETIC in rules:
        return False
    return usage is not None and ("requestId" in line or REQUEST_LESS in rules)


def advice(line: Known, key: Any, usage: Known) -> list[Any]:
    """Return the calls of advisors, which the usage around them excludes."""
    return [
        ((key, index), claude_said(line, {"model": item["model"]}, item))
        for index, item in enumerate(usage.get("iterations") or ())
        if item["type"] == "advisor_message"
    ]


def claude_key(
    line: Known, message: Known, place: Any, rules: frozenset[str]
) -> Any | None:
    """Name a call: by its message, else its request, else its line."""
    if ONE_CALL not in rules:
        return place
    if message.get("id"):
        if ID_ALONE in rules:
            return message["id"]
        return message["id"], line.get("requestId")
    if NAMELESS not in rules:
        return None
    if line.get("requestId"):
        return "request", line["requestId"]
    return ("line", line["uuid"]) if line.get("uuid") else None


def claude_said(line: Known, message: Known, usage: Known) -> Known:
    """Take from a line what it says of a call."""
    split = usage.get("cache_creation") or {}
    details = usage.get("output_tokens_details") or {}
    model = message.get("model") or ""
    took_over = [
        item["model"]
        for item in usage.get("iterations") or ()
        if item["type"] == "fallback_message"
    ]
    five = split.get("ephemeral_5m_input_tokens") or 0
    hour = split.get("ephemeral_1h_input_tokens") or 0
    writes = usage.get("cache_creation_input_tokens") or 0
    output = usage.get("output_tokens") or 0
    return {
        "at": instant(line["timestamp"]),
        "copy": line.get("isSidechain") is True,
        "model": model,
        "served": (took_over or [model])[0],
        "agent": line.get("agentId") or "",
        "input": usage.get("input_tokens") or 0,
        "read": usage.get("cache_read_input_tokens") or 0,
        "writes": max(writes, five + hour),
        "hour": hour,
        "output": output,
        "thinking": min(details.get("thinking_tokens") or 0, output),
    }


def claude_call(said: list[Known], rules: frozenset[str]) -> tuple[Any, ...]:
    """Merge all that is said of one call."""
    best = min(said, key=lambda one: (one["copy"], one["at"]))
    names = ("input", "read", "writes", "hour", "output", "thinking")
    if LARGEST in rules:
        most = {name: max(one[name] for one in said) for name in names}
    else:
        most = {name: said[0][name] for name in names}
    hour = most["hour"] if LIFETIMES in rules else 0
    visible = most["output"] - (most["thinking"] if THINKING_INSIDE in rules else 0)
    model = best["served"] if SERVED in rules else best["model"]
    if PLAIN_NAME in rules:
        model = model.removesuffix("[1m]")
    first, writes = most["input"], most["writes"] - hour
    tokens = (first, most["read"], writes, hour, visible, most["thinking"], 0)
    at = min(one["at"] for one in said)
    return "claude-code", model, at, best["agent"], tokens


def stray(usage: Known) -> Known:
    """Take usage that is none for a call, as a naive reader does."""
    return claude_said({"timestamp": "2026-11-20T12:00:00Z"}, {}, usage)


def nested(plain: Any) -> list[Known]:
    """Find whatever is called usage, however deep."""
    if isinstance(plain, list):
        return [usage for one in plain for usage in nested(one)]
    if not isinstance(plain, dict):
        return []
    own = [plain["usage"]] if isinstance(plain.get("usage"), dict) else []
    return own + [usage for one in plain.values() for usage in nested(one)]


def quoted(plain: Any) -> list[Known]:
    """Find usage in texts that are JSON themselves."""
    if isinstance(plain, str) and plain.startswith("{"):
        return nested(json.loads(plain))
    if isinstance(plain, list):
        return [usage for one in plain for usage in quoted(one)]
    if isinstance(plain, dict):
        return [usage for one in plain.values() for usage in quoted(one)]
    return []


# ----------------------------------------------------------------------- Codex

FIELDS = (
    "input_tokens",
    "cached_input_tokens",
    "cache_write_input_tokens",
    "output_tokens",
    "reasoning_output_tokens",
)


def read_codex(files: Files, rules: frozenset[str] = RULES) -> list[tuple[Any, ...]]:
    said: dict[Any, list[Known]] = defaultdict(list)
    for name, lines in files.items():
        try:
            plain = [one for _, one in objects(lines, forgiving=CODEX_GO_ON in rules)]
            found = codex_file(plain, rules)
        except Spoilt:
            continue
        for key, one in found:
            said[key if ONE_THREAD in rules else (name, key)].append(one)
    return [codex_call(many, rules) for many in said.values()]


def codex_file(lines: list[Known], rules: frozenset[str]) -> list[tuple[Any, Known]]:
    """Return (identity, what is said) of each answer of one rollout."""
    metas = [one["payload"] for one in lines if one["type"] == "session_meta"]
    meta = metas[0] if metas else {}
    with_records = any(one["type"] == "token_usage_record" for one in lines)
    totals = Totals(rules, child=is_child(meta))
    found, model, thread = [], "", meta.get("id", "")
    spawned = meta.get("source")
    role = ""
    if isinstance(spawned, dict):
        role = spawned["subagent"]["thread_spawn"].get("agent_role", "subagent")
    for line in own_lines(lines, meta, totals, rules):
        payload = line["payload"]
        if line["type"] == "turn_context":
            model = payload.get("model") or model
        used = key = None
        if line["type"] == "token_usage_record":
            used = tuple(payload["usage"].get(name) or 0 for name in FIELDS)
            key = (payload["thread_id"], payload["response_id"])
        elif payload.get("type") == "token_count":
            if with_records and RECORDS_WIN in rules:
                continue
            used, key = totals.take(payload.get("info"), line["timestamp"])
        if used is not None and any(used):
            at = instant(line["timestamp"])
            said = {"at": at, "model": model, "agent": role, "used": used}
            found.append(((thread, key), said))
    return found


def is_child(meta: Known) -> bool:
    spawned = isinstance(meta.get("source"), dict)
    return bool(meta.get("forked_from_id") or meta.get("parent_thread_id") or spawned)


def own_lines(
    lines: list[Known], meta: Known, totals: Totals, rules: frozenset[str]
) -> list[Known]:
    """Return a thread's own lines; of its parent's, keep where the totals stood."""
    first = meta.get("subagent_history_start_ordinal")
    if first is not None:
        rule = ORDINALS
        own = [one for one in lines if one["ordinal"] >= first]
    elif is_child(meta):
        rule = PARENTS
        own = lines[begin(lines) :]
    else:
        return lines
    if rule not in rules:
        return lines
    replayed = lines[: len(lines) - len(own)]
    for line in replayed:
        info = line["payload"].get("info") or {}
        if info.get("total_token_usage"):
            totals.before = counts(info["total_token_usage"])
    return own


def begin(lines: list[Known]) -> int:
    """Find where a child's own first task starts, or in old versions its first turn.

    A turn in the second of the first line is its parent's, replayed.
    """
    kinds = [one["payload"].get("type") or one["type"] for one in lines]
    if "task_started" in kinds:
        return kinds.index("task_started")
    second = instant(lines[0]["timestamp"]) + 1_000_000
    for number, (kind, line) in enumerate(zip(kinds, lines, strict=True)):
        if kind == "turn_context" and instant(line["timestamp"]) > second:
            return number
    return len(lines)


def counts(usage: Known) -> tuple[int, ...]:
    return tuple(usage.get(name) or 0 for name in FIELDS)


def size(total: tuple[int, ...]) -> int:
    return total[0] + total[3]


class Totals:
    """The running totals of one thread in one file."""

    def __init__(self, rules: frozenset[str], *, child: bool) -> None:
        self.rules = rules
        self.child = child
        self.before: tuple[int, ...] | None = None
        self.last: tuple[int, ...] | None = None
        self.starts = 0

    def take(self, info: Known | None, at: str) -> tuple[Any, Any]:
        """Return what one more answer used and its identity, or (None, None)."""
        if info is None:
            if NO_COUNTS not in self.rules:
                raise Spoilt
            return None, None
        last = info.get("last_token_usage")
        used = counts(last) if last else None
        if not info.get("total_token_usage"):
            return self.without_total(used, at)
        total = counts(info["total_token_usage"])
        if GROWTH not in self.rules:
            return used, at
        before, self.before = self.before, total
        if before is None:
            return self.first(total, used)
        if size(total) < size(before):
            return self.fallen(total, used, before)
        grown = tuple(max(0, a - b) for a, b in zip(total, before, strict=True))
        return grown, (self.starts, total)

    def without_total(self, used: Any, at: str) -> tuple[Any, Any]:
        if used == self.last and LAST_ALONE in self.rules:
            return None, None
        self.last = used
        return used, at

    def first(self, total: Any, used: Any) -> tuple[Any, Any]:
        if self.child and CHILDREN not in self.rules:
            return None, None
        whole = used is None or FIRST_LAST not in self.rules
        return total if whole else used, (self.starts, total)

    def fallen(self, total: Any, used: Any, before: Any) -> tuple[Any, Any]:
        if size(total) * 50 >= size(before) * 49 and LATE_IS_OLD in self.rules:
            self.before = before
            return None, None
        if NEW_START not in self.rules:
            self.before = before
            return None, None
        self.starts += 1
        return total if used is None else used, (self.starts, total)


def codex_call(said: list[Known], rules: frozenset[str]) -> tuple[Any, ...]:
    """Take overlapping counts apart; repetitions of an answer say the same."""
    first = min(said, key=lambda one: one["at"])
    inside, cached, wrote, output, reasoning = first["used"]
    cached = min(cached, inside)
    wrote = min(wrote, inside - cached)
    reasoning = min(reasoning, output)
    fresh = inside - cached - wrote if CACHE_INSIDE in rules else inside
    visible = output - reasoning if REASONING_INSIDE in rules else output
    tokens = (fresh, cached, wrote, 0, visible, reasoning, 0)
    return "codex", first["model"], first["at"], first["agent"], tokens
