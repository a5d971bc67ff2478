"""Writes chats of Gemini CLI with every trap that real ones hold."""

from __future__ import annotations

import json
from typing import Any

from mileage.domain.tokens import Tokens
from tests.conformance.truth import Home, Real, Writer, packed, stamp
from tests.witnesses import NOON

AGAIN = "messages appended again"
LATER = "tokens that come later"
UPDATES = "messages inside updates"
REWOUND = "answers that were taken back"
RESUMED = "session resumed in its file"
DOCUMENT = "old document"
MIGRATED = "old document beside the lines it was resumed as"
CHILDREN = "sub-agents in folders of their own"
THOUGHTS = "thoughts beside output"
CACHE = "cache inside the input of a chat"
NET = "input without its cache"
TOOLS = "tool input beside input"
UNCOUNTED = "answers that never got tokens"
GEMINI_ODD = "chat lines that are no objects"
GEMINI_HALF = "half-written last line of a chat"
GEMINI_TRAPS = (
    *(AGAIN, LATER, UPDATES, REWOUND, RESUMED, DOCUMENT, MIGRATED, CHILDREN),
    *(THOUGHTS, CACHE, NET, TOOLS, UNCOUNTED, GEMINI_ODD, GEMINI_HALF),
)

MODELS = ("gemini-2.5-pro", "gemini-2.5-flash")
ODD_LINES = (b"[1]\n", b'"tokens"\n', b'{"type":"gemini","tokens":7}\n')
CHATS = ".gemini/tmp/repo/chats"
Plain = dict[str, Any]


def gemini_home(seed: int, traps: Any = (), start: int = NOON) -> Home:
    """Write three sessions (and what the traps add); the same for the same seed."""
    writer = _Gemini(seed, traps, start)
    for number in range(3):
        writer.session(number)
    return writer.home


def counted(tokens: Tokens, *, net: bool = False) -> dict[str, int]:
    """Write disjoint counts as Gemini CLI does, or as old versions did."""
    return {
        "input": tokens.input + (0 if net else tokens.cache_read),
        "output": tokens.output,
        "cached": tokens.cache_read,
        "thoughts": tokens.reasoning,
        "tool": tokens.tool_input,
        "total": tokens.total,
    }


class _Gemini(Writer):
    """Writes session after session."""

    def session(self, number: int) -> None:
        session = self.uuid()
        self.project = self.ident(length=64)
        old = number == 0 and bool(self.traps & {DOCUMENT, MIGRATED})
        messages: list[Plain] = []
        lines = [self.opening(session)]
        for place in range(4):
            if RESUMED in self.traps and place == 2:
                lines.append(self.opening(session))
            lines += self.turn(session, messages)
        if old:
            self.documents(session, messages, lines)
        else:
            lines += self.end(session)
            self.saved(session, lines)
        if CHILDREN in self.traps:
            self.child(session)

    def opening(self, session: str, **fields: Any) -> bytes:
        begun = stamp(self.now)
        plain = {"sessionId": session, "projectHash": self.project}
        times = {"startTime": begun, "lastUpdated": begun}
        return packed({**plain, **times, "kind": "main", **fields})

    def saved(self, session: str, lines: list[bytes]) -> None:
        self.home.files[f"{self.place(session)}.jsonl"] = lines

    def place(self, session: str) -> str:
        day = stamp(self.now)[:16].replace(":", "-")
        return f"{CHATS}/session-{day}-{session[:8]}"

    # --------------------------------------------------------------------- messages

    def turn(self, session: str, messages: list[Plain], agent: str = "") -> list[bytes]:
        """Write a prompt, an answer, and what the traps make of it."""
        asked = self.asked()
        told = self.answer(session, agent)
        messages += [asked, told]
        lines = [packed(asked)]
        if LATER in self.traps:
            lines.append(packed({**told, "tokens": None}))
        lines.append(packed(told))
        if AGAIN in self.traps:
            lines.append(packed({**told, "toolCalls": [self.tool()]}))
        if UPDATES in self.traps:
            only_there = self.answer(session, agent)
            messages.append(only_there)
            lines.append(packed({"$set": {"messages": [asked, told, only_there]}}))
        else:
            lines.append(packed({"$set": {"lastUpdated": stamp(self.now)}}))
        if UNCOUNTED in self.traps:
            told = {**self.plain("gemini"), "content": "stopped"}
            lines.append(packed({**told, "tokens": None, "model": MODELS[0]}))
        if REWOUND in self.traps:
            lines.append(packed({"$rewindTo": asked["id"]}))
        if GEMINI_ODD in self.traps:
            odd = self.chance.choice(ODD_LINES)
            self.home.refused += 1
            lines.append(odd)
        return lines

    def plain(self, kind: str) -> Plain:
        return {"id": self.uuid(), "timestamp": stamp(self.later()), "type": kind}

    def asked(self) -> Plain:
        return {**self.plain("user"), "content": [{"text": "please"}]}

    def answer(self, session: str, agent: str = "") -> Plain:
        plain = self.plain("gemini")
        tokens, model = self.tokens(), self.chance.choice(MODELS)
        real = Real("gemini-cli", session, self.now, model, tokens, plain["id"])
        self.happened(real._replace(agent=agent))
        used = counted(tokens, net=NET in self.traps)
        return {**plain, "content": "done", "tokens": used, "model": model}

    def tokens(self) -> Tokens:
        cached = self.chance.randint(1_000, 90_000)
        return Tokens(
            input=self.chance.randint(10, 3_000),
            cache_read=cached if self.traps & {CACHE, NET} else 0,
            output=self.chance.randint(10, 900),
            reasoning=self.chance.randint(10, 900) if THOUGHTS in self.traps else 0,
            tool_input=self.chance.randint(10, 99) if TOOLS in self.traps else 0,
        )

    def tool(self) -> Plain:
        called = {"id": self.ident("run_shell_command__"), "name": "run_shell_command"}
        return {**called, "args": {}, "status": "success", "timestamp": stamp(self.now)}

    # ------------------------------------------------------------- files beside others

    def documents(
        self, session: str, messages: list[Plain], lines: list[bytes]
    ) -> None:
        """Write a session as old versions did, and the lines it was resumed as."""
        place = self.place(session)
        plain = {"sessionId": session, "projectHash": self.project}
        text = json.dumps({**plain, "messages": messages}, indent=2)
        self.home.files[f"{place}.json"] = text.encode().splitlines(keepends=True)
        if MIGRATED in self.traps:
            lines += self.turn(session, [])
            self.home.files[f"{place}.jsonl"] = lines
        else:
            # The lines were never written, nor what is wrong with them.
            self.home.refused -= sum(one in ODD_LINES for one in lines)

    def child(self, session: str) -> None:
        name = self.ident(length=6)
        lines = [self.opening(name, kind="subagent")]
        for _ in range(2):
            lines += self.turn(session, [], "subagent")
        self.home.files[f"{CHATS}/{session}/{name}.jsonl"] = lines

    def end(self, session: str) -> list[bytes]:
        """End with an answer whose only line was cut: it was never told of."""
        if GEMINI_HALF not in self.traps:
            return []
        used = {**self.plain("gemini"), "tokens": counted(self.tokens())}
        self.home.refused += 1
        return [packed(used)[:-9]]
