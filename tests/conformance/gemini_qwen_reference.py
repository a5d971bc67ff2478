"""A second reading of the chats of Gemini CLI and Qwen Code, from the formats alone.

It knows nothing of the product. Every rule can be left out, which makes the naive
reader that gets it wrong.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

from tests.conformance.gemini_home import (
    AGAIN,
    CACHE,
    CHILDREN,
    DOCUMENT,
    GEMINI_HALF,
    GEMINI_ODD,
    LATER,
    MIGRATED,
    NET,
    RESUMED,
    REWOUND,
    THOUGHTS,
    TOOLS,
    UNCOUNTED,
    UPDATES,
)
from tests.conformance.qwen_home import (
    ANSWERS,
    BESIDE,
    BRANCHED,
    QWEN_CACHE,
    QWEN_HALF,
    QWEN_ODD,
    QWEN_THOUGHTS,
    REUSED,
    SIDE_CALLS,
    TWICE,
)
from tests.conformance.reference import Files, Known, Spoilt, instant, objects

ONE_CALL = "all versions of a message are one call"
LAST = "the last version of a message counts"
INSIDE = "messages inside updates count"
BILLED = "what was taken back was billed"
ONE_SESSION = "a second opening goes on with the first"
DOCUMENTS = "old documents are chats"
ALL_FILES = "a message is one call over all files"
BELOW = "sub-agents' files count"
BESIDE_OUTPUT = "thoughts stand beside output"
CACHE_INSIDE = "cached input lies inside input"
TOTAL_TELLS = "the total tells whether the cache lies inside"
TOOLS_BESIDE = "tool input stands beside input"
NO_TOKENS = "an answer without tokens is no call"
GO_ON = "a bad line does no harm to others"

PAIRED = "an answer that telemetry told of is no second call"
TOLD_ALONE = "a telemetry line needs no answer"
UNTOLD = "an answer needs no telemetry line"
SHORT_IDS = "short ids are nobody's own"
BRANCHES = "a branch repeats the calls of its session"
OWN_FILES = "what an agent writes of itself is told elsewhere"
THOUGHTS_INSIDE = "thoughts lie inside the answer"
QWEN_CACHE_INSIDE = "cached input lies inside the prompt"
QWEN_GO_ON = "a bad line of a chat does no harm"

RULE_OF: dict[str, tuple[str, ...]] = {
    AGAIN: (ONE_CALL,),
    LATER: (LAST,),
    UPDATES: (INSIDE, ONE_CALL),
    REWOUND: (BILLED,),
    RESUMED: (ONE_SESSION,),
    DOCUMENT: (DOCUMENTS,),
    MIGRATED: (ALL_FILES,),
    CHILDREN: (BELOW,),
    THOUGHTS: (BESIDE_OUTPUT,),
    CACHE: (CACHE_INSIDE,),
    NET: (TOTAL_TELLS,),
    TOOLS: (TOOLS_BESIDE,),
    UNCOUNTED: (NO_TOKENS,),
    GEMINI_ODD: (GO_ON,),
    GEMINI_HALF: (GO_ON,),
    TWICE: (PAIRED,),
    SIDE_CALLS: (TOLD_ALONE,),
    ANSWERS: (UNTOLD, PAIRED),
    REUSED: (SHORT_IDS, PAIRED),
    BRANCHED: (BRANCHES,),
    BESIDE: (OWN_FILES, TOLD_ALONE),
    QWEN_THOUGHTS: (THOUGHTS_INSIDE,),
    QWEN_CACHE: (QWEN_CACHE_INSIDE,),
    QWEN_ODD: (QWEN_GO_ON,),
    QWEN_HALF: (QWEN_GO_ON,),
}
RULES = frozenset(rule for rules in RULE_OF.values() for rule in rules)
LONG_ID = 20
NEAR = 120 * 1_000_000


def read(files: Files, rules: frozenset[str] = RULES) -> list[tuple[Any, ...]]:
    """Return (client, model, time, agent, seven counts) of every call."""
    gemini = {name: lines for name, lines in files.items() if ".gemini/" in name}
    qwen = {name: lines for name, lines in files.items() if ".qwen/" in name}
    return sorted([*read_gemini(gemini, rules), *read_qwen(qwen, rules)])


# -------------------------------------------------------------------- Gemini CLI


def read_gemini(files: Files, rules: frozenset[str] = RULES) -> list[tuple[Any, ...]]:
    said: dict[Any, list[Known]] = defaultdict(list)
    for name, lines in files.items():
        below = "/session-" not in name
        if below and BELOW not in rules:
            continue
        for number, one in enumerate(gemini_messages(name, lines, rules)):
            place = "" if ALL_FILES in rules else name
            key = (place, one["id"], 0 if ONE_CALL in rules else number)
            said[key].append({**one, "agent": "subagent" if below else ""})
    found = [gemini_call(versions, rules) for versions in said.values()]
    return [one for one in found if one]


def gemini_messages(name: str, lines: list[bytes], rules: frozenset[str]) -> Any:
    if name.endswith(".json"):
        whole = json.loads(b"".join(lines))["messages"] if DOCUMENTS in rules else []
        return [one for one in whole if one["type"] == "gemini"]
    try:
        plain = [one for _, one in objects(lines, forgiving=GO_ON in rules)]
    except Spoilt:
        return []
    found: list[Known] = []
    for line in plain:
        if "sessionId" in line and ONE_SESSION not in rules:
            found = []
        if "$rewindTo" in line and BILLED not in rules:
            found = found[:-1]
        if line.get("type") == "gemini" and "id" in line:
            found.append(line)
        if "$set" in line and INSIDE in rules:
            inner = line["$set"].get("messages", [])
            found += [one for one in inner if one["type"] == "gemini"]
    return found


def gemini_call(versions: list[Known], rules: frozenset[str]) -> tuple[Any, ...] | None:
    told = [one for one in versions if one.get("tokens") or LAST not in rules]
    if not told:
        if NO_TOKENS in rules:
            return None
        told = versions
    one = told[-1] if LAST in rules else told[0]
    used = one.get("tokens")
    if not used:
        if NO_TOKENS in rules:
            return None
        used = dict.fromkeys(("input", "output", "cached", "thoughts", "tool"), 0)
    return (
        "gemini-cli",
        one["model"],
        instant(one["timestamp"]),
        one["agent"],
        gemini_counts(used, rules),
    )


def gemini_counts(used: Known, rules: frozenset[str]) -> tuple[int, ...]:
    names = ("input", "output", "cached", "thoughts", "tool")
    fresh, output, cached, thoughts, tool = (used[name] for name in names)
    inside = used.get("total") == fresh + output + thoughts + tool
    if (inside or TOTAL_TELLS not in rules) and CACHE_INSIDE in rules:
        fresh = max(fresh - cached, 0)
    if BESIDE_OUTPUT not in rules:
        output = max(output - thoughts, 0)
    if TOOLS_BESIDE not in rules:
        tool = 0
    return (fresh, cached, 0, 0, output, thoughts, tool)


# --------------------------------------------------------------------- Qwen Code


def read_qwen(files: Files, rules: frozenset[str] = RULES) -> list[tuple[Any, ...]]:
    said: dict[Any, tuple[Any, ...]] = {}
    for name, lines in files.items():
        try:
            plain = [one for _, one in objects(lines, forgiving=QWEN_GO_ON in rules)]
        except Spoilt:
            continue
        for key, one in qwen_file(plain, rules):
            said.setdefault(key if BRANCHES in rules else (name, key), one)
    return list(said.values())


def qwen_file(lines: list[Known], rules: frozenset[str]) -> list[tuple[Any, Any]]:
    """Return (identity, call) of each call of one chat."""
    told = [one for line in lines if (one := qwen_told(line, rules))]
    answered = [one for line in lines if (one := qwen_answered(line, rules))]
    if TOLD_ALONE not in rules:
        return answered
    if UNTOLD not in rules and told:
        return told
    if PAIRED not in rules:
        return told + answered
    free = list(told)
    alone = []
    for key, call in answered:
        near = [one for one in free if is_twin(one[1], call)]
        if near:
            free.remove(near[0])
        else:
            alone.append((key, call))
    return told + alone


def is_twin(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    return one[4] == other[4] and abs(one[2] - other[2]) <= NEAR


def qwen_told(line: Known, rules: frozenset[str]) -> tuple[Any, Any] | None:
    payload = line.get("systemPayload") or {}
    event = payload.get("uiEvent") or {}
    if event.get("event.name") != "qwen-code.api_response":
        return None
    names = ("input", "output", "cached_content", "thoughts")
    counts = qwen_counts(*(event[f"{name}_token_count"] for name in names), rules)
    own = event["response_id"]
    unique = len(own) >= LONG_ID or SHORT_IDS not in rules
    agent = event.get("subagent_name", "")
    place = ("qwen-code", event["model"], instant(line["timestamp"]), agent)
    return own if unique else line["uuid"], (*place, counts)


def qwen_answered(line: Known, rules: frozenset[str]) -> tuple[Any, Any] | None:
    used = line.get("usageMetadata")
    if line.get("type") != "assistant" or not isinstance(used, dict):
        return None
    if line.get("isSidechain") and OWN_FILES in rules:
        return None
    names = ("prompt", "candidates", "cachedContent", "thoughts")
    counts = qwen_counts(*(used[f"{name}TokenCount"] for name in names), rules)
    place = ("qwen-code", line["model"], instant(line["timestamp"]), "")
    return line["uuid"], (*place, counts)


def qwen_counts(
    prompt: int, answer: int, cached: int, thoughts: int, rules: frozenset[str]
) -> tuple[int, ...]:
    if QWEN_CACHE_INSIDE in rules:
        prompt -= cached
    if THOUGHTS_INSIDE in rules:
        answer -= thoughts
    return (prompt, cached, 0, 0, answer, thoughts, 0)
