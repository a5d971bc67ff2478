"""``mileage collect --to``: what people read of it, once or in the log of a daemon."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from mileage.domain.errors import Unavailable
from mileage.domain.plural import counted
from mileage.ingest.push_collector import Unwatched

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator

    from rich.progress import Progress as Bars

    from mileage.ingest.push_collector import Collector, Outcome, Progress

ATTEMPTS = 3
"""To reach a server; what could not be sent waits in the spool for the next time."""
LONG_BYTES = 20 * 2**20
"""Reading less than this takes no bar."""


def push_once(collector: Collector, url: str) -> None:
    """Make one pass and say what came of it; raises what kept rows from the server."""
    with _bar() as progress:
        outcome = collector.run(progress)
        if outcome.again:
            _warn("the server has nothing of this machine (any more): sending all anew")
            outcome = collector.run(progress).after(outcome)
    for _ in range(ATTEMPTS - 1):
        if not isinstance(outcome.trouble, Unavailable):
            break
        time.sleep(collector.pauses.left)
        outcome = collector.send()
    _report(outcome, url)
    if outcome.trouble is not None:
        if outcome.waiting:
            _warn(f"{_size(outcome.waiting)} wait to be sent; run this again")
        raise outcome.trouble


def _report(outcome: Outcome, url: str) -> None:
    witnesses = counted(outcome.witnesses, "witness", "witnesses")
    activities = counted(outcome.activities, "activity", "activities")
    rows = f"{witnesses} and {activities}"
    if outcome.trouble is None or outcome.witnesses or outcome.activities:
        click.echo(f"{counted(outcome.logs, 'log')} had changed; {rows} are at {url}.")
    if outcome.unread:
        _warn(f"could not be read, and counts as rejected: {_counted(outcome.unread)}")
    if outcome.rejected:
        _warn(f"the server does not take {_counted(outcome.rejected)}")
    if outcome.held:
        _warn(
            f"logs of sources that the server does not know wait: "
            f"{_counted(outcome.held)}"
        )
    if outcome.full:
        _warn(_full(outcome))


def _full(outcome: Outcome) -> str:
    return (
        f"the spool is full ({_size(outcome.waiting)}): logs are not read until the "
        "server is reached, and clients delete old ones. --spool-mib allows more"
    )


def _warn(text: str) -> None:
    click.echo(f"mileage: {text}", err=True)


def _counted(counter: Counter[str]) -> str:
    return ", ".join(f"{count:,} {what}" for what, count in counter.most_common(5))


def _size(count: int) -> str:
    return f"{count / 2**20:.1f} MiB" if count >= 2**20 else f"{count / 2**10:.0f} KiB"


# A daemon's log.


def keep_pushing(collector: Collector, url: str) -> None:
    """Make passes until a signal asks for the end; one short line for what is new."""
    from mileage import __version__
    from mileage.ingest.push_watch import Bell, Rhythm, watch

    teller = Teller()
    teller.say("started", version=__version__, to=url)
    bell = Bell()
    with bell.on_signals():
        watch(collector, bell, teller.tell, Rhythm())
    teller.say("ended")


class Teller:
    """Says what changed since the last pass, and nothing while nothing does."""

    def __init__(self) -> None:
        self._trouble = ""
        self._remarks: dict[str, str] = {}

    def say(self, event: str, **facts: object) -> None:
        """Write one line: time, event, ``name=value``."""
        at = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        told = " ".join(f"{name}={_quoted(value)}" for name, value in facts.items())
        click.echo(f"{at} mileage-collect {event} {told}".rstrip(), err=True)

    def tell(self, outcome: Outcome) -> None:
        """Say what came of a pass."""
        if outcome.witnesses or outcome.activities:
            self.say("sent", witnesses=outcome.witnesses, activities=outcome.activities)
        if outcome.unread:
            self.say("unread", records=_counted(outcome.unread))
        if outcome.rejected:
            self.say("refused", rows=_counted(outcome.rejected))
        if outcome.again:
            self.say("again", why="the server has nothing of this machine (any more)")
        self._remark("held", _counted(outcome.held))
        self._remark("full", _full(outcome) if outcome.full else "")
        self._tell_trouble(outcome)

    def _remark(self, event: str, text: str) -> None:
        if text and not self._remarks.get(event):
            self.say(event, what=text)
        self._remarks[event] = text

    def _tell_trouble(self, outcome: Outcome) -> None:
        trouble = str(outcome.trouble or "")
        if trouble and trouble != self._trouble:
            self.say("waiting", bytes=outcome.waiting, why=trouble)
            self._trouble = trouble
        elif self._trouble and not trouble:
            self.say("recovered")
            self._trouble = ""


def _quoted(value: object) -> str:
    text = str(value)
    return f'"{text}"' if " " in text else text


# Progress, for people.


class _Bar:
    """Draws the bytes that were read."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._task = bars.add_task("Reading", total=None, visible=False)

    def begin(self, total: int) -> None:
        """Show the bar when there is much to read."""
        self._bars.update(self._task, total=total, visible=total >= LONG_BYTES)

    def advance(self, size: int) -> None:
        """Move on."""
        self._bars.advance(self._task, size)


@contextmanager
def _bar() -> Iterator[Progress]:
    if not sys.stderr.isatty():
        yield Unwatched()
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(binary_units=True),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        yield _Bar(bars)
