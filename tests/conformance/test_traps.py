"""Every trap of the two logs, alone and with all others: exact to the token.

Each is read by the sources and joined, summed for `mileage me`, and booked in the
ledger in any order; and a reader that knows one rule less gets it wrong.
"""

from __future__ import annotations

import random
from datetime import date
from zoneinfo import ZoneInfo

import pytest

from mileage.domain.figures import Share
from mileage.domain.once import count_once
from mileage.domain.sums import Figures
from mileage.domain.tokens import Tokens
from mileage.domain.window import Window
from mileage.pricing.catalog import shipped
from mileage.reports.local import local_report
from mileage.reports.local_question import Question
from mileage.sources.claude_code_log import SOURCE as CLAUDE
from mileage.sources.codex_rollout import SOURCE as CODEX
from mileage.sources.files import discover, read_log
from mileage.store import queries
from mileage.store.verify import verify
from tests.conformance import reference
from tests.conformance.claude_home import HALF, JOURNAL, NULL, ODD
from tests.conformance.codex_home import CODEX_HALF, CODEX_ODD
from tests.conformance.homes import (
    ALL_TRAPS,
    booked,
    calls,
    home,
    readings,
    witnesses,
)
from tests.conformance.truth import facts, summed
from tests.ledgers import booking, ledger_in
from tests.local_usage import usage_in
from tests.witnesses import DAY, NOON

EVERY_TRAP = pytest.mark.parametrize("trap", ALL_TRAPS)
SEEDS = pytest.mark.parametrize("seed", range(4))
UTC_ZONE = ZoneInfo("UTC")
CATALOG = shipped()
FRIDAY = date(2026, 11, 20)


def naive(files, rule):
    """What a reader makes of files who knows all rules but one: sums by client."""
    found = reference.read(files, reference.RULES - {rule})
    kinds = sorted((client, model) for client, model, *_ in found)
    sums = [sum(counts) for counts in zip(*(one[-1] for one in found), strict=True)]
    return kinds, Tokens(*sums)


def true_sums(made):
    kinds = sorted((call.client, call.model) for call in made.calls)
    total = Tokens()
    for call in made.calls:
        total = total.plus(call.tokens)
    return kinds, total


# ----------------------------------------------------------------- the data itself


def test_the_same_seed_writes_the_same_home():
    one, same, other = home(7, ALL_TRAPS), home(7, ALL_TRAPS), home(8, ALL_TRAPS)
    assert one == same
    assert one.files.keys() != other.files.keys()
    assert one.calls != other.calls


def test_every_rule_of_the_reference_belongs_to_a_trap():
    assert reference.RULE_OF.keys() == set(ALL_TRAPS)
    assert len(reference.RULES) == 32


@SEEDS
def test_without_traps_even_a_naive_reader_is_right(seed):
    made = home(seed)
    assert reference.read(made.files, reference.RULES) == facts(made.calls)
    easy = {reference.GROWTH, reference.FIRST_LAST, reference.NEW_START}
    for rule in reference.RULES - easy - {reference.ONE_CALL}:
        assert naive(made.files, rule) == true_sums(made), rule


@EVERY_TRAP
def test_a_trap_is_really_there(trap):
    made = home(11, [trap])
    for rule in reference.RULE_OF[trap]:
        assert naive(made.files, rule) != true_sums(made), rule


@pytest.mark.parametrize("rule", sorted(reference.RULES))
def test_among_all_traps_each_rule_is_needed(rule):
    # Whoever gives files up at the first bad line sees none of the other traps.
    spoiling = {HALF, ODD, NULL, CODEX_HALF, CODEX_ODD}
    traps = [
        one
        for one in ALL_TRAPS
        if one not in spoiling or rule in reference.RULE_OF[one]
    ]
    made = home(12, traps)
    assert naive(made.files, rule) != true_sums(made)


# ------------------------------------------------------------ sources and the join


@EVERY_TRAP
@pytest.mark.parametrize("activity", [True, False])
def test_a_trap_alone(trap, activity):
    made = home(21, [trap])
    found = calls(witnesses(made, activity=activity))
    assert facts(found) == facts(made.calls)
    assert summed(found) == summed(made.calls)
    assert not any(call.differs for call in found)


@SEEDS
def test_no_trap(seed):
    made = home(seed)
    assert facts(calls(witnesses(made))) == facts(made.calls)
    assert all(reading.rejected == () for reading in readings(made))


