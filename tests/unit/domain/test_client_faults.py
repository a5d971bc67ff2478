"""Known faults of clients: which versions they hold for, and files that are wrong."""

from __future__ import annotations

from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.client_faults import Fault, faults_of, parse_clients
from mileage.domain.policy import PolicyErrors

METRICS = Fault("claude-code", "claude_code_metrics", "2.1.214", "too high", "update")
EVERY = Fault("opencode", "", "", "lossy at exit", "collect its logs too")


def found(client: str, source: str, version: str) -> list[str]:
    return [f.problem for f in faults_of([METRICS, EVERY], client, source, version)]


@pytest.mark.parametrize(
    ("version", "affected"),
    [
        ("2.1.213", True),
        ("2.1.99", True),
        ("1.9", True),
        ("2", True),
        ("2.1.214", False),
        ("2.1.214.0", False),
        ("2.1.215", False),
        ("2.2", False),
        ("10.0.0", False),
        ("2.1.213-beta.1", True),
        ("2.1.214-beta.1", False),
        ("", False),
        ("unknown", False),
        ("v2.1.0", False),
    ],
)
def test_versions_are_compared_as_numbers(version: str, affected: bool) -> None:  # noqa: FBT001
    said = found("claude-code", "claude_code_metrics", version)
    assert said == (["too high"] if affected else [])


def test_another_source_of_the_client_is_not_affected() -> None:
    assert found("claude-code", "claude_code_otlp", "2.1.0") == []


def test_a_fault_without_source_and_version_holds_for_all_of_the_client() -> None:
    assert found("opencode", "opencode_otlp", "99") == ["lossy at exit"]
    assert found("opencode", "opencode_db", "") == ["lossy at exit"]
    assert found("codex", "codex_otlp", "1") == []


@given(st.text(max_size=30))
def test_no_version_makes_it_fail(version: str) -> None:
    faults_of([METRICS, EVERY], "claude-code", "claude_code_metrics", version)


def test_the_file_that_ships_is_right_and_knows_the_proxies() -> None:
    file = files("mileage").joinpath("policy/clients.toml")
    shipped = parse_clients(file.read_text("utf-8"), "clients.toml")
    inflated = faults_of(shipped, "claude-code", "claude_code_metrics", "2.1.213")
    assert len(inflated) == 1
    assert "proxy" in inflated[0].problem
    assert "2.1.214" in inflated[0].fix
    assert not faults_of(shipped, "claude-code", "claude_code_metrics", "2.1.214")
    assert not faults_of(shipped, "claude-code", "claude_code_log", "2.1.197")


def test_an_empty_file_knows_no_fault() -> None:
    assert parse_clients("", "clients.toml") == ()


def test_every_mistake_is_found_with_its_line_and_key() -> None:
    text = (
        '[[fault]]\nclient = "Claude Code"\nbefore = "latest"\nproblem = "x"\n'
        '[[fault]]\nclient = "codex"\nproblem = "x"\nfix = "y"\nseverity = 3\n'
    )
    with pytest.raises(PolicyErrors) as caught:
        parse_clients(text, "clients.toml")
    told = [(one.line, one.key) for one in caught.value.findings]
    assert told == [
        (1, "fault[1].fix"),
        (2, "fault[1].client"),
        (3, "fault[1].before"),
        (9, "fault[2].severity"),
    ]
