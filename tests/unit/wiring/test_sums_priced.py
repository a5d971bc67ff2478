"""What several requests used together is priced as none of them: by no size."""

from __future__ import annotations

import json

import pytest

from mileage.domain.call import Call
from mileage.domain.quarter import Costs
from mileage.domain.tokens import Tokens
from mileage.ingest import local_rows
from mileage.pricing.catalog import shipped
from mileage.sources.installed import log_sources
from mileage.sources.places import SUMS
from mileage.store.rules import Rules
from mileage.wiring.organisation import open_organisation, traits
from mileage.wiring.personal import Asking, answer_of
from tests.client_logs import START, micros
from tests.unit.store.test_plain import booking, kinds, seen
from tests.unit.store.test_plain import ledger_in as by_column

MODEL = ("anthropic", "claude-sonnet-4-5")
TOKENS = Tokens(input=500_000, output=1_000)
SHORT = 500_000 * 3 + 1_000 * 15
"""Micro-dollars at the rates of prompts of at most 200,000 tokens."""
LONG = 500_000 * 6 + 22_500


def call(source):
    named = Call._fields
    plain = dict.fromkeys(named, "") | {
        "occurred_at": micros(),
        "provider": MODEL[0],
        "model": MODEL[1],
        "tokens": TOKENS,
        "sources": (source,),
    }
    return Call(**plain)


@pytest.fixture
def rules(tmp_path, monkeypatch) -> Rules:
    """Those of an organisation as it is run."""
    found = []
    made = Rules.__new__

    def noted(cls, *given, **named):
        found.append(made(cls, *given, **named))
        return found[-1]

    monkeypatch.setattr(Rules, "__new__", noted)
    with open_organisation(tmp_path / "data"):
        return found[-1]


@pytest.mark.parametrize(
    ("source", "cost"),
    [
        ("claude_code_log", LONG),
        ("claude_code_otlp", LONG),
        ("claude_code_metrics", SHORT),
        ("codex_metrics", SHORT),
        ("codex_spans", SHORT),
        ("droid_session", SHORT),
    ],
)
def test_the_ledger_prices_sums_at_the_rates_of_short_prompts(rules, source, cost):
    assert rules.priced(call(source)).cost == cost


def test_no_sum_is_priced_by_column(tmp_path, monkeypatch):
    """That way looks at the size of each row."""
    sums = {name: one._replace(sums=True) for name, one in traits().items()}
    with by_column(tmp_path / "requests") as ledger:
        ledger.append(booking([seen("claude_code_otlp", key="a", link="a")]))
        assert kinds(ledger) == (1, 0, 1)
    monkeypatch.setattr("tests.ledgers.TRAITS", sums)
    with by_column(tmp_path / "sums") as ledger:
        ledger.append(booking([seen("claude_code_otlp", key="a", link="a")]))
        assert kinds(ledger) == (0, 1, 1)


@pytest.mark.parametrize("extension", [False, True])
def test_so_does_the_personal_tool(tmp_path, monkeypatch, extension):
    if not extension:
        monkeypatch.setattr(local_rows, "scan", None)
    folder = tmp_path / ".factory/sessions/p"
    folder.mkdir(parents=True)
    used = {"inputTokens": 500_000, "outputTokens": 1_000}
    whole = {"model": MODEL[1], "providerLock": MODEL[0], "tokenUsage": used}
    whole["providerLockTimestamp"] = START.isoformat()
    (folder / "s1.settings.json").write_text(json.dumps(whole))
    (row,) = answer_of(Asking([tmp_path], {})).usage.rows
    assert row.source == "droid_session"
    assert row.input == 500_000
    assert row.cost == SHORT


def test_one_request_is_priced_by_its_size_beside_sums():
    costs = Costs(shipped(), SUMS)
    kind = (*MODEL, micros(), "")
    assert costs.price(*kind, "claude_code_log").cost(TOKENS) == LONG
    assert costs.price(*kind, "droid_session").cost(TOKENS) == SHORT
    assert costs.price("no", "such", micros(), "", "droid_session") is None


def test_sums_are_named_without_loading_their_readers():
    known = {one.traits.name for one in log_sources() if one.traits.sums}
    assert known == SUMS
