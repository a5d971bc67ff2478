"""The settings that a demonstration is built with."""

from __future__ import annotations

from datetime import date

from mileage.domain.adoption import parse_adoption
from mileage.domain.settings import parse_settings
from mileage.ingest.demo import NAME
from mileage.wiring.demo import POLICY, ROOM, TARGETS


def test_settings_of_both_sizes_are_right():
    small, large = (
        parse_settings(text, "mileage.toml", is_zone=lambda _: True)
        for text in (POLICY, POLICY + ROOM)
    )
    assert small.organisation == large.organisation == NAME
    assert small.ledger_megabytes < large.ledger_megabytes == 1024


def test_its_targets_are_right():
    weekly, client = parse_adoption(TARGETS.format(until="2027-01-22"), "adoption.toml")
    assert (weekly.percent, client.what) == (80, "codex")
    assert weekly.until == client.until == date(2027, 1, 22)
