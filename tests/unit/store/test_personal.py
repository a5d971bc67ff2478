"""The index of one's own logs as a file: whose it is, its format, its lock."""

from __future__ import annotations

import sqlite3
import stat

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mileage.domain.errors import NewerData, Unavailable
from mileage.domain.quarter import QUARTER_COLUMN, FileSums, QuarterRow, sums_by
from mileage.store import personal
from mileage.store.personal import (
    Content,
    Corrupt,
    PersonalIndex,
    SourceSums,
    StoredFile,
    set_aside,
)
from tests.drawing import examples

QUARTER = 900_000_000
CONTENT = Content(b"k" * 8, b"body", b"mark")


def row(number=0, **fields):
    plain = QuarterRow(
        *(number * QUARTER, "claude-code", "claude_code_log", "anthropic", "opus"),
        *("", f"s{number}", "/repo", "", 2, 1, 2, 3, 4, 5, 6, 7, 80, 0, 0),
        *(number * QUARTER + 5, number * QUARTER + 9),
    )
    return plain._replace(**fields)


def file(number=1, **fields):
    plain = StoredFile(
        *(number, f"/home/{number}.jsonl", "claude_code_log", 7, 100, 1_000, 2, 1, 0, 0)
    )
    return plain._replace(**fields)


@pytest.fixture
def index(tmp_path):
    opened = PersonalIndex(tmp_path / "deep" / "folder" / "me.sqlite")
    yield opened
    opened.close()


def stored(index, *files, usage=None):
    index.begin()
    index.put(list(files), [CONTENT] * len(files))
    sums = usage or {one.number: [row(one.number)] for one in files}
    index.put_usage(FileSums(sums))
    index.sum_up()
    index.commit()


def test_only_its_owner_can_read_it(index, tmp_path):
    folder = tmp_path / "deep" / "folder"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "me.sqlite").stat().st_mode) == 0o600


def test_what_is_stored_comes_back(index):
    stored(index, file(1), file(2, path="/home/caf\udce9.jsonl"))
    assert index.files() == [file(1), file(2, path="/home/caf\udce9.jsonl")]
    assert index.content(1) == CONTENT
    assert index.keys() == [(1, CONTENT.keys), (2, CONTENT.keys)]
    assert index.usage() == [row(1), row(2)]


def test_storing_again_replaces(index):
    stored(index, file(1))
    stored(index, file(1, size=200, gone=0), usage={1: [row(3), row(4)]})
    assert index.files() == [file(1, size=200)]
    assert index.usage() == [row(3), row(4)]


@pytest.mark.parametrize("by", ["client", "model", "session", "project"])
def test_sums_by_a_dimension_leave_the_others_out(index, by):
    stored(index, file(1), file(2))
    rows = index.usage(by)
    assert sum(one.calls for one in rows) == 4
    assert sum(one.cost for one in rows) == 160
    assert {getattr(one, by) for one in rows} == {getattr(row(n), by) for n in (1, 2)}
    assert {one.tier + one.agent + one.provider for one in rows} == {""}
    assert min(one.first for one in rows) == row(1).first
    assert max(one.last for one in rows) == row(2).last


def test_sums_by_quarter(index):
    usage = {1: [row(1), row(1, model="haiku", cost=None, unpriced_calls=2)]}
    stored(index, file(1), usage=usage)
    (only,) = index.usage("quarter")
    assert (only.quarter, only.calls, only.cost) == (QUARTER, 4, 80)
    assert (only.unpriced_calls, only.model) == (2, "")


def test_sums_between_two_times(index):
    usage = {1: [row(1), row(1, model="haiku"), row(2), row(9, cost=None)]}
    stored(index, file(1), usage=usage)
    edges = [QUARTER, row(2).quarter + 1, row(9).quarter, row(9).quarter + 1]
    early, late = index.usage_within(edges)
    assert (early.quarter, early.calls, early.cost) == (QUARTER, 6, 240)
    assert (early.first, early.last) == (row(1).first, row(2).last)
    assert (late.quarter, late.calls, late.cost) == (row(9).quarter, 2, None)
    assert set(early[1:9]) == {""}
    assert index.usage_within(edges[:1]) == index.usage_within([]) == []


