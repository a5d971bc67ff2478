"""The JSON API: shapes, parameters, and a description that is true."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mileage.domain.errors import Refused
from mileage.domain.tokens import TOKEN_CLASSES
from mileage.domain.window import SECOND
from mileage.web.api import ENDPOINTS, GROUPS
from mileage.web.services import UsageQuestion
from tests.web.stage import ADA, BOB, ROOT, START, Stage

FIGURES = {
    *("calls", "tokens", "cost_usd", "unpriced_calls", "unmeasured_calls"),
    *TOKEN_CLASSES,
}
NOVEMBER = "2025-11-01T00:00:00Z"


@pytest.fixture
def stage():
    return Stage()


@pytest.fixture(scope="module")
def lasting():
    """For properties, whose many examples may share an application."""
    return Stage().program()


def asked(stage):
    """Return the last question of the usage report."""
    [*_, (kind, _, question)] = stage.reports.asked
    assert kind == "usage"
    return question


def refusal(answer, status=422):
    assert answer.status_code == status
    body = answer.json()
    assert list(body) == ["error"]
    assert list(body["error"]) == ["status", "title", "message"]
    assert body["error"]["status"] == status
    return body["error"]["message"]


# Usage


def test_usage_asks_for_its_defaults(stage):
    answer = stage.program().get("/api/v1/usage")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert asked(stage) == UsageQuestion(None, None, None, (), None)
    assert stage.reports.asked[-1][1] == ADA


def test_usage_passes_everything_on(stage):
    stage.program().get(
        "/api/v1/usage",
        params={
            "scope": "org",
            "from": NOVEMBER,
            "until": "2025-11-02T05:30:00+05:30",
            "group_by": "client,model,account,day",
            "purpose": "cost review",
        },
    )
    assert asked(stage) == UsageQuestion(
        "org",
        START,
        START + 86400 * SECOND,
        ("client", "model", "account", "day"),
        "cost review",
    )


def test_usage_answers_what_the_report_says(stage, monkeypatch):
    told = {
        "window": {},
        "rows": [{"client": "codex"}],
        "completeness": {"missing": []},
    }
    monkeypatch.setattr(stage.reports, "usage", lambda _viewer, _question: told)
    assert stage.program().get("/api/v1/usage").json() == told


def test_a_report_that_refuses_is_a_403(stage):
    stage.reports.broken = Refused("A purpose is required. Add purpose=….")
    answer = stage.program().get("/api/v1/usage", params={"scope": "org"})
    assert refusal(answer, 403) == "A purpose is required. Add purpose=…."


def test_the_purpose_is_not_invented(stage):
    stage.program("key-root").get("/api/v1/usage", params={"scope": "org"})
    assert asked(stage).purpose is None
    stage.program().get("/api/v1/usage", params={"purpose": ""})
    assert asked(stage).purpose == ""


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2025-11-01T00:00:00Z", 0),
        ("2025-11-01T00:00:00+00:00", 0),
        ("2025-11-01 00:00:00+00:00", 0),
        ("2025-11-01T05:30:00+05:30", 0),
        ("2025-11-01T05:30+0530", 0),
        ("2025-10-31T17:00:00-07:00", 0),
        ("20251101T000000Z", 0),
        ("2025-11-01T00:00:01.5Z", 1.5),
        ("2025-11-01T00:00:00.000001Z", 0.000001),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59-14:00", None),
    ],
)
def test_instants(stage, text, seconds):
    assert (
        stage.program().get("/api/v1/usage", params={"from": text}).status_code == 200
    )
    if seconds is not None:
        assert asked(stage).since == START + round(seconds * SECOND)


def test_a_plus_sign_that_was_not_encoded_is_understood(stage):
    answer = stage.program().get("/api/v1/usage?from=2025-11-01T05:30:00+05:30")
    assert answer.status_code == 200
    assert asked(stage).since == START


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2025-11-01",
        "2025-11-01T00:00:00",
        "2025-11-31T00:00:00Z",
        "2025-11-01T25:00:00Z",
        "1761955200",
        "2025-11-01T00:00:00+99:00",
        "10000-01-01T00:00:00Z",
        "٢٠٢٥-11-01T00:00:00Z",
        "x" * 10_000,
    ],
)
@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/api/v1/usage", "from"),
        ("/api/v1/usage", "until"),
        ("/api/v1/boards/tokens", "as_of"),
    ],
)
def test_what_is_no_instant_is_refused(stage, text, path, name):
    message = refusal(stage.program().get(path, params={name: text}))
    assert message.startswith(f"`{name}` must be an instant with its offset")
    assert "2026-11-01T00:00:00Z" in message
    assert stage.reports.asked == []


@pytest.mark.parametrize("until", [NOVEMBER, "2025-10-31T23:59:59Z"])
def test_a_window_has_a_length(stage, until):
    answer = stage.program().get(
        "/api/v1/usage", params={"from": NOVEMBER, "until": until}
    )
    assert "half-open" in refusal(answer)


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("", ()),
        ("client", ("client",)),
        ("client,day", ("client", "day")),
        (" day , client ,", ("day", "client")),
        (",,,", ()),
    ],
)
def test_group_by_is_a_comma_list(stage, text, groups):
    stage.program().get("/api/v1/usage", params={"group_by": text})
    assert asked(stage).group_by == groups


def test_a_dimension_is_named_once(stage):
    answer = stage.program().get("/api/v1/usage", params={"group_by": "day,day"})
    assert "twice" in refusal(answer)


# Parameters of every endpoint


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda one: one.name)
def test_an_unknown_parameter_is_refused_not_ignored(stage, endpoint):
    path = endpoint.path.replace("{lens}", "tokens")
    message = refusal(stage.program().get(path, params={"form": NOVEMBER}))
    assert "'form'" in message
    for name in endpoint.query_names:
        assert name in message
    assert stage.reports.asked == []


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda one: one.name)
def test_a_parameter_given_twice_is_refused(stage, endpoint):
    path = endpoint.path.replace("{lens}", "tokens")
    for name in endpoint.query_names:
        message = refusal(stage.program().get(f"{path}?{name}=1&{name}=2"))
        assert "twice" in message


def test_a_long_name_is_not_thrown_back_whole(stage):
    answer = stage.program().get("/api/v1/me", params={"x" * 5_000: "1"})
    assert len(refusal(answer)) < 200


@given(query=st.dictionaries(st.text(), st.text(), max_size=4))
def test_no_query_is_a_bug(lasting, query):
    for path in ("/api/v1/usage", "/api/v1/boards/tokens", "/api/v1/me"):
        assert lasting.get(path, params=query).status_code in {200, 422}


NAMES = st.sampled_from(
    ["scope", "from", "until", "group_by", "purpose", "as_of", "top", "lens", "q"]
)
VALUES = st.one_of(
    st.text(),
    st.datetimes().map(str),
    st.datetimes(timezones=st.timezones()).map(lambda when: when.isoformat()),
    st.integers().map(str),
    st.floats().map(str),
    st.lists(st.sampled_from([*GROUPS, "hour", ""])).map(",".join),
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(query=st.lists(st.tuples(NAMES, VALUES), max_size=5))
def test_no_nearly_right_query_is_a_bug(lasting, query):
    for path in ("/api/v1/usage", "/api/v1/boards/tokens", "/", "/ingest", "/people"):
        assert lasting.get(path, params=query).status_code in {200, 303, 422}


@given(raw=st.binary(max_size=40))
def test_no_bytes_in_the_query_are_a_bug(lasting, raw):
    query = "".join(f"%{byte:02x}" for byte in raw)
    for name in ("from", "group_by", "top", ""):
        answer = lasting.get(f"/api/v1/usage?{name}={query}")
        assert answer.status_code in {200, 422}


@given(lens=st.text(min_size=1).filter(lambda text: "/" not in text))
def test_no_lens_is_a_bug(lasting, lens):
    encoded = "".join(f"%{byte:02x}" for byte in lens.encode("utf-8", "replace"))
    answer = lasting.get(f"/api/v1/boards/{encoded}")
    assert answer.status_code in {200, 404, 405}


# Boards


def test_a_board_has_the_published_shape(stage):
    board = stage.program().get("/api/v1/boards/tokens").json()
    assert list(board) == [
        "lens",
        "unit",
        "warning",
        "window",
        "window_name",
        "previous",
        "as_of",
        "scope",
        "completeness",
        "total",
        "ranked",
        "first",
        "rows",
        "own",
    ]
    assert board["window"] == {
        "from": "2025-11-01T00:00:00Z",
        "until": "2025-12-01T00:00:00Z",
        "tz": "Asia/Kolkata",
    }
    assert board["as_of"] == "2025-11-30T23:59:59Z"
    assert board["scope"] == "org"
    assert set(board["total"]) == FIGURES
    assert list(board["completeness"]) == ["sources", "until", "missing"]
    [first, second] = board["rows"]
    for row in (first, second):
        assert (
            set(row)
            == {"rank", "rank_before", "account", "name", "value", "tier", "titles"}
            | {"department", "sessions", "active_days", "models"}
            | FIGURES
        )
        assert (row["tier"], row["titles"]) == (None, [])
    assert (first["rank"], first["account"], first["name"]) == (
        1,
        "acc-ada",
        "Ada Byron",
    )
    assert first["value"] == first["tokens"] == 2 * second["tokens"]
    assert second["name"] == BOB.name


def test_a_board_of_the_past(stage):
    stage.program().get("/api/v1/boards/cost", params={"as_of": NOVEMBER})
    assert stage.reports.asked == [("board", ADA, "cost", START)]


def test_no_such_lens(stage):
    message = refusal(stage.program().get("/api/v1/boards/nonsense"), 404)
    assert "Known: tokens, cost" in message


@pytest.mark.parametrize(("top", "count"), [("1", 1), ("2", 2), ("250", 2)])
def test_the_top_of_a_board(stage, top, count):
    board = stage.program().get("/api/v1/boards/tokens", params={"top": top}).json()
    assert len(board["rows"]) == count
    assert board["ranked"] == 2


@pytest.mark.parametrize(
    "top", ["0", "-1", "1.5", "", "all", "1000000", "٣", "1e3", "²"]
)
def test_a_top_that_is_no_number_is_refused(stage, top):
    answer = stage.program().get("/api/v1/boards/tokens", params={"top": top})
    assert "`top`" in refusal(answer)


# Me


def test_my_page_as_json(stage):
    me = stage.program().get("/api/v1/me").json()
    assert stage.reports.asked == [("personal", ADA, ADA.account_id)]
    assert (me["account"], me["name"]) == ("acc-ada", "Ada Byron")
    assert set(me["total"]) == FIGURES
    assert me["by_client"][0]["client"] == "claude-code"
    assert me["by_session"][0]["note"] == "claude-code"
    assert len(me["by_day"]) == len(me["hours"]) == 30
    assert {len(day) for day in me["hours"]} == {24}
    assert me["rejected"] == [
        {
            "source": "claude_code_log",
            "reason": "not JSON",
            "count": 2,
            "sample_place": "a.jsonl:7",
            "last": "2025-11-01T00:00:00Z",
        }
    ]


def test_everybody_gets_the_own_page_only(stage):
    assert stage.program("key-bob").get("/api/v1/me").json()["account"] == "acc-bob"
    answer = stage.program("key-bob").get("/api/v1/me", params={"account": "acc-ada"})
    refusal(answer)


def test_the_operator_has_no_own_page(stage):
    message = refusal(stage.program("key-root").get("/api/v1/me"), 404)
    assert "/api/v1/usage?scope=org" in message
    assert stage.reports.asked == []


# Ingest status


def test_ingest_status_has_exactly_the_published_keys(stage):
    told = stage.program("key-root").get("/api/v1/ingest/status").json()
    published = {
        "accepted": 30,
        "durable": 28,
        "visible": 25,
        "rejected": 2,
        "ignored": 1,
        "duplicates": 3,
        "lag_seconds": 0.5,
    }
    assert {name: told.pop(name) for name in published} == published
    assert set(told) == {"state", "strains", "load", "sources"}
    assert stage.reports.asked == [("ingest_status", ROOT)]
