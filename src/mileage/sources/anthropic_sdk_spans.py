"""The span that Anthropic's own SDK sends of each request.

It does so as soon as a program has a tracer provider (recorded with 2.12), beside
whatever an instrumentor sends. It copies the API's final usage, so it leads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mileage.domain.call import SourceTraits
from mileage.sources.genai_call import CALL_KEYS, Caller, answered, witness
from mileage.sources.genai_usage import INFERENCE_MARKS, inference, usage
from mileage.sources.otlp_record import gather

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Mapping

    from mileage.domain.witness import Reading
    from mileage.sources.otlp_record import Facts, OtlpRecord

NAME = "anthropic_sdk_spans"
CLIENT = "sdk"
SCOPE = "com.anthropic.sdk"


class AnthropicSdkSpans:
    """Reads spans of scopes ``com.anthropic.sdk.…``."""

    traits = SourceTraits(
        name=NAME, client=CLIENT, precedence=16, join="link", replayable=False
    )
    names: frozenset[str] = frozenset()
    keys = CALL_KEYS
    span_names: frozenset[str] = frozenset()
    span_marks = INFERENCE_MARKS
    digests: Mapping[str, re.Pattern[str]] = {}

    def wants(self, record: OtlpRecord) -> bool:
        """Tell the SDK's spans by their scope."""
        return record.signal == "traces" and record.scope.startswith(SCOPE)

    def read(self, records: Iterable[OtlpRecord]) -> Reading:
        """Turn spans of requests into witnesses; never raises."""
        return gather(map(_facts, records))


SOURCE = AnthropicSdkSpans()


def _facts(record: OtlpRecord) -> Facts:
    if not inference(record):
        return ()
    read = usage(record)
    if read is None and not answered(record):
        return ()
    return (witness(record, Caller(NAME, CLIENT), read),)