@pytest.mark.parametrize(
    ("now", "written"),
    [
        pytest.param([row(1), row(2), row(3)], 0, id="as before"),
        pytest.param([row(1), row(2), row(3, calls=9), row(4)], 2, id="grown"),
        pytest.param([row(1), row(2, calls=9), row(3)], 2, id="changed before its end"),
        pytest.param([row(1), row(2)], 0, id="shorter"),
        pytest.param([row(3), row(1), row(2)], 3, id="in another order"),
        pytest.param([], 0, id="nothing left"),
    ],
)
def test_sums_before_the_first_that_changed_are_not_written_again(
    index, heard, now, written
):
    other = [row(2), row(7)]
    stored(index, file(1), file(2), usage={1: [row(n) for n in (1, 2, 3)], 2: other})
    index._base.set_trace_callback(heard.append)
    heard.clear()
    stored(index, file(1), usage={1: now})
    assert sum(one.startswith("INSERT INTO usage") for one in heard) == written
    assert sorted(index.usage()) == sorted([*now, *other])
    sums = {one.quarter: one.calls for one in index.usage("quarter")}
    assert sums == _calls_by_quarter([*now, *other])
    assert index.sources()["claude_code_log"].calls == sum(sums.values())


def _calls_by_quarter(rows):
    return {
        quarter: sum(one.calls for one in rows if one.quarter == quarter)
        for quarter in {one.quarter for one in rows}
    }


