"""Writes logs of Copilot, pi, Kimi, Amp and Droid with every trap that they hold."""

from __future__ import annotations

import json
from typing import Any

from mileage.domain.tokens import Tokens
from tests.conformance.truth import Home, Real, Writer, packed, stamp
from tests.witnesses import NOON

CUMULATIVE = "sums that go on over resumed runs"
OLD_SUMS = "sessions that tell sums alone"
CHANGED_OVER = "session that a newer version took over"
CP_AGAIN = "records written again"
CP_AGENTS = "records of sub-agents"
CP_INSIDE = "cache and reasoning inside input and output"
CP_ODD = "events that are no objects"
CP_HALF = "events whose last line is half-written"
COPILOT_TRAPS = (
    *(CUMULATIVE, OLD_SUMS, CHANGED_OVER, CP_AGAIN, CP_AGENTS, CP_INSIDE),
    *(CP_ODD, CP_HALF),
)
PI_FORKED = "forked sessions that copy entries"
PI_NAMELESS = "answers without an id of the provider"
PI_FAILED = "answers that used nothing"
PI_ODD = "entries that are no objects"
PI_HALF = "session whose last line is half-written"
PI_TRAPS = (PI_FORKED, PI_NAMELESS, PI_FAILED, PI_ODD, PI_HALF)
KIMI_AGAIN = "statuses told again"
KIMI_AGENTS = "statuses inside events of sub-agents"
KIMI_CODE = "records beside ends of steps"
KIMI_SCOPES = "records of a session's own calls"
KIMI_HALF = "wire whose last line is half-written"
KIMI_TRAPS = (KIMI_AGAIN, KIMI_AGENTS, KIMI_CODE, KIMI_SCOPES, KIMI_HALF)
AMP_BOTH = "ledger and messages of one call"
AMP_ALONE = "messages without a ledger"
AMP_LATE = "ledger that begins late"
AMP_TRAPS = (AMP_BOTH, AMP_ALONE, AMP_LATE)
DROID_TRAPS: tuple[str, ...] = ("sums beside messages of the same session",)

FOLDER = "/home/alice/code/repo"
ODD_LINES = (b"[1]\n", b'"usage"\n', b'{"type":"message",}\n')
Plain = dict[str, Any]


class _Client(Writer):
    """What these writers share: a call, and torn or odd lines."""

    client = ""
    models: tuple[str, ...] = ("claude-sonnet-4-5", "claude-haiku-4-5")
    thinks = False

    def called(self, session: str, name: str = "", agent: str = "") -> Real:
        chance = self.chance
        tokens = Tokens(
            input=chance.randint(10, 3_000),
            cache_read=chance.randint(1_000, 90_000),
            cache_write=chance.randint(1, 9_000),
            output=chance.randint(10, 900),
            reasoning=chance.randint(10, 900) if self.thinks else 0,
        )
        place = (self.client, session, self.later(), chance.choice(self.models))
        return self.happened(Real(*place, tokens, name, agent=agent))

    def wrong(self, lines: list[bytes], odd: str, half: str) -> list[bytes]:
        found = list(lines)
        if odd in self.traps:
            found[2:2] = ODD_LINES
            self.home.refused += len(ODD_LINES)
        if half in self.traps:
            found.append(lines[-1][:-12])
            self.home.refused += 1
        return found


# ---------------------------------------------------------------------- Copilot


def copilot_home(seed: int, traps: Any = (), start: int = NOON) -> Home:
    """Write three sessions of Copilot's command line."""
    writer = _Copilot(seed, traps, start)
    for number in range(3):
        writer.session(number)
    if OLD_SUMS in writer.traps:
        writer.old_session()
    if CHANGED_OVER in writer.traps:
        writer.changed_over()
    return writer.home


