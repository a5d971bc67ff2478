"""OpenCode's telemetry: the AI SDK's spans of a step are calls.

Recorded with OpenCode 1.18.33. A step (``ai.streamText.doStream``) is one request; the
span above it (``ai.streamText``) repeats its tokens. OpenCode loses late spans when it
exits, and its database lacks the calls that write titles: both together see most.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mileage.domain.call import SourceTraits
from mileage.sources.genai_call import (
    CALL_KEYS,
    Caller,
    answered,
    tool_results,
    witness,
)
from mileage.sources.genai_usage import inference, usage
from mileage.sources.otlp_record import gather

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Mapping

    from mileage.domain.witness import Reading
    from mileage.sources.otlp_record import Facts, OtlpRecord

NAME = "opencode_otlp"
CLIENT = "opencode"

_STEP = "ai.operationId"
_TOOL = "ai.toolCall"
_TOOL_KEYS = ("ai.toolCall.name", "ai.toolCall.id")


class OpenCodeOtlp:
    """Reads the AI SDK's spans of scope or service ``opencode``."""

    traits = SourceTraits(
        name=NAME, client=CLIENT, precedence=20, join="counts", replayable=False
    )
    names: frozenset[str] = frozenset()
    keys = CALL_KEYS | frozenset(_TOOL_KEYS) | {"service.version", "error.type"}
    span_names: frozenset[str] = frozenset()
    span_marks = frozenset({_STEP})
    digests: Mapping[str, re.Pattern[str]] = {}

    def wants(self, record: OtlpRecord) -> bool:
        """Tell OpenCode's spans by scope or service."""
        named = (record.scope, record.resource.get("service.name"))
        return record.signal == "traces" and CLIENT in named

    def read(self, records: Iterable[OtlpRecord]) -> Reading:
        """Turn wanted spans into witnesses and activity; never raises."""
        return gather(map(_facts, records))


SOURCE = OpenCodeOtlp()


def _facts(record: OtlpRecord) -> Facts:
    caller = Caller(NAME, CLIENT, record.text("service.version"))
    if record.attributes.get(_STEP) == _TOOL:
        return tool_results(record, caller, *_TOOL_KEYS)
    if not inference(record):
        return ()
    read = usage(record)
    if read is None and not answered(record):
        return ()
    return (witness(record, caller, read),)