def test_sums_follow_every_change(index):
    """Only quarters of an hour that have changed are added up again."""
    stored(index, file(1), file(2), usage={1: [row(1), row(5)], 2: [row(5), row(6)]})
    stored(index, file(1), usage={1: [row(1, calls=7), row(6)]})
    quarters = {one.quarter // QUARTER: one.calls for one in index.usage("quarter")}
    assert quarters == {1: 7, 5: 2, 6: 4}
    index.begin()
    index.drop(2)
    index.sum_up()
    index.commit()
    quarters = {one.quarter // QUARTER: one.calls for one in index.usage("quarter")}
    assert quarters == {1: 7, 6: 2}
    assert index.sources()["claude_code_log"].calls == 9


def test_the_first_sums_are_those_that_changes_make(index, tmp_path):
    """What a new index adds up once, in an older one takes the place of other sums."""
    costs = [row(5, cost=None, unpriced_calls=2), row(5), row(6, cost=None, last=9**15)]
    stored(index, file(1), file(2), usage={1: [row(1), *costs], 2: [row(5), row(1)]})
    older = PersonalIndex(tmp_path / "older.sqlite")
    stored(older, file(1), file(2), usage={1: [row(8), row(6)], 2: []})
    stored(older, file(1), file(2), usage={1: [row(1), *costs], 2: [row(5), row(1)]})
    assert index.usage("quarter") == older.usage("quarter")
    assert [one.calls for one in index.usage("quarter")] == [4, 6, 2]
    assert index.sources() == older.sources()
    older.close()


def test_all_is_dropped_and_stored_anew_at_once(index):
    stored(index, file(1), usage={1: [row(1), row(2)]})
    index.begin()
    index.drop(1)
    index.put([file(2)], [CONTENT])
    index.put_usage(FileSums({2: [row(2), row(3)]}))
    index.sum_up()
    index.commit()
    quarters = {one.quarter // QUARTER: one.calls for one in index.usage("quarter")}
    assert quarters == {2: 2, 3: 2}


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        ({}, {"last": QUARTER + 10, "calls": 3}, (5, 160, QUARTER + 5, QUARTER + 10)),
        ({}, {"first": QUARTER + 1, "cost": 90}, (4, 170, QUARTER + 1, QUARTER + 9)),
        ({"first": QUARTER}, {}, (4, 160, QUARTER + 5, QUARTER + 9)),
        ({"last": QUARTER + 20}, {}, (4, 160, QUARTER + 5, QUARTER + 9)),
        ({}, {"cost": None}, (4, 80, QUARTER + 5, QUARTER + 9)),
        ({"cost": None}, {}, (4, 160, QUARTER + 5, QUARTER + 9)),
    ],
)
def test_a_file_that_was_read_again_takes_its_own_place(index, before, now, told):
    stored(index, file(1), file(2), usage={1: [row(1)], 2: [row(1, **before)]})
    stored(index, file(2), usage={2: [row(1, **now)]})
    (only,) = index.usage("quarter")
    assert (only.calls, only.cost, only.first, only.last) == told
    source = index.sources()["claude_code_log"]
    assert (source.calls, source.first, source.last) == (told[0], *told[2:])


def test_an_unknown_cost_stays_unknown(index):
    stored(index, file(1), usage={1: [row(1, cost=None)]})
    assert index.usage("model")[0].cost is None
    assert index.usage()[0].cost is None


def test_sources_tell_of_files_and_calls(index):
    stored(
        index, file(1), file(2), file(3, source="codex_rollout"), usage={1: [row(1)]}
    )
    index.begin()
    index.mark(file(2, gone=1))
    index.sum_up()
    index.commit()
    assert index.sources() == {
        "claude_code_log": SourceSums(1, 4, 2, 1, 2, row(1).first, row(1).last),
        "codex_rollout": SourceSums(1, 2, 1, 0, 0, None, None),
    }


SOURCES = ("claude_code_log", "codex_rollout", "pi_session")


def drawn(number, calls, cost, since, until):
    times = {"first": number * QUARTER + since, "last": number * QUARTER + until}
    unpriced = calls if cost is None else 0
    return row(number, calls=calls, cost=cost, unpriced_calls=unpriced, **times)


ROWS = st.lists(
    st.builds(
        drawn,
        *(st.integers(1, 5), st.integers(1, 9), st.sampled_from([None, 0, 80])),
        *(st.integers(1, 4), st.integers(5, 9)),
    ),
    max_size=3,
)
STEPS = st.lists(
    st.lists(
        st.tuples(
            *(
                st.sampled_from(["put", "put", "drop", "gone", "outside"]),
                st.integers(1, 5),
                ROWS,
            )
        ),
        min_size=1,
        max_size=4,
    ),
    min_size=1,
    max_size=5,
)


def changed(index, held, step):
    """Do all of a step as one change, in the index and in a plain dictionary."""
    index.begin()
    put = {number: rows for what, number, rows in step if what == "put"}
    for what, number, _ in step:
        if number in put or number not in held:
            continue
        if what in ("gone", "outside"):
            whole = held[number][0]._replace(**{what: 1})
            index.mark(whole)
            held[number] = whole, [] if whole.outside else held[number][1]
        elif what == "drop":
            index.drop(number)
            del held[number]
    for number, rows in put.items():
        source = SOURCES[number % len(SOURCES)]
        whole = file(number, source=source)
        held[number] = whole, [one._replace(source=source) for one in rows]
    index.put([held[number][0] for number in put], [CONTENT] * len(put))
    index.put_usage(FileSums({number: held[number][1] for number in put}))
    index.sum_up()
    index.commit()


@settings(max_examples=examples(60), deadline=None)
@given(steps=STEPS)
def test_sources_and_quarters_add_up_whatever_was_changed(steps, tmp_path_factory):
    index = PersonalIndex(tmp_path_factory.mktemp("index") / "me.sqlite")
    held = {}
    for step in steps:
        changed(index, held, step)
        expected = {}
        inside = [one for one in held.values() if not one[0].outside]
        for source in {one.source for one, _ in inside}:
            own = [(one, rows) for one, rows in inside if one.source == source]
            rows = [one for _, some in own for one in some]
            gone = sum(one.gone for one, _ in own)
            expected[source] = SourceSums(
                *(len(own) - gone, 2 * len(own), len(own), gone),
                sum(one.calls for one in rows),
                min((one.first for one in rows), default=None),
                max((one.last for one in rows), default=None),
            )
        assert index.sources() == expected
        rows = [one for _, some in held.values() for one in some]
        quarters = [QuarterRow.of_all(*one) for one in sums_by(QUARTER_COLUMN, rows)]
        assert sorted(index.usage("quarter")) == sorted(quarters)
    index.close()


def test_a_dropped_file_takes_its_calls_along(index):
    stored(index, file(1), file(2))
    index.begin()
    index.drop(1)
    index.commit()
    assert index.files() == [file(2)]
    assert index.usage() == [row(2)]
    with pytest.raises(Corrupt, match="content is missing"):
        index.content(1)


def test_what_is_not_committed_is_undone(index, tmp_path):
    stored(index, file(1))
    index.begin()
    index.drop(1)
    index.close()
    again = PersonalIndex(tmp_path / "deep" / "folder" / "me.sqlite")
    assert again.files() == [file(1)]
    again.close()


def test_only_one_can_change_it_at_a_time(index, tmp_path, monkeypatch):
    monkeypatch.setattr(personal, "_PATIENCE_SECONDS", 0.05)
    other = PersonalIndex(tmp_path / "deep" / "folder" / "me.sqlite")
    index.begin()
    with pytest.raises(Unavailable, match="locked"):
        other.begin()
    assert other.files() == []
    index.commit()
    other.close()


def test_settings_are_texts_by_name(index):
    index.begin()
    index.set({"generation": "1", "prices": "x"})
    index.set({"generation": "2"})
    index.commit()
    assert index.settings() == {"generation": "2", "prices": "x"}


@pytest.mark.parametrize("content", [b"not a database at all" * 50, b"\0" * 4_096])
def test_what_is_no_index_is_corrupt(tmp_path, content):
    path = tmp_path / "me.sqlite"
    path.write_bytes(content)
    with pytest.raises(Corrupt):
        PersonalIndex(path)


def test_a_damaged_page_is_corrupt(index, tmp_path):
    stored(index, *(file(n) for n in range(1, 200)))
    index.close()
    path = tmp_path / "deep" / "folder" / "me.sqlite"
    whole = path.read_bytes()
    first = int.from_bytes(whole[16:18], "big")
    path.write_bytes(whole[:first] + b"\xff" * (len(whole) - first))
    broken = PersonalIndex(path)
    with pytest.raises(Corrupt):
        broken.files()
    broken.close()


def test_an_index_is_set_aside_under_a_free_name(tmp_path):
    path = tmp_path / "me.sqlite"
    names = []
    for content in ("one", "two"):
        path.write_text(content)
        names.append(set_aside(path).name)
        assert not path.exists()
    assert names == ["me.sqlite.corrupt-1", "me.sqlite.corrupt-2"]
    assert (tmp_path / names[0]).read_text() == "one"


def test_a_newer_format_is_left_alone(tmp_path):
    path = tmp_path / "me.sqlite"
    PersonalIndex(path).close()
    base = sqlite3.connect(path)
    base.execute(f"PRAGMA user_version = {personal.VERSION + 1}")
    base.close()
    before = path.read_bytes()
    with pytest.raises(NewerData, match="Upgrade Mileage, or pass --no-index"):
        PersonalIndex(path)
    assert path.read_bytes() == before


def test_the_first_format_is_brought_forward(tmp_path, monkeypatch):
    path = tmp_path / "me.sqlite"
    with monkeypatch.context() as patch:
        patch.setattr(personal, "MIGRATIONS", personal.MIGRATIONS[:1])
        patch.setattr(personal, "VERSION", 1)
        PersonalIndex(path).close()
    base = sqlite3.connect(path)
    base.execute("INSERT INTO file VALUES (1, 'a', 'pi_session', 7, 8, 9, 2, 1, 1)")
    base.commit()
    base.close()
    new = PersonalIndex(path)
    assert new.files() == [StoredFile(1, "a", "pi_session", 7, 8, 9, 2, 1, 1, 0)]
    new.close()


def test_an_older_format_is_brought_forward(tmp_path, monkeypatch):
    """Every step from the first format on runs once, and keeps what is there."""
    path = tmp_path / "me.sqlite"
    old = PersonalIndex(path)
    stored(old, file(1))
    old.close()
    steps = tmp_path / "index_migrations"
    steps.mkdir()
    (steps / "next.sql").write_text(
        "ALTER TABLE file ADD COLUMN more TEXT NOT NULL DEFAULT 'x';\n"
    )
    monkeypatch.setattr(personal, "MIGRATIONS", (*personal.MIGRATIONS, "next"))
    version = personal.VERSION + 1
    monkeypatch.setattr(personal, "VERSION", version)
    monkeypatch.setattr(personal, "_MIGRATIONS", steps)
    for _ in range(2):
        new = PersonalIndex(path)
        assert new.files() == [file(1)]
        new.close()
    base = sqlite3.connect(path)
    assert base.execute("PRAGMA user_version").fetchone() == (version,)
    assert base.execute("SELECT more FROM file").fetchall() == [("x",)]
    base.close()


@pytest.fixture
def heard(monkeypatch):
    """Return what SQLite is told, as it is told."""
    statements = []
    connect = sqlite3.connect

    def listening(*arguments, **named):
        base = connect(*arguments, **named)
        base.set_trace_callback(statements.append)
        return base

    monkeypatch.setattr(personal.sqlite3, "connect", listening)
    return statements


def told_to_wait(statements):
    """Return what was said of waiting for the disk, and the ends of changes."""
    words = ("PRAGMA synchronous", "COMMIT")
    return [one for one in statements if one.startswith(words)]


def test_only_the_first_change_does_not_wait_for_the_disk(tmp_path, heard):
    path = tmp_path / "me.sqlite"
    index = PersonalIndex(path)
    assert told_to_wait(heard) == ["PRAGMA synchronous = OFF", "COMMIT"]
    for _ in range(2):
        heard.clear()
        stored(index, file(1))
        assert told_to_wait(heard) == ["COMMIT", "PRAGMA synchronous = NORMAL"]
        assert index._base.execute("PRAGMA synchronous").fetchone() == (1,)
    assert index._rows("index_settings") == []
    index.close()
    heard.clear()
    again = PersonalIndex(path)
    assert told_to_wait(heard) == ["PRAGMA synchronous = NORMAL"]
    assert again.files() == [file(1)]
    again.close()


def test_a_large_change_stays_out_of_the_file_until_its_end(index, tmp_path):
    """Else the disk would be waited for in the middle, too."""
    stored(index, file(1))
    path = tmp_path / "deep" / "folder" / "me.sqlite"
    before = path.read_bytes()
    index.begin()
    large = Content(b"k" * 8, b"b" * 1_000_000, b"mark")
    index.put([file(number) for number in range(2, 10)], [large] * 8)
    assert path.read_bytes() == before
    index.commit()
    assert path.stat().st_size > 8_000_000


def test_what_is_brought_forward_waits_for_the_disk(tmp_path, monkeypatch, heard):
    """It may hold what no log has any more."""
    path = tmp_path / "me.sqlite"
    old = PersonalIndex(path)
    stored(old, file(1))
    old.close()
    heard.clear()
    steps = tmp_path / "index_migrations"
    steps.mkdir()
    (steps / "next.sql").write_text("CREATE TABLE more (x TEXT);\n")
    monkeypatch.setattr(personal, "MIGRATIONS", (*personal.MIGRATIONS, "next"))
    version = personal.VERSION + 1
    monkeypatch.setattr(personal, "VERSION", version)
    monkeypatch.setattr(personal, "_MIGRATIONS", steps)
    PersonalIndex(path).close()
    normal = "PRAGMA synchronous = NORMAL"
    assert told_to_wait(heard) == [normal, "COMMIT"]


def test_where_nothing_can_be_written_that_is_said(tmp_path):
    (tmp_path / "taken").write_text("a file where a folder has to be")
    with pytest.raises(Unavailable, match="taken"):
        PersonalIndex(tmp_path / "taken" / "me.sqlite")