@SEEDS
@pytest.mark.parametrize("activity", [True, False])
def test_all_traps_together(seed, activity):
    made = home(seed, ALL_TRAPS)
    assert facts(calls(witnesses(made, activity=activity))) == facts(made.calls)


@pytest.mark.parametrize("seed", range(100, 116))
def test_any_traps_together(seed):
    chance = random.Random(seed)  # noqa: S311 - test data
    traps = chance.sample(ALL_TRAPS, chance.randint(2, len(ALL_TRAPS) - 1))
    made = home(seed, traps)
    found = calls(witnesses(made, activity=False))
    assert facts(found) == facts(made.calls), traps
    assert reference.read(made.files) == facts(made.calls), traps


@EVERY_TRAP
def test_every_bad_line_is_reported_and_no_other(trap):
    made = home(31, [trap])
    refused = [one for reading in readings(made) for one in reading.rejected]
    assert len(refused) == made.refused
    places = [one.place for one in refused]
    assert len(set(places)) == len(places)
    for one in refused:
        name, _, number = one.place.removeprefix("/home/alice/").rpartition(":")
        line = made.files[name][int(number) - 1]
        assert one.source.startswith("claude" if ".claude/" in name else "codex")
        assert reference.objects([line], forgiving=True) == []


def test_only_whole_lines_count_and_torn_ones_are_told_apart():
    made = home(32, [HALF, CODEX_HALF, ODD, CODEX_ODD])
    refused = [one for reading in readings(made) for one in reading.rejected]
    torn = [one for one in refused if one.reason == "incomplete last line"]
    files = [name for name in made.files if not name.endswith("journal.jsonl")]
    assert len(torn) == len(files)
    assert len(refused) == made.refused > len(torn)


@SEEDS
def test_the_order_of_files_and_their_repetition_do_not_matter(seed):
    made = home(seed, ALL_TRAPS)
    rows = witnesses(made, activity=False)
    chance = random.Random(seed)  # noqa: S311 - test data
    shuffled = chance.sample(rows * 2, len(rows) * 2)
    assert sorted(calls(shuffled)) == sorted(calls(rows))


@SEEDS
def test_a_call_keeps_a_session_that_told_of_it(seed):
    made = home(seed, [one for one in ALL_TRAPS if "copied into" not in one])
    sessions = sorted((call.at, call.session) for call in made.calls)
    found = calls(witnesses(made, activity=False))
    assert sorted((call.occurred_at, call.session) for call in found) == sessions


def test_copies_lie_in_sessions_that_hold_the_call():
    made = home(5, ALL_TRAPS)
    holding = {
        (name.rsplit("/", 1)[-1].removesuffix(".jsonl"), line_id)
        for name, lines in made.files.items()
        for line_id in [call.name for call in made.calls if call.name]
        if any(line_id.encode() in line for line in lines)
    }
    named = {call.at: call.name for call in made.calls if call.name.startswith("msg_")}
    found = [call for call in calls(witnesses(made)) if call.client == "claude-code"]
    checked = [call for call in found if call.occurred_at in named and not call.agent]
    assert len(checked) > 20
    for call in checked:
        name = named[call.occurred_at].partition(":")[0]
        assert (call.session, name) in holding


# ---------------------------------------------------------------------- mileage me


def local_logs(made, folder):
    """Read a home from a disk, as `mileage me` does."""
    made.write(folder)
    found = {source: discover(folder, {}, source) for source in (CLAUDE, CODEX)}
    read = [
        reading
        for source, files in found.items()
        for file in files
        for reading in read_log(source, file, activity=False)
    ]
    batches = [reading.witnesses for reading in read]
    rejected = [one for reading in read for one in reading.rejected]
    files = {source.traits.name: len(files) for source, files in found.items()}
    return batches, usage_in(batches, rejected, files, CATALOG)


def asked(by):
    return Question(UTC_ZONE, "UTC", by=by)


def figures(rows: tuple[Share, ...]) -> dict[str, tuple[int, Tokens]]:
    return {row.name: (row.figures.calls, row.figures.tokens) for row in rows}


@EVERY_TRAP
def test_the_local_report_of_a_trap(trap, tmp_path):
    made = home(41, [trap])
    report = local_report(local_logs(made, tmp_path)[1], asked("client"))
    assert figures(report.rows) == summed(made.calls)
    assert sum(one.rejected for one in report.sources) == made.refused
    assert sum(one.calls for one in report.sources) == len(made.calls)


