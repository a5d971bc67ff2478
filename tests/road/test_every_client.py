"""Every recorded client at once, through every way in, again and again, in any order.

The other tests of recordings here show single clients step by step; this one mixes
all of them, so that none is believed to be another's.
"""

from __future__ import annotations

import json
import random

import pytest

from tests.road.every_client import SPLIT, billed, bodies, by_client, home_in, outfile
from tests.road.station import station_in

ALICE = "alice@example.com"
TIMES = 3
# Aider only estimates, and an estimate is in no sum.
CLIENTS = {
    *("claude-code", "codex", "copilot", "gemini-cli", "litellm", "opencode", "pi"),
    *("qwen-code", "sdk"),
}


def told(row):
    """Sum the classes that not every source can split."""
    return {
        **{name: row[name] for name in ("calls", "input", "cache_read", "tool_input")},
        "writes": row["cache_write"] + row["cache_write_1h"],
        "answer": row["output"] + row["reasoning"],
        "thought": row["reasoning"],
        "an_hour": row["cache_write_1h"],
    }


def without(names, row):
    return {name: value for name, value in row.items() if name not in names}


class Fed:
    """One person's server, and each thing that can be fed to it."""

    def __init__(self, station, folder):
        self.station, self.folder = station, folder
        self.token, self.key = station.token(email=ALICE), station.key(ALICE)
        self.operator = station.key("boss@example.com", "operator")

    def send(self, body):
        kind = body.content_type
        answer = self.station.post(
            body.data, self.token, path=body.path, content_type=kind
        )
        assert answer.status == 200, answer

    def collect(self, number):
        """Read the logs from a folder that was never read before.

        Only one's own home knows the settings of clients, such as Aider's file.
        """
        home = home_in(self.folder / f"home-{number}")
        chosen = {"HOME": str(home), "AIDER_ANALYTICS_LOG": str(home / "aider")}
        self.run("collect", environ=chosen)

    def import_file(self, path):
        self.run("import", path, "--source", "gemini_cli_outfile")

    def run(self, *words, **options):
        done = self.station.run(*words, "--account", ALICE, **options)
        assert done.returncode == 0, done.stderr
        assert "0 rejected" in done.stdout

    def shown(self):
        status = self.station.settled(self.operator)
        assert status["rejected"] == 0
        return self.station.usage(self.key)


def steps(fed):
    """Everything as often as a careless network and careless people would."""
    yield from ((fed.send, body) for body in bodies() * TIMES)
    yield from ((fed.import_file, outfile()) for _ in range(TIMES))
    yield from ((fed.collect, number) for number in range(TIMES))


@pytest.mark.parametrize("seed", [1])
def test_every_call_that_any_source_saw_counts_once(tmp_path, seed):
    wanted = by_client(billed())
    with station_in(tmp_path / "server") as station:
        fed = Fed(station, tmp_path)
        todo = list(steps(fed))
        random.Random(seed).shuffle(todo)  # noqa: S311 - repeatable
        for act, what in todo:
            act(what)
        rows = fed.shown()
        models = station.usage(fed.key, "model")
        done = station.run("verify", "--json")
    found = {client: told(row) for client, row in rows.items()}
    assert {client: without(SPLIT, row) for client, row in found.items()} == {
        client: without(SPLIT, row) for client, row in wanted.items()
    }
    for client, row in found.items():
        assert all(row[name] <= wanted[client][name] for name in SPLIT), client
    # Nobody publishes what this model's own provider takes for it; all others cost.
    unpriced = {name for name, row in models.items() if row["unpriced_calls"]}
    assert unpriced == {"qwen3-coder-plus"}
    assert (done.returncode, json.loads(done.stdout)["problems"]) == (0, [])


def test_the_truth_is_of_every_client_and_not_small():
    """What is wanted comes from the provider's side, not from what was read."""
    wanted = by_client(billed())
    assert set(wanted) == CLIENTS
    assert all(row["calls"] >= 5 and row["answer"] for row in wanted.values())
    thinking = {client for client, row in wanted.items() if row["thought"]}
    assert thinking >= {"codex", "copilot", "gemini-cli", "opencode", "qwen-code"}
    assert sum(row["an_hour"] for row in wanted.values()) > 30_000
