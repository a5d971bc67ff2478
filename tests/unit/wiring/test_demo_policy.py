"""The settings that a demonstration is built with."""

from __future__ import annotations

from mileage.domain.settings import parse_settings
from mileage.ingest.demo import NAME
from mileage.wiring.demo import POLICY, ROOM


def test_settings_of_both_sizes_are_right():
    small, large = (
        parse_settings(text, "mileage.toml", is_zone=lambda _: True)
        for text in (POLICY, POLICY + ROOM)
    )
    assert small.organisation == large.organisation == NAME
    assert small.ledger_megabytes < large.ledger_megabytes == 1024
