"""What a browser may load and run on our pages."""

from __future__ import annotations

NO_SCRIPT = (
    "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""Of every answer that does not ask for more."""
LIVE = f"{NO_SCRIPT}; script-src 'self'; connect-src 'self'"
"""Of pages that refresh: only files of ours run, none of which is written by people."""
