"""Writes rollouts of Codex with every trap that real ones hold."""

from __future__ import annotations

from typing import Any

from mileage.domain.tokens import Tokens
from mileage.domain.window import moment
from tests.conformance.truth import MILLISECOND, Home, Real, Writer, packed, stamp
from tests.witnesses import NOON

AGAIN = "totals written again"
RECORDS = "records and totals of the same answers"
BURST = "fork that replays its parent's totals in a burst"
ZERO = "fork that starts at zero"
ORDINAL = "sub-agent whose history ends at an ordinal"
LATE = "older total that comes late"
ANEW = "totals that start anew"
ARCHIVED = "archived copy"
GOES_ON = "thread that goes on in a new file"
REASONING = "reasoning inside output"
CACHE = "cache inside input"
NO_INFO = "events without counts"
ONLY_LAST = "events with the last usage only"
CODEX_ODD = "rollout lines that are no objects"
CODEX_HALF = "half-written last line of a rollout"
CODEX_TRAPS = (
    *(AGAIN, RECORDS, BURST, ZERO, ORDINAL, LATE, ANEW, ARCHIVED, GOES_ON, REASONING),
    *(CACHE, NO_INFO, ONLY_LAST, CODEX_ODD, CODEX_HALF),
)

MODELS = ("gpt-5.1-codex", "gpt-5.2-codex")
ODD_LINES = (b"[1]\n", b'"token_count"\n', b'{"type":"event_msg",}\n')
Usage = dict[str, int]


def codex_home(seed: int, traps: Any = (), start: int = NOON) -> Home:
    """Write three threads (and what the traps add); the same for the same seed."""
    writer = _Codex(seed, traps, start)
    for number in range(3):
        writer.thread(number)
    return writer.home


class _Thread:
    """One thread while it is written."""

    def __init__(self, identity: str, agent: str = "") -> None:
        self.identity = identity
        self.agent = agent
        self.lines: list[bytes] = []
        self.total: Usage = {}
        self.history: list[tuple[Usage, Usage]] = []
        self.numbered = False

    def add(self, at: int, kind: str, **payload: Any) -> None:
        ordinal = {"ordinal": len(self.lines)} if self.numbered else {}
        envelope = {"timestamp": stamp(at), **ordinal, "type": kind}
        self.lines.append(packed({**envelope, "payload": payload}))

    def event(self, at: int, kind: str, **payload: Any) -> None:
        self.add(at, "event_msg", type=kind, **payload)

    def count(self, at: int, info: Any, percent: float = 1.0) -> None:
        limits = {"primary": {"used_percent": percent, "window_minutes": 300}}
        self.event(at, "token_count", info=info, rate_limits=limits)


