"""The operator's pages at 85,000 accounts heard of through three sources each.

Builds the ledger with bulk statements (no telemetry is simulated), then asks each page
through the whole application, without a network. The bar is 50 ms for the slowest of a
hundred, and 60 ms of processor time for the directory and for sources: that stands
beside the clock, because other work of the machine is not ours.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.testclient import TestClient

from mileage.domain.directory import PersonRow
from mileage.domain.people import OPERATOR
from mileage.reports.awards import OwnAwards
from mileage.reports.oversight import Oversight
from mileage.web.app import create_app
from mileage.web.services import Services
from mileage.wiring.dark import Dark
from mileage.wiring.groups import adoption_desk, group_desk, statement_desk
from mileage.wiring.ingest_door import IngestDoor
from mileage.wiring.organisation import now, open_organisation

if TYPE_CHECKING:
    from mileage.wiring.organisation import Organisation

DATA = Path("var/bench/pages")
ACCOUNTS = int(sys.argv[1]) if len(sys.argv) > 1 else 85_000
DAYS = 30
APPENDS_A_DAY = 3
"""In how many appends an account is heard of on one day, through one source."""
REQUESTS = 5
P99_MS = 50.0
HOST = "localhost:8470"
DAY = 86_400_000_000
PAGES = (
    *("/sources", "/sources?q=person+8", "/sources?q=person+81234"),
    *("/people", "/people?page=400", "/people?q=person+8", "/people?q=nobody"),
    *("/disagreements", "/ingest", "/ingest/rejected", "/metrics"),
    *("/api/v1/ingest/status", "/people/{somebody}"),
)

PRESENCE = """
insert into presence
select
    day.day * $appends + append.append + 1 as seq,
    $start + day.day * 86400000000 + append.append as recorded_at,
    person.account, source.source, source.client,
    case when source.source = 'claude_code_log'
        then 'mach_' || left(md5(person.account), 16) else '' end as machine,
    make_timestamp($start + day.day * 86400000000)::date as day,
    '2.1.' || (abs(hash(person.account)) % 9)::varchar as client_version,
    $start + day.day * 86400000000 + 3600000000 * (8 + append.append) as first,
    $start + day.day * 86400000000 + 3600000000 * (9 + append.append) as last,
    40 as witnesses,
    case when source.source = 'claude_code_log' then null else 2000000 end
from range($days) day(day), range($appends) append(append),
    (values ('claude_code_otlp', 'claude-code'), ('claude_code_log', 'claude-code'),
        ('codex_otlp', 'codex')) source(source, client),
    (select unnest($accounts) as account) person(account)
where hash(person.account, day.day, source.source) % 10 < 7
order by seq, source, hash(person.account)
"""
TALLY = """
insert into tally
select seq, $start + seq * 1000, source, 1000, 3, 1, 5
from range(1, $rows + 1) append(seq),
    (values (''), ('claude_code_otlp'), ('codex_otlp')) source(source)
"""
REJECTION = """
insert into rejection
select make_timestamp($start + day.day * 86400000000)::date, 'codex_otlp',
    'reason ' || (abs(hash(person.account)) % 40), '1.' || (day.day % 7),
    person.account, 12, $start, $start + 5, 'logs record 1', 'model: text'
from range($days) day(day), (select unnest($accounts) as account) person(account)
where hash(person.account, day.day) % 100 < 20
"""


def fill(organisation: Organisation) -> None:
    """Write everybody and what was heard of them, once."""
    began = time.perf_counter()
    organisation.control.import_people(
        PersonRow(
            f"person{n}@example.com",
            f"Person {n * 7919 % ACCOUNTS}",
            "person",
            *("Department", "Team", "", "", None, None),
        )
        for n in range(ACCOUNTS)
    )
    accounts = [one.account_id for one in organisation.control.accounts()]
    start = now() // DAY * DAY - DAYS * DAY
    shared = {"start": start, "days": DAYS, "accounts": accounts}
    with organisation.ledger.transaction() as cursor:
        cursor.execute(PRESENCE, {**shared, "appends": APPENDS_A_DAY})
        cursor.execute(REJECTION, shared)
        cursor.execute(TALLY, {"start": start, "rows": 500_000})
    print(f"filled in {time.perf_counter() - began:.0f} s", file=sys.stderr)


def client(organisation: Organisation) -> TestClient:
    """Return a browser in which the operator has signed in."""
    services = Services(
        reports=organisation.answers,
        sign_in=organisation.control,
        door=IngestDoor(organisation),
        receiver=organisation.receiver,
        claims=organisation.claims,
        rights=organisation.rights,
        allowed_hosts=(HOST,),
        dark=Dark(organisation.control, organisation.data, organisation.answers.gate),
        departments=organisation.departments,
        taking_part=organisation.answers.participation,
        awards=OwnAwards(organisation.control, organisation.policy.titles),
        oversight=Oversight(
            organisation.answers.gate,
            organisation.control,
            organisation.policy.audit.brakes,
        ),
        groups=group_desk(organisation),
        adoption=adoption_desk(organisation),
        statements=statement_desk(organisation),
    )
    browser = TestClient(create_app(services), base_url=f"http://{HOST}")
    link = organisation.control.create_link(OPERATOR)
    browser.get(f"/sign-in?link={link}", follow_redirects=False)
    return browser


def measure(browser: TestClient, path: str) -> None:
    """Print how long a page takes."""
    first = time.perf_counter()
    answer = browser.get(path)
    first = time.perf_counter() - first
    assert answer.status_code in {200, 404}, (path, answer.text)
    walls, works = [], []
    for _ in range(REQUESTS):
        wall, work = time.perf_counter(), time.process_time()
        browser.get(path)
        walls.append((time.perf_counter() - wall) * 1000)
        works.append((time.process_time() - work) * 1000)
    median, worst = statistics.median(walls), max(walls)
    print(
        f"{path:28} first {first * 1000:6.0f} ms  median {median:6.1f}"
        f"  worst {worst:6.1f}  processor {statistics.median(works):6.1f} ms"
        f"  {'' if worst <= P99_MS else 'over the bar'}",
        flush=True,
    )


def main() -> None:
    """Fill if need be, then measure every page."""
    DATA.parent.mkdir(parents=True, exist_ok=True)
    fresh = not DATA.exists()
    with open_organisation(DATA) as organisation:
        if fresh:
            fill(organisation)
        somebody = organisation.control.accounts()[0].account_id
        refresh = getattr(organisation, "refresh", None)
        if refresh is not None:
            began = time.perf_counter()
            refresh()
            print(f"{'beside the requests':32} {time.perf_counter() - began:8.1f} s")
        browser = client(organisation)
        for path in PAGES:
            measure(browser, path.replace("{somebody}", somebody))


if __name__ == "__main__":
    main()
