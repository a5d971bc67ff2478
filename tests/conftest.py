"""What all tests share."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# Speed is measured by the benchmarks; a busy machine must not fail a property.
settings.register_profile(
    "mileage", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("mileage")
