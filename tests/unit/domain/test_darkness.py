from __future__ import annotations

import json

import pytest

from mileage.domain.darkness import (
    ASK_HOLDS,
    LONGEST_REASON,
    Act,
    Darkness,
    whole_sentence,
)

AT = 1_795_350_000_000_000
BEGAN = Act(AT, "acc_ana", "Ana")
DARK = Darkness(7, BEGAN, "Figures were in the press.")


def test_the_notice_says_since_when_why_and_what_stays():
    assert DARK.notice == (
        "Dark since 2026-11-22 12:20 UTC: Figures were in the press. Whatever names or "
        "ranks anybody is closed until two people have ended this. Your own page stays "
        "open, and usage is still taken in."
    )


def test_the_notice_names_nobody():
    assert "Ana" not in DARK.notice
    assert "acc_ana" not in DARK.notice


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("a leak", "a leak."),
        ("a leak.", "a leak."),
        ("why?", "why?"),
        ("stop!", "stop!"),
        ("  two\r\n lines ", "two lines."),
        ("", ""),
        (" \n", ""),
    ],
)
def test_a_reason_becomes_a_sentence(given, said):
    assert whole_sentence(given) == said


def test_a_reason_has_an_end():
    assert len(whole_sentence("x" * 10_000)) == LONGEST_REASON + 1


@pytest.mark.parametrize(
    ("asked", "actor", "later", "other"),
    [
        (None, "acc_bo", 0, False),
        ("acc_ana", "acc_ana", 0, False),
        ("acc_ana", "acc_bo", 0, True),
        ("", "", 0, False),
        ("", "acc_bo", 0, True),
        ("acc_ana", "", ASK_HOLDS - 1, True),
        ("acc_ana", "acc_bo", ASK_HOLDS, False),
    ],
)
def test_who_is_a_second_person(asked, actor, later, other):
    act = None if asked is None else Act(AT, asked, "n")
    found = Darkness(1, BEGAN, "r", act).asked_by_another(actor, AT + later)
    assert found is other


def test_the_state_as_json():
    state = json.loads(json.dumps(DARK.as_json()))
    assert state == {
        "dark": True,
        "incident": 7,
        "reason": "Figures were in the press.",
        "began": {"at": "2026-11-22T12:20:00Z", "account": "acc_ana", "name": "Ana"},
        "asked": None,
        "ended": None,
    }
    over = Darkness(7, BEGAN, "r", BEGAN, Act(AT + 1_000_000, "", "operator"))
    assert over.as_json()["dark"] is False
    assert over.as_json()["ended"]["at"] == "2026-11-22T12:20:01Z"
