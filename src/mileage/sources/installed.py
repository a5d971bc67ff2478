"""The sources that are installed: ours and anybody's, by entry point."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, cast

from mileage.domain.call import SourceTraits
from mileage.domain.errors import Invalid

if TYPE_CHECKING:
    from mileage.sources.base import BucketSource, ExportSource, OtlpSource
    from mileage.sources.files import LocalSource

GROUP = "mileage.sources"
OWN = "mileage"
"""The package whose sources come first when two have one name."""

# Another package's module runs when it is loaded, so anything may be raised; what is
# not listed here is no mistake of a package, but the end of the process or its memory.
_BROKEN = (
    ImportError,
    AttributeError,
    SyntaxError,
    NameError,
    TypeError,
    ValueError,
    LookupError,
    ArithmeticError,
    AssertionError,
    RuntimeError,
    OSError,
)
_KINDS = {
    "files": ("roots", "patterns"),
    "telemetry": ("wants", "names", "keys", "read"),
    "exports": ("read_file",),
    "buckets": ("read_buckets",),
    "rows": ("read_rows",),
    "requests": ("read_request",),
}
"""What a source of each kind has; the first kind that fits is the source's."""


def log_sources() -> tuple[LocalSource, ...]:
    """Return the sources that read files, by name."""
    return tuple(cast("LocalSource", one) for one in _of_kind("files"))


def foreign_log_sources() -> tuple[LocalSource, ...]:
    """Return those of other packages; ours are not loaded for it."""
    found = [_load(point) for point in _points() if _package(point) != OWN]
    return tuple(cast("LocalSource", one) for one in found if _kind(one) == "files")


def otlp_sources() -> tuple[OtlpSource, ...]:
    """Return the sources that read telemetry, by name."""
    return tuple(cast("OtlpSource", one) for one in _of_kind("telemetry"))


def export_sources() -> tuple[ExportSource, ...]:
    """Return the sources that read files of another program, given by hand."""
    return tuple(cast("ExportSource", one) for one in _of_kind("exports"))


def bucket_sources() -> tuple[BucketSource, ...]:
    """Return the sources that read a provider's own aggregates."""
    return tuple(cast("BucketSource", one) for one in _of_kind("buckets"))


def traits() -> dict[str, SourceTraits]:
    """Return what the join knows about each source."""
    return {one.traits.name: one.traits for one in _loaded()}


def _of_kind(kind: str) -> list[Any]:
    return [one for one in _loaded() if _kind(one) == kind]


def _kind(source: object) -> str:
    for kind, members in _KINDS.items():
        if all(hasattr(source, member) for member in members):
            return kind
    return ""


def _loaded() -> list[Any]:
    """Load every source; raises Invalid, naming the package, for a broken one."""
    return [_load(point) for point in _points()]


def _points() -> list[EntryPoint]:
    """Return every source once, by name; raises Invalid when two have one name."""
    points = sorted(entry_points(group=GROUP), key=lambda point: point.name)
    owners: dict[str, EntryPoint] = {}
    for point in points:
        known = owners.setdefault(point.name, point)
        # Asking for a package's name reads its metadata: only of two with one name.
        if known is not point and (
            known.value != point.value or _package(known) != _package(point)
        ):
            raise Invalid(_clash(known, point))
    return list(owners.values())


def _load(point: EntryPoint) -> Any:  # noqa: ANN401 - what a package declares
    try:
        source = point.load()
    except _BROKEN as error:
        why = f"cannot be loaded ({type(error).__name__}: {error})"
        raise Invalid(_complaint(point, why)) from None
    traits = getattr(source, "traits", None)
    if not isinstance(traits, SourceTraits):
        raise Invalid(_complaint(point, "has no `traits` of type SourceTraits"))
    if traits.name != point.name:
        why = f"names itself {traits.name!r}; both names must be the same"
        raise Invalid(_complaint(point, why))
    if not _kind(source):
        why = "has the methods of no kind of source (docs/how-to/write-a-source.md)"
        raise Invalid(_complaint(point, why))
    return source


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else "an unknown package"


def _complaint(point: EntryPoint, why: str) -> str:
    return (
        f"source {point.name!r} of the package {_package(point)} {why}. "
        "Repair that package or uninstall it."
    )


def _clash(one: EntryPoint, other: EntryPoint) -> str:
    packages = sorted({_package(one), _package(other)}, key=lambda name: name == OWN)
    return (
        f"the package {packages[0]} brings a source named {one.name!r}, which "
        f"{packages[-1]} has too. Uninstall {packages[0]}, or have it choose another "
        "name."
    )
