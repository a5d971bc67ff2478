
Ö
é

env
test
%
telemetry.sdk.name
opentelemetry
!

user.email
alice@example.com
!
telemetry.sdk.version
0.31.0

	host.name
filler
 
telemetry.sdk.language
rust

service.version	
0.169.0

service.name

codex_exec


department
engineeringr

codex_otel::metrics::clientQDEBUG*
flushing OTEL metricsY9Cê99Íb$event otel/src/metrics/client.rs:324