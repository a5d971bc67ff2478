"""The same calls, seen by the log, by telemetry, or by both: always the same calls."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mileage.domain.call import Seen
from mileage.domain.join import resolve
from mileage.domain.tokens import Tokens
from mileage.store.verify import verify
from tests.conformance.claude_home import (
    ADVISING,
    ADVISOR,
    HALF,
    NO_MESSAGE,
    NO_REQUEST,
    RESUMED,
    SIDE,
)
from tests.conformance.homes import ALL_TRAPS, booked, home, witnesses
from tests.conformance.telemetry import (
    DAMAGED,
    TELEMETRY_TRAPS,
    UNNAMED,
    heard,
    telemetry,
)
from tests.conformance.truth import coarse, fact, facts
from tests.drawing import examples
from tests.ledgers import Turning, booking, ledger_in
from tests.witnesses import (
    CODEX_OTLP,
    DAY,
    HOUR,
    LOG,
    MINUTE,
    NOON,
    OTLP,
    ROLLOUT,
    SECOND,
    TRAITS,
    seen,
)

SEEDS = pytest.mark.parametrize("seed", range(5))
# Requests without an id have tests of their own; an advisor's is known to logs only.
LOG_TRAPS = [
    trap for trap in ALL_TRAPS if trap not in (ADVISOR, NO_REQUEST, NO_MESSAGE, HALF)
]
SENT_TRAPS = [trap for trap in TELEMETRY_TRAPS if trap not in (UNNAMED, DAMAGED)]
SOURCES = {"claude-code": (OTLP, LOG), "codex": (CODEX_OTLP, ROLLOUT)}


def dice(seed):
    return random.Random(seed)  # noqa: S311 - test data


class Told:
    """Calls, and who saw which: the log, telemetry, or both."""

    def __init__(self, seed, log_traps=LOG_TRAPS, sent_traps=SENT_TRAPS):
        chance = dice(seed)
        made = home(seed, log_traps)
        self.calls = made.calls
        self.ways = {
            (call.client, call.at): chance.choice(["log", "sent", "both", "both"])
            for call in self.calls
        }
        rows = witnesses(made, activity=False)
        first = defaultdict(lambda: 2**62)
        for row in rows:
            first[row.key] = min(first[row.key], row.occurred_at)
        self.logged = [row for row in rows if self.way(row, first[row.key]) != "sent"]
        told = [call for call in self.calls if self.way(call, call.at) != "log"]
        self.sent = heard(telemetry(seed, told, sent_traps).bodies)

    def way(self, seen_call, at):
        return self.ways[seen_call.client, at]

    @property
    def rows(self):
        return [*self.logged, *self.sent]

    def expected(self):
        """The log splits; telemetry alone is coarser; both together are exact."""
        return facts(
            coarse(call) if self.way(call, call.at) == "sent" else call
            for call in self.calls
        )

    def sources(self):
        """Which sources stand behind how many calls."""
        chosen = {"log": slice(1, 2), "sent": slice(0, 1), "both": slice(0, 2)}
        return Counter(
            SOURCES[client][chosen[way]] for (client, _), way in self.ways.items()
        )


@cache
def all_told(seed):
    """With all traps of both; not to be changed."""
    return Told(seed)


def check(found, told):
    assert facts(found) == told.expected()
    assert Counter(call.sources for call in found) == told.sources()
    assert not any(call.differs for call in found)


def current(ledger):
    """The calls that the ledger holds, as facts, with what is said about them."""
    rows = ledger.cursor().execute(
        "select client, model, occurred_at, agent, input, cache_read, cache_write,"
        " cache_write_1h, output, reasoning, tool_input, account, sources, differs"
        " from current_call order by all"
    )
    return [
        ((*row[:4], Tokens(*row[4:11])), row[11], tuple(row[12].split()), row[13])
        for row in rows.fetchall()
    ]


def check_ledger(ledger, told):
    found = current(ledger)
    assert sorted(one for one, *_ in found) == told.expected()
    assert Counter(sources for _, _, sources, _ in found) == told.sources()
    assert not any(differs for *_, differs in found)


# ------------------------------------------------------------------------ the join


@SEEDS
def test_however_calls_are_seen_they_are_the_same(seed):
    told = all_told(seed)
    assert set(told.ways.values()) == {"log", "sent", "both"}
    check(resolve(booked(told.rows), TRAITS), told)


@SEEDS
def test_interleaved_and_repeated(seed):
    told = all_told(seed)
    rows = dice(seed).sample(told.rows * 2, 2 * len(told.rows))
    straight = resolve(booked(told.rows), TRAITS)
    assert sorted(resolve(booked(rows), TRAITS)) == sorted(straight)


@pytest.mark.parametrize("seed", range(20, 28))
def test_with_any_traps_of_both(seed):
    chance = dice(seed)
    log_traps = chance.sample(LOG_TRAPS, chance.randint(0, len(LOG_TRAPS)))
    sent_traps = chance.sample(SENT_TRAPS, chance.randint(0, len(SENT_TRAPS)))
    told = Told(seed, log_traps, sent_traps)
    check(resolve(booked(told.rows), TRAITS), told)


@SEEDS
def test_a_call_keeps_its_id_when_another_source_tells_of_it(seed):
    told = all_told(seed)
    both = {call.call_id for call in resolve(booked(told.rows), TRAITS)}
    alone = {call.call_id for call in resolve(booked(told.logged), TRAITS)}
    claude = [row for row in told.rows if row.client == "claude-code"]
    assert alone <= both
    linked = {call.call_id for call in resolve(booked(claude), TRAITS)}
    by_telemetry = [row for row in claude if row.source == OTLP]
    assert {call.call_id for call in resolve(booked(by_telemetry), TRAITS)} <= linked


# ---------------------------------------------------------------------- the ledger


@pytest.mark.parametrize("seed", [41])
def test_ledgers_that_are_restarted_between_all_appends(seed, tmp_path):
    told = all_told(seed)
    chance = dice(seed)
    rows = chance.sample(told.rows, len(told.rows))
    rows += chance.sample(rows, len(rows) // 3)
    for start in range(0, len(rows), 1 + len(rows) // 4):
        with ledger_in(tmp_path) as ledger:
            ledger.append(booking(booked(rows[start : start + 1 + len(rows) // 4])))
    with ledger_in(tmp_path) as ledger:
        check_ledger(ledger, told)
        assert verify(ledger) == []


@pytest.mark.parametrize("first", ["log", "telemetry"])
def test_one_source_comes_days_after_the_other(first, tmp_path):
    told = all_told(3)
    now = Turning(NOON + HOUR)
    parts = [told.logged, told.sent]
    with ledger_in(tmp_path, now=now) as ledger:
        for part in parts if first == "log" else reversed(parts):
            ledger.append(booking(booked(part)))
            now.at += 45 * DAY
        check_ledger(ledger, told)
        for part in parts:
            again = ledger.append(booking(booked(part)))
            assert (again.visible, again.calls) == (0, 0)
        check_ledger(ledger, told)
        assert verify(ledger) == []


def test_a_log_that_is_read_while_it_grows(tmp_path):
    """Each time more of every file is there; telemetry is there from the start."""
    told = all_told(4)
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking(booked(told.sent)))
        for share in (3, 2, 1):
            ledger.append(booking(booked(told.logged[: len(told.logged) // share])))
        check_ledger(ledger, told)


@pytest.mark.parametrize("order", [(0, 2, 1), (2, 1, 0)])
def test_a_long_thread_over_the_edges_of_hours(order, tmp_path):
    """Log and telemetry of one answer stand in two hours, days before the next."""
    edge = NOON + HOUR
    alike = {"session": "thread", "link": ""}
    parts = [
        [seen(ROLLOUT, key="r1", occurred_at=edge - SECOND // 10, **alike)],
        [seen(CODEX_OTLP, key="o1", occurred_at=edge + SECOND // 10, **alike)],
        [
            seen(CODEX_OTLP, key="o2", occurred_at=edge + 3 * DAY, **alike),
            seen(ROLLOUT, key="r2", occurred_at=edge + 3 * DAY, **alike),
        ],
    ]
    with ledger_in(tmp_path) as ledger:
        for number in order:
            ledger.append(booking(parts[number]))
        found = [sources for _, _, sources, _ in current(ledger)]
        assert found == [(CODEX_OTLP, ROLLOUT)] * 2
        assert verify(ledger) == []


REPLAYED = (
    [seen(LOG, key="msg_1", link="req_a", output=3, session="parent")],
    [seen(OTLP, key="req_a", link="req_a", session="parent")],
    [
        seen(
            LOG,
            key="msg_1",
            link="req_b",
            copied=True,
            session="aside",
            occurred_at=NOON - SECOND,
        )
    ],
)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (2, 1, 0)])
def test_a_replay_under_another_request_keeps_the_join(order, tmp_path):
    """It tells of a larger output, but not when, where or whose the call was."""
    with ledger_in(tmp_path) as ledger:
        for number in order:
            ledger.append(booking(REPLAYED[number]))
        ((one, _, sources, differs),) = current(ledger)
        assert sources == (OTLP, LOG)
        assert (one[2], one[-1].output, differs) == (NOON, 50, "")
        assert verify(ledger) == []
    (call,) = resolve([one for part in REPLAYED for one in part], TRAITS)
    assert call.session == "parent"


# --------------------------------------------------------------- requests unnamed


def unnamed(seed, log_traps=()):
    """Calls of a third-party backend: no source knows an id of the request."""
    return Told(seed, [NO_REQUEST, *log_traps], [UNNAMED])


@pytest.mark.parametrize("seed", range(60, 65))
def test_calls_without_any_request_id_are_joined_by_their_counts(seed):
    told = unnamed(seed)
    nameless = [call for call in told.calls if call.client == "claude-code"]
    assert any(not call.request for call in nameless)
    with_id = {call.at for call in nameless if call.request}
    rows = [row for row in told.rows if row.occurred_at not in with_id]
    told.ways = {key: way for key, way in told.ways.items() if key[1] not in with_id}
    told.calls = [call for call in told.calls if call.at not in with_id]
    check(resolve(booked(rows), TRAITS), told)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0)])
def test_the_ledger_joins_calls_without_a_request_id(order, tmp_path):
    alike = {"link": "", "session": "s-1"}
    split = {"cache_write": 60, "cache_write_1h": 40}
    parts = [
        [seen(OTLP, key="seq:s-1:1", **alike), seen(OTLP, key="seq:s-1:2", **alike)],
        [seen(LOG, key="msg_1", output=3, **alike)],
        [
            seen(LOG, key="msg_1", occurred_at=NOON + SECOND, **alike, **split),
            seen(LOG, key="msg_2", occurred_at=NOON + 2 * SECOND, **alike),
        ],
    ]
    with ledger_in(tmp_path) as ledger:
        for number in order:
            ledger.append(booking(parts[number]))
        found = current(ledger)
        assert [sources for _, _, sources, _ in found] == [(OTLP, LOG)] * 2
        assert sum(one[-1].cache_write_1h for one, *_ in found) == 40
        assert verify(ledger) == []


def test_calls_without_a_request_id_are_not_joined_across_sessions_or_time():
    alike = {"link": "", "key": "a"}
    log = seen(LOG, **alike)
    for other in (
        seen(OTLP, **alike, session="other"),
        seen(OTLP, **alike, model="claude-haiku-4-5", output=51),
        seen(OTLP, **alike, input=7, cache_read=3, cache_write=1, output=51),
        seen(OTLP, **alike, occurred_at=NOON + 3 * MINUTE),
    ):
        assert len(resolve([log, other], TRAITS)) == 2
    assert len(resolve([log, seen(OTLP, **alike)], TRAITS)) == 1
    # One of the two may know the request's id; two different ones tell calls apart.
    named = seen(OTLP, key="b", link="req_2")
    assert len(resolve([log, named], TRAITS)) == 1
    assert len(resolve([seen(LOG, link="req_1"), named], TRAITS)) == 2


def test_without_a_session_there_is_nothing_to_join_by(tmp_path):
    alike = {"link": "", "session": ""}
    parts = [seen(OTLP, key="client:1", **alike), seen(LOG, key="msg_1", **alike)]
    assert len(resolve(parts, TRAITS)) == 2
    with ledger_in(tmp_path) as ledger:
        for part in parts:
            ledger.append(booking([part]))
        assert len(current(ledger)) == 2
        assert verify(ledger) == []


# ---------------------------------------------------------------------- advisors


@pytest.mark.parametrize("seed", range(70, 73))
def test_an_advisor_is_never_taken_for_the_call_it_advised(seed):
    made = home(seed, [ADVISOR, SIDE, RESUMED])
    told = [call for call in made.calls if ":advisor:" not in call.name]
    assert len(told) * 2 > len(made.calls) > len(told)
    rows = [*witnesses(made), *heard(telemetry(seed, told).bodies)]
    found = resolve(booked(dice(seed).sample(rows, len(rows))), TRAITS)
    assert facts(found) == facts(made.calls)
    assert not any(call.differs for call in found)
    alone = [call for call in found if len(call.sources) == 1]
    assert {call.model for call in alone} == {ADVISING}
    assert len(alone) == len(made.calls) - len(told)


# ------------------------------------------------------------------- disagreements

CLASSES = ("input", "cache_read", "cache_write", "output")


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("seed", [3, 4])
def test_disagreement_is_flagged_and_telemetry_leads(seed, name):
    told = all_told(seed)
    chance = dice(seed)
    changed = {}
    rows = []
    for row in told.sent:
        if row.client == "claude-code" and row.key not in changed:
            changed[row.key] = chance.choice([0, 0, 1, 500])
        more = changed.get(row.key, 0)
        rows.append(row._replace(**{name: getattr(row, name) + more}))
    found = resolve(booked([*told.logged, *rows]), TRAITS)
    assert len(found) == len(told.calls)
    true = {fact(call).at: call for call in told.calls if call.client == "claude-code"}
    flagged = 0
    for call in found:
        if call.client != "claude-code" or OTLP not in call.sources:
            assert call.differs == ()
            continue
        real = true[call.occurred_at]
        more = changed[real.request]
        joined = len(call.sources) == 2
        assert call.differs == ((name,) if more and joined else ())
        assert call.tokens.total == real.tokens.total + more
        flagged += bool(call.differs)
    assert flagged > 0


def test_a_torn_log_never_lowers_what_telemetry_says():
    told = all_told(7)
    torn = [row._replace(output=0, reasoning=0) for row in told.logged]
    claude = [row for row in (*torn, *told.sent) if row.client == "claude-code"]
    true = {call.at: call for call in told.calls}
    for call in resolve(booked(claude), TRAITS):
        real = true[call.occurred_at].tokens
        if call.sources == (OTLP, LOG):
            assert call.tokens.total == real.total
            assert call.differs == ("output",)
            assert call.tokens.cache_write_1h == real.cache_write_1h
        elif call.sources == (LOG,):
            assert call.tokens.output == 0


# ------------------------------------------------------------------------ accounts


@SEEDS
def test_a_credential_beats_a_claim_whatever_came_first(seed):
    told = all_told(seed)
    said = [
        *booked(told.logged, "acc_a"),
        *(Seen(row, "acc_b", asserted=True) for row in told.sent),
    ]
    for call in resolve(dice(seed).sample(said, len(said)), TRAITS):
        by_log = call.sources[-1] in (LOG, ROLLOUT)
        assert call.account == ("acc_a" if by_log else "acc_b")
        assert call.asserted is not by_log


@SEEDS
def test_of_two_credentials_the_one_of_telemetry_counts(seed):
    told = all_told(seed)
    said = [*booked(told.logged, "acc_a"), *booked(told.sent, "acc_b")]
    for call in resolve(dice(seed).sample(said, len(said)), TRAITS):
        by_telemetry = call.sources[0] in (OTLP, CODEX_OTLP)
        assert call.account == ("acc_b" if by_telemetry else "acc_a")


def test_accounts_in_the_ledger_add_up_to_the_calls(tmp_path):
    """Three people book overlapping parts of the same calls, in any order."""
    told = all_told(45)
    chance = dice(45)
    said = [
        Seen(row, account, asserted=account == "acc_c")
        for row in told.rows
        for account in chance.sample(["acc_a", "acc_b", "acc_c"], chance.randint(1, 2))
    ]
    shuffled = chance.sample(said, len(said))
    with ledger_in(tmp_path) as ledger:
        for start in range(0, len(shuffled), 1 + len(shuffled) // 3):
            part = shuffled[start : start + 1 + len(shuffled) // 3]
            ledger.append(booking(part))
        found = current(ledger)
        assert verify(ledger) == []
    assert sorted(one for one, *_ in found) == told.expected()
    straight = Counter(call.account for call in resolve(said, TRAITS))
    assert Counter(account for _, account, *_ in found) == straight
    assert sum(straight.values()) == len(told.calls)
    assert set(straight) == {"acc_a", "acc_b", "acc_c"}


# --------------------------------------------------------------- drawn small stories

HALF_MINUTE = 30 * SECOND


@st.composite
def equal_answers(draw):
    """Answers of one Codex thread with equal counts, all seen by both sources."""
    at = sorted(draw(st.sets(st.integers(0, 40), min_size=1, max_size=6)))
    delay = draw(st.integers(0, SECOND))
    said = []
    for number, step in enumerate(at):
        moment = NOON + step * HALF_MINUTE
        said.append(seen(ROLLOUT, key=f"r{number:02}", link="", occurred_at=moment))
        later = moment + delay
        said.append(seen(CODEX_OTLP, key=f"o{number:02}", link="", occurred_at=later))
    return len(at), draw(st.permutations(said))


@settings(max_examples=examples(60))
@given(equal_answers())
def test_equal_answers_stay_as_many_as_they_are(drawn):
    number, said = drawn
    found = resolve(said, TRAITS)
    assert len(found) == number
    assert all(call.sources == (CODEX_OTLP, ROLLOUT) for call in found)
    assert len({call.call_id for call in found}) == number


@settings(max_examples=examples(30))
@given(st.randoms(use_true_random=False))
def test_any_part_of_the_witnesses_tells_of_no_call_twice(chance):
    told = all_told(3)
    rows = told.rows
    part = chance.sample(rows, chance.randint(1, len(rows)))
    true = {(call.client, call.at) for call in told.calls}
    found = resolve(booked(part), TRAITS)
    keys = {(row.source, row.key) for row in part}
    assert Counter(source for call in found for source in call.sources) == Counter(
        source for source, _ in keys
    )
    linked = [call for call in found if call.client == "claude-code"]
    assert len(linked) <= sum(client == "claude-code" for client, _ in true)
