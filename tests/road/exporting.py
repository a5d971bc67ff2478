"""The OpenTelemetry SDK for Python as a program uses it: its defaults, only addressed.

    python exporting.py PROTOCOL ENDPOINT TOKEN FIRST COUNT

PROTOCOL is ``grpc`` or ``http``. Sends as many calls as logs and as spans, and a
metric, and exits 0 only if every exporter says that all of it went out.
"""

from __future__ import annotations

import logging
import sys
import time
from importlib import import_module
from typing import Any

from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

FAMILY = "opentelemetry.exporter.otlp.proto"


def exporters(protocol: str, endpoint: str, token: str) -> tuple[Any, Any, Any]:
    """Make the three exporters of a protocol."""
    family = f"{FAMILY}.{protocol}"
    header = "authorization", f"Bearer {token}"
    made = []
    for signal, name, path in (
        ("_log_exporter", "OTLPLogExporter", "logs"),
        ("metric_exporter", "OTLPMetricExporter", "metrics"),
        ("trace_exporter", "OTLPSpanExporter", "traces"),
    ):
        exporter = getattr(import_module(f"{family}.{signal}"), name)
        if protocol == "grpc":
            made.append(exporter(endpoint, insecure=True, headers=(header,)))
        else:
            address = f"{endpoint}/v1/{path}"
            made.append(exporter(address, headers=dict((header,))))
    return tuple(made)


def event(number: int) -> dict[str, Any]:
    """Make up one call as Claude Code tells of it."""
    return {
        "event.name": "api_request",
        "event.timestamp": "2026-11-22T01:18:32.872Z",
        "session.id": f"session-{number % 10}",
        "request_id": f"req_{number}",
        "model": "claude-sonnet-4-5",
        "input_tokens": 1 + number % 7,
        "output_tokens": 1 + number % 11,
        "cache_read_tokens": number % 13,
        "cache_creation_tokens": 0,
    }


def span_attributes(number: int) -> dict[str, Any]:
    """Make up one call as an instrumented program tells of it."""
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-5",
        "gen_ai.response.model": "gpt-5",
        "gen_ai.response.id": f"chatcmpl-{number:020}",
        "gen_ai.usage.input_tokens": 1 + number % 7,
        "gen_ai.usage.output_tokens": 1 + number % 11,
    }


class Troubles(logging.StreamHandler[Any]):
    """Prints what the SDK logs, and remembers if it gave something up."""

    lost = False

    def emit(self, record: logging.LogRecord) -> None:
        """Take one message; warnings are of attempts that it will repeat."""
        super().emit(record)
        self.lost |= record.levelno >= logging.ERROR


def main() -> int:
    """Send everything, and tell how it went."""
    protocol, endpoint, token, first, count = sys.argv[1:]
    troubles = Troubles()
    logging.basicConfig(level=logging.WARNING, handlers=[troubles])
    numbers = range(int(first), int(first) + int(count))
    resource = Resource.create({"service.name": "exporting"})
    log_exporter, metric_exporter, span_exporter = exporters(protocol, endpoint, token)
    loggers = LoggerProvider(resource)
    loggers.add_log_record_processor(BatchLogRecordProcessor(log_exporter))
    tracers = TracerProvider(resource=resource)
    tracers.add_span_processor(BatchSpanProcessor(span_exporter))
    meters = MeterProvider([PeriodicExportingMetricReader(metric_exporter)], resource)
    logger = loggers.get_logger("com.anthropic.claude_code.events")
    tracer = tracers.get_tracer("exporting")
    commits = meters.get_meter("com.anthropic.claude_code").create_counter(
        "claude_code.commit.count"
    )
    for number in numbers:
        logger.emit(
            LogRecord(
                timestamp=time.time_ns(),
                severity_number=SeverityNumber.INFO,
                body="claude_code.api_request",
                attributes=event(number),
            )
        )
        with tracer.start_as_current_span("chat gpt-5") as span:
            span.set_attributes(span_attributes(number))
        if number % 100 == 0:
            commits.add(1, {"session.id": f"session-{number}"})
            time.sleep(0.01)
    went = [p.force_flush(60_000) for p in (loggers, tracers, meters)]
    for provider in (loggers, tracers, meters):
        provider.shutdown()
    return 0 if all(went) and not troubles.lost else 1


if __name__ == "__main__":
    sys.exit(main())
