"""Hurt the server again and again under load; nothing acknowledged may be lost.

    python soak/kill.py [--rounds 1000] [--state var/soak/kill] [--seed 1]
        [--faults receiver,tree,stop,disk,writes,clock,term] [--stop-seconds 30]

Each round starts `mileage serve` on the same data directory, sends OTLP batches from
several threads, and does one thing to it, chosen at random: a SIGKILL, one for all that
it has started, a SIGSTOP, a full disk, failing writes, a clock set back by an hour, or
being asked to end. What was not acknowledged is sent again in other batches, mixed with
calls that were. Now and then, and after the last round, every call is looked for in the
ledger: each acknowledged one must be there exactly once, and nothing twice. Progress is
kept in the state directory, so an interrupted run goes on where it stopped.

A full disk needs root (a file system of its own is mounted in the state directory), the
clock libfaketime; what this machine does not allow is left out and said.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import duckdb
from killing.calls import Load, State
from killing.faults import FAULTS, Round, environment, possible, small_disk

MILEAGE = [sys.executable, "-m", "mileage"]
THREADS = 4
RARELY = 20
"""One in so many stops is a long one."""
CALM = ("Traceback", "Exception", "Error:", "most recent call")


def command(*words: str) -> str:
    """Run a mileage command and return what it printed."""
    done = subprocess.run([*MILEAGE, *words], check=False, capture_output=True)
    if done.returncode not in (0, 1):
        raise SystemExit(done.stderr.decode())
    return done.stdout.decode().strip()


def free_port() -> int:
    """Ask the system for a port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(state: State, port: int, *, settable_clock: bool) -> subprocess.Popen[str]:
    """Start a server, wait until it answers, and note how long that took."""
    begun = time.monotonic()
    words = ["serve", "--data", str(state.data), "--port", str(port)]
    with (state.folder / "server.log").open("a") as log:
        server = subprocess.Popen(
            [*MILEAGE, *words, "--grpc-port", "0"],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=environment(state.folder / "clock") if settable_clock else None,
            start_new_session=True,
        )
    assert server.stdout is not None
    for line in server.stdout:
        if line.startswith("Mileage serves"):
            state.starts.append(round(time.monotonic() - begun, 3))
            state.start_cpu.append(used_processor(server.pid))
            return server
    raise SystemExit("the server did not start; see server.log")


def used_processor(pid: int) -> float:
    """Return the processor seconds of a process; those of the clock are shared."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def one_round(state: State, rng: random.Random, asked: argparse.Namespace) -> str:
    """Start, load, hurt."""
    port = free_port()
    name = rng.choice(asked.faults)
    server = start(state, port, settable_clock=name == "clock")
    load = Load(state, port, rng)
    threads = [threading.Thread(target=load.send) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    longest = 1.0 if rng.randrange(RARELY) else asked.stop_seconds
    this = Round(server, state.data, state.folder / "clock", rng, longest)
    try:
        FAULTS[name](this)
    finally:
        load.over.set()
        server.kill()
        server.wait()
    for thread in threads:
        thread.join()
    state.rounds += 1
    state.faults[name] = state.faults.get(name, 0) + 1
    state.save()
    answers = ", ".join(f"{status} {n}" for status, n in sorted(load.answers.items()))
    return f"{name:8} start {state.starts[-1]:.2f} s, answers {answers}"


def compare(state: State) -> tuple[int, int]:
    """Return (acknowledged calls that are missing, calls that count twice)."""
    # It takes in what the last crash left behind.
    report = json.loads(command("verify", "--data", str(state.data), "--json"))
    for problem in report["problems"]:
        print(f"verify: {problem}")
    with duckdb.connect(str(state.data / "ledger.duckdb"), read_only=True) as ledger:
        rows = ledger.execute(
            "select session[6:]::bigint, count(*) from current_call group by session"
        )
        counted = dict(rows.fetchall())
    lost = sum(told and n not in counted for n, told in enumerate(state.acked))
    doubled = sum(calls != 1 for calls in counted.values())
    said = (state.folder / "server.log").read_text()
    crashes = sum(word in said for word in CALM)
    print(
        f"{state.rounds} rounds, {sum(state.acked):,} calls acknowledged: "
        f"{lost} lost, {doubled} doubled; verify: {report['problems']}; "
        f"{crashes} kinds of crash in server.log",
        flush=True,
    )
    return lost, doubled + len(report["problems"]) + crashes


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--state", type=Path, default=Path("var/soak/kill"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", default="")
    parser.add_argument("--stop-seconds", type=float, default=30.0)
    parser.add_argument("--compare-every", type=int, default=100)
    return parser.parse_args()


def main() -> None:
    """Run what is left of the rounds, and compare."""
    asked = options()
    state = State.load(asked.state)
    wanted = asked.faults.split(",") if asked.faults else list(FAULTS)
    able = possible(disk="disk" in wanted and small_disk(state.folder))
    asked.faults = [name for name in wanted if name in able]
    if left_out := set(wanted) - set(able):
        print(f"left out on this machine: {', '.join(sorted(left_out))}")
    state.data.parent.mkdir(exist_ok=True)
    if state.token and not state.data.exists():
        raise SystemExit(f"{state.data} is gone: remove {state.folder} and begin anew")
    if not state.token:
        account = ("--data", str(state.data), "--account", "soak@example.com")
        state.token = command("token", "create", *account)
        state.save()
    wrong = (0, 0)
    while state.rounds < asked.rounds and wrong == (0, 0):
        rng = random.Random(asked.seed * 100_000 + state.rounds)  # noqa: S311 - repeatable
        told = one_round(state, rng, asked)
        print(f"round {state.rounds} of {asked.rounds}: {told}", flush=True)
        if state.rounds % asked.compare_every == 0:
            wrong = compare(state)
    wrong = compare(state)
    clock, used = (sorted(some) or [0.0] for some in (state.starts, state.start_cpu))
    print(
        f"faults {state.faults}; to serving: median {clock[len(clock) // 2]} s, "
        f"longest {clock[-1]} s; of the processor {used[len(used) // 2]} and {used[-1]}"
    )
    sys.exit(0 if wrong == (0, 0) else 1)


if __name__ == "__main__":
    main()
