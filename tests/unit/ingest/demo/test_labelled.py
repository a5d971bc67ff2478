"""Who is labelled, what the truth file says of them, and what the ledger is told."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from datetime import datetime

import pytest

from mileage.domain.call import Seen
from mileage.domain.join import resolve
from mileage.domain.tokens import Tokens
from mileage.domain.window import micros
from mileage.ingest.demo import GATEWAY, front_door_bodies, gateway
from mileage.ingest.demo.door import COLLECTOR
from mileage.ingest.demo.habits import HABITS
from mileage.ingest.demo.labelled import FEWEST_PEOPLE
from mileage.sources import cloudevents
from mileage.sources.installed import otlp_sources
from mileage.sources.otlp import OtlpReader
from tests.unit.ingest.demo.by_hand import door_call

CALLS = 7200
SIZE = CALLS // 240
EVERY = Counter({habit.name: 2 for habit in HABITS})


@pytest.fixture(scope="module")
def org(simulate):
    return simulate(seed=3, people=500, door_calls=CALLS)


@pytest.fixture(scope="module")
def labelled(org):
    return [plan for plan in org.plans if plan.habit]


@pytest.fixture(scope="module")
def told(org):
    return json.loads(json.dumps(org.truth()))


@pytest.fixture(scope="module")
def read(org, labelled):
    """What the ledger is told, by the e-mail of whom it is told of."""
    reader = OtlpReader(otlp_sources())
    emails = {plan.account.email for plan in labelled}
    found = defaultdict(list)
    for body in front_door_bodies(org):
        if body.path == GATEWAY:
            source = cloudevents.SOURCE
            reading = source.read_request(body.content_type, {}, body.body)
        elif body.path == "/v1/logs" and body.email in emails:
            reading = reader.read("logs", "protobuf", body.body)
        else:
            continue
        for one in reading.witnesses.rows():
            found[body.email or one.identity].append(one)
    return found


def of(labelled, name):
    return [plan for plan in labelled if plan.habit.name == name]


def test_each_habit_has_two_accounts(labelled):
    assert Counter(plan.habit.name for plan in labelled) == EVERY


def test_all_of_their_calls_pass_the_door_within_its_budget(org, labelled):
    assert all(plan.door for plan in labelled)
    assert all(len(plan.habitual) == 2 * SIZE for plan in labelled)
    assert sum(plan.calls for plan in org.door_plans) <= CALLS
    part = sum(plan.calls for plan in labelled) / CALLS
    assert 0.2 < part < 0.5


def test_their_other_work_is_of_middling_size_for_the_door(labelled):
    own = sorted(plan.calls - len(plan.habitual) for plan in labelled)
    assert SIZE / 4 < own[len(own) // 2] < 4 * SIZE
    assert own[-1] < 8 * SIZE


def test_services_are_services_and_people_stay_all_month(labelled):
    for plan in labelled:
        assert plan.account.kind == plan.habit.kind
        assert plan.restless is (plan.habit.kind == "service")
        assert plan.account.joined is plan.account.left is None


@pytest.mark.parametrize(
    ("people", "aims"),
    [
        (FEWEST_PEOPLE - 1, {}),
        (300, {"labelled": 0}),
        (300, {"door_calls": 0}),
    ],
)
def test_when_nobody_is_labelled(simulate, people, aims):
    org = simulate(people=people, **aims)
    assert not any(plan.habit for plan in org.plans)
    assert all(one["evidence"] != "calls" for one in org.truth()["accounts"])


def test_a_small_organisation_has_one_service_to_label(simulate):
    org = simulate(people=FEWEST_PEOPLE)
    names = Counter(plan.habit.name for plan in org.plans if plan.habit)
    assert names == EVERY - Counter({"ci": 1})


def test_labels_do_not_depend_on_the_moment_but_on_the_seed(simulate, org):
    again = simulate(seed=3, people=500, door_calls=CALLS)
    other = simulate(seed=4, people=500, door_calls=CALLS)
    assert again.truth() == org.truth()
    emails = [
        {one["email"] for one in each.truth()["accounts"]} for each in (org, other)
    ]
    assert len(emails[0] & emails[1]) < 5


def test_the_page_to_look_at_is_nobodys_who_is_labelled(org, labelled):
    assert org.showcase not in [plan.account for plan in labelled]


def test_the_truth_file_names_each_of_them(labelled, told):
    assert (told["version"], told["simulated"], told["seed"]) == (1, True, 3)
    by_email = {one["email"]: one for one in told["accounts"]}
    assert len(by_email) == len(told["accounts"])
    for plan in labelled:
        entry = by_email[plan.account.email]
        assert (entry["name"], entry["kind"]) == (plan.account.name, plan.account.kind)
        assert entry["strategy"] == plan.habit.name
        assert entry["says"] == plan.habit.says
        assert entry["gaming"] is plan.habit.gaming
        assert entry["looks_like"] == plan.habit.looks_like
        assert entry["calls"] == len(plan.habitual)
        assert entry["tokens"] == sum(one.tokens.total for one in plan.habitual)
        assert entry["reports"] == (10 if plan.habit.name == "tenfold" else 1)
        assert entry["evidence"] == "calls"
        times = [one.at for one in plan.habitual]
        for key, at in (("from", min(times)), ("until", max(times))):
            assert micros(datetime.fromisoformat(entry[key])) == at


def test_the_truth_file_tells_what_the_habit_cost_at_list_price(labelled, told):
    entry = next(one for one in told["accounts"] if one["strategy"] == "tiny-calls")
    (plan,) = [p for p in labelled if p.account.email == entry["email"]]
    tokens = Tokens(*map(sum, zip(*(one.tokens for one in plan.habitual), strict=True)))
    dollars = (tokens.input + 5 * tokens.output) / 1e6
    assert float(entry["list_cost_usd"]) == pytest.approx(dollars, rel=0.001)


def test_the_truth_file_names_who_loops_by_the_hour(org, told):
    rolled = [one for one in told["accounts"] if one["evidence"] != "calls"]
    loops = [p for p in org.plans if p.restless and not p.account.service]
    assert [one["email"] for one in rolled] == [plan.account.email for plan in loops]
    assert len(loops) == 4
    for entry, plan in zip(rolled, loops, strict=True):
        assert (entry["strategy"], entry["gaming"]) == ("rolled-up-loop", True)
        assert (entry["calls"], entry["tokens"]) == (plan.calls, plan.tokens.total)
        assert entry["evidence"] == "simulated-rollup"
        assert entry["from"] < entry["until"]


def test_everybody_else_is_unlabelled(org, labelled, told):
    assert len(told["accounts"]) == len(labelled) + 4 < len(org.plans) / 10


def test_every_call_of_theirs_is_told_once(labelled, read):
    for plan in labelled:
        told = [one for one in read[plan.account.email] if one.source != "cloudevents"]
        assert len(told) == plan.calls
        assert len({one.key for one in told}) == plan.calls
        if plan.habit.reports == 1:
            sums = Tokens(*map(sum, zip(*(one.tokens for one in told), strict=True)))
            assert sums == plan.tokens


def test_a_patched_client_tells_ten_times_what_the_gateway_tells(labelled, read):
    for plan in of(labelled, "tenfold"):
        seen = defaultdict(dict)
        for one in read[plan.account.email]:
            for request in one.link.split():
                seen[request][one.source] = one
        for call in plan.habitual:
            witnesses = seen[call.request]
            assert set(witnesses) == {"claude_code_otlp", "cloudevents"}
            assert witnesses["cloudevents"].tokens == call.tokens
            assert witnesses["claude_code_otlp"].tokens == Tokens(
                *(10 * count for count in call.tokens)
            )


def test_what_counts_is_what_the_gateway_tells(labelled, read):
    traits = {one.traits.name: one.traits for one in otlp_sources()}
    traits[cloudevents.NAME] = cloudevents.SOURCE.traits
    plan = of(labelled, "tenfold")[0]
    seen = [Seen(one, "a", asserted=False) for one in read[plan.account.email]]
    calls = resolve(seen, traits)
    assert len(calls) == plan.calls
    assert (
        Tokens(*map(sum, zip(*(one.tokens for one in calls), strict=True)))
        == plan.tokens
    )
    flagged = [one for one in calls if one.inflated]
    assert len(flagged) == len(plan.habitual)
    assert {one.inflated for one in flagged} == {("claude_code_otlp:10",)}


def test_only_patched_clients_pass_a_gateway_that_tells(labelled, read):
    told = {
        email
        for email, rows in read.items()
        if any(one.source == "cloudevents" for one in rows)
    }
    assert told == {plan.account.email for plan in of(labelled, "tenfold")}


def test_clients_say_whether_somebody_sat_there(labelled, read):
    for plan in labelled:
        requests = {call.request for call in plan.habitual}
        said = Counter(
            one.attended
            for one in read[plan.account.email]
            if one.source != "cloudevents" and requests & set(one.link.split())
        )
        assert said[not plan.habit.attended] == 0
        if plan.habit.at_once == 1:
            assert said[plan.habit.attended] > 0.7 * said.total()
        else:
            assert said[None] > 0.5 * said.total()


def test_they_send_with_their_own_token(org, labelled):
    emails = {plan.account.email for plan in labelled}
    own = {body.email for body in front_door_bodies(org) if body.bearer == "personal"}
    assert emails <= own


def test_a_batch_of_the_gateway_by_hand():
    call = door_call(session="s-9", tokens=Tokens(input=3, output=4))
    body = gateway.events("p@example.com", [call._replace(request="req_1")])
    reading = cloudevents.SOURCE.read_request(gateway.TYPE, {}, body)
    (one,) = reading.witnesses.rows()
    assert (one.identity, one.link, one.session) == ("p@example.com", "req_1", "s-9")
    assert (one.tokens, one.client) == (call.tokens, call.client)
    assert one.occurred_at == call.at
    assert reading.rejected == ()


def test_the_gateway_needs_the_collectors_token(org):
    bodies = [body for body in front_door_bodies(org) if body.path == GATEWAY]
    assert bodies
    assert {(body.bearer, body.email) for body in bodies} == {("collector", "")}
    assert COLLECTOR
