"""A simulated organisation of the reported shape, deterministic by seed.

A person either passes the front door with every call (``front_door_bodies``) or is
covered by hours (``rollups``), never both, so nothing counts twice; the sum of the
two is what the organisation's plans say.
"""

from __future__ import annotations

from mileage.ingest.demo.door import (
    COLLECTOR,
    GATEWAY,
    FrontDoorBody,
    broken_records,
    front_door_bodies,
)
from mileage.ingest.demo.hourly import (
    CALLS_OF_SESSION,
    HOURS_OF_SESSION,
    HourColumns,
    rollups,
)
from mileage.ingest.demo.people import Account
from mileage.ingest.demo.shape import DEFAULT_SHAPE, Shape
from mileage.ingest.demo.simulation import NAME, Organisation, organisation

__all__ = [
    "CALLS_OF_SESSION",
    "COLLECTOR",
    "DEFAULT_SHAPE",
    "GATEWAY",
    "HOURS_OF_SESSION",
    "NAME",
    "Account",
    "FrontDoorBody",
    "HourColumns",
    "Organisation",
    "Shape",
    "broken_records",
    "front_door_bodies",
    "organisation",
    "rollups",
]
