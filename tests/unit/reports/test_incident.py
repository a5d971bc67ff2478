"""The file that an investigation begins with: who read how much, never a figure."""

from __future__ import annotations

import json
from random import Random

import pytest

from mileage.domain.darkness import Act, Darkness
from mileage.domain.directory import AccessRow
from mileage.reports.incident import WEEK, incident_json, read_json

AT = 1_795_350_000_000_000
SECOND = 1_000_000
DARK = Darkness(7, Act(AT, "acc_sam", "Sam"), "A leak.")


def read(number, viewer="acc_bo", **fields):
    plain = {
        "row_id": number,
        "at": AT + number * SECOND,
        "viewer": viewer,
        "viewer_name": viewer[4:].title(),
        "purpose": "board",
        "report": "board",
        "subject": "org",
        "subjects": 250,
        "detail": "",
        "named": "",
        "through": "page",
    }
    return AccessRow(**{**plain, **fields})


def readers(*rows):
    return incident_json(DARK, iter(rows))["readers"]


def test_nobody_has_read_anything():
    told = incident_json(DARK, ())
    assert (told["readers"], told["suspects"]) == ([], [])
    assert told["incident"] == 7
    assert told["reads_since"] == "2026-11-15T12:20:00Z"
    assert told["reads_until"] == "2026-11-22T12:20:00Z"
    assert WEEK == 7 * 86_400 * SECOND


def test_who_read_most_comes_first_and_of_equals_the_id_decides():
    rows = [read(n, who) for n, who in enumerate(("acc_c", "acc_b", "acc_a", "acc_b"))]
    assert [one["viewer"] for one in readers(*rows)] == ["acc_b", "acc_a", "acc_c"]


def test_one_line_adds_up_all_reads_of_one_reader():
    (one,) = readers(
        read(1, subjects=3),
        read(2, report="personal", subjects=1, through="api"),
        read(3, subjects=90, through="api"),
        read(4, viewer_name="Bo Peep"),
    )
    assert one == {
        "viewer": "acc_bo",
        "name": "Bo Peep",
        "reads": 4,
        "exports": 2,
        "most_named_at_once": 250,
        "reports": {"board": 3, "personal": 1},
        "first": "2026-11-22T12:20:01Z",
        "last": "2026-11-22T12:20:04Z",
    }


@pytest.mark.parametrize(
    ("through", "exports"), [("page", 0), ("api", 1), ("shell", 0), ("", 0)]
)
def test_only_what_a_program_took_is_an_export(through, exports):
    assert readers(read(1, through=through))[0]["exports"] == exports


def test_the_operator_is_a_reader_like_others():
    told = readers(read(1, "", viewer_name="operator"), read(2), read(3, ""))
    assert [(one["viewer"], one["reads"]) for one in told] == [("", 2), ("acc_bo", 1)]


def test_no_read_is_lost():
    random = Random(11)  # noqa: S311
    rows = [read(n, f"acc_{random.randrange(9)}") for n in range(300)]
    told = readers(*rows)
    assert sum(one["reads"] for one in told) == 300
    counts = [one["reads"] for one in told]
    assert counts == sorted(counts, reverse=True)
    assert len({one["viewer"] for one in told}) == len(told) == 9


def test_a_line_of_the_file_beside_it_is_the_row():
    told = json.loads(
        json.dumps(read_json(read(5, detail="lens \u2028 <b>", named="ff")))
    )
    assert told == {
        "entry": 5,
        "at": "2026-11-22T12:20:05Z",
        "viewer": "acc_bo",
        "name": "Bo",
        "purpose": "board",
        "report": "board",
        "subject": "org",
        "subjects": 250,
        "detail": "lens \u2028 <b>",
        "named": "ff",
        "through": "page",
    }
    assert "\n" not in json.dumps(read_json(read(5, detail="two\nlines")))