@SEEDS
def test_the_local_report_of_all_traps(seed, tmp_path):
    made = home(seed, ALL_TRAPS)
    batches, usage = local_logs(made, tmp_path)
    assert facts(count_once(batches)) == facts(made.calls)
    by_client = local_report(usage, asked("client"))
    assert figures(by_client.rows) == summed(made.calls)
    by_model = local_report(usage, asked("model"))
    renamed = [call._replace(client=call.model) for call in made.calls]
    assert figures(by_model.rows) == summed(renamed)
    assert by_model.total == by_client.total
    assert by_client.total.unpriced_calls == 0
    files = {one.source: one.files for one in by_client.sources}
    journals = sum(name.endswith("/journal.jsonl") for name in made.files)
    assert journals == (3 if JOURNAL in ALL_TRAPS else 0)
    assert sum(files.values()) == len(made.files) - journals


def test_the_cost_is_that_of_each_call_once(tmp_path):
    made = home(6, ALL_TRAPS)
    report = local_report(local_logs(made, tmp_path)[1], asked("client"))
    assert report.total.cost == sum(
        CATALOG.price(call.provider, call.model, FRIDAY, call.tier).cost(call.tokens)
        for call in calls(witnesses(made))
    )


# ---------------------------------------------------------------------- the ledger


def month_of(number):
    """The homes of all traps share one ledger; each has a month of its own."""
    return home(50 + 2 * number, [ALL_TRAPS[number]], NOON - 30 * (number + 1) * DAY)


@pytest.fixture(scope="module")
def shared_ledger(tmp_path_factory):
    """Take the homes of all traps in at once, in batches that mix them."""
    homes = [month_of(number) for number in range(len(ALL_TRAPS))]
    rows = [row for made in homes for row in witnesses(made, activity=False)]
    chance = random.Random(50)  # noqa: S311 - test data
    with ledger_in(tmp_path_factory.mktemp("traps")) as ledger:
        for part in in_batches(rows, chance, 3):
            ledger.append(booking(booked(part)))
        yield ledger


def in_batches(rows, chance, batches):
    """Deal rows out at random, with some given to a second batch as well."""
    shuffled = chance.sample(rows, len(rows))
    parts = [shuffled[number::batches] for number in range(batches)]
    return [[*part, *chance.sample(rows, len(rows) // 4)] for part in parts]


def ledger_sums(ledger, start):
    window = Window(start - DAY, start + 20 * DAY)
    rows = queries.usage(ledger, window, None, ("client",))
    return {row.keys["client"]: (row.figures.calls, row.figures.tokens) for row in rows}


@pytest.mark.parametrize(("number", "trap"), list(enumerate(ALL_TRAPS)))
def test_the_ledger_of_a_trap(shared_ledger, number, trap):
    start = NOON - 30 * (number + 1) * DAY
    assert ledger_sums(shared_ledger, start) == summed(month_of(number).calls), trap


def test_the_ledger_after_all_traps_contradicts_nothing(shared_ledger):
    assert verify(shared_ledger) == []


@pytest.mark.parametrize("seed", [1, 2])
def test_the_ledger_of_all_traps_in_any_order(seed, tmp_path):
    made = home(seed, ALL_TRAPS)
    chance = random.Random(seed)  # noqa: S311 - test data
    rows = witnesses(made, activity=False)
    with ledger_in(tmp_path) as ledger:
        taken = [
            ledger.append(booking(booked(part))) for part in in_batches(rows, chance, 4)
        ]
        assert sum(one.visible for one in taken) == len(set(rows))
        assert ledger_sums(ledger, NOON) == summed(made.calls)
        assert verify(ledger) == []
        again = ledger.append(booking(booked(rows)))
        assert (again.visible, again.calls) == (0, 0)
        assert ledger_sums(ledger, NOON) == summed(made.calls)


def test_a_wrong_sum_would_be_seen():
    """The comparison itself can fail: one token more, one call less."""
    made = home(9)
    first = made.calls[0]
    more = first._replace(tokens=first.tokens._replace(input=first.tokens.input + 1))
    assert facts([more, *made.calls[1:]]) != facts(made.calls)
    assert summed([more, *made.calls[1:]]) != summed(made.calls)
    assert summed(made.calls[1:]) != summed(made.calls)
    assert Figures().plus(Figures(1, first.tokens)).tokens == first.tokens
