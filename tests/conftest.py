"""What all tests share."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

# Speed is measured by the benchmarks; a busy machine must not fail a property.
COMMON = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
# The same examples each time: a verdict tells of the change and not of luck. ``make
# soak`` draws others, and many more.
settings.register_profile("quick", COMMON, max_examples=25, derandomize=True)
settings.register_profile("thorough", COMMON, max_examples=2_000)
settings.load_profile("quick")


@pytest.fixture(autouse=True)
def own_index(tmp_path_factory, monkeypatch):
    """No test may touch the index of whoever runs the tests."""
    monkeypatch.setenv("MILEAGE_INDEX", str(tmp_path_factory.getbasetemp() / "index"))
