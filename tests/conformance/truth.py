"""What really happened, beside the files and bodies that tell of it.

A writer draws calls from a seed, writes them down as a client would, and keeps the
exact truth. A trap is a label: each can be set alone, or with any others.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from mileage.domain.tokens import Tokens
from mileage.domain.window import moment
from tests.witnesses import NOON

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

MILLISECOND = 1_000


class Real(NamedTuple):
    """One call that was billed."""

    client: str
    session: str
    at: int
    """UTC microseconds, on a millisecond."""
    model: str
    tokens: Tokens
    name: str
    """The provider's id of the answer."""
    request: str = ""
    agent: str = ""


class Fact(NamedTuple):
    """What every reader of a call must agree on."""

    client: str
    model: str
    at: int
    agent: str
    tokens: Tokens


def fact(call: Any) -> Fact:
    """Reduce a real call, a call of the ledger or a witness to its facts."""
    at = call.at if isinstance(call, Real) else call.occurred_at
    return Fact(call.client, call.model, at, call.agent, call.tokens)


def facts(calls: Iterable[Any]) -> list[Fact]:
    return sorted(map(fact, calls))


def coarse(call: Real) -> Real:
    """What telemetry can tell: Claude Code's has one class of cache writes."""
    if call.client != "claude-code":
        return call._replace(agent="")
    sent = call.tokens
    merged = sent._replace(
        cache_write=sent.cache_write + sent.cache_write_1h,
        cache_write_1h=0,
        output=sent.output + sent.reasoning,
        reasoning=0,
    )
    return call._replace(tokens=merged)


def summed(calls: Iterable[Any]) -> dict[str, tuple[int, Tokens]]:
    """Count calls, and add up each class, for each client."""
    number: Counter[str] = Counter()
    tokens: dict[str, Tokens] = {}
    for call in calls:
        number[call.client] += 1
        tokens[call.client] = tokens.get(call.client, Tokens()).plus(call.tokens)
    return {client: (number[client], tokens[client]) for client in sorted(tokens)}


@dataclass
class Home:
    """A person's home folder: files by their path, and the truth about them."""

    files: dict[str, list[bytes]] = field(default_factory=dict)
    calls: list[Real] = field(default_factory=list)
    refused: int = 0
    """Lines that must be reported as unreadable."""

    def plus(self, other: Home) -> Home:
        assert not self.files.keys() & other.files.keys()
        return Home(
            {**self.files, **other.files},
            self.calls + other.calls,
            self.refused + other.refused,
        )

    def write(self, folder: Path) -> None:
        for name, lines in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"".join(lines))


class Writer:
    """What the writers of both clients share: chance, a clock, and the truth."""

    def __init__(self, seed: int, traps: Iterable[str], start: int = NOON) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - test data
        self.traps = frozenset(traps)
        self.home = Home()
        self.now = start - start % MILLISECOND

    def later(self, least: int = 1_500, most: int = 40_000) -> int:
        """Let some milliseconds pass; return the time then."""
        self.now += self.chance.randint(least, most) * MILLISECOND
        return self.now

    def ident(self, prefix: str = "", length: int = 20) -> str:
        return f"{prefix}{self.chance.getrandbits(4 * length):0{length}x}"

    def uuid(self) -> str:
        parts = (self.ident(length=length) for length in (8, 4, 4, 4, 12))
        return "-".join(parts)

    def happened(self, call: Real) -> Real:
        self.home.calls.append(call)
        return call


def stamp(at: int) -> str:
    """Write a time as both clients do: UTC, milliseconds, a Z."""
    written = moment(at).isoformat(timespec="milliseconds")
    return written.replace("+00:00", "Z")


def packed(plain: Any) -> bytes:
    return json.dumps(plain, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
