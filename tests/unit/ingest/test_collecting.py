"""Reading the logs of this machine into records."""

from __future__ import annotations

import pytest

from mileage.ingest.collecting import found_logs, log_records
from mileage.ingest.push_reading import Places
from mileage.sources.claude_code_log import SOURCE
from mileage.sources.files import MAX_LINE_BYTES
from tests.denying import kept_from, shared_folder
from tests.session_logs import answer, write_log


def records(home):
    return [
        record
        for source, file in found_logs([SOURCE], [home], {})
        for record in log_records(source, file, "acc", max_line_bytes=MAX_LINE_BYTES)
    ]


def test_a_folder_that_may_not_be_looked_into_is_not_named():
    with shared_folder() as home:
        write_log(home, ".claude/projects/-home-alice-secret/a.jsonl", answer())
        write_log(home, ".claude/projects/-home-alice-plain/b.jsonl", answer("msg_2"))
        assert sum(len(one.reading.witnesses) for one in records(home)) == 2
        with kept_from(home / ".claude/projects/-home-alice-secret"):
            found = records(home)
    assert sum(len(one.reading.witnesses) for one in found) == 1
    rejected = [bad for one in found for bad in one.reading.rejected]
    assert [(one.place, one.reason) for one in rejected] == [
        ("a folder", "unreadable: Permission denied")
    ]


@pytest.mark.parametrize("closed", [".claude", ".claude/projects/-home-alice-secret"])
def test_what_may_not_be_looked_at_is_a_log_to_push(closed):
    with shared_folder() as home:
        write_log(home, ".claude/projects/-home-alice-secret/a.jsonl", answer())
        places = Places((SOURCE,), (home,), {})
        (open_,) = places.logs()
        with kept_from(home / closed):
            (found,) = places.logs()
    assert open_.file.path.endswith("/a.jsonl")
    assert open_.file.path.startswith(found.file.path)
    assert found.signature != open_.signature
