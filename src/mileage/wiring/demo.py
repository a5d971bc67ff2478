"""Build the demonstration: a simulated organisation in a data directory of its own."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from mileage.domain.errors import Conflict
from mileage.domain.people import Credential
from mileage.domain.tokens import TOKEN_CLASSES
from mileage.domain.window import SECOND, moment
from mileage.ingest.demo import (
    CALLS_OF_SESSION,
    COLLECTOR,
    GATEWAY,
    HOURS_OF_SESSION,
    NAME,
    front_door_bodies,
    organisation,
    rollups,
)
from mileage.ingest.people_csv import parse_people
from mileage.ingest.record import Record
from mileage.sources import cloudevents
from mileage.sources.installed import otlp_sources
from mileage.sources.otlp import OtlpReader
from mileage.store import queries
from mileage.wiring.organisation import now, open_organisation

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future
    from pathlib import Path

    from mileage.ingest.demo import FrontDoorBody, HourColumns
    from mileage.ingest.demo import Organisation as Simulated
    from mileage.pricing.catalog import Catalog
    from mileage.sources.otlp_record import Signal
    from mileage.wiring.organisation import Organisation

MARK = "demo.json"
TRUTH = "truth.json"
ZONE = "Europe/Berlin"
FRESH_HOURS = 12
ON_THE_WAY = 200
"""Records submitted and not yet synced, so that the queues never fill."""

POLICY = f"""\
# Written by `mileage demo`.
organisation = "{NAME}"
zone = "{ZONE}"
"""
TARGETS = """\
# Written by `mileage demo`.
[[target]]
name = "weekly"
title = "Use an agent every week"
measure = "weekly-active"
percent = 80
until = {until}

