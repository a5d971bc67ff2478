"""Whatever order, copies, lost answers and deaths: the server has every row, once."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from mileage.ingest.push_client import Later
from mileage.ingest.push_marks import Marks
from mileage.ingest.spool import Spool
from tests.drawing import examples
from tests.pushes import Ledger, Machine


class Killed(BaseException):
    """The process ends here, and nothing after it happens."""


class Deadly:
    """Kills at the n-th step of the road, wherever that is."""

    def __init__(self, ledger, steps):
        self.ledger, self.steps, self.step = ledger, steps, 0

    def passes(self, place):
        self.step += 1
        if self.step in self.steps:
            raise Killed(place)

    def greet(self):
        self.passes("greet")
        return self.ledger.greet()

    def push(self, body):
        self.passes("before")
        receipt = self.ledger.push(body)
        self.passes("after")
        return receipt

    def around(self, kind, name):
        """Die before or after a method that touches the disk."""
        whole = getattr(kind, name)

        def method(this, *given, **named):
            self.passes(name)
            result = whole(this, *given, **named)
            self.passes(f"{name} done")
            return result

        return kind, name, whole, method


def run_until_killed(machine, deadly):
    """One pass of one process, which may die anywhere; True when it did."""
    points = [
        deadly.around(Spool, "add"),
        deadly.around(Spool, "acknowledged"),
        deadly.around(Marks, "note"),
    ]
    ledger, machine.ledger = machine.ledger, deadly
    for kind, name, _, method in points:
        setattr(kind, name, method)
    try:
        machine.run()
    except Killed:
        return True
    finally:
        machine.ledger = ledger
        for kind, name, whole, _ in points:
            setattr(kind, name, whole)
    return False


NUMBERS = st.lists(st.integers(0, 12), min_size=1, max_size=6)
ACTIONS = st.one_of(
    st.tuples(st.just("claude"), st.integers(0, 1), st.integers(0, 2), NUMBERS),
    st.tuples(st.just("codex"), st.integers(0, 1), st.integers(0, 1), NUMBERS),
    st.tuples(st.just("run"), st.integers(0, 1), st.just(0), st.just([])),
    st.tuples(
        st.just("die"),
        st.integers(0, 1),
        st.just(0),
        st.lists(st.integers(1, 12), min_size=1, max_size=1),
    ),
    st.tuples(st.just("away"), st.just(0), st.integers(1, 3), st.just([])),
    st.tuples(st.just("lost"), st.just(0), st.just(1), st.just([])),
    st.tuples(st.just("again"), st.integers(0, 1), st.just(0), st.just([])),
)


@given(st.lists(ACTIONS, min_size=1, max_size=14))
@settings(max_examples=examples(60))
def test_every_call_arrives_and_is_the_same_wherever_it_came_from(actions):
    with TemporaryDirectory() as folder:
        ledger = Ledger()
        machines = [Machine(Path(folder) / name, ledger) for name in ("a", "b")]
        wanted = set()
        for kind, which, number, numbers in actions:
            wanted |= act(machines[which], ledger, kind, number, numbers)
        ledger.troubles.clear()
        ledger.after.clear()
        for machine in machines:
            machine.run()
            assert machine.run().waiting == 0
        assert ledger.keys == wanted


def act(machine, ledger, kind, number, numbers):
    """Do one thing; returns the ids of calls that are there because of it."""
    if kind == "claude":
        machine.claude(f"{number}.jsonl", *numbers)
        settled(machine)
        return {f"msg_{one}" for one in numbers}
    if kind == "codex":
        machine.codex(str(number), *numbers)
        settled(machine)
        return {f"resp_{one}" for one in numbers}
    if kind == "die":
        run_until_killed(machine, Deadly(ledger, set(numbers)))
    elif kind == "away":
        ledger.troubles += [Later("away")] * number
    elif kind == "lost":
        ledger.after += [Later("the answer was lost")] * number
    elif kind == "again":
        with machine as collector:
            collector.start_over()
    else:
        machine.run()
    return set()


def settled(machine):
    """Have what a log held read before somebody writes over it: a log only grows."""
    troubles, machine.ledger.troubles = machine.ledger.troubles, []
    machine.run()
    machine.ledger.troubles = troubles


def test_a_process_dies_at_every_single_step():
    """One call after the other, and after each death another process goes on."""
    deaths = 0
    for step in range(1, 40):
        with TemporaryDirectory() as folder:
            machine = Machine(Path(folder), Ledger())
            machine.claude("a.jsonl", *range(5))
            machine.codex("b", 7, 8)
            died = run_until_killed(machine, Deadly(machine.ledger, {step}))
            deaths += died
            machine.run()
            assert machine.ledger.keys == {
                *(f"msg_{number}" for number in range(5)),
                *("resp_7", "resp_8"),
            }
            assert machine.run().waiting == 0
            assert all(len(seen) == 1 for seen in machine.ledger.witnesses.values())
        if not died:
            break
    assert deaths >= 12


def test_a_process_dies_with_a_long_log_half_spooled():
    for step in range(1, 60, 7):
        with TemporaryDirectory() as folder:
            machine = Machine(Path(folder), Ledger())
            machine.claude("a.jsonl", *range(3500))
            run_until_killed(machine, Deadly(machine.ledger, {step}))
            machine.run()
            assert len(machine.ledger.keys) == 3500
            assert machine.run().waiting == 0
