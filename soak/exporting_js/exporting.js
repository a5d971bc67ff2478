// The OpenTelemetry SDK for JavaScript as a program uses it: its defaults, only addressed.
//
//     node exporting.js PROTOCOL ENDPOINT TOKEN FIRST COUNT
//
// PROTOCOL is grpc, proto or http (JSON). Sends as many calls as logs and as spans, and a
// metric; exits 0 only if the SDK reports nothing that it gave up.

import { DiagLogLevel, diag } from "@opentelemetry/api";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchLogRecordProcessor, LoggerProvider } from "@opentelemetry/sdk-logs";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";

const [protocol, endpoint, token, first, count] = process.argv.slice(2);
const authorization = `Bearer ${token}`;
const rpc = protocol === "grpc" ? await import("@grpc/grpc-js") : undefined;
let lost = 0;

diag.setLogger(
  {
    error: (...words) => {
      lost += 1;
      console.error(...words);
    },
    warn: (...words) => console.error(...words),
    info: () => {},
    debug: () => {},
    verbose: () => {},
  },
  DiagLogLevel.WARN,
);

function exporter(module, name, signal) {
  if (rpc) {
    const metadata = new rpc.Metadata();
    metadata.set("authorization", authorization);
    return new module[name]({ url: endpoint, metadata });
  }
  return new module[name]({ url: `${endpoint}/v1/${signal}`, headers: { authorization } });
}

async function exporterOf(signal, folder, name) {
  const module = await import(`@opentelemetry/exporter-${folder}-otlp-${protocol}`);
  return exporter(module, name, signal);
}

const resource = resourceFromAttributes({ "service.name": "exporting-js" });
const logProcessor = new BatchLogRecordProcessor({
  exporter: await exporterOf("logs", "logs", "OTLPLogExporter"),
});
const loggers = new LoggerProvider({ resource, processors: [logProcessor] });
const spanProcessor = new BatchSpanProcessor(
  await exporterOf("traces", "trace", "OTLPTraceExporter"),
);
const tracers = new BasicTracerProvider({ resource, spanProcessors: [spanProcessor] });
const reader = new PeriodicExportingMetricReader({
  exporter: await exporterOf("metrics", "metrics", "OTLPMetricExporter"),
});
const meters = new MeterProvider({ resource, readers: [reader] });

const logger = loggers.getLogger("com.anthropic.claude_code.events");
const tracer = tracers.getTracer("exporting");
const commits = meters
  .getMeter("com.anthropic.claude_code")
  .createCounter("claude_code.commit.count");

for (let number = Number(first); number < Number(first) + Number(count); number += 1) {
  logger.emit({
    body: "claude_code.api_request",
    attributes: {
      "event.name": "api_request",
      "event.timestamp": "2026-11-22T01:18:32.872Z",
      "session.id": `session-${number % 10}`,
      request_id: `req_${number}`,
      model: "claude-sonnet-4-5",
      input_tokens: 1 + (number % 7),
      output_tokens: 1 + (number % 11),
      cache_read_tokens: number % 13,
      cache_creation_tokens: 0,
    },
  });
  tracer
    .startSpan("chat gpt-5", {
      attributes: {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-5",
        "gen_ai.response.model": "gpt-5",
        "gen_ai.response.id": `chatcmpl-${number}`,
        "gen_ai.usage.input_tokens": 1 + (number % 7),
        "gen_ai.usage.output_tokens": 1 + (number % 11),
      },
    })
    .end();
  if (number % 100 === 0) {
    commits.add(1, { "session.id": `session-${number}` });
    await new Promise((onward) => setTimeout(onward, 10));
  }
}

for (const provider of [loggers, tracers, meters]) {
  try {
    await provider.forceFlush();
    await provider.shutdown();
  } catch (error) {
    lost += 1;
    console.error(String(error));
  }
}
process.exit(lost ? 1 : 0);
