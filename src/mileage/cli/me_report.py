"""What ``mileage me`` does once it is known what is asked.

Knows nothing of command lines, so that a plain question need not load what reads them.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from zoneinfo import ZoneInfo

    from mileage.wiring.personal_logs import Logs


class Asked(NamedTuple):
    """What every view of one's own usage is told: where to look, and whose days."""

    homes: Sequence[Path]
    environ: Mapping[str, str]
    zone: ZoneInfo
    zone_name: str


class Wanted(NamedTuple):
    """What the report is told beside that."""

    since: date | None
    until: date | None
    by: str
    no_index: bool
    rebuild_index: bool
    as_json: bool


def asked_of(homes: Sequence[Path], tz: str | None) -> Asked | None:
    """Return where to look and whose days; None where there is no zone ``tz``."""
    zone = _zone(tz) if tz else local_zone(os.environ)
    return Asked(*where(homes), zone, zone.key) if zone else None


def where(homes: Sequence[Path]) -> tuple[Sequence[Path], Mapping[str, str]]:
    """Return the homes to look at, and the settings that are about them."""
    # A named home is looked at as it is: this machine's settings are not about it.
    if homes:
        return homes, {}
    try:
        return (Path.home(),), os.environ
    except RuntimeError as error:
        from mileage.domain.errors import Invalid

        raise Invalid("your home folder is not known here: set HOME") from error


def report(asked: Asked, wanted: Wanted, logs: Logs | None = None) -> None:
    """Read, count once, price, print; ``logs`` if they are looked for already."""
    from mileage.reports.local_question import Question, dimension, midnights
    from mileage.wiring.personal import Asking, answer_of, finished, index_file

    places, environ, zone, zone_name = asked
    since, until, by = wanted[:3]
    question = Question(zone, zone_name, since, until, by)
    file = None if wanted.no_index else index_file(places, environ)
    needed = dimension(by, windowed=bool(since or until))
    days = midnights(question)
    asking = Asking(places, environ, file, needed, wanted.rebuild_index, days, logs)
    answer = answer_of(asking)
    # Loaded now, while what has changed is being stored.
    from mileage.reports.local import local_report

    found = local_report(answer.usage, question)
    if wanted.as_json:
        import json

        from mileage.reports.local import local_json

        sys.stdout.write(f"{json.dumps(local_json(found))}\n")
    else:
        from mileage.cli.me_table import show
        from mileage.wiring.personal import roots_of

        show(found, [str(root) for root in roots_of(places, environ)])
    sys.stdout.flush()
    for said in finished(answer):
        remark(said)


def remark(said: str) -> None:
    """Tell a person, beside the answer, what to know of it."""
    sys.stderr.write(f"mileage: {said}\n")


def local_zone(environ: Mapping[str, str]) -> ZoneInfo:
    """Return the zone that ``TZ`` names, else this machine's; UTC where none is known.

    A rule such as ``CET-1CEST`` names none.
    """
    from zoneinfo import ZoneInfo

    for named in environ.get("TZ", "").removeprefix(":"), "/etc/localtime":
        name = named
        if named.startswith("/"):
            name = os.path.realpath(named).partition("zoneinfo/")[2]
        if zone := _zone(name):
            return zone
    return ZoneInfo("UTC")


def _zone(name: str) -> ZoneInfo | None:
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None
