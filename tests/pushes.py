"""A server in memory for tests of pushing, and homes to push from."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from mileage.ingest.push_collector import Collector, Limits
from mileage.ingest.push_format import Receipt, decode
from mileage.ingest.push_reading import Places
from mileage.ingest.push_state import opened
from mileage.sources.claude_code_log import SOURCE as CLAUDE
from mileage.sources.codex_rollout import SOURCE as CODEX
from tests.session_logs import answer, meta, record, tokens, turn, usage, write_log

if TYPE_CHECKING:
    from pathlib import Path

SOURCES = (CLAUDE, CODEX)
NAMES = tuple(one.traits.name for one in SOURCES)


class Ledger:
    """Takes bodies as a server does, once each row; can be told to fail."""

    def __init__(self, recipient="rcp_1", sources=NAMES):
        self.recipient, self.sources = recipient, sources
        self.witnesses, self.activities = {}, set()
        self.rejected, self.ignored = [], 0
        self.pushes, self.greetings, self.came = [], 0, 0
        self.troubles = []
        """Raised by the next requests, one each; None lets one through."""
        self.after = []
        """Raised after the rows were taken: the answer is lost."""

    def greet(self):
        self.greetings += 1
        self._fail(self.troubles)
        return self._receipt()

    def push(self, body):
        self._fail(self.troubles)
        push = decode(zlib.decompress(body, 16 + zlib.MAX_WBITS))
        assert push.refused == ()
        self.pushes.append(push)
        for row in push.reading.witnesses.rows():
            self.came += 1
            self.witnesses.setdefault((row.source, row.key), set()).add(row)
        self.activities.update(push.reading.activities.rows())
        self.rejected += push.reading.rejected
        self.ignored += push.reading.ignored
        self._fail(self.after)
        return self._receipt(len(push.reading.witnesses), len(push.reading.activities))

    def _fail(self, queue):
        trouble = queue.pop(0) if queue else None
        if trouble is not None:
            raise trouble

    def _receipt(self, witnesses=0, activities=0, reasons=()):
        rejected = sum(one.count for one in reasons)
        return Receipt(
            *(witnesses, activities, rejected, tuple(reasons)),
            *(self.recipient, self.sources, "0.1.0"),
        )

    @property
    def keys(self):
        """Ids of messages and responses."""
        return {key.rpartition(":")[2] for _, key in self.witnesses}


class Machine:
    """A home and a state directory; ``on`` makes a process that uses them."""

    def __init__(self, folder: Path, ledger, identity="", limits=None):
        self.folder, self.ledger, self.identity = folder, ledger, identity
        self.limits = limits or Limits()
        self.home.mkdir(parents=True, exist_ok=True)

    @property
    def home(self):
        return self.folder / "home"

    @property
    def server(self):
        (folder,) = (self.folder / "state" / "servers").iterdir()
        return folder

    def places(self):
        return Places(SOURCES, (self.home,), {})

    def __enter__(self):
        self._opened = opened(self.folder / "state")
        state = self._opened.__enter__()
        self.collector = Collector(
            state,
            state.server("https://m.example"),
            self.ledger,
            self.places(),
            self.identity,
            self.limits,
        )
        return self.collector

    def __exit__(self, *_):
        self.collector.close()
        self._opened.__exit__(None, None, None)

    def run(self):
        """One process that makes one pass."""
        with self as collector:
            return collector.run()

    def claude(self, name, *numbers, project="/home/alice/code/repo"):
        lines = [
            answer(
                f"msg_{number}",
                usage(out=number % 50),
                seconds=number % 3600,
                requestId=f"req_{number}",
                cwd=project,
            )
            for number in numbers
        ]
        return write_log(self.home / ".claude" / "projects" / "p", name, *lines)

    def codex(self, name, *numbers):
        lines = [record(f"resp_{n}", tokens(), seconds=n % 3600) for n in numbers]
        path = self.home / ".codex" / "sessions"
        return write_log(path, f"rollout-{name}.jsonl", meta(), turn(), *lines)
