"""What is remembered between requests, while several threads and processes write."""

from __future__ import annotations

import multiprocessing
import sqlite3
import threading
import time

import pytest

from mileage.domain.errors import Unauthorised
from mileage.store.control import open_control
from mileage.store.control.database import Remembered

ROUNDS = 30


class Counting:
    """Looks things up and counts how often."""

    def __init__(self, answers):
        self.answers = answers
        self.asked = []

    def __call__(self, key):
        self.asked.append(key)
        return self.answers.get(key)


@pytest.fixture
def write(path):
    """Write to the file as another process would."""

    def change():
        connection = sqlite3.connect(path)
        connection.execute("INSERT OR REPLACE INTO meta VALUES ('x', randomblob(8))")
        connection.commit()
        connection.close()

    return change


@pytest.fixture
def kept(control):
    return Remembered(control._database, 2)


def test_an_answer_holds_until_somebody_writes(kept, write):
    look_up = Counting({"a": 1})
    for _ in range(5):
        assert kept.ask("a", look_up) == 1
    assert look_up.asked == ["a"]
    write()
    look_up.answers["a"] = 2
    for _ in range(5):
        assert kept.ask("a", look_up) == 2
    assert look_up.asked == ["a", "a"]


def test_our_own_writes_count_too(kept, control):
    look_up = Counting({"a": 1})
    kept.ask("a", look_up)
    control.ensure_account("ana@x.example")
    kept.ask("a", look_up)
    assert look_up.asked == ["a", "a"]


def test_reading_changes_nothing(kept, control):
    look_up = Counting({"a": 1})
    kept.ask("a", look_up)
    control.accounts()
    control.tokens()
    kept.ask("a", look_up)
    assert look_up.asked == ["a"]


def test_nothing_is_not_remembered(kept):
    look_up = Counting({})
    for _ in range(3):
        assert kept.ask("a", look_up) is None
    assert look_up.asked == ["a"] * 3


def test_no_more_is_kept_than_was_said(kept):
    look_up = Counting({name: name for name in "abcdef"})
    for name in "abcdefabcdef":
        assert kept.ask(name, look_up) == name
        assert len(kept._answers) <= 2


def test_a_failing_lookup_is_asked_again(kept):
    def fail(_key):
        raise ZeroDivisionError

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            kept.ask("a", fail)
    assert kept.ask("a", Counting({"a": 1})) == 1


def test_the_version_is_the_same_for_all_who_ask_it_at_once(control, write):
    database = control._database
    found = []

    def look():
        found.extend(database.version() for _ in range(ROUNDS))

    threads = [threading.Thread(target=look) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(set(found)) == 1
    write()
    assert database.version() != found[0]


def test_a_file_may_be_asked_again_after_it_was_let_go_of(control):
    before = control._database.version()
    control.dispose()
    assert isinstance(before, int)
    assert isinstance(control._database.version(), int)


class Readers:
    """Threads that use tokens all the time, and what they wrongly believed."""

    def __init__(self, control, made):
        self.control, self.made = control, made
        self.ended, self.wrong = set(), []
        self.going = True
        self.threads = [threading.Thread(target=self.read) for _ in range(3)]

    def read(self):
        while self.going:
            over = set(self.ended)
            self.wrong += [
                one.credential_id
                for one in self.made
                if works(self.control, one) and one.credential_id in over
            ]

    def __enter__(self):
        for one in self.threads:
            one.start()
        return self

    def __exit__(self, *_):
        self.going = False
        for one in self.threads:
            one.join()


def works(control, made):
    try:
        control.credential(made.secret)
    except Unauthorised:
        return False
    return True


def test_no_thread_believes_a_token_after_its_revocation_returned(control, path, clock):
    """Many readers race with one writer: what has returned is seen by all."""
    made = [control.create_token(collector=f"g{n}") for n in range(ROUNDS)]
    with Readers(control, made) as readers, open_control(path, clock=clock) as other:
        for one in made:
            other.revoke_token(one.credential_id)
            readers.ended.add(one.credential_id)
    assert readers.wrong == []
    assert not any(works(control, one) for one in made)


def revoke(path, token_ids):
    with open_control(path, clock=lambda: 1) as control:
        for token_id in token_ids:
            control.revoke_token(token_id)


def test_another_process_is_noticed(control, path):
    made = [control.create_token(collector=f"g{n}") for n in range(3)]
    for one in made:
        assert control.credential(one.secret)
    context = multiprocessing.get_context("spawn")
    ids = [one.credential_id for one in made[:2]]
    process = context.Process(target=revoke, args=(path, ids))
    process.start()
    process.join(60)
    assert process.exitcode == 0
    for one in made[:2]:
        with pytest.raises(Unauthorised, match="was revoked"):
            control.credential(one.secret)
    assert control.credential(made[2].secret)


def test_a_question_costs_far_less_than_a_lookup(control):
    """In processor time, so that a busy machine does not matter."""
    secret = control.create_token(collector="gate").secret
    control.credential(secret)

    def spent(forget):
        began = time.process_time()
        for _ in range(200):
            if forget:
                control._secrets._answers.clear()
            control.credential(secret)
        return time.process_time() - began

    assert 3 * spent(forget=False) < spent(forget=True)
