"""Codex's own rollouts: JSON lines below ``sessions/`` and ``archived_sessions/``.

Newer versions write one ``token_usage_record`` a response, with its id: exact, and
totals up to it tell nothing more. Older ones write only running totals
(``token_count``), from which ``codex_counts`` finds the responses again. A thread may
be continued by either: editor plug-ins bring a version of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mileage.domain.call import SourceTraits
from mileage.native import scan
from mileage.sources import places
from mileage.sources.codex_calls import Circumstances, counted, witness_of
from mileage.sources.codex_counts import CodexUsage, RunningTotals, Told
from mileage.sources.codex_lines import LINE, can_be_skipped, kind_of, should_be_usage
from mileage.sources.codex_tail import RolloutTail
from mileage.sources.codex_thread import Thread
from mileage.sources.jsonl import (
    EARLIEST,
    Gathering,
    PackedGathering,
    decode,
    each,
    instant,
    text,
    untimely,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import PurePath

    from mileage.domain.witness import Reading
    from mileage.sources.codex_activity import CodexActivity
    from mileage.sources.codex_calls import Held
    from mileage.sources.codex_lines import Line, Payload

# Early in September 2025 the counts came before the model's name did; all calls of
# those weeks were answered by one model (reference: Codex, rule 6). Later on a
# missing name stays missing, and the call unpriced.
_NAMELESS_UNTIL = 1_759_276_800_000_000  # 2025-10-01
_NAMELESS_MODEL = "gpt-5"
_NO_USAGE = "a record without usage"
# Totals are held back until it is clear that no record describes the same response.
_HELD_BACK = 50_000


class CodexRollout:
    """Reads rollouts of the Codex command line, its editor plug-in and its helpers."""

    traits = SourceTraits("codex_rollout", "codex", 10, "counts", True)  # noqa: FBT003

    def roots(self, home: PurePath, environ: Mapping[str, str]) -> list[PurePath]:
        """Name both places: archiving moves a rollout, and each thread counts once."""
        return places.codex_rollout(home, environ)

    def patterns(self) -> tuple[str, ...]:
        """Old rollouts may be compressed in place."""
        return places.NAMES["codex_rollout"]

    def read(
        self, lines: Iterable[bytes], place: str, *, activity: bool = True
    ) -> Iterator[Reading]:
        """Read one rollout; without ``activity`` only what holds or explains usage."""
        rollout = _Rollout(Gathering(self.traits, place), activity=activity)
        yield from each(lines, rollout.take, rollout.gathered)
        rollout.release()
        yield rollout.gathered.reading()

    def reader(self, place: str, state: Mapping[str, Any] | None) -> RolloutTail:
        """Read on with what was known of the thread, or from the start."""
        return RolloutTail(self.rollout(place), state)

    def rollout(self, place: str) -> _Rollout:
        """Return what reads lines for usage alone, one by one."""
        return _Rollout(PackedGathering(self.traits, place), activity=False)


class _Rollout:
    """One file, line by line."""

    def __init__(self, gathered: Gathering, *, activity: bool) -> None:
        self.gathered = gathered
        self.thread = Thread(gathered.place)
        self.totals = RunningTotals()
        self.held: list[Held] = []
        """The call is None where it lies with who has read the lines before.

        The total is None where no record to come can describe it.
        """
        self.released = False
        self.has_records = False
        self.recorded: CodexUsage | None = None
        """What the last record says that its response used, before its total came."""
        self._activity = _activity(gathered, self.thread) if activity else None
        self._circumstances: Circumstances | None = None

    def take(self, number: int, line: bytes) -> None:
        """Sort one line: usage, what explains it, activity, neither, unreadable."""
        if can_be_skipped(line):
            self._beside_calls(number, line)
            return
        decoded = decode(LINE, line)
        if isinstance(decoded, str):
            self._unfit(number, line, decoded)
            return
        kind, payload = kind_of(decoded), decoded.payload
        if payload is None:
            self.gathered.ignored += 1
            return
        occurred_at = instant(decoded.timestamp)
        if kind == "token_count":
            self.count(number, _told(decoded, payload, occurred_at))
            return
        if occurred_at is not None:
            self.thread.follow(occurred_at)
        if kind == "token_usage_record":
            self._record(number, decoded, payload, occurred_at)
        else:
            self._circumstance(kind, payload, occurred_at or 0)
            self._beside_calls(number, line)

    def release(self) -> None:
        """Emit the responses found from totals."""
        for _, call in self.held:
            if call is not None:
                self.gathered.witness(witness_of(call))
        self.held = []
        self.released = True

    def _beside_calls(self, number: int, line: bytes) -> None:
        if self._activity is None:
            self.gathered.ignored += 1
            return
        problem = self._activity.take(line)
        if problem:
            self.gathered.reject(number, problem)

    def _unfit(self, number: int, line: bytes, reason: str) -> None:
        if not line.strip():
            return
        if should_be_usage(line):
            self.gathered.reject(number, reason)
        else:
            self._beside_calls(number, line)

    def _circumstance(self, kind: str, payload: Payload, occurred_at: int) -> None:
        thread = self.thread
        self._circumstances = None
        if kind == "session_meta":
            thread.introduce(payload, occurred_at)
        elif kind == "turn_context":
            thread.turn(payload)
        elif kind == "thread_settings_applied":
            thread.settings(payload.thread_settings)
        elif kind == "user_message":
            thread.asked()
        elif kind == "task_started" and thread.task_started():
            self.held = []

    def count(self, number: int, told: Told) -> None:
        """Take one ``token_count`` event in."""
        at, ordinal, has_info, total, last, model = told
        if at is not None:
            self.thread.follow(at)
        if not has_info or (self.has_records and self._is_recorded(total, last)):
            self.gathered.ignored += 1
            return
        if self.thread.is_replaying(ordinal):
            self.totals.baseline(total)
            self.gathered.ignored += 1
            return
        used = self.totals.take(total, last)
        if used is None:
            self.gathered.ignored += 1
            return
        occurred_at = self._time(number, at)
        if occurred_at is None:
            return
        name = _joined(total) if total else f"last:{occurred_at}:{_joined(used)}"
        key = f"{self.thread.thread_id}:{self.totals.epoch}:{name}"
        around = self._around(occurred_at, model)
        self.held.append((total, counted(key, occurred_at, used, around)))
        if len(self.held) >= _HELD_BACK:
            self.release()

    def count_on(self, rows: list[Any], start: int) -> int:
        """Count plain totals, in C, from a row on; return where that ends."""
        before, thread = self.totals.total, self.thread
        if before is None or self.has_records or not thread.is_counting():
            return start
        if scan is None or not thread.model:
            return start
        end, total, found = scan.plain_totals(
            *(rows, start, _HELD_BACK - len(self.held), tuple(before)),
            (EARLIEST, thread.own_from),
            (f"{thread.thread_id}:{self.totals.epoch}:", self._around(0, "")),
        )
        self.totals.baseline(CodexUsage._make(total))
        self.held += found
        if len(self.held) >= _HELD_BACK:
            self.release()
        return int(end)

    def _is_recorded(self, total: CodexUsage | None, last: CodexUsage | None) -> bool:
        """Tell whether a record told of all that made up a total.

        Total and record of a response differ where a version began to count anew; what
        the last response used does not.
        """
        if last is not None and last == self.recorded:
            self.totals.baseline(total)
            self.recorded = None
            return True
        before = self.totals.total
        return total is None or before is None or total.size <= before.size

    def _record(
        self, number: int, line: Line, payload: Payload, at: int | None
    ) -> None:
        if self.thread.is_before_own(line.ordinal):
            self.gathered.ignored += 1
            return
        if payload.usage is None:
            self.gathered.reject(number, _NO_USAGE)
            return
        occurred_at = self._time(number, at)
        if occurred_at is None:
            return
        used = payload.usage.counts()
        whole = payload.thread_token_usage
        self._follow(used, whole.counts() if whole else None)
        thread = text(payload.thread_id) or self.thread.thread_id
        response = text(payload.response_id)
        name = response or f"record:{occurred_at}:{_joined(used)}"
        around = self._around(occurred_at, "")._replace(thread_id=thread)
        call = counted(f"{thread}:{name}", occurred_at, used, around)
        self.gathered.witness(witness_of(call))

    def _follow(self, used: CodexUsage, whole: CodexUsage | None) -> None:
        """Go on from a record; drop the totals that it describes as well.

        A thread that an older version began or went on with has true responses before
        a record; the record's running total tells where they end.
        """
        totals = [total for total, _ in self.held]
        certain = keep = _certain(totals) if self.has_records else 0
        before = None if whole is None else whole.minus(used)
        if before is not None and before in totals[certain:]:
            keep = totals.index(before, certain) + 1
        self.gathered.ignored += len(self.held) - keep
        self.held = [(None, call) for _, call in self.held[:keep]]
        self.totals.baseline(whole)
        self.has_records, self.recorded = True, used

    def _time(self, number: int, occurred_at: int | None) -> int | None:
        problem = untimely(occurred_at)
        if problem:
            self.gathered.reject(number, problem)
            return None
        return occurred_at

    def _around(self, occurred_at: int, model: str) -> Circumstances:
        """Return what a call has from its thread; ``model`` if its event names one."""
        if self._circumstances is not None and not model:
            return self._circumstances
        thread = self.thread
        named = model or thread.model
        if not named and occurred_at < _NAMELESS_UNTIL:
            named = _NAMELESS_MODEL
        around = Circumstances(
            *(thread.thread_id, thread.version, thread.vendor, named, thread.tier),
            *(thread.cwd, thread.agent, thread.attended),
        )
        if named == thread.model:
            self._circumstances = around
        return around


def _activity(gathered: Gathering, thread: Thread) -> CodexActivity:
    # Whoever asks for usage alone, as most do, need not wait for what else there is.
    from mileage.sources.codex_activity import CodexActivity  # noqa: PLC0415

    return CodexActivity(gathered, thread)


def _told(line: Line, payload: Payload, at: int | None) -> Told:
    info = payload.info
    if info is None:
        return Told(at, line.ordinal, False, None, None, "")  # noqa: FBT003
    total, last = info.total_token_usage, info.last_token_usage
    return Told(
        *(at, line.ordinal, True),
        total.counts() if total else None,
        last.counts() if last else None,
        text(info.model),
    )


def _certain(totals: list[tuple[int, ...] | None]) -> int:
    """Return how many of the totals at the start a record before has left."""
    return next(
        (at for at, total in enumerate(totals) if total is not None), len(totals)
    )


def _joined(usage: CodexUsage) -> str:
    return "/".join(map(str, usage))


SOURCE = CodexRollout()
