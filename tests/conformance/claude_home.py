"""Writes transcripts of Claude Code with every trap that real ones hold."""

from __future__ import annotations

import json
from typing import Any

from mileage.domain.tokens import Tokens
from tests.conformance.truth import Home, Real, Writer, packed, stamp
from tests.witnesses import NOON

BLOCKS = "one line for each content block"
GROWING = "output that grows from line to line"
NO_REQUEST = "lines without a request id"
NO_MESSAGE = "lines without a message id"
RESUMED = "history copied into a resumed session"
FORKED = "history copied into two forks, in the middle of an answer"
SIDE = "side question that replays its parent's answer"
SUBAGENT = "sub-agents in files of their own"
JOURNAL = "journal of a workflow"
ADVISOR = "advisor iterations"
FALLBACK = "model that took over"
SYNTHETIC = "synthetic answers"
HALF = "half-written last line"
ODD = "lines that are no objects"
NULL = "null instead of usage and counts"
PROGRESS = "progress lines that quote a sub-agent"
TASK = "summary of a task's usage"
QUOTED = "usage quoted in the output of tools"
HOUR = "cache writes of two lifetimes"
THINKING = "thinking inside output"
LONG = "mark of the long context"
CLAUDE_TRAPS = (
    *(BLOCKS, GROWING, NO_REQUEST, NO_MESSAGE, RESUMED, FORKED, SIDE, SUBAGENT),
    *(JOURNAL, ADVISOR, FALLBACK, SYNTHETIC, HALF, ODD, NULL, PROGRESS, TASK),
    *(QUOTED, HOUR, THINKING, LONG),
)

FOLDER = ".claude/projects/-home-alice-code-repo"
MODELS = ("claude-opus-4-8", "claude-sonnet-4-6", "claude-haiku-4-5")
SERVED = "claude-sonnet-4-5"
ADVISING = "claude-opus-4-7"
ODD_LINES = (b"[1]\n", b'"usage"\n', b"null\n", b'{"type":"assistant",}\n')


def claude_home(seed: int, traps: Any = (), start: int = NOON) -> Home:
    """Write three sessions (and what the traps add); the same for the same seed."""
    writer = _Claude(seed, traps, start)
    for number in range(3):
        writer.session(number)
    return writer.home


