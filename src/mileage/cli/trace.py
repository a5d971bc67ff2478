"""``mileage trace``: whose copy of the figures was published."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Any

import click

from mileage.cli.options import data_option, json_option

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from mileage.access.tracing import Suspect
    from mileage.reports.tracing import Used
    from mileage.wiring.tracing import Found

DAYS = 7
DAY = 86_400_000_000
UNTRACEABLE = 1
_WHAT = {
    "board": "the board as of",
    "departments": "the sums of departments as of",
}
MOST_BYTES = 32 * 1024 * 1024
CAUTION = (
    "This says whose copy the figures are from, not who published them. It is a "
    "statistic: ask, and never act on it alone."
)


@click.command("trace")
@click.argument("file", type=click.File("rb"))
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="First day, UTC.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Last day, UTC.")
@data_option
@json_option
def command(
    file: Any,  # noqa: ANN401 - a binary stream
    since: datetime | None,
    until: datetime | None,
    data: Path,
    *,
    as_json: bool,
) -> None:
    """Find out whose copy of the board was published.

    FILE holds the figures as CSV, JSON, pasted text or typed numbers; - reads them
    from standard input. They are compared with the boards that people read in the
    period [default: the last 7 days], with the present sums of departments if
    somebody read them, and with what each viewer was shown. Nobody is
    named without the error rate; if too little can be read, the answer is
    `untraceable` and the exit code 1. That a leak was traced is noted in the audit
    log.
    """
    from mileage.domain.errors import Invalid
    from mileage.wiring.tracing import Period, trace_leak

    content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise Invalid("the file is larger than 32 MiB: give the figures alone")
    today = int(time.time()) * 1_000_000 // DAY * DAY
    end = _micros(until) if until else today
    start = _micros(since) if since else end - (DAYS - 1) * DAY
    if start > end:
        raise Invalid("--since is later than --until")
    found = trace_leak(data, _text(content), Period(start, end + DAY), _progress)
    if as_json:
        click.echo(json.dumps(_as_json(found), indent=2))
    else:
        _show(found)
    if found.traced.verdict.outcome == "untraceable":
        sys.exit(UNTRACEABLE)


def _text(content: bytes) -> str:
    # Spreadsheets save "Unicode text" as UTF-16.
    wide = content[:2] in {b"\xff\xfe", b"\xfe\xff"}
    return content.decode("utf-16" if wide else "utf-8-sig", "replace")


def _micros(day: datetime) -> int:
    from datetime import UTC

    return int(day.replace(tzinfo=UTC).timestamp()) * 1_000_000


def _progress(count: int) -> None:
    if count % 50 == 0:
        click.echo(f"compared with {count} boards so far", err=True)


def _show(found: Found) -> None:
    traced, verdict = found.traced, found.traced.verdict
    click.echo(
        f"{traced.written} figures read, {len(traced.used)} fit "
        + (
            f"{_WHAT[traced.what]} {_instant(traced.as_of)}"
            if traced.as_of
            else "no board"
        )
        + f", {verdict.readings} of them tell one viewer from another "
        f"({found.tried} boards tried, {verdict.viewers:,} viewers)."
    )
    if traced.exact:
        click.echo(
            f"{traced.exact} figures are exact: only operators are shown those, "
            "and everybody their own."
        )
        _show_reads(found, "")
    if not verdict.named:
        click.echo(
            f"Untraceable: {verdict.needed} legible marks find one of "
            f"{verdict.viewers:,} viewers. Nobody can be named by this."
        )
        return
    for suspect in verdict.named:
        _show_suspect(found, suspect)
    if found.incident is not None:
        click.echo(f"Noted in the file of incident {found.incident}.")
    click.echo(CAUTION)


def _show_suspect(found: Found, suspect: Suspect) -> None:
    account = found.people[suspect.viewer]
    click.echo(
        f"{account.name} <{account.email}> ({account.account_id}): probability "
        f"{_percent(suspect.probability)}; some innocent viewer would fit as well in "
        f"at most 1 of {1 / suspect.error_rate:,.0f} leaks"
    )
    _show_reads(found, suspect.viewer)


def _show_reads(found: Found, viewer: str) -> None:
    from mileage.domain.instants import with_times

    rows = found.traced.reads.get(viewer, ())
    for row in rows:
        who = row.viewer_name if not viewer else ""
        read = f"{row.report}, {with_times(row.detail)}"
        click.echo(f"    {_instant(row.at)}  {read}  {who}".rstrip())
    if not rows:
        whom = "this viewer" if viewer else "an operator"
        click.echo(f"    no read of this board by {whom} is on record")


def _percent(probability: float) -> str:
    from math import floor

    # Rounded down: certain is what it never is.
    return f"{floor(probability * 1e6) / 1e4:.4f}%"


def _instant(micros: int | None) -> str | None:
    from mileage.reports.shape import instant_json

    return instant_json(micros)


def _as_json(found: Found) -> dict[str, Any]:
    traced, verdict = found.traced, found.traced.verdict
    return {
        "verdict": verdict.outcome,
        "report": traced.what,
        "as_of": _instant(traced.as_of),
        "boards_tried": found.tried,
        "viewers": verdict.viewers,
        "figures": traced.written,
        "figures_that_fit": len(traced.used),
        "figures_exact": traced.exact,
        "marks": verdict.readings,
        "marks_needed": verdict.needed,
        "suspects": [_suspect_json(found, one) for one in verdict.suspects],
        "incident": found.incident,
        "readings": [_used_json(one) for one in traced.used],
        "caution": CAUTION,
    }


def _suspect_json(found: Found, suspect: Suspect) -> dict[str, Any]:
    reads = found.traced.reads.get(suspect.viewer, ())
    return {
        "account": suspect.viewer,
        "name": found.people[suspect.viewer].name,
        "named": suspect in found.traced.verdict.named,
        "probability": suspect.probability,
        "error_rate": suspect.error_rate,
        "reads": [
            {"at": _instant(row.at), "report": row.report, "detail": row.detail}
            for row in reads
        ],
    }


def _used_json(used: Used) -> dict[str, Any]:
    says = None
    if used.reading is not None:
        says = "higher" if used.reading.high else "lower"
    return {
        "line": used.line,
        "text": used.text,
        "account": used.account,
        "figure": used.name,
        "says": says,
    }
