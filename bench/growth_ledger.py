"""Makes a ledger of many calls, with all that the ledger keeps beside them.

Rows are written by bulk statements, a day at a time and each day whole, so that what
was cut short goes on where it stopped. Calls, roll-ups, sessions, prompts, tallies and
presence agree with each other: ``mileage verify`` finds nothing. Unlike in a ledger
that telemetry filled, profiles stand under other numbers than those of their sessions,
nothing was rejected, and there is one client.
"""

from __future__ import annotations

import json
import math
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import duckdb

from mileage.domain.directory import PersonRow
from mileage.wiring.organisation import now, open_organisation

if TYPE_CHECKING:
    from pathlib import Path

    from mileage.pricing.catalog import Catalog

ACCOUNTS, DAYS = 85_000, 90
MOST_DAYS = 60
"""On so many of them an account uses something, if it has calls for that."""
DEPARTMENTS, TEAMS = 40, 20
DAY = 86_400_000_000
SOURCE, CLIENT = "claude_code_otlp", "claude-code"
MODELS = ("claude-opus-4-8", "claude-haiku-4-5-20251001")
ROOM: dict[str, str | bool | int | float | list[str]] = {
    "memory_limit": "4GB",
    "threads": 2,
    "checkpoint_threshold": "1GB",
}
MARK, LEDGER = "growth.json", "ledger.duckdb"
POLICY = """\
organisation = "Growth"

[board]
# Once, by the measurement: nothing may be published beside it.
snapshot_seconds = 86400

[limits]
# As the demonstration of so many people has it.
ledger_megabytes = 1024

[serving]
pages_a_minute = 0
"""
PERSON = """
create or replace temp table person as
select
    row_number() over (order by hash(account)) as place, account, email,
    greatest(1, round($calls / 2 / sqrt((place - 0.5) / $accounts)))::bigint as calls
from (select unnest($ids) as account, unnest($emails) as email)
"""
"""The first has sqrt(accounts) / 2 times as many as the mean."""
RATES = """
create or replace temp table price as
select
    unnest([1, 2]) as rate, unnest($models) as model,
    unnest($input) as input, unnest($cache_read) as cache_read,
    unnest($cache_write) as cache_write, unnest($output) as output
"""
BURSTS = """
create or replace temp table burst as
with session as (
    select
        *, unnest(range((calls + 49) // 50)) as part, hash(place, $day, part) as chance
    from person
    where hash(account, $day) % $of_days < $used_days
),
named as (
    select
        *, uuid_text(place, $day, part) as session,
        1 + (chance % 8 = 0)::integer as rate
    from session
),
timed as (
    select
        *, unnest(range(part * 50, least(part * 50 + 50, calls), 10)) as first,
        $start + (8 + chance // 8 % 9)::bigint * 3600000000
            + (chance // 128 % 60)::bigint * 60000000
            + first % 50 * 24000000 + place as began_at
    from named
)
select *, $day * 1440 + (began_at - $start) // 60000000 + 5 as seq
from timed
order by seq, place
"""
"""Sessions of 50 calls, of which a client sends ten at a time; an append a minute."""
TODAY = """
create or replace temp table today as
with called as (
    select *, unnest(range(first, least(first + 10, calls))) as number from burst
),
placed as (
    select
        *, began_at + number % 10 * 24000000 as occurred_at,
        hash(place, $day, number) as random, hash(random) as more
    from called
)
select
    *, occurred_at // 3600000000 as utc_hour,
    3 + (random // 7 % 3000)::bigint as input,
    (random // 65536 % 180000)::bigint as cache_read,
    (more % 9000)::bigint as cache_write,
    20 + (more // 65536 % 4000)::bigint as output
from placed
"""
UUID = """
create or replace temp macro uuid_text(place, day, part) as
    regexp_replace(
        md5(concat(place, '/', day, '/', part)),
        '(.{8})(.{4})(.{4})(.{4})(.{12})', '\\1-\\2-\\3-\\4-\\5'
    )
"""
CALLS = """
insert into plain_call by name
select
    seq, $start + (seq - $day * 1440) * 60000000 as recorded_at, account,
    true as asserted, '{SOURCE}' as source, false as replayable,
    'req_011C' as key_head, random as key_number, null as key_tail,
    more // 256 as key_more, null as link, null as link_number, session, occurred_at,
    utc_hour, utc_hour * 3600 as hour, $date::date as day, '{CLIENT}' as client,
    '2.4.11' as client_version, 'anthropic' as provider, model, '' as tier,
    t.input, t.cache_read, t.cache_write, 0 as cache_write_1h, t.output, 0 as reasoning,
    0 as tool_input,
    total // 1000000 + (2 * (total % 1000000) > 1000000 - total // 1000000 % 2)::bigint
        as cost,
    $version as price_version, null as reported_cost, '' as project, '' as agent,
    false as copied, true as attended, email as identity
from (
    select
        t.*, p.model, t.input * p.input + t.cache_read * p.cache_read
            + t.cache_write * p.cache_write + t.output * p.output as total
    from today t join price p using (rate)
) t
"""
PROMPTS = """
insert into activity by name
select
    seq, $start + (seq - $day * 1440) * 60000000 as recorded_at, account,
    true as asserted, 20 as precedence, '{SOURCE}' as source,
    'prompt_' || to_hex(random) as key, session, occurred_at, utc_hour * 3600 as hour,
    $date::date as day, '{CLIENT}' as client, 'prompt' as kind, '' as name, 1 as amount,
    true as attended, more as own_id
from today
where number % 10 = 0
"""
HOURS = """
insert into rollup_hour by name
select
    'calls' as origin, hour, day, account, client, provider, model, count(*) as calls,
    sum(input)::bigint as input, sum(cache_read)::bigint as cache_read,
    sum(cache_write)::bigint as cache_write, 0 as cache_write_1h,
    sum(output)::bigint as output, 0 as reasoning, 0 as tool_input,
    sum(cost)::bigint as cost, 0 as unpriced_calls, 0 as unmeasured_calls,
    count(*) as attended_calls, 0 as unattended_calls, 0 as differing_calls
from plain_call
where day = $date::date
group by hour, day, account, client, provider, model
order by hour, min(seq)
"""
SESSIONS = """
insert into rollup_session by name
select
    hour, day, account, client, session_number(session) as session, session as name,
    count(*) as calls,
    sum(input)::bigint as input, sum(cache_read)::bigint as cache_read,
    sum(cache_write)::bigint as cache_write, 0 as cache_write_1h,
    sum(output)::bigint as output, 0 as reasoning, 0 as tool_input,
    sum(cost)::bigint as cost, 0 as unpriced_calls, 0 as unmeasured_calls
from plain_call
where day = $date::date
group by hour, day, account, client, plain_call.session
order by hour
"""
ACTIVITY = """
insert into rollup_activity by name
select
    hour, day, account, client, session_number(session) as session, kind, name,
    precedence, count(*) as facts, count(*) as amount
from activity
where day = $date::date
group by hour, day, account, client, activity.session, kind, name, precedence
order by hour
"""
DAYS_OF_ALL = """
insert into rollup_day by name
select
    'calls' as origin, day, account, client, max(sessions) as sessions,
    sum(calls)::bigint as calls,
    sum(input + cache_read + cache_write + output)::bigint as tokens,
    sum(cost)::bigint as cost, 0 as unpriced_calls
from rollup_hour join (
    select account, max(part) + 1 as sessions from burst group by account
) using (account)
where day = $date::date
group by day, account, client
"""
PROFILES = """
insert into session_profile
select distinct hash(session), '{SOURCE}\t{CLIENT}\treq' from burst
"""
PRESENCE = """
insert into presence by name
select
    max(seq) as seq, $start + (max(seq) - $day * 1440) * 60000000 as recorded_at,
    account, '{SOURCE}' as source, '{CLIENT}' as client, '' as machine,
    $date::date as day, '2.4.11' as client_version, min(occurred_at) as first,
    max(occurred_at) as last, count(*) as witnesses, 2000000 as least_delay
from today
group by account
"""
TALLY = """
insert into tally
select
    seq, $start + (seq - $day * 1440) * 60000000, unnest(['', '{SOURCE}']),
    unnest([0, calls]), 0, 0, 0
from (select seq, count(*) as calls from today group by seq)
order by seq
"""
DONE = "select coalesce(max(seq) // 1440 + 1, 0) from tally"
"""How many days are there."""
ADDED = (
    *(CALLS, PROMPTS, HOURS, SESSIONS, ACTIVITY, DAYS_OF_ALL),
    *(PROFILES, PRESENCE, TALLY),
)


