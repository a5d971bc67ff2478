"""Questions and their answers; each takes a viewer and leaves a trace if it names."""