class _Copilot(_Client):
    client = "copilot"
    sums: dict[str, Tokens]

    def session(self, number: int) -> None:
        session, lines = self.begun()
        for run in range(2):
            for place in range(2):
                agent = CP_AGENTS in self.traps and number == 1 and place == 1
                lines += self.turn(session, sub_agent=agent)
            lines.append(self.shut())
            if run == 0:
                resumed = {"sessionId": session, "eventCount": len(lines)}
                lines.append(self.event("session.resume", self.later(), **resumed))
        self.saved(session, self.wrong(lines, CP_ODD, CP_HALF))

    def begun(self) -> tuple[str, list[bytes]]:
        session = self.uuid()
        self.sums = {}
        told = {"sessionId": session, "copilotVersion": "1.0.102"}
        context = {"cwd": FOLDER}
        first = self.event("session.start", self.later(), **told, context=context)
        return session, [first]

    def turn(self, session: str, *, sub_agent: bool = False) -> list[bytes]:
        self.thinks = CP_INSIDE in self.traps
        name = self.ident("msg_")
        asked = self.event("user.message", self.later(), messageId=self.uuid())
        lines, agent = [asked], ""
        if sub_agent:
            agent = self.uuid()
            told = {"agentName": "explore", "toolCallId": "t"}
            kind = "subagent.started"
            lines.append(self.event(kind, self.later(), agent=agent, **told))
        call = self.called(session, name, "explore" if agent else "")
        self.grown(call)
        origin = self.uuid() if agent else session
        record = self.record(call, agent, origin)
        lines.append(record)
        if CP_AGAIN in self.traps:
            lines.append(record)
        return lines

    def grown(self, call: Real) -> None:
        before = self.sums.get(call.model, Tokens())
        self.sums[call.model] = before.plus(call.tokens)

    def record(self, call: Real, agent: str, origin: str) -> bytes:
        usage = {
            "model": call.model,
            **inside(call.tokens),
            "modelProvider": "anthropic",
            "apiCallId": call.name,
            "providerCallId": call.name.replace("msg_", "req_"),
            "accounting": {"sourceSessionId": origin, "usageId": call.name},
        }
        kind = "session.usage_record"
        return self.event(kind, call.at, agent=agent, usage=usage)

    def shut(self) -> bytes:
        """Tell the sums so far; they grow over resumed runs."""
        told = {name: {"usage": inside(total)} for name, total in self.sums.items()}
        kept = told if self.traps & {CUMULATIVE, OLD_SUMS, CHANGED_OVER} else {}
        return self.event("session.shutdown", self.later(), modelMetrics=kept)

    def old_session(self) -> None:
        """Write a session of a version without records: one row a model and run."""
        session, lines = self.begun()
        for _ in range(2):
            before, earlier = len(self.home.calls), self.sums
            self.sums = {}
            for _ in range(3):
                self.grown(self.called(session))
            del self.home.calls[before:]
            run, self.sums = self.sums, dict(earlier)
            for model, total in run.items():
                self.sums[model] = earlier.get(model, Tokens()).plus(total)
            lines.append(self.shut())
            self.summed(session, run)
        self.saved(session, lines)

    def changed_over(self) -> None:
        """Write a session that an older version began and a newer one went on with."""
        session, lines = self.begun()
        before = len(self.home.calls)
        self.grown(self.called(session))
        lines.append(self.shut())
        del self.home.calls[before:]
        self.summed(session, self.sums)
        lines += self.turn(session)
        lines.append(self.shut())
        self.saved(session, lines)

    def summed(self, session: str, sums: dict[str, Tokens]) -> None:
        for model, total in sums.items():
            place = (self.client, session, self.now, model)
            self.happened(Real(*place, total, ""))

    def event(self, kind: str, at: int, agent: str = "", **data: Any) -> bytes:
        named = {"agentId": agent} if agent else {}
        envelope = {"type": kind, "data": data, "id": self.uuid()}
        return packed({**envelope, "timestamp": stamp(at), **named})

    def saved(self, session: str, lines: list[bytes]) -> None:
        path = f".copilot/session-state/{session}/events.jsonl"
        self.home.files[path] = lines


def inside(tokens: Tokens) -> dict[str, int]:
    """Write counts with the cache inside input and reasoning inside output."""
    return {
        "inputTokens": tokens.input + tokens.cache_read + tokens.cache_write,
        "outputTokens": tokens.output + tokens.reasoning,
        "cacheReadTokens": tokens.cache_read,
        "cacheWriteTokens": tokens.cache_write,
        "reasoningTokens": tokens.reasoning,
    }


