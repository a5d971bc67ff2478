"""Which traps are published as labelled files, and how they are written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from mileage.domain.tokens import Tokens
from tests.conformance import clients_home as clients
from tests.conformance.claude_home import BLOCKS, CLAUDE_TRAPS, claude_home
from tests.conformance.clients_home import CUMULATIVE
from tests.conformance.codex_home import CODEX_TRAPS, codex_home
from tests.conformance.gemini_home import GEMINI_TRAPS, gemini_home
from tests.conformance.homes import home
from tests.conformance.opencode_home import OPENCODE_TRAPS, REPEATED, opencode_home
from tests.conformance.qwen_home import QWEN_TRAPS, TWICE, qwen_home
from tests.conformance.telemetry import TELEMETRY_TRAPS, telemetry
from tests.conformance.truth import coarse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conformance.truth import Home, Real

    Write = Callable[[int, frozenset[str]], Home]

SEED = 2026
NO_TRAP = "no trap at all"
WRITERS: dict[str, tuple[Write, tuple[str, ...], frozenset[str]]] = {
    # Real transcripts always have a line for each content block.
    "claude-code": (claude_home, CLAUDE_TRAPS, frozenset({BLOCKS})),
    "codex": (codex_home, CODEX_TRAPS, frozenset()),
    "gemini-cli": (gemini_home, GEMINI_TRAPS, frozenset()),
    # Real chats tell of each response twice.
    "qwen-code": (qwen_home, QWEN_TRAPS, frozenset({TWICE})),
    # Real databases repeat the tokens of each message in its parts.
    "opencode": (opencode_home, OPENCODE_TRAPS, frozenset({REPEATED})),
    # Real sessions end with sums.
    "copilot": (clients.copilot_home, clients.COPILOT_TRAPS, frozenset({CUMULATIVE})),
    "pi": (clients.pi_home, clients.PI_TRAPS, frozenset()),
    "kimi": (clients.kimi_home, clients.KIMI_TRAPS, frozenset()),
    "amp": (clients.amp_home, clients.AMP_TRAPS, frozenset()),
    "droid": (clients.droid_home, clients.DROID_TRAPS, frozenset()),
}
"""By client: what writes a home, its traps, and those that are always set."""


class Case(NamedTuple):
    """A folder of files with a label, and what they add up to."""

    folder: str
    label: str
    files: dict[str, bytes]
    expected: dict[str, Any]


def cases() -> Iterator[Case]:
    """Yield every published case; the same on every machine."""
    for client, (write, traps, always) in WRITERS.items():
        for trap in (NO_TRAP, *traps):
            made = write(SEED, always | {trap} - {NO_TRAP})
            files = {f"home/{n}": b"".join(lines) for n, lines in made.files.items()}
            folder = f"logs/{client}/{slug(trap)}"
            yield Case(folder, trap, files, totals(client, trap, made.calls))
    real = home(SEED).calls
    for trap in (NO_TRAP, *TELEMETRY_TRAPS):
        sent = telemetry(SEED, real, {trap} - {NO_TRAP})
        files = {
            f"bodies/{number:02}-{body.signal}.json": body.json
            for number, body in enumerate(sent.bodies)
        }
        truth = totals("claude-code, codex", trap, list(map(coarse, real)))
        yield Case(f"otlp/{slug(trap)}", trap, files, truth)


def slug(label: str) -> str:
    """Turn a label into the name of a folder."""
    return re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-")


def totals(client: str, trap: str, calls: list[Real]) -> dict[str, Any]:
    """Add the true calls up, in disjoint classes."""
    total = Tokens()
    for call in calls:
        total = total.plus(call.tokens)
    return {
        "label": trap,
        "client": client,
        "calls": len(calls),
        **total._asdict(),
        "tokens": total.total,
    }