class _Codex(Writer):
    """Writes thread after thread."""

    def thread(self, number: int) -> None:
        thread = self.begun()
        records = RECORDS in self.traps and number == 1
        for place in range(4):
            self.answer(thread, small=place > 1, records=records)
            self.beside(thread, late=number == 0 and place > 1)
        if number == 2:
            self.starts_anew(thread)
        self.only_last()
        name = self.saved(thread)
        if number == 0:
            self.copied(thread, name)
            self.children(thread)

    def begun(self, agent: str = "", identity: str = "", **meta: Any) -> _Thread:
        thread = _Thread(identity or self.uuid(), agent)
        thread.numbered = "subagent_history_start_ordinal" in meta
        plain = {"cwd": "/home/alice/code/repo", "cli_version": "0.128.0"}
        named = {"id": thread.identity, "source": "cli", **plain, **meta}
        thread.add(self.later(), "session_meta", **named)
        if not meta:
            self.own_turn(thread)
        return thread

    def own_turn(self, thread: _Thread, *, tasks: bool = True) -> None:
        """Begin a turn; old versions did not write that a task started."""
        model = self.chance.choice(MODELS)
        self.model = model
        self.later(2_000)
        if tasks:
            thread.event(self.now, "task_started", turn_id=self.uuid())
        thread.add(self.now, "turn_context", model=model, cwd="/home/alice/code/repo")
        thread.event(self.now, "user_message", message="please")

    # ---------------------------------------------------------------- one answer

    def answer(
        self, thread: _Thread, *, small: bool = False, records: bool = False
    ) -> None:
        """Write one call; small ones move the total by less than a fiftieth."""
        tokens = self.tokens(small=small)
        used = written(tokens)
        thread.total = added(thread.total, used)
        info = {"total_token_usage": thread.total, "last_token_usage": used}
        if records and len(thread.history) % 2 == 0:
            thread.count(self.later(), info)
        name = self.ident("resp_")
        place = ("codex", thread.identity, self.later(), self.model, tokens, name)
        self.happened(Real(*place, agent=thread.agent))
        if records:
            thread.add(
                self.now,
                "token_usage_record",
                thread_id=thread.identity,
                response_id=name,
                usage=used,
                thread_token_usage=thread.total,
            )
        thread.history.append((thread.total, used))
        if not records or len(thread.history) % 2 == 0:
            thread.count(self.later(1, 9) if records else self.now, info)

    def tokens(self, *, small: bool) -> Tokens:
        chance = self.chance
        size = 100 if small else 20_000
        return Tokens(
            input=size + chance.randint(1, size),
            cache_read=chance.randint(1, size) if CACHE in self.traps else 0,
            cache_write=chance.randint(1, size) if CACHE in self.traps else 0,
            output=chance.randint(1, size),
            reasoning=chance.randint(1, size) if REASONING in self.traps else 0,
        )

    def beside(self, thread: _Thread, *, late: bool) -> None:
        """Write what follows an answer and is none."""
        total, used = thread.history[-1]
        info = {"total_token_usage": total, "last_token_usage": used}
        if AGAIN in self.traps:
            for percent in (2.0, 2.0, 3.5):
                thread.count(self.later(1, 900), info, percent)
        if NO_INFO in self.traps:
            thread.count(self.later(1, 900), None, 4.0)
        if LATE in self.traps and late:
            older, before = thread.history[-2]
            stale = {"total_token_usage": older, "last_token_usage": before}
            thread.count(self.later(1, 900), stale)
        if CODEX_ODD in self.traps:
            thread.lines += [b"\n", *ODD_LINES]
            self.home.refused += len(ODD_LINES)

    def starts_anew(self, thread: _Thread) -> None:
        if ANEW in self.traps:
            thread.total = {}
            for _ in range(2):
                self.answer(thread, small=True)

    def only_last(self) -> None:
        """Write a thread of a version that told no totals, each event twice."""
        if ONLY_LAST not in self.traps:
            return
        thread = self.begun()
        for _ in range(3):
            self.answer(thread)
            thread.lines.pop()
            info = {
                "total_token_usage": None,
                "last_token_usage": thread.history[-1][1],
            }
            thread.count(self.now, info)
            thread.count(self.later(5, 900), info, 2.0)
        self.saved(thread)

    # --------------------------------------------------------------- files, copies

    def saved(self, thread: _Thread) -> str:
        when = moment(self.now).strftime("%Y-%m-%dT%H-%M-%S")
        name = f"rollout-{when}-{thread.identity}.jsonl"
        folder = f".codex/sessions/{moment(self.now):%Y/%m/%d}"
        lines = list(thread.lines)
        if CODEX_HALF in self.traps:
            self.home.refused += 1
            lines.append(lines[-1][:-12])
        self.home.files[f"{folder}/{name}"] = lines
        return name

    def copied(self, thread: _Thread, name: str) -> None:
        """Archive a copy, and let the thread go on in a file of its own."""
        if ARCHIVED in self.traps:
            lines = list(thread.lines)
            self.home.files[f".codex/archived_sessions/{name}"] = lines
            self.home.refused += sum(line in ODD_LINES for line in lines)
        if GOES_ON not in self.traps:
            return
        for repeats in (True, False):
            more = self.begun(identity=thread.identity)
            more.total, more.history = thread.total, list(thread.history)
            total, used = more.history[-1]
            info = {"total_token_usage": total, "last_token_usage": used}
            if repeats:
                more.count(self.later(), info)
            for _ in range(2):
                self.answer(more)
            self.saved(more)
            thread = more

    def children(self, parent: _Thread) -> None:
        if BURST in self.traps:
            self.child_with_history(parent)
            self.child_with_history(parent, tasks=False)
        if ZERO in self.traps:
            child = self.begun(forked_from_id=parent.identity)
            self.own_turn(child)
            for _ in range(2):
                self.answer(child)
            self.saved(child)
        if ORDINAL in self.traps:
            self.numbered_child(parent)

    def child_with_history(self, parent: _Thread, *, tasks: bool = True) -> None:
        """Write the parent's totals again within milliseconds, then go on."""
        child = self.begun(forked_from_id=parent.identity)
        child.add(self.now, "session_meta", id=parent.identity, cli_version="0.1")
        if not tasks:
            child.add(self.now, "turn_context", model="its parent's")
            child.event(self.now, "user_message", message="what the parent was asked")
        for total, used in parent.history:
            self.now += MILLISECOND
            info = {"total_token_usage": total, "last_token_usage": used}
            child.count(self.now, info)
        child.total, child.history = dict(parent.total), list(parent.history)
        self.own_turn(child, tasks=tasks)
        for _ in range(2):
            self.answer(child)
        self.saved(child)

    def numbered_child(self, parent: _Thread) -> None:
        """Hand the parent's history to a sub-agent, up to an ordinal."""
        spawned = {"parent_thread_id": parent.identity, "agent_role": "worker"}
        own_from = 1 + len(parent.history)
        child = self.begun(
            "worker",
            source={"subagent": {"thread_spawn": spawned}},
            parent_thread_id=parent.identity,
            subagent_history_start_ordinal=own_from,
        )
        for total, used in parent.history:
            info = {"total_token_usage": total, "last_token_usage": used}
            child.count(self.now, info)
        assert len(child.lines) == own_from
        child.total, child.history = dict(parent.total), list(parent.history)
        self.own_turn(child)
        for _ in range(2):
            self.answer(child)
        self.saved(child)


def written(tokens: Tokens) -> Usage:
    """Write counts as Codex does: all input inside input, all output inside output."""
    inside = tokens.input + tokens.cache_read + tokens.cache_write
    out = tokens.output + tokens.reasoning
    return {
        "input_tokens": inside,
        "cached_input_tokens": tokens.cache_read,
        "cache_write_input_tokens": tokens.cache_write,
        "output_tokens": out,
        "reasoning_output_tokens": tokens.reasoning,
        "total_tokens": inside + out,
    }


def added(total: Usage, used: Usage) -> Usage:
    return {name: total.get(name, 0) + count for name, count in used.items()}