[[target]]
name = "codex"
title = "Try Codex"
measure = "client"
client = "codex"
percent = 50
until = {until}
"""
TARGET_DAYS = 60
MANY_PEOPLE = 10_000
ROOM = """
[limits]
# Standings of so many are sorted and written at once.
ledger_megabytes = 1024
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which organisation to simulate."""

    people: int
    seed: int

    def mark(self, built_at: int, showcase: str) -> str:
        """Return the text of the file that marks a directory as a demonstration."""
        return json.dumps(
            {
                "simulated": True,
                "people": self.people,
                "seed": self.seed,
                "built_at": built_at,
                "showcase": showcase,
            }
        )


def build(data: Path, wanted: Wanted, say: Callable[[str], None]) -> str:
    """Fill ``data`` and return the e-mail of the person whose page shows most.

    A demonstration of the same shape built in the last hours is kept. Raises
    Conflict when the directory holds anything that is not a demonstration.
    """
    known = _known(data)
    if known and (known["people"], known["seed"]) == (wanted.people, wanted.seed):
        age = now() - known["built_at"]
        if age < FRESH_HOURS * 3600 * SECOND:
            say(f"Using the demonstration built at {moment(known['built_at']):%H:%M}.")
            return str(known["showcase"])
    if known:
        shutil.rmtree(data)
    (data / "policy").mkdir(mode=0o700, parents=True)
    data.chmod(0o700)
    # The mark comes first: whatever is cut short here may be built anew.
    (data / MARK).write_text(Wanted(-1, -1).mark(0, ""), "utf-8")
    policy = POLICY + (ROOM if wanted.people > MANY_PEOPLE else "")
    (data / "policy" / "mileage.toml").write_text(policy, "utf-8")
    built_at = now()
    end = moment(built_at, ZoneInfo(ZONE)).date() + timedelta(days=TARGET_DAYS)
    targets = TARGETS.format(until=end)
    (data / "policy" / "adoption.toml").write_text(targets, "utf-8")
    say(f"Drawing {wanted.people:,} people (seed {wanted.seed}) …")
    org = organisation(wanted.seed, wanted.people, built_at, ZoneInfo(ZONE))
    with open_organisation(data) as real:
        _fill(real, org, say)
    told = json.dumps(org.truth(), indent=1, ensure_ascii=False)
    (data / TRUTH).write_text(f"{told}\n", "utf-8")
    showcase = org.showcase.email
    (data / MARK).write_text(wanted.mark(built_at, showcase), "utf-8")
    return showcase


def _known(data: Path) -> dict[str, int] | None:
    """Return the mark of a demonstration, None for a directory that is new."""
    if not data.exists() or not any(data.iterdir()):
        if data.exists():
            data.rmdir()
        return None
    try:
        mark: dict[str, int] = json.loads((data / MARK).read_text("utf-8"))
    except (OSError, ValueError):
        message = (
            f"{data} holds something that is not a demonstration, and is left as it "
            "is. Choose another directory with --data."
        )
        raise Conflict(message) from None
    return mark


def _fill(real: Organisation, org: Simulated, say: Callable[[str], None]) -> None:
    rows = parse_people(org.people_csv().encode(), "people.csv").rows
    real.control.import_people(rows)
    accounts = {one.email: one.account_id for one in real.control.accounts()}
    bodies = _pass_the_door(real, org, accounts, say)
    say(f"{bodies:,} bodies of telemetry passed the door; adding the others' hours …")
    for hours in rollups(org):
        _add_hours(real, hours, accounts)
    queries.add_up_simulated(real.ledger, HOURS_OF_SESSION, CALLS_OF_SESSION)
    real.pipeline.drain()
    say("Publishing the board …")
    real.publish()


def _pass_the_door(
    real: Organisation,
    org: Simulated,
    accounts: dict[str, str],
    say: Callable[[str], None],
) -> int:
    """Decode, filter, write ahead and take in what the clients would have sent."""
    reader = OtlpReader(otlp_sources())
    waiting: list[Future[None]] = []
    count = 0
    for count, body in enumerate(front_door_bodies(org), start=1):
        personal = body.bearer == "personal"
        credential = Credential(
            "demo",
            accounts[body.email] if personal else "",
            "" if personal else COLLECTOR,
        )
        waiting.append(real.pipeline.submit(_record(reader, credential, body)))
        if len(waiting) >= ON_THE_WAY:
            for one in waiting:
                one.result()
            waiting.clear()
            say(f"{count:,} bodies of telemetry …")
    for one in waiting:
        one.result()
    return count


def _record(reader: OtlpReader, credential: Credential, body: FrontDoorBody) -> Record:
    if body.path == GATEWAY:
        told = cloudevents.SOURCE.read_request(body.content_type, {}, body.body)
        return Record(credential, cloudevents.NAME, told)
    signal: Signal = "metrics" if body.path.endswith("metrics") else "logs"
    return Record(credential, "otlp", reader.read(signal, "protobuf", body.body))


def _add_hours(
    real: Organisation, hours: HourColumns, accounts: dict[str, str]
) -> None:
    """Insert the hours of simulated accounts, priced by their mean call."""
    clock = real.ledger.rules.clock
    columns: dict[str, list[Any]] = {
        one.name: getattr(hours, one.name) for one in fields(hours)
    }
    columns["account"] = [accounts[email] for email in hours.account]
    columns["cost"] = _costs(real.catalog, hours)
    days = {hour: clock.day(hour * SECOND) for hour in set(hours.hour)}
    queries.insert_simulated(real.ledger, columns, days)


def _costs(catalog: Catalog, hours: HourColumns) -> list[int | None]:
    """Price the mean call, times the calls: long-context prices are per call."""
    classes = [getattr(hours, name) for name in TOKEN_CLASSES]
    days = {hour: moment(hour * SECOND).date() for hour in set(hours.hour)}
    costs: list[int | None] = []
    for provider, model, hour, calls, *tokens in zip(
        hours.provider, hours.model, hours.hour, hours.calls, *classes, strict=True
    ):
        row = catalog.price(provider, model, days[hour])
        mean = tuple([count // calls for count in tokens])
        costs.append(None if row is None else row.costs([mean]) * calls)
    return costs
