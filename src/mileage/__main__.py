"""``python -m mileage`` is the ``mileage`` command."""

from __future__ import annotations

from mileage.cli import main

main()
