"""The index of one's own logs always answers as reading everything anew would.

Whatever happens to the files between two runs, the figures are those of the files that
are there, together with what the deleted ones held when they were last read, and the
deleted sessions of a database that has many.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from contextlib import suppress
from itertools import chain
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from mileage.domain.errors import Unavailable
from mileage.domain.window import micros
from mileage.store.personal import PersonalIndex
from mileage.wiring.personal import Asking, answer_of
from mileage.wiring.unreadable import unreadable
from tests.client_logs import assistant, database, message_id
from tests.drawing import examples
from tests.session_logs import (
    START,
    added,
    answer,
    count,
    event,
    meta,
    record,
    tokens,
    turn,
)
from tests.session_logs import usage as used

BEGAN = micros(START)
NAMED = ("client", "model", "session", "project")
CLAUDE = ".claude/projects/p/{}.jsonl"
WORK = ".work/projects/p/{}.jsonl"
CODEX = ".codex/sessions/2026/rollout-{}.jsonl"
OPENCODE = ".local/share/opencode/opencode.db"


@st.composite
def claude_lines(draw):
    """A line as Claude Code writes it: few ids, so that copies are frequent."""
    kind = draw(st.integers(0, 9))
    if kind == 0:
        return draw(st.sampled_from([b"{\n", b"\n", b"[1]\n", b'{"type":"user"}\n']))
    return answer(
        f"msg_{draw(st.integers(0, 5))}",
        used(out=draw(st.integers(1, 60)), fresh=draw(st.integers(1, 3))),
        seconds=draw(st.integers(0, 4_000)),
        sessionId=f"s{draw(st.integers(0, 2))}",
        isSidechain=draw(st.booleans()),
    )


@st.composite
def codex_lines(draw):
    """A line as Codex writes it, of which some take back what others said."""
    sizes = draw(st.lists(st.integers(1, 40), min_size=1, max_size=4))
    totals = added(*(tokens(size) for size in sizes))
    seconds = draw(st.integers(0, 60))
    return draw(
        st.sampled_from(
            [
                count(totals, tokens(sizes[-1]), seconds),
                record(f"resp_{sizes[0]}", tokens(sizes[-1]), totals, seconds),
                event("task_started", seconds),
                event("user_message", seconds),
                turn("gpt-5.1-codex", seconds),
                meta(f"thread-{sizes[0] % 3}", seconds),
                meta("child", seconds, forked_from_id="thread-1"),
                count(None),
                b"{\n",
            ]
        )
    )


LINES = st.one_of(
    st.tuples(st.just(CLAUDE), st.lists(claude_lines(), min_size=1, max_size=6)),
    st.tuples(st.just(WORK), st.lists(claude_lines(), min_size=1, max_size=3)),
    st.tuples(st.just(CODEX), st.lists(codex_lines(), min_size=1, max_size=6)),
)
NAMES = st.sampled_from("abc")
# Which of the folders of Claude Code are looked at; without names, the usual ones.
FOLDERS = st.sampled_from([(), (".claude",), (".work",), (".claude", ".work")])
# A line may be caught half written.
CUTS = st.sampled_from([0, 0, 0, 1, 2, 30])


class Homes(RuleBasedStateMachine):
    """Does things to the logs of a home, and asks."""

    @initialize()
    def begin(self):
        self.folder = Path(tempfile.mkdtemp())
        self.home = self.folder / "home"
        self.home.mkdir()
        self.index = self.folder / "index" / "me.sqlite"
        self.deleted: dict[str, bytes] = {}
        self.asked: dict[str, bytes] = {}
        self.folders: tuple[str, ...] = ()
        self.sessions: dict[str, list[tuple[str, str, str]]] = {}
        self.asked_sessions: dict[str, list[tuple[str, str, str]]] = {}
        self.deleted_sessions: dict[str, list[tuple[str, str, str]]] = {}
        self.said = 0
        self.clock = 1_790_000_000

    def teardown(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, pattern, name):
        path = self.home / pattern.format(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def touched(self, path):
        """Times must differ, however quick the test is."""
        self.clock += 1
        os.utime(path, (self.clock, self.clock))
        self.deleted.pop(str(path), None)

    @rule(folders=FOLDERS)
    def look_elsewhere(self, folders):
        self.folders = folders

    def asking(self, home, *, index=None, rebuild=False):
        """Look at the chosen folders below a home."""
        names = ",".join(str(home / name) for name in self.folders)
        environ = {"CLAUDE_CONFIG_DIR": names} if names else {}
        return Asking([home], environ, index, rebuild=rebuild)

    @rule(lines=LINES, name=NAMES, cut=CUTS)
    def append(self, lines, name, cut):
        pattern, parts = lines
        path = self.path(pattern, name)
        whole = b"".join(parts)
        with path.open("ab") as stream:
            stream.write(whole[: len(whole) - cut])
        self.touched(path)

    @rule(lines=LINES, name=NAMES)
    def rewrite(self, lines, name):
        pattern, parts = lines
        path = self.path(pattern, name)
        path.write_bytes(b"".join(parts))
        self.touched(path)

    @rule(lines=LINES, name=NAMES)
    def replace(self, lines, name):
        pattern, parts = lines
        path = self.path(pattern, name)
        fresh = path.with_suffix(".new")
        before = path.read_bytes() if path.exists() else b""
        fresh.write_bytes(before + b"".join(parts))
        fresh.rename(path)
        self.touched(path)

    @rule(data=st.data())
    def truncate(self, data):
        path = self.any_file(data)
        if path is not None:
            size = path.stat().st_size
            with path.open("rb+") as stream:
                stream.truncate(data.draw(st.integers(0, size)))
            self.touched(path)

    @rule(data=st.data())
    def fork(self, data):
        path = self.any_file(data)
        if path is not None:
            own = path.relative_to(self.home).parts[0]
            pattern = {".claude": CLAUDE, ".work": WORK}.get(own, CODEX)
            copy = self.path(pattern, data.draw(NAMES) + "-fork")
            copy.write_bytes(path.read_bytes())
            self.touched(copy)

    @rule(data=st.data())
    def delete(self, data):
        path = self.any_file(data)
        if path is not None:
            path.unlink()
            if str(path) in self.asked:
                self.deleted[str(path)] = self.asked[str(path)]

    @rule(data=st.data(), calls=st.integers(1, 3), new=st.booleans())
    def say_in_a_database(self, data, calls, new):
        name = f"ses_{self.said}"
        if self.sessions and not new:
            name = data.draw(st.sampled_from(sorted(self.sessions)))
        for _ in range(calls):
            self.said += 1
            row = message_id(self.said), name, assistant(self.said)
            self.sessions.setdefault(name, []).append(row)
        self.write_sessions()

    @rule(data=st.data(), later=st.sampled_from([5, 50]))
    def fork_a_session(self, data, later):
        if self.sessions:
            name = data.draw(st.sampled_from(sorted(self.sessions)))
            self.said += 1
            fork = f"ses_{self.said}"
            self.sessions[fork] = [
                (message_id(self.said + later, number), fork, told)
                for number, (_, _, told) in enumerate(
                    # Of no other session, whenever those were said.
                    self.sessions[name],
                    100 * self.said,
                )
            ]
            self.write_sessions()

    @rule(data=st.data())
    def delete_a_session(self, data):
        if self.sessions:
            name = data.draw(st.sampled_from(sorted(self.sessions)))
            self.forget(name)
            self.write_sessions()

    @rule()
    def delete_the_database(self):
        for name in list(self.sessions):
            self.forget(name)
        (self.home / OPENCODE).unlink(missing_ok=True)

    def forget(self, name):
        del self.sessions[name]
        if name in self.asked_sessions:
            self.deleted_sessions[name] = self.asked_sessions[name]

    def write_sessions(self):
        path = self.home / OPENCODE
        path.unlink(missing_ok=True)
        database(path, message=chain.from_iterable(self.sessions.values()))
        self.touched(path)

    @rule()
    def ask_and_be_killed_before_it_is_stored(self):
        """What was asked before and is still so is stored; the rest is not."""
        killed = patch.object(
            PersonalIndex, "commit", side_effect=Unavailable("killed")
        )
        with killed, suppress(Unavailable):
            answer_of(self.asking(self.home, index=self.index)).finish()

    @rule()
    def build_it_again(self):
        answer_of(self.asking(self.home, index=self.index, rebuild=True)).finish()
        self.remember()

    def any_file(self, data):
        files = sorted(self.home.rglob("*.jsonl"))
        return data.draw(st.sampled_from(files)) if files else None

    def remember(self):
        """What was looked at is known as it is now, and all else as it was then."""
        looked = {".codex", *(self.folders or (".claude",))}
        for file in self.home.rglob("*.jsonl"):
            if file.relative_to(self.home).parts[0] in looked:
                self.asked[str(file)] = file.read_bytes()
        self.asked_sessions = {name: [*own] for name, own in self.sessions.items()}

    @rule()
    def ask(self):
        found = answer_of(self.asking(self.home, index=self.index))
        found.finish()
        self.remember()
        assert figures(found) == self.plainly()
        again = answer_of(self.asking(self.home, index=self.index))
        again.finish()
        assert figures(again) == figures(found)

    def plainly(self):
        """Read everything anew, deleted files too."""
        with tempfile.TemporaryDirectory() as folder:
            other = Path(folder)
            files = {**self.asked, **self.deleted}
            for name, content in files.items():
                path = other / Path(name).relative_to(self.home)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            sessions = [*self.sessions.values(), *self.deleted_sessions.values()]
            database(other / OPENCODE, message=chain.from_iterable(sessions))
            return figures(answer_of(self.asking(other)))


def figures(found):
    sources = {one.source: one for one in found.usage.sources}
    rows = sorted(tuple(row) for row in found.usage.rows)
    totals = {
        name: (one.witnesses, one.calls, one.rejected, one.first, one.last)
        for name, one in sources.items()
    }
    return merged(rows), {name: told for name, told in totals.items() if any(told)}


def merged(rows):
    """Rows of several files that are alike, as one."""
    sums = {}
    for row in rows:
        key = row[:9]
        before = sums.get(key, (0,) * 8 + (None, 0, 0, 1 << 62, 0))
        known = [cost for cost in (before[8], row[17]) if cost is not None]
        sums[key] = (
            *(a + b for a, b in zip(before[:8], row[9:17], strict=True)),
            sum(known) if known else None,
            before[9] + row[18],
            before[10] + row[19],
            min(before[11], row[20]),
            max(before[12], row[21]),
        )
    return sums


TestHomes = Homes.TestCase
TestHomes.settings = settings(
    max_examples=examples(12), stateful_step_count=20, deadline=None
)


@settings(max_examples=examples(25), deadline=None)
@given(
    lines=st.lists(claude_lines(), min_size=1, max_size=12),
    more=st.lists(claude_lines(), max_size=4),
    seconds=st.integers(-900, 4_900),
)
def test_what_is_dated_ahead_is_left_out_of_every_sum(lines, more, seconds):
    """By quarters of an hour, whatever else rows are by, with the index and without."""
    latest = BEGAN + seconds * 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        home, file = Path(folder) / "home", Path(folder) / "index" / "me.sqlite"
        path = home / CLAUDE.format("a")
        path.parent.mkdir(parents=True)
        for written in (lines, [*lines, *more]):
            path.write_bytes(b"".join(written))
            straight = Asking([home], {}, latest=10**17)
            every = answer_of(straight).usage
            believed = [row for row in every.rows if row.quarter <= latest]
            ahead = [row for row in every.rows if row.quarter > latest]
            for by in ("", "quarter", *NAMED):
                for index in (None, file, file):
                    asking = Asking([home], {}, index, by, latest=latest)
                    answer = answer_of(asking)
                    answer.finish()
                    assert totals(answer.usage.rows, by) == totals(believed, by)
                    (told,) = [one for one in answer.usage.sources if one.files]
                    assert told.calls == sum(row.calls for row in believed)
                    assert told.ahead == sum(row.calls for row in ahead)
                    assert told.last == max(
                        (one.last for one in believed), default=None
                    )
                    assert told.first == min(
                        (one.first for one in believed), default=None
                    )


def totals(rows, by):
    """Calls and figures by what is asked for."""
    found = {}
    for row in rows:
        name = getattr(row, by) if by else row[:9]
        figures = [*row[9:17], row.cost or 0, row.unpriced_calls]
        before = found.get(name, [0] * len(figures))
        found[name] = [a + b for a, b in zip(before, figures, strict=True)]
    return found


@settings(max_examples=examples(25), deadline=None)
@given(drawn=st.lists(LINES, min_size=1, max_size=3), cut=CUTS)
def test_every_line_that_cannot_be_read_is_named(drawn, cut):
    """As many as are counted, also of files that were read on from where they ended."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("MILEAGE_INDEX", f"{folder}/index")
        home = Path(folder) / "home"
        for pattern, lines in drawn:
            path = home / pattern.format("a")
            path.parent.mkdir(parents=True, exist_ok=True)
            whole = b"".join(lines)
            with path.open("ab") as stream:
                stream.write(whole[: len(whole) - cut])
            found = unreadable([home], {})
            (shown, _), (_, totals) = found, figures(answer_of(Asking([home], {})))
            counted = {name: told[2] for name, told in totals.items() if told[2]}
            assert Counter(one.source for one in shown) == counted
            assert len({one.place for one in shown}) == len(shown)
