"""The sources that are installed: ours and anybody's, by entry point."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from mileage.domain.call import SourceTraits
    from mileage.sources.base import OtlpSource
    from mileage.sources.files import LocalSource

GROUP = "mileage.sources"


def log_sources() -> tuple[LocalSource, ...]:
    """Return the sources that read files, by name."""
    return tuple(cast("LocalSource", one) for one in _loaded() if hasattr(one, "roots"))


def otlp_sources() -> tuple[OtlpSource, ...]:
    """Return the sources that read telemetry, by name."""
    return tuple(cast("OtlpSource", one) for one in _loaded() if hasattr(one, "wants"))


def traits() -> dict[str, SourceTraits]:
    """Return what the join knows about each source."""
    return {one.traits.name: one.traits for one in _loaded()}


def _loaded() -> list[Any]:
    points = sorted(entry_points(group=GROUP), key=lambda point: point.name)
    return [point.load() for point in points]