class _Claude(Writer):
    """Writes session after session."""

    def session(self, number: int) -> None:
        session = self.uuid()
        self.named = not (NO_MESSAGE in self.traps and number == 1)
        self.requested = not (NO_REQUEST in self.traps and number != 1)
        lines = [self.said(session, "please")]
        for _ in range(4):
            lines += self.answer(session)
            lines += self.beside(session)
        lines += self.side_question(session, lines)
        lines += self.subagents(session)
        self.copies(session, lines)
        self.home.files[f"{FOLDER}/{session}.jsonl"] = [*lines, *self.torn(session)]

    # ---------------------------------------------------------------- one answer

    def answer(self, session: str, **outer: Any) -> list[bytes]:
        """Write one call as the lines of its answer."""
        call = self.call(session, outer.get("agentId", ""))
        usage = self.usage(call.tokens)
        model = self.model_line(call, usage)
        lines = []
        for output in self.outputs(call.tokens):
            grown = self.partial(usage, output)
            message = self.message(call, model, grown)
            lines.append(self.line(session, message, call, **outer))
            self.later(1, 90)
        return lines

    def call(self, session: str, agent: str) -> Real:
        chance = self.chance
        hour = chance.randint(1, 4_000) if HOUR in self.traps else 0
        thinking = chance.randint(1, 900) if THINKING in self.traps else 0
        read = 0 if NULL in self.traps else chance.randint(0, 50_000)
        tokens = Tokens(
            chance.randint(1, 200),
            read,
            chance.randint(0, 5_000),
            hour,
            chance.randint(900, 3_000),
            thinking,
        )
        request = self.ident("req_") if self.requested else ""
        model = SERVED if FALLBACK in self.traps else chance.choice(MODELS)
        name = self.ident("msg_") if self.named else ""
        place = ("claude-code", session, self.later(), model)
        return self.happened(Real(*place, tokens, name, request, agent))

    def usage(self, tokens: Tokens) -> dict[str, Any]:
        """``input_tokens`` excludes the cache, ``output_tokens`` includes thinking."""
        usage: dict[str, Any] = {
            "input_tokens": tokens.input,
            "cache_creation_input_tokens": tokens.cache_write + tokens.cache_write_1h,
            "cache_read_input_tokens": None
            if NULL in self.traps
            else tokens.cache_read,
            "output_tokens": tokens.output + tokens.reasoning,
            "service_tier": "standard",
            "speed": "standard",
        }
        if HOUR in self.traps:
            usage["cache_creation"] = {
                "ephemeral_5m_input_tokens": tokens.cache_write,
                "ephemeral_1h_input_tokens": tokens.cache_write_1h,
            }
        if THINKING in self.traps:
            thinking = {"thinking_tokens": tokens.reasoning}
            usage["output_tokens_details"] = thinking
        return usage

    def model_line(self, call: Real, usage: dict[str, Any]) -> str:
        """Return the model that the line names, and add iterations to the usage."""
        iterations = [{"type": "message", "input_tokens": 1, "output_tokens": 1}]
        if ADVISOR in self.traps and call.name:
            iterations.append(self.advice(call))
        if FALLBACK in self.traps:
            iterations.append(
                {"type": "fallback_message", "model": self.marked(SERVED)}
            )
        if len(iterations) > 1:
            usage["iterations"] = iterations
        model = MODELS[0] if FALLBACK in self.traps else call.model
        return self.marked(model)

    def marked(self, model: str) -> str:
        return f"{model}[1m]" if LONG in self.traps else model

    def advice(self, call: Real) -> dict[str, Any]:
        tokens = Tokens(input=self.chance.randint(9_000, 90_000), output=77)
        advised = call._replace(
            model=ADVISING, tokens=tokens, name=f"{call.name}:advisor:1", request=""
        )
        self.happened(advised)
        return {
            "type": "advisor_message",
            "model": self.marked(ADVISING),
            "input_tokens": tokens.input,
            "output_tokens": tokens.output,
        }

    def outputs(self, tokens: Tokens) -> list[int]:
        """Return what each line of an answer says that the output is."""
        whole = tokens.output + tokens.reasoning
        parts = [whole]
        if GROWING in self.traps:
            parts = [*sorted(self.chance.sample(range(1, whole), 2)), whole]
        if BLOCKS in self.traps:
            parts = [part for part in parts for _ in range(self.chance.randint(2, 3))]
        return parts

    def partial(self, usage: dict[str, Any], output: int) -> dict[str, Any]:
        grown = {**usage, "output_tokens": output}
        if THINKING in self.traps:
            thinking = min(usage["output_tokens_details"]["thinking_tokens"], output)
            grown["output_tokens_details"] = {"thinking_tokens": thinking}
        return grown

    def message(self, call: Real, model: str, usage: Any) -> dict[str, Any]:
        content: list[Any] = [
            {"type": "text", "text": "a filler with \u00fcml\u00e4uts"}
        ]
        if QUOTED in self.traps:
            quoted = {"message": {"usage": {"input_tokens": 5, "output_tokens": 7}}}
            content = [{"type": "tool_use", "id": self.ident(), "input": quoted}]
        named = {"id": call.name} if call.name else {}
        kind = {"type": "message", "role": "assistant", "model": model}
        return {**named, **kind, "content": content, "usage": usage}

    def line(self, session: str, message: Any, call: Real, **outer: Any) -> bytes:
        request = {"requestId": call.request} if call.request else {}
        plain = {
            "parentUuid": self.uuid(),
            "isSidechain": False,
            "message": message,
            **request,
            "type": "assistant",
            "uuid": self.uuid(),
            "timestamp": stamp(self.now),
            "cwd": "/home/alice/code/repo",
            "sessionId": session,
            "version": "2.1.197",
            **outer,
        }
        return packed(plain)

    # --------------------------------------------------------- beside the answers

    def said(self, session: str, content: Any, **more: Any) -> bytes:
        plain = {
            "isSidechain": False,
            "type": "user",
            "message": {"role": "user", "content": content},
            "uuid": self.uuid(),
            "timestamp": stamp(self.later()),
            "sessionId": session,
            **more,
        }
        return packed(plain)

    def beside(self, session: str) -> list[bytes]:
        """Write what stands between answers and counts nothing."""
        lines = []
        if SYNTHETIC in self.traps:
            lines.append(self.synthetic(session))
        if NULL in self.traps:
            nothing = Real("claude-code", session, self.later(), "", Tokens(), "msg_n")
            message = self.message(nothing, MODELS[0], None)
            lines.append(self.line(session, message, nothing))
        if TASK in self.traps:
            result = {
                "status": "completed",
                "totalTokens": 4_321,
                "usage": {"input_tokens": 21, "output_tokens": 4_300},
            }
            lines.append(self.said(session, "done", toolUseResult=result))
        if QUOTED in self.traps:
            lines.append(self.said(session, [self.tool_output(session)]))
        if ODD in self.traps:
            lines += [b"\n", *ODD_LINES]
            self.home.refused += len(ODD_LINES)
        return lines

    def synthetic(self, session: str) -> bytes:
        name = ("claude-code", session, self.later(), "<synthetic>", Tokens())
        nothing = Real(*name, self.uuid())
        usage = dict.fromkeys(("input_tokens", "output_tokens"), 0)
        message = self.message(nothing, "<synthetic>", usage)
        return self.line(session, message, nothing, isApiErrorMessage=True)

    def tool_output(self, session: str) -> dict[str, Any]:
        """A tool printed a transcript: its text looks like usage, but is text."""
        call = Real("claude-code", session, self.now, MODELS[0], Tokens(), "msg_q")
        usage = {"input_tokens": 11, "output_tokens": 13}
        printed = self.line(session, self.message(call, MODELS[0], usage), call)
        return {"type": "tool_result", "tool_use_id": "t", "content": printed.decode()}

    def side_question(self, session: str, lines: list[bytes]) -> list[bytes]:
        """Replay the parent's last answer under another request, then answer."""
        if SIDE not in self.traps or not self.named:
            return []
        asked = self.answer(session, isSidechain=True)
        request = json.loads(asked[0]).get("requestId") or self.ident("req_")
        counted = b'"usage":{"input_tokens"'
        parent = [one for one in lines if counted in one and b'"id":"msg_' in one][-1]
        replayed = {
            **json.loads(parent),
            "isSidechain": True,
            "requestId": request,
            "timestamp": stamp(self.now),
            "uuid": self.uuid(),
        }
        return [packed(replayed), *asked]

    def subagents(self, session: str) -> list[bytes]:
        """Write a sub-agent's own file; return what its parent's file quotes of it."""
        folder = f"{FOLDER}/{session}/subagents"
        if JOURNAL in self.traps:
            name = ("claude-code", session, self.now, MODELS[0], Tokens())
            noted = Real(*name, self.ident("msg_"))
            usage = {"input_tokens": 17, "output_tokens": 19}
            line = self.line(session, self.message(noted, MODELS[0], usage), noted)
            self.home.files[f"{folder}/workflows/w/journal.jsonl"] = [line]
        if not self.traps & {SUBAGENT, PROGRESS}:
            return []
        agent = self.ident("a", 16)
        outer = {"isSidechain": True, "agentId": agent}
        lines = [line for _ in range(2) for line in self.answer(session, **outer)]
        self.home.files[f"{folder}/agent-{agent}.jsonl"] = lines
        if PROGRESS not in self.traps:
            return []
        quoted = {"type": "agent_progress", "message": json.loads(lines[-1])}
        place = {"sessionId": session, "timestamp": stamp(self.later())}
        return [packed({"type": "progress", "data": quoted, **place})]

    # ---------------------------------------------------------- copies and the end

    def copies(self, session: str, lines: list[bytes]) -> None:
        """Write history again below new sessions, each with an answer of its own."""
        cuts = [len(lines)] if RESUMED in self.traps else []
        if FORKED in self.traps:
            cuts += [len(lines) // 2, len(lines) // 2 + 1]
        for cut in cuts:
            fork = self.uuid()
            old, new = (f'"sessionId":"{one}"'.encode() for one in (session, fork))
            history = [line.replace(old, new) for line in lines[:cut]]
            self.home.refused += sum(line in ODD_LINES for line in history)
            self.home.files[f"{FOLDER}/{fork}.jsonl"] = [*history, *self.answer(fork)]

    def torn(self, session: str) -> list[bytes]:
        """End with an answer whose last line was cut: what stood whole counts."""
        if HALF not in self.traps:
            return []
        whole = self.answer(session)
        plain = json.loads(whole[-1])
        plain["message"]["usage"]["output_tokens"] += 1_000
        self.home.refused += 1
        return [*whole, packed(plain)[:-9]]
