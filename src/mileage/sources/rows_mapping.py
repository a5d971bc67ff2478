"""The mapping file of a generic import: which column is what, and how it counts.

Pure: text in, a mapping out, with every mistake at its file, line and key.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from mileage.domain.policy import PolicyFile
from mileage.domain.tokens import TOKEN_CLASSES

if TYPE_CHECKING:
    from mileage.domain.policy import Table

Named: TypeAlias = "tuple[tuple[str, str], ...]"
"""(field, column) of each."""
TEXTS = (
    "model",
    "client",
    "client_version",
    "provider",
    "tier",
    "session",
    "request_id",
    "response_id",
    "project",
    "agent",
    "identity",
)
OTHERS = ("occurred_at", "reported_cost", "attended")
TIME_UNITS = ("iso", "seconds", "milliseconds", "microseconds")
COST_UNITS = {"dollars": 1_000_000, "cents": 10_000, "micro-dollars": 1}
PARTS = {
    "cache_in_input": ("cache_read", "cache_write", "cache_write_1h"),
    "hour_in_cache_write": ("cache_write_1h",),
    "reasoning_in_output": ("reasoning",),
    "tool_in_input": ("tool_input",),
}
"""Each convention, and the columns that make it matter."""
_ASKED = {
    "cache_in_input": 'does input include the cached tokens? Say "yes" or "no"',
    "hour_in_cache_write": 'does cache_write include them? Say "yes" or "no"',
    "reasoning_in_output": 'does output include it? Say "yes" or "no"',
    "tool_in_input": 'does input include it? Say "yes" or "no"',
}


@dataclass(frozen=True, slots=True)
class Mapping:
    """What a file's columns mean."""

    name: str
    """Of the program that wrote the file: its keys are told from others' by it."""
    key: tuple[str, ...]
    """Columns that together name one call."""
    columns: dict[str, str]
    """Field to column."""
    fixed: dict[str, str]
    """Field to the value that every row has."""
    time_unit: str
    cost_unit: int
    """Micro-dollars of one unit."""
    delimiter: str
    cache_in_input: bool
    hour_in_cache_write: bool
    reasoning_in_output: bool
    tool_in_input: bool
    ignore_column: str
    ignore_values: tuple[str, ...]
    """Rows with one of these in that column are no usage."""

    @property
    def read(self) -> Named:
        """Every column that is looked at, each with what it is of."""
        ignored = [("[ignore]", self.ignore_column)] if self.ignore_column else []
        keys = [("key", column) for column in self.key]
        return (*keys, *self.columns.items(), *ignored)

    @property
    def counts(self) -> tuple[str, ...]:
        """The token classes that have a column."""
        return tuple(name for name in TOKEN_CLASSES if name in self.columns)


def parse_mapping(text: str, file: str) -> Mapping:
    """Read a mapping file; raises every mistake of it as ``PolicyErrors``."""
    policy = PolicyFile.parse(text, file)
    root = policy.root()
    name = root.text("name", pattern=r"[\w.\-]{1,60}", expected="a short name")
    table = root.table("columns")
    key, columns, fixed = _list(table.text("key")), _columns(table), _fixed(root)
    _check(root, columns, fixed)
    form = root.table("format")
    conventions = {one: _convention(form, one, columns) for one in PARTS}
    ignore = root.table("ignore")
    mapping = Mapping(
        name=name,
        key=key,
        columns=columns,
        fixed=fixed,
        time_unit=_word(form, "time_unit", TIME_UNITS, "iso"),
        cost_unit=COST_UNITS[_cost_unit(form, columns)],
        delimiter=form.text(
            "delimiter", ",", pattern=r"[,;|\t]", expected="one of , ; | or a tab"
        ),
        ignore_column=ignore.text("column") if "ignore" in root else "",
        ignore_values=_list(ignore.text("values")) if "ignore" in root else (),
        **conventions,
    )
    policy.close()
    return mapping


def _columns(table: Table) -> dict[str, str]:
    known = (*OTHERS, *TEXTS, *TOKEN_CLASSES)
    return {field: table.text(field) for field in known if field in table}


def _fixed(root: Table) -> dict[str, str]:
    table = root.table("fixed")
    return {field: table.text(field) for field in TEXTS if field in table}


def _check(root: Table, columns: dict[str, str], fixed: dict[str, str]) -> None:
    if "occurred_at" not in columns:
        root.note("columns", "occurred_at is missing: when did a call happen?")
    if not set(columns) & set(TOKEN_CLASSES):
        classes = ", ".join(TOKEN_CLASSES)
        root.note("columns", f"no token class has a column; there are {classes}")
    if "model" not in columns and "model" not in fixed:
        root.note("columns", "model is missing here and in [fixed]")
    for field in sorted(set(columns) & set(fixed)):
        root.note("fixed", f"{field} has a column already; keep one of the two")


def _convention(form: Table, name: str, columns: dict[str, str]) -> bool:
    """Read a convention; it must be said when a column makes it matter.

    Guessing it wrong counts tokens twice, or not at all.
    """
    parts = [part for part in PARTS[name] if part in columns]
    if not parts and name not in form:
        return False
    if name not in form:
        form.note(name, f"is missing, and {parts[0]} has a column: {_ASKED[name]}")
        return False
    return form.choice(name, ("yes", "no")) == "yes"


def _cost_unit(form: Table, columns: dict[str, str]) -> str:
    if "reported_cost" not in columns and "cost_unit" not in form:
        return "dollars"
    unit = form.choice("cost_unit", tuple(COST_UNITS))
    return unit if unit in COST_UNITS else "dollars"


def _word(form: Table, key: str, allowed: tuple[str, ...], default: str) -> str:
    return form.choice(key, allowed) if key in form else default


def _list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
