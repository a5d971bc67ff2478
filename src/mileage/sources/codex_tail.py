"""Reading a Codex rollout for usage alone, and going on where it ended last time.

What is known of the thread and of its running totals is stored between the two; so
are the totals that a later line may still take back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from mileage.domain.packed import FileCalls
from mileage.sources.codex_calls import packed
from mileage.sources.codex_counts import CodexUsage, Told
from mileage.sources.codex_rows import USED_COLUMNS, scanned

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mileage.sources.codex_calls import Held
    from mileage.sources.codex_counts import RunningTotals
    from mileage.sources.codex_rows import Scanned
    from mileage.sources.codex_thread import Thread
    from mileage.sources.jsonl import Gathering

# The columns of a row.
_TOTAL_AT: Final = 6
_LAST_AT: Final = _TOTAL_AT + USED_COLUMNS
_END: Final = _LAST_AT + USED_COLUMNS


class Rollout(Protocol):
    """One file, line by line."""

    gathered: Gathering
    thread: Thread
    totals: RunningTotals
    has_records: bool
    recorded: CodexUsage | None
    released: bool
    held: list[Held]

    def take(self, number: int, line: bytes) -> None:
        """Sort one line."""
        ...

    def count(self, number: int, told: Told) -> None:
        """Take one ``token_count`` event in."""
        ...

    def count_on(self, rows: list[Any], start: int) -> int:
        """Take plain ones in, from one on; return where they end."""
        ...


class RolloutTail:
    """Reads chunks of a rollout; ``state`` is what the reader before it returned."""

    def __init__(
        self,
        rollout: Rollout,
        state: Mapping[str, Any] | None,
        scan: Callable[[bytes], Scanned] = scanned,
    ) -> None:
        self.rejected = 0
        self._scan = scan
        self._rollout = rollout
        self._open_before = 0
        if state is not None:
            vars(rollout.thread).update(state["thread"])
            rollout.totals.go_on(state["totals"])
            rollout.has_records = state["has_records"]
            rollout.recorded = _usage(state.get("recorded"))
            rollout.held = [(_usage(total), None) for total in state["held"]]
            self._open_before = len(rollout.held)

    @property
    def taken_back(self) -> int:
        """Return how many of the rows that were open before are none."""
        if self._rollout.released:
            return 0
        still = sum(row is None for _, row in self._rollout.held)
        return self._open_before - still

    def take(self, chunk: bytes) -> int:
        """Take whole lines in; the last one may lack its end."""
        rollout = self._rollout
        lines, found = self._scan(chunk)
        at = 0
        while at < len(found):
            row = found[at]
            if isinstance(row, bytes):
                rollout.take(0, row)
            elif (end := rollout.count_on(found, at)) > at:
                at = end
                continue
            else:
                rollout.count(0, _told(row))
            at += 1
        return lines

    def settled(self) -> FileCalls:
        """Hand over, and forget, the calls that are certain."""
        gathered = self._rollout.gathered
        if gathered.is_empty:
            return FileCalls.none()
        reading = gathered.reading()
        self.rejected += len(reading.rejected)
        return FileCalls.of(reading.witnesses.rows())

    def open_calls(self) -> FileCalls:
        """Return the calls that a record may still describe as well."""
        return packed(call for _, call in self._rollout.held if call is not None)

    def state(self) -> dict[str, Any]:
        """Return what another reader needs to go on."""
        rollout = self._rollout
        recorded = rollout.recorded
        return {
            "thread": dict(vars(rollout.thread)),
            "totals": rollout.totals.state(),
            "has_records": rollout.has_records,
            "recorded": None if recorded is None else list(recorded),
            "held": [
                None if total is None else list(total) for total, _ in rollout.held
            ],
        }


def _told(row: tuple[Any, ...]) -> Told:
    """Return what a row says, as the ordinary reader would."""
    at, ordinal, has_info, model, has_total, has_last = row[:_TOTAL_AT]
    total = CodexUsage(*row[_TOTAL_AT:_LAST_AT]) if has_total else None
    last = CodexUsage(*row[_LAST_AT:_END]) if has_last else None
    return Told(at, ordinal, has_info, total, last, model or "")


def _usage(total: list[int] | None) -> CodexUsage | None:
    return None if total is None else CodexUsage(*total)
