"""Times, limits and domains on the command line; rotation and change."""

from __future__ import annotations

import json
import re

import click
import pytest
from click.testing import CliRunner

from mileage.cli import credential_options
from mileage.cli.credential_options import DAY, NEVER, end, limit, span
from mileage.cli.keys import command as key_command
from mileage.cli.options import control_in
from mileage.cli.tokens import command
from mileage.domain.directory import Rate
from mileage.domain.errors import Conflict, NotFound, Unauthorised

NOW = 1_780_000_000_000_000  # 2026-05-28T20:26:40Z
HOUR = DAY // 24


@pytest.fixture
def still(monkeypatch):
    monkeypatch.setattr("time.time_ns", lambda: NOW * 1000)


@pytest.fixture
def token(tmp_path):
    return lambda *words: CliRunner().invoke(command, [*words, "--data", str(tmp_path)])


@pytest.fixture
def key(tmp_path):
    return lambda *words: CliRunner().invoke(
        key_command, [*words, "--data", str(tmp_path)]
    )


@pytest.fixture
def gate(token):
    made = token("create", "--collector", "gate")
    return re.findall(r"tok_[a-z2-7]{16}", made.stderr)[0], made.stdout.strip()


def listed(token):
    (one,) = json.loads(token("list", "--json").stdout)
    return one


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("0", 0),
        ("30m", HOUR // 2),
        ("24h", DAY),
        ("7d", 7 * DAY),
        ("3650d", 3650 * DAY),
    ],
)
def test_spans(text, length):
    assert span(text) == length


@pytest.mark.parametrize("text", ["", "7", "d", "-1d", "1.5h", "3651d", "9999999d"])
def test_what_is_no_span(text):
    with pytest.raises(click.BadParameter):
        span(text)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("never", NEVER),
        ("90", NOW + 90 * DAY),
        ("90d", NOW + 90 * DAY),
        ("12h", NOW + 12 * HOUR),
        # The whole of the day still counts.
        ("2026-05-28", 1_780_012_800_000_000),
        ("2026-12-31", 1_798_761_600_000_000),
    ],
)
@pytest.mark.usefixtures("still")
def test_ends(text, moment):
    assert end(text) == moment


@pytest.mark.parametrize(
    "text", ["0", "0d", "2026-05-27", "2026-02-30", "9999-12-31", "soon", "3651"]
)
@pytest.mark.usefixtures("still")
def test_what_is_no_end(text):
    with pytest.raises(click.BadParameter):
        end(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("requests=5", ("requests", 5)),
        ("records=0", ("records", 0)),
        ("records=default", ("records", None)),
    ],
)
def test_limits(text, said):
    assert limit(text) == said


@pytest.mark.parametrize(
    "text",
    ["5", "calls=5", "requests=", "requests=-1", "records=1e3", "records=" + "9" * 12],
)
def test_what_is_no_limit(text):
    with pytest.raises(click.BadParameter, match="requests=N or records=N"):
        limit(text)


def test_a_token_with_terms_of_its_own(token):
    words = ("--rate", "requests=5", "--rate", "records=0", "--domain", "X.org")
    made = token("create", "--collector", "gate", *words, "--domain", "a.example")
    assert made.exit_code == 0, made.output
    shown = listed(token)
    assert shown["rate"] == {"requests": 5, "records": 0}
    assert shown["domains"] == ["a.example", "x.org"]
    line = token("list").stdout.splitlines()[1]
    assert "requests 5/s, records 0/s" in line
    assert line.endswith("names people of a.example x.org")


@pytest.mark.parametrize("domain", ["", "x org", "@x.org", "ana@x.org", "-x.org"])
def test_what_is_no_domain(token, domain):
    made = token("create", "--collector", "gate", "--domain", domain)
    assert made.exit_code == 2
    assert "is no domain" in made.stderr


def test_an_account_names_nobody_else(token):
    made = token("create", "--account", "ana@x.org", "--domain", "x.org")
    assert made.exit_code == 2
    assert "--domain is for a --collector" in made.stderr
    made = token("create", "--account", "ana@x.org")
    token_id = re.findall(r"tok_[a-z2-7]{16}", made.stderr)[0]
    assert token("change", token_id, "--domain", "x.org").exit_code == 2


def test_only_what_is_named_changes(token, gate):
    token("change", gate[0], "--expires", "9d", "--rate", "requests=5")
    first = listed(token)
    token("change", gate[0], "--rate", "records=7", "--domain", "x.org")
    second = listed(token)
    assert second["expires_at"] == first["expires_at"] is not None
    assert second["rate"] == {"requests": 5, "records": 7}
    changed = token(
        "change", gate[0], "--expires", "never", "--rate", "requests=default"
    )
    assert changed.stdout == f"{gate[0]} is changed\n"
    token("change", gate[0], "--domain", "any")
    last = listed(token)
    assert (last["expires_at"], last["domains"]) == (None, [])
    assert last["rate"] == {"requests": None, "records": 7}


def test_a_rotation_prints_the_new_secret_alone(token, gate, tmp_path):
    result = token("rotate", gate[0])
    assert re.fullmatch(r"mlg_c_[\w-]{43}\n", result.stdout)
    assert "the one before works until" in result.stderr
    assert result.stdout.strip() not in result.stderr
    with control_in(tmp_path) as control:
        for secret in (gate[1], result.stdout.strip()):
            assert control.credential(secret).token_id == gate[0]
    assert "former secret until" in token("list").stdout


def test_a_rotation_may_end_the_secret_before_at_once(token, gate, tmp_path):
    result = token("rotate", gate[0], "--overlap", "0")
    assert "it works alone" in result.stderr
    with control_in(tmp_path) as control, pytest.raises(Unauthorised):
        control.credential(gate[1])


def test_what_is_not_there_or_over(token, gate):
    assert isinstance(token("rotate", "tok_x").exception, NotFound)
    assert isinstance(token("change", "tok_x").exception, NotFound)
    token("revoke", gate[0])
    assert isinstance(token("rotate", gate[0]).exception, Conflict)
    assert isinstance(token("change", gate[0]).exception, Conflict)


def test_a_key_that_ends(key):
    made = key("create", "--account", "a@x.org", "--scope", "read", "--expires", "9d")
    assert made.exit_code == 0
    assert re.search(r"valid until \d{4}-\d\d-\d\d$", key("list").stdout.strip())
    (one,) = json.loads(key("list", "--json").stdout)
    assert one["expires_at"]
    assert one["last_used_at"] is None


def test_a_rate_changes_one_limit_and_leaves_the_other():
    assert credential_options.rate_of([("records", 7)], Rate(5, 6)) == Rate(5, 7)