class Use(NamedTuple):
    """How so many calls are spread."""

    days: int
    calls: float
    """Of an account on one of its days, in the mean."""


def spread(calls: int) -> Use:
    """Spread calls over accounts and days: more calls are more days, then longer."""
    each = calls / ACCOUNTS
    days = min(MOST_DAYS, math.ceil(math.sqrt(each)))
    return Use(days, each / days)


def build(data: Path, calls: int) -> None:
    """Build what is not there yet; says how far it is."""
    if not (data / MARK).exists():
        _begin(data)
    start = json.loads((data / MARK).read_text("utf-8"))["start"]
    with open_organisation(data) as organisation:
        people = {one.account_id: one.email for one in organisation.control.accounts()}
        catalog = organisation.catalog
    began, work = time.perf_counter(), time.process_time()
    use = spread(calls)
    with duckdb.connect(str(data / LEDGER), config=ROOM) as connection:
        shared = {"ids": list(people), "emails": list(people.values())}
        many = {"accounts": len(people), "calls": use.calls}
        connection.execute(PERSON, {**shared, **many})
        connection.execute(UUID)
        _price(connection, catalog, start)
        ((begun,),) = connection.execute(DONE).fetchall()
        for day in range(begun, DAYS):
            _add_day(connection, catalog.version, day, start, use)
            spent = f"{time.perf_counter() - began:.0f} s"
            _say(
                f"day {day + 1} of {DAYS}, {spent}, of the processor "
                f"{time.process_time() - work:.0f} s"
            )


