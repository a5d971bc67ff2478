"""Attribute values: bounded scalars, whichever encoding wrote them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from mileage.sources.otlp_json import AnyValue, Number, Scope
    from mileage.sources.otlp_record import Scalar

MAX_TEXT = 256
_INTEGER = re.compile(r"-?[0-9]{1,20}")
_BITS_64 = 2**64


def bounded(value: AnyValue | None) -> Scalar:
    """Return a scalar that may be kept, None for anything else."""
    held = plain(value)
    return printable(held) if isinstance(held, str) else held


def printable(text: str) -> str | None:
    """Return a text that can be an id or a name, None for anything else."""
    return text if len(text) <= MAX_TEXT and text.isprintable() else None


def plain(value: AnyValue | None) -> Scalar:
    """Return a scalar of any length; None for arrays, maps, bytes and nothing."""
    if value is None:
        return None
    # Most values are texts or counts; asking for the kind costs more than a look.
    text = value.string_value
    if text:
        return text
    kind = value.WhichOneof("value")
    return _READ[kind](value) if kind in _READ else None


def integer(value: Number) -> int | None:
    """Return an integer of at most 64 bits, which JSON may write as a text."""
    if isinstance(value, str):
        value = int(value) if _INTEGER.fullmatch(value) else None
    elif isinstance(value, float):
        value = int(value) if value.is_integer() else None
    return value if value is not None and -_BITS_64 < value < _BITS_64 else None


def nanoseconds(value: Number) -> int:
    """Return UTC nanoseconds; 0 stands for none, as in the protocol."""
    return max(integer(value) or 0, 0)


def scope_name(scope: Scope | None) -> str:
    """Return which part of a program sent something, or ''."""
    name = scope.name if scope else None
    return (printable(name) if name else "") or ""


def double(value: Number) -> float | None:
    """Return a double, of which JSON writes some (``NaN``) as texts."""
    try:
        return None if value is None else float(value)
    except (ValueError, OverflowError):
        return None


_READ: dict[str, Callable[[AnyValue], Scalar]] = {
    "string_value": lambda value: value.string_value,
    "int_value": lambda value: integer(value.int_value),
    "double_value": lambda value: double(value.double_value),
    "bool_value": lambda value: value.bool_value,
}