# --------------------------------------------------------------------------- pi


def pi_home(seed: int, traps: Any = (), start: int = NOON) -> Home:
    """Write three sessions of pi."""
    writer = _Pi(seed, traps, start)
    for number in range(3):
        writer.session(number)
    return writer.home


class _Pi(_Client):
    client = "pi"

    def session(self, number: int) -> None:
        session, lines = self.begun()
        for place in range(4):
            lines += self.turn(session, place)
        self.saved(session, self.wrong(lines, PI_ODD, PI_HALF))
        if number == 0 and PI_FORKED in self.traps:
            fork, copy = self.begun()
            copy += lines[1:]
            copy += self.turn(fork, 0)
            self.saved(fork, copy)

    def begun(self) -> tuple[str, list[bytes]]:
        session = self.uuid()
        told = {"type": "session", "version": 3, "id": session, "cwd": FOLDER}
        return session, [packed({**told, "timestamp": stamp(self.later())})]

    def turn(self, session: str, place: int) -> list[bytes]:
        lines = [self.entry("user", self.later())]
        if PI_FAILED in self.traps and place == 1:
            nothing = dict.fromkeys(("input", "output", "cacheRead", "cacheWrite"), 0)
            failed = {"model": "gpt-5.1", "usage": nothing, "stopReason": "error"}
            lines.append(self.entry("assistant", self.later(), **failed))
        nameless = PI_NAMELESS in self.traps and place != 3
        call = self.called(session, "" if nameless else self.ident("msg_"))
        named = {"responseId": call.name} if call.name else {}
        tokens = call.tokens
        usage = {
            "input": tokens.input,
            "output": tokens.output,
            "cacheRead": tokens.cache_read,
            "cacheWrite": tokens.cache_write,
            "totalTokens": tokens.total,
        }
        told = {"provider": "anthropic", "model": call.model, "usage": usage}
        lines.append(self.entry("assistant", call.at, **told, **named))
        return lines

    def entry(self, role: str, at: int, **fields: Any) -> bytes:
        message = {"role": role, "content": [], **fields, "timestamp": at // 1_000}
        name = self.ident(length=8)
        envelope = {"type": "message", "id": name, "timestamp": stamp(at)}
        return packed({**envelope, "message": message})

    def saved(self, session: str, lines: list[bytes]) -> None:
        self.home.files[f".pi/agent/sessions/--repo--/{session}.jsonl"] = lines


# ------------------------------------------------------------------------- Kimi


def kimi_home(seed: int, traps: Any = (), start: int = NOON) -> Home:
    """Write three sessions of Kimi CLI, and one of Kimi Code where a trap asks."""
    writer = _Kimi(seed, traps, start)
    for number in range(3):
        writer.session(number)
    if writer.traps & {KIMI_CODE, KIMI_SCOPES}:
        writer.code_session()
    return writer.home


class _Kimi(_Client):
    client = "kimi"
    models = ("",)

    def session(self, number: int) -> None:
        session = self.uuid()
        lines = [packed({"type": "metadata", "protocol_version": "1.1"})]
        for place in range(4):
            asked = self.wired("TurnBegin", self.later(), user_input="please")
            helper = KIMI_AGENTS in self.traps and number == 1 and place > 1
            call = self.called(
                session, self.ident("chatcmpl-"), "coder" if helper else ""
            )
            lines += [asked, self.status(call)]
            if KIMI_AGAIN in self.traps:
                lines.append(self.status(call))
        path = f".kimi/sessions/group/{session}/wire.jsonl"
        self.home.files[path] = self.wrong(lines, "", KIMI_HALF)

    def status(self, call: Real) -> bytes:
        tokens = call.tokens
        usage = {
            "input_other": tokens.input,
            "output": tokens.output,
            "input_cache_read": tokens.cache_read,
            "input_cache_creation": tokens.cache_write,
        }
        told = {"token_usage": usage, "message_id": call.name}
        if not call.agent:
            return self.wired("StatusUpdate", call.at, **told)
        inner = {"type": "StatusUpdate", "payload": told}
        named = {"subagent_type": call.agent, "event": inner}
        return self.wired("SubagentEvent", call.at, **named)

    def wired(self, kind: str, at: int, **payload: Any) -> bytes:
        message = {"type": kind, "payload": payload}
        return packed({"timestamp": at / 1_000_000, "message": message})

    def code_session(self) -> None:
        self.models = ("kimi-for-coding",)
        session, lines = self.uuid(), []
        for place in range(4):
            call = self.called(session)
            usage = {
                "inputOther": call.tokens.input,
                "output": call.tokens.output,
                "inputCacheRead": call.tokens.cache_read,
                "inputCacheCreation": call.tokens.cache_write,
            }
            own = KIMI_SCOPES in self.traps and place == 2
            timed = {"usage": usage, "time": call.at // 1_000}
            named = {"model": "kimi-code/kimi-for-coding"}
            scope = {"usageScope": "session" if own else "turn"}
            record = {"type": "usage.record", **named, **scope, **timed}
            lines.append(packed(record))
            if KIMI_CODE in self.traps:
                lines.append(packed({"type": "step.end", **timed}))
        path = f".kimi-code/sessions/work/{session}/agents/main/wire.jsonl"
        self.home.files[path] = lines


# ------------------------------------------------------------------- Amp, Droid


def amp_home(seed: int, traps: Any = (), start: int = NOON) -> Home:
    """Write three threads of Amp."""
    writer = _Amp(seed, traps, start)
    for number in range(3):
        writer.thread(number)
    return writer.home


class _Amp(_Client):
    client = "amp"

    def thread(self, number: int) -> None:
        name = f"T-{self.uuid()}"
        created = self.later() // 1_000
        events: list[Plain] = []
        messages: list[Plain] = []
        for place in range(1, 5):
            call = self.called(name)
            alone = AMP_ALONE in self.traps and number == 1
            late = AMP_LATE in self.traps and place < 3
            if not (alone or late):
                events.append(self.event(call, place))
            messages.append(self.message(call, place))
        thread = {"v": 1, "id": name, "created": created, "messages": messages}
        ledger = {"usageLedger": {"events": events}} if events else {}
        document = json.dumps({**thread, **ledger}).encode()
        self.home.files[f".local/share/amp/threads/{name}.json"] = [document]

    def event(self, call: Real, place: int) -> Plain:
        told = {"input": call.tokens.input, "output": call.tokens.output}
        timed = {"id": self.uuid(), "timestamp": stamp(call.at)}
        return {**timed, "model": call.model, "tokens": told, "toMessageId": place}

    def message(self, call: Real, place: int) -> Plain:
        tokens = call.tokens
        usage = {
            "model": call.model,
            "timestamp": stamp(call.at),
            "inputTokens": tokens.input,
            "outputTokens": tokens.output,
            "cacheReadInputTokens": tokens.cache_read,
            "cacheCreationInputTokens": tokens.cache_write,
        }
        return {"role": "assistant", "messageId": place, "usage": usage}


def droid_home(seed: int, traps: Any = (), start: int = NOON) -> Home:
    """Write three sessions of Droid: one row each."""
    writer = _Droid(seed, traps, start)
    for _ in range(3):
        writer.session()
    return writer.home


class _Droid(_Client):
    client = "droid"
    thinks = True

    def session(self) -> None:
        session = self.uuid()
        call = self.called(session)
        tokens = call.tokens
        usage = {
            "inputTokens": tokens.input,
            "outputTokens": tokens.output,
            "cacheCreationTokens": tokens.cache_write,
            "cacheReadTokens": tokens.cache_read,
            "thinkingTokens": tokens.reasoning,
        }
        locked = {"providerLock": "anthropic", "providerLockTimestamp": stamp(call.at)}
        settings = {"model": call.model, **locked, "tokenUsage": usage}
        path = f".factory/sessions/{session}"
        self.home.files[f"{path}.settings.json"] = [json.dumps(settings).encode()]
        if self.traps:
            started = {"type": "session_start", "id": session}
            message = {"usage": usage, "role": "assistant"}
            line = {"type": "message", "timestamp": stamp(self.later())}
            lines = [packed(started), packed({**line, "message": message})]
            self.home.files[f"{path}.jsonl"] = lines