def _begin(data: Path) -> None:
    """Make the data directory, with everybody in it."""
    (data / "policy").mkdir(mode=0o700, parents=True, exist_ok=True)
    (data / "policy" / "mileage.toml").write_text(POLICY, "utf-8")
    with open_organisation(data) as organisation:
        organisation.control.import_people(
            PersonRow(
                f"person{n}@example.com",
                f"Person {n * 7919 % ACCOUNTS}",
                "person",
                f"Department {n % DEPARTMENTS}",
                f"Team {n // DEPARTMENTS % TEAMS}",
                *("", "", None, None),
            )
            for n in range(ACCOUNTS)
        )
    start = now() // DAY * DAY - DAYS * DAY
    (data / MARK).write_text(json.dumps({"start": start}), "utf-8")


def _price(connection: duckdb.DuckDBPyConnection, catalog: Catalog, start: int) -> None:
    """Note what a million tokens of each model cost."""
    day = datetime.fromtimestamp(start / 1e6, UTC).date()
    rows = [catalog.price("anthropic", model, day) for model in MODELS]
    rates = [row.brackets[0].rates for row in rows if row]
    names = ("input", "cache_read", "cache_write", "output")
    columns = {name: [getattr(one, name) for one in rates] for name in names}
    connection.execute(RATES, {"models": list(MODELS), **columns})


def _add_day(
    connection: duckdb.DuckDBPyConnection, version: str, day: int, start: int, use: Use
) -> None:
    """Add one day, all of it or nothing."""
    at = start + day * DAY
    values = {
        "day": day,
        "start": at,
        "date": datetime.fromtimestamp(at / 1e6, UTC).date().isoformat(),
        "of_days": DAYS,
        "used_days": use.days,
        "version": version,
    }
    for told in (BURSTS, TODAY):
        connection.execute(told, _named(told, values))
    connection.begin()
    for told in ADDED:
        statement = told.replace("{SOURCE}", SOURCE).replace("{CLIENT}", CLIENT)
        connection.execute(statement, _named(statement, values))
    connection.commit()


def _named(statement: str, values: dict[str, Any]) -> dict[str, Any]:
    """Leave out what a statement does not ask for."""
    return {name: one for name, one in values.items() if f"${name}" in statement}


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
