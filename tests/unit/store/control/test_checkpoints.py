"""Entries of the two logs in their order, and the checkpoints over them."""

from __future__ import annotations

import pytest

from mileage.access.merkle import Frontier, leaf_hash
from mileage.domain.directory import ORGANISATION, NamedRead
from mileage.domain.entries import entry_bytes, set_digest
from mileage.domain.people import Viewer
from mileage.store.control import checkpoints, open_control
from mileage.store.control.checkpoints import ENTRIES, LOGS, StoredCheckpoint

ANA = Viewer("acc_ana", "Ana")
MADE = StoredCheckpoint(3, 7, bytes(64), "a note\n")


def read(control, *named):
    control.record_access(
        NamedRead(ANA, "board", "board", ORGANISATION, len(named), "", named)
    )


def test_there_are_two_logs_and_nothing_in_them(control):
    assert LOGS == ("access", "changes")
    for log in LOGS:
        assert list(control.log_entries(log)) == []
        assert control.checkpoints(log) == ()
    assert list(control.named_sets()) == []


def test_the_columns_that_are_hashed_stay_what_they_are():
    """They are in every tree that was ever signed: a new column is not among them."""
    assert ENTRIES["access"][1] == (
        *("row_id", "at", "viewer", "viewer_name", "purpose", "report", "subject"),
        *("subjects", "detail", "named", "through"),
    )
    assert ENTRIES["changes"][1] == (
        *("row_id", "at", "actor", "actor_name", "action", "subject", "detail"),
    )


@pytest.mark.parametrize("page", [1, 2, 3, 5, 6])
def test_entries_come_in_their_order_whatever_the_page(control, monkeypatch, page):
    for number in range(5):
        read(control, f"acc_{number}")
    monkeypatch.setattr(checkpoints, "PAGE", page)
    entries = list(control.log_entries("access"))
    assert [one[0] for one in entries] == [1, 2, 3, 4, 5]
    assert list(control.log_entries("access", after=3)) == entries[3:]
    assert list(control.log_entries("access", after=5)) == []
    assert {len(one) for one in entries} == {len(ENTRIES["access"][1])}


def test_an_entry_can_be_hashed_and_says_what_was_read(control, clock):
    read(control, "acc_b", "acc_a")
    ((*entry,),) = control.log_entries("access")
    assert entry == [
        *(1, clock.instant, "acc_ana", "Ana", "board", "board", ORGANISATION),
        *(2, "", set_digest(["acc_a", "acc_b"]), entry[-1]),
    ]
    assert entry_bytes(entry).startswith(b"[1,")


def test_whom_reads_named_is_kept_once(control):
    read(control, "acc_a", "acc_b")
    read(control, "acc_b", "acc_a")
    read(control, "acc_c")
    found = dict(control.named_sets())
    assert found == {
        set_digest(["acc_a", "acc_b"]): ["acc_a", "acc_b"],
        set_digest(["acc_c"]): ["acc_c"],
    }


@pytest.mark.parametrize("log", LOGS)
def test_a_checkpoint_is_kept_as_it_was_made(control, path, clock, log):
    control.add_checkpoint(log, MADE)
    assert control.checkpoints(log) == (MADE,)
    (other,) = set(LOGS) - {log}
    assert control.checkpoints(other) == ()
    with open_control(path, clock=clock) as again:
        (found,) = again.checkpoints(log)
        assert found == MADE
        assert type(found.frontier) is bytes


def test_checkpoints_come_smallest_first(control):
    for size in (9, 2, 700, 10):
        control.add_checkpoint("access", MADE._replace(size=size))
    assert [one.size for one in control.checkpoints("access")] == [2, 9, 10, 700]


def test_the_first_of_a_size_stays(control):
    """Two processes may sign at once: the one that was sent is not replaced."""
    control.add_checkpoint("access", MADE)
    control.add_checkpoint("access", MADE._replace(note="another\n"))
    assert control.checkpoints("access") == (MADE,)


@pytest.mark.parametrize("size", [0, 1, 2, 3, 7, 8, 40])
def test_a_frontier_of_any_size_is_kept(control, size):
    frontier = Frontier()
    for number in range(size):
        frontier.append(leaf_hash(entry_bytes([number])))
    made = StoredCheckpoint(size, 1, frontier.stored(), "n")
    control.add_checkpoint("access", made)
    (found,) = control.checkpoints("access")
    assert Frontier(found.size, found.frontier).root() == frontier.root()
