"""Writes chats of Qwen Code with every trap that real ones hold."""

from __future__ import annotations

from typing import Any

from mileage.domain.tokens import Tokens
from tests.conformance.truth import MILLISECOND, Home, Real, Writer, packed, stamp
from tests.witnesses import NOON

SIDE_CALLS = "side calls that telemetry lines alone tell of"
ANSWERS = "answers without a telemetry line"
REUSED = "ids of responses that are used again"
BRANCHED = "branched session"
BESIDE = "agents' own files"
QWEN_THOUGHTS = "thoughts inside the answer"
QWEN_CACHE = "cache inside the prompt"
QWEN_ODD = "lines of a chat that are no objects"
QWEN_HALF = "chat whose last line is half-written"
TWICE = "telemetry and answer of one response"
QWEN_TRAPS = (
    *(TWICE, SIDE_CALLS, ANSWERS, REUSED, BRANCHED, BESIDE, QWEN_THOUGHTS),
    *(QWEN_CACHE, QWEN_ODD, QWEN_HALF),
)

MODEL = "qwen3-coder-plus"
ODD_LINES = (
    b"[1]\n",
    b'"usageMetadata"\n',
    b'{"type":"assistant","usageMetadata":7}\n',
)
PROJECT = ".qwen/projects/-home-alice-code-repo"
Plain = dict[str, Any]


def qwen_home(seed: int, traps: Any = (), start: int = NOON) -> Home:
    """Write three sessions (and what the traps add); the same for the same seed."""
    writer = _Qwen(seed, traps, start)
    for number in range(3):
        writer.session(number)
    return writer.home


def told(tokens: Tokens) -> dict[str, int]:
    """Write disjoint counts as telemetry lines do."""
    return {
        "input_token_count": tokens.input + tokens.cache_read,
        "output_token_count": tokens.output + tokens.reasoning,
        "cached_content_token_count": tokens.cache_read,
        "thoughts_token_count": tokens.reasoning,
        "total_token_count": tokens.total,
    }


def counted(tokens: Tokens) -> dict[str, int]:
    """Write disjoint counts as an assistant's line does."""
    return {
        "promptTokenCount": tokens.input + tokens.cache_read,
        "candidatesTokenCount": tokens.output + tokens.reasoning,
        "thoughtsTokenCount": tokens.reasoning,
        "totalTokenCount": tokens.total,
        "cachedContentTokenCount": tokens.cache_read,
    }


class _Qwen(Writer):
    """Writes session after session."""

    numbers = 0

    def session(self, number: int) -> None:
        session = self.uuid()
        lines: list[bytes] = []
        for _ in range(4):
            lines += self.turn(session)
        if number == 0 and BRANCHED in self.traps:
            self.branched(session, lines)
        if BESIDE in self.traps:
            self.beside(session, lines)
        self.home.files[f"{PROJECT}/chats/{session}.jsonl"] = [
            *lines,
            *self.torn(session),
        ]

    def line(self, session: str, at: int, kind: str, **fields: Any) -> Plain:
        plain = {"uuid": self.uuid(), "sessionId": session, "timestamp": stamp(at)}
        place = {"cwd": "/home/alice/code/repo", "version": "0.15.10"}
        return {**plain, "type": kind, **place, **fields}

    def turn(self, session: str) -> list[bytes]:
        """Write a prompt, a response, and what the traps make of it."""
        said = {"role": "user", "parts": [{"text": "please"}]}
        lines = [self.line(session, self.later(), "user", message=said)]
        call = self.call(session)
        if self.traps & {TWICE, ANSWERS, REUSED}:
            lines.append(self.telemetry(call))
            call = call._replace(at=call.at + 20 * MILLISECOND)
        lines.append(self.answer(call))
        if SIDE_CALLS in self.traps:
            lines.append(self.telemetry(self.call(session, "memory-extractor")))
        if ANSWERS in self.traps:
            lines.append(self.answer(self.call(session)))
        packed_lines = [packed(one) for one in lines]
        if QWEN_ODD in self.traps:
            self.home.refused += 1
            packed_lines.append(self.chance.choice(ODD_LINES))
        return packed_lines

    def call(self, session: str, agent: str = "") -> Real:
        tokens = Tokens(
            input=self.chance.randint(10, 3_000),
            cache_read=(
                self.chance.randint(1_000, 90_000) if QWEN_CACHE in self.traps else 0
            ),
            output=self.chance.randint(10, 900),
            reasoning=(
                self.chance.randint(10, 900) if QWEN_THOUGHTS in self.traps else 0
            ),
        )
        place = ("qwen-code", session, self.later(), MODEL, tokens)
        return self.happened(Real(*place, self.response_id(), agent=agent))

    def response_id(self) -> str:
        if REUSED not in self.traps:
            return self.ident("chatcmpl-", 24)
        # A local server numbers its answers and starts again and again.
        self.numbers = (self.numbers + 1) % 3
        return f"chatcmpl-{self.numbers}"

    def telemetry(self, call: Real) -> Plain:
        event = {
            "event.name": "qwen-code.api_response",
            "event.timestamp": stamp(call.at),
            "response_id": call.name,
            "model": call.model,
            "auth_type": "openai",
            **told(call.tokens),
            **({"subagent_name": call.agent} if call.agent else {}),
        }
        payload = {"subtype": "ui_telemetry", "systemPayload": {"uiEvent": event}}
        return self.line(call.session, call.at, "system", **payload)

    def answer(self, call: Real) -> Plain:
        used = {"model": call.model, "usageMetadata": counted(call.tokens)}
        said = {"role": "model", "parts": [{"text": "done"}]}
        return self.line(call.session, call.at, "assistant", message=said, **used)

    def branched(self, session: str, lines: list[bytes]) -> None:
        """Copy a session into another, as branching does, and go on there."""
        branch = self.uuid()
        old, new = (f'"sessionId":"{one}"'.encode() for one in (session, branch))
        mark = b',"forkedFrom":{"sessionId":"%s"}}\n' % session.encode()
        copied = [
            one
            if one in ODD_LINES
            else one.replace(old, new).removesuffix(b"}\n") + mark
            for one in lines
        ]
        self.home.refused += sum(one in ODD_LINES for one in copied)
        more = self.turn(branch)
        self.home.files[f"{PROJECT}/chats/{branch}.jsonl"] = [*copied, *more]

    def beside(self, session: str, lines: list[bytes]) -> None:
        """Write what an agent tells of itself; its calls are in telemetry lines."""
        agent, own = self.ident("explore-", 4), []
        for _ in range(2):
            call = self.call(session, "Explore")
            lines.append(packed(self.telemetry(call)))
            mark = {"isSidechain": True, "agentId": agent}
            own.append(packed({**self.answer(call), **mark}))
        place = f"{PROJECT}/subagents/{session}/agent-{agent}.jsonl"
        self.home.files[place] = own

    def torn(self, session: str) -> list[bytes]:
        """End with an answer whose line was cut: it was never told of."""
        if QWEN_HALF not in self.traps:
            return []
        nothing = Real("qwen-code", session, self.later(), MODEL, Tokens(5), "")
        self.home.refused += 1
        return [packed(self.answer(nothing))[:-9]]
