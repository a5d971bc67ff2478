"""As much of JSON Schema 2020-12 as the API's description uses, and no more."""

from __future__ import annotations

import re
from typing import Any

TYPES = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}
KNOWN = {
    "$ref",
    "additionalProperties",
    "description",
    "enum",
    "format",
    "items",
    "maximum",
    "minimum",
    "oneOf",
    "pattern",
    "properties",
    "required",
    "type",
}


def problems(value: Any, schema: dict[str, Any], root: dict[str, Any], at: str = "$"):
    """Yield a sentence for everything in ``value`` that its schema forbids."""
    unknown = set(schema) - KNOWN
    if unknown:
        yield f"{at}: this checker does not know {unknown}"
    if "$ref" in schema:
        yield from problems(value, resolved(schema["$ref"], root), root, at)
    if "oneOf" in schema:
        fits = [one for one in schema["oneOf"] if not [*problems(value, one, root, at)]]
        if len(fits) != 1:
            yield f"{at}: fits {len(fits)} of the alternatives"
    yield from _of_type(value, schema, at)
    if isinstance(value, dict):
        yield from _of_object(value, schema, root, at)
    if isinstance(value, list) and "items" in schema:
        for place, item in enumerate(value):
            yield from problems(item, schema["items"], root, f"{at}[{place}]")


def resolved(reference: str, root: dict[str, Any]) -> dict[str, Any]:
    found: Any = root
    assert reference.startswith("#/")
    for part in reference[2:].split("/"):
        found = found[part]
    return found


def _of_type(value: Any, schema: dict[str, Any], at: str):
    names = schema.get("type", [])
    names = [names] if isinstance(names, str) else names
    boolean = isinstance(value, bool) and "boolean" not in names
    if names and (boolean or not any(isinstance(value, TYPES[one]) for one in names)):
        yield f"{at}: {value!r} is not {names}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: {value!r} is not one of {schema['enum']}"
    if isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
        yield f"{at}: {value!r} does not match {schema['pattern']}"
    if isinstance(value, (int, float)):
        if value < schema.get("minimum", value):
            yield f"{at}: {value} is too small"
        if value > schema.get("maximum", value):
            yield f"{at}: {value} is too large"


def _of_object(value: dict, schema: dict[str, Any], root: dict[str, Any], at: str):
    described = schema.get("properties", {})
    yield from (
        f"{at}: {n} is missing" for n in schema.get("required", ()) if n not in value
    )
    for name, inner in value.items():
        if name in described:
            yield from problems(inner, described[name], root, f"{at}.{name}")
        elif schema.get("additionalProperties") is False:
            yield f"{at}: {name} is not described"
