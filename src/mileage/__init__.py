"""Self-hosted ledger, leaderboard and value dashboard of AI token usage."""

__version__ = "0.1.0"
