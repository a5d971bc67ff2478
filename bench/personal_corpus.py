"""Draws the logs of one busy person: large tool results, and every usual repetition.

Traps: answers written in several lines with growing counts, sessions that are resumed
or forked with copies of older lines, answers that are replayed beside, lines without a
request, lines cut off by a kill, running totals that are repeated, empty or replayed.
Equal arguments make equal bytes.
"""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

WORDS = ("return", "value", "test", "file", "index", "cache", "token", "parse", "naïve")
MODELS = (
    "claude-opus-4-5-20251101",
    "claude-sonnet-4-5-20250929",
    "claude-haiku-4-5-20251001",
)
LAST_DAY = datetime(2026, 11, 21, tzinfo=UTC)
DAYS = 45
# A fifth of the bytes belongs to lines with usage, as in logs of real sessions.
RESULT_BYTES = 9_000
CODEX_SHARE = 0.2


class Drawn(NamedTuple):
    """What was written."""

    size: int
    files: int


class Corpus:
    """Writes below a home folder until it is large enough."""

    def __init__(self, home: Path, seed: int) -> None:
        self.home = home
        self.chance = random.Random(seed)  # noqa: S311 - nothing secret
        parts = (
            json.dumps(" ".join(self.chance.choices(WORDS, k=12)) + '\n\t"x": [1]')
            for _ in range(20_000)
        )
        self._prose = "".join(part[1:-1] for part in parts)
        self._older: list[bytes] = []
        self._prefix = f"{seed:x}"
        self._number = 0

    def write(self, size: int) -> Drawn:
        """Add sessions of about ``size`` bytes in all."""
        written = files = 0
        while written < size:
            self._number += 1
            is_codex = self.chance.random() < CODEX_SHARE
            lines = self._codex() if is_codex else self._claude()
            body = b"".join(lines)
            if self.chance.random() < 0.01:  # noqa: PLR2004 - one in a hundred
                body = body[:-40]
            path = self._path(is_codex=is_codex)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)
            written, files = written + len(body), files + 1
        return Drawn(written, files)

    def append(self, share: float) -> Drawn:
        """Let the newest logs go on, by a share of all bytes."""
        logs = sorted(self.home.rglob("*.jsonl"))
        wanted = int(share * sum(path.stat().st_size for path in logs))
        written = files = 0
        claude = [path for path in logs if ".claude" in path.parts]
        while written < wanted:
            self._number += 1
            body = b"".join(self._claude())
            with self.chance.choice(claude).open("ab") as stream:
                stream.write(body)
            written, files = written + len(body), files + 1
        return Drawn(written, files)

    def _path(self, *, is_codex: bool) -> Path:
        name = f"{self._prefix}-{self._number}"
        if is_codex:
            day = LAST_DAY - timedelta(days=self._number % DAYS)
            folder = self.home / ".codex" / "sessions" / day.strftime("%Y/%m/%d")
            return folder / f"rollout-{name}.jsonl"
        folder = self.home / ".claude" / "projects" / f"-p-{self._number % 20}"
        return folder / f"{name}.jsonl"

    def _text(self, size: int) -> str:
        start = self.chance.randrange(len(self._prose) - size - 2)
        return self._prose[start : start + size].replace("\\", " ").replace('"', " ")

    def _times(self, count: int) -> list[str]:
        at = LAST_DAY - timedelta(days=self.chance.random() * DAYS)
        steps = (timedelta(seconds=20 * n, milliseconds=7 * n) for n in range(count))
        return [
            f"{at + step:%Y-%m-%dT%H:%M:%S}.{n % 1000:03}Z"
            for n, step in enumerate(steps)
        ]

    def _claude(self) -> list[bytes]:
        turns = self.chance.randint(5, 60)
        lines: list[bytes] = []
        if self._older and self.chance.random() < 0.1:  # noqa: PLR2004 - a fork
            lines += self._older
        model = self.chance.choice(MODELS)
        times = self._times(4 * turns)
        for turn in range(turns):
            stamps = times[4 * turn : 4 * turn + 4]
            lines += self._answers(model, turn, stamps)
            size = min(150_000, int(self.chance.expovariate(1 / RESULT_BYTES)))
            result = {"role": "user", "content": self._text(size)}
            common = self._common(stamps[3])
            lines.append(_line({**common, "message": result, "type": "user"}))
        self._older = lines[: len(lines) // 2]
        return lines

    def _answers(self, model: str, turn: int, stamps: list[str]) -> list[bytes]:
        total = self.chance.randint(50, 900)
        message = {
            "model": model,
            "id": f"msg_{self._prefix}_{self._number}_{turn}",
            "type": "message",
            "role": "assistant",
            "content": [{"type": "text", "text": self._text(900)}],
        }
        usage: dict[str, Any] = {
            "input_tokens": self.chance.randint(1, 9),
            "cache_creation_input_tokens": 900,
            "cache_read_input_tokens": self.chance.randint(9_000, 90_000),
            "cache_creation": {
                "ephemeral_5m_input_tokens": 0,
                "ephemeral_1h_input_tokens": 900,
            },
        }
        partial = sorted(self.chance.sample(range(1, total), k=turn % 3))
        lines = []
        for output, stamp in zip([*partial, total], stamps, strict=False):
            used = {**usage, "output_tokens": output, "service_tier": "standard"}
            line = {
                **self._common(stamp, sidechain=turn % 50 == 49),  # noqa: PLR2004
                "message": {**message, "usage": used},
                "requestId": f"req_{self._number}_{turn}",
                "type": "assistant",
                "uuid": f"{turn:08}-{self._number:027}",
                "timestamp": stamp,
            }
            if self._number % 15 == 0:
                del line["requestId"]
            lines.append(_line(line))
        return lines

    def _common(self, stamp: str, *, sidechain: bool = False) -> dict[str, Any]:
        return {
            "parentUuid": None,
            "isSidechain": sidechain,
            "cwd": f"/home/dev/src/app-{self._number % 20}",
            "sessionId": f"s-{self._prefix}-{self._number}",
            "version": "2.1.90",
            "timestamp": stamp,
        }

    def _codex(self) -> list[bytes]:
        turns = self.chance.randint(5, 60)
        times = self._times(turns + 2)
        thread = f"{self._prefix}-{self._number}"
        meta = {"id": thread, "cwd": "/home/dev/src/app", "cli_version": "0.60.1"}
        lines = [
            _entry(times[0], "session_meta", meta),
            _entry(times[0], "turn_context", {"model": "gpt-5.1-codex"}),
        ]
        total = dict.fromkeys(("input_tokens", "cached_input_tokens"), 0)
        total |= dict.fromkeys(("output_tokens", "reasoning_output_tokens"), 0)
        for turn in range(turns):
            last = {"input_tokens": 9_000, "cached_input_tokens": 8_000}
            last |= {"output_tokens": 90 + turn, "reasoning_output_tokens": 40}
            total = {name: total[name] + last[name] for name in total}
            info = {"total_token_usage": total, "last_token_usage": last}
            event = {"type": "token_count", "info": info if turn % 20 else None}
            lines += [_entry(times[turn + 1], "event_msg", event)] * (1 + turn % 5 // 4)
            for _ in range(3):
                output = self._text(self.chance.randint(100, 5_000))
                item = {"type": "function_call_output", "output": output}
                lines.append(_entry(times[turn + 1], "response_item", item))
        return lines


def _entry(stamp: str, kind: str, payload: dict[str, Any]) -> bytes:
    return _line({"timestamp": stamp, "type": kind, "payload": payload})


def _line(fields: dict[str, Any]) -> bytes:
    return (
        json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
    )
