"""OpenRouter's activity: what it counted per UTC day, model and endpoint.

``GET /api/v1/activity`` as JSON, or the same table as CSV. Completed days only, per
key, without users: buckets, to be shown beside calls and never added to them.
Prompt tokens include what was cached, completion tokens include reasoning.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import msgspec

from mileage.domain.bucket import Bucket, BucketReading
from mileage.domain.call import SourceTraits
from mileage.domain.errors import Invalid, TooLarge
from mileage.domain.tokens import MAX_COUNT
from mileage.domain.window import micros
from mileage.domain.witness import Rejected
from mileage.sources.jsonl import NO_TIME, decode
from mileage.sources.table_files import entries_of

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "openrouter_activity"
PROVIDER = "openrouter"
LARGEST = 10**18
"""Micro-dollars of one bucket; above is nonsense."""
MOST_BUCKETS = 1_000_000

NO_MODEL = "no model"
NO_COUNTS = "no counts"

Count = Annotated[int, msgspec.Meta(ge=0, le=MAX_COUNT * 1000)] | None
Text = Annotated[str, msgspec.Meta(max_length=200)] | None


class _Line(msgspec.Struct, gc=False):
    date: Text = None
    model: Text = None
    model_permaslug: Text = None
    endpoint_id: Text = None
    provider_name: Text = None
    usage: float | None = None
    byok_usage_inference: float | None = None
    requests: Count = None
    prompt_tokens: Count = None
    completion_tokens: Count = None
    reasoning_tokens: Count = None


# A CSV brings numbers as text.
_lines = msgspec.json.Decoder(_Line, strict=False)


class OpenRouterActivity:
    """Reads the export of the activity page and of its interface."""

    traits = SourceTraits(
        name=NAME, client=PROVIDER, precedence=0, join="link", replayable=True
    )

    def read_buckets(self, path: str, place: str, account: str = "") -> BucketReading:
        """Read one export of one OpenRouter account."""
        buckets: list[Bucket] = []
        rejected: list[Rejected] = []
        try:
            for number, outcome in enumerate(_outcomes(path, account), start=1):
                if isinstance(outcome, Bucket):
                    buckets.append(outcome)
                else:
                    rejected.append(Rejected(NAME, f"{place}:{number}", outcome))
        except (Invalid, TooLarge, OSError) as error:
            reason = str(getattr(error, "strerror", None) or error)
            rejected.append(Rejected(NAME, place, reason))
        return BucketReading(tuple(buckets), tuple(rejected))


SOURCE = OpenRouterActivity()


def _outcomes(path: str, account: str) -> Iterator[Bucket | str]:
    for number, record in enumerate(entries_of(path, key="data"), start=1):
        if number > MOST_BUCKETS:
            raise TooLarge(f"more than {MOST_BUCKETS} buckets; export fewer days")
        yield _outcome(record, account)


def _outcome(record: bytes, account: str) -> Bucket | str:
    line = decode(_lines, record)
    if isinstance(line, str):
        return line
    day = _day(line.date)
    if day is None:
        return NO_TIME
    if not line.model:
        return NO_MODEL
    if line.requests is None and line.prompt_tokens is None and line.usage is None:
        return NO_COUNTS
    named = {"endpoint": line.endpoint_id, "upstream": line.provider_name}
    return Bucket(
        source=NAME,
        provider=PROVIDER,
        account=account,
        start=micros(day),
        end=micros(day + timedelta(days=1)),
        model=line.model,
        dimensions=" ".join(
            f"{name}={'_'.join(value.split())}"
            for name, value in named.items()
            if value
        ),
        requests=line.requests,
        prompt=line.prompt_tokens,
        answer=line.completion_tokens,
        cache_read=None,
        cache_write=None,
        reasoning=line.reasoning_tokens,
        cost=_cost(line),
    )


def _day(text: str | None) -> datetime | None:
    """Read the date; exports write it with or without a time of midnight."""
    try:
        read = datetime.fromisoformat((text or "").strip()[:10])
    except ValueError:
        return None
    # A year that no provider's bucket can have would not fit a day after it.
    return read.replace(tzinfo=UTC) if 2020 <= read.year < 9000 else None  # noqa: PLR2004


def _cost(line: _Line) -> int | None:
    """Return what OpenRouter charged, with what was charged to one's own keys."""
    parts = [one for one in (line.usage, line.byok_usage_inference) if one is not None]
    if not parts:
        return None
    cost = sum(parts) * 1_000_000
    # Also false for what is not a number.
    return round(cost) if 0 <= cost <= LARGEST else None
