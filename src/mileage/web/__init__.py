"""Pages, JSON and the door for telemetry. Numbers come only from reports."""
