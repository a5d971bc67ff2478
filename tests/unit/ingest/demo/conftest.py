from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from mileage.domain.window import micros
from mileage.ingest.demo import Shape, organisation

BERLIN = ZoneInfo("Europe/Berlin")
THURSDAY = micros(datetime(2026, 11, 5, 14, 50, 12, tzinfo=UTC))


@pytest.fixture(scope="session")
def simulate():
    def draw(seed=1, people=60, now=THURSDAY, zone=BERLIN, **aims):
        return organisation(seed, people, now, zone, Shape(**aims))

    return draw


@pytest.fixture(scope="session")
def company(simulate):
    """300 people, of whom about a tenth pass the door, and nobody has a habit."""
    return simulate(seed=5, people=300, door_calls=4000, labelled=0)
