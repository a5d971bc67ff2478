"""Reading policy files: TOML with every mistake found, each with file, line and key.

Pure: text in, values out. A parser reads what it knows from a ``Table``; whatever
is wrong is noted and replaced by a stand-in, so that one run finds all mistakes of
a file; ``PolicyFile.close`` raises them together, and never lets a stand-in out.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from mileage.domain.errors import PolicyError
from mileage.domain.toml_lines import Path, key_lines

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

LONGEST_TEXT = 500
_READABLE = 40
_AT_LINE = re.compile(r"\s*\(at line (\d+), column \d+\)|\s*\(at end of document\)")


class PolicyErrors(PolicyError):
    """Every mistake of one or more policy files; reads as one line each."""

    def __init__(self, findings: Collection[PolicyError]) -> None:
        self.findings = tuple(findings)
        first = self.findings[0]
        super().__init__(first.file, first.line, first.key, first.problem)
        self.args = ("\n".join(str(one) for one in self.findings),)


@dataclass(frozen=True, slots=True)
class PolicyFile:
    """A parsed file, where its keys stand, and what was found wrong so far."""

    name: str
    content: dict[str, Any]
    lines: dict[Path, int]
    findings: list[PolicyError] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)

    @classmethod
    def parse(cls, text: str, name: str) -> PolicyFile:
        """Parse TOML; decimals stay exact."""
        try:
            content = tomllib.loads(text, parse_float=_exact)
        except tomllib.TOMLDecodeError as error:
            raise PolicyErrors([_not_toml(str(error), text, name)]) from None
        except RecursionError:
            problem = "is nested too deeply"
            raise PolicyErrors([PolicyError(name, 1, "-", problem)]) from None
        except ValueError:
            # Python reads no whole number of more than some thousand digits.
            raise PolicyErrors([_too_long(text, name)]) from None
        return cls(name, content, key_lines(text))

    def root(self) -> Table:
        """Open the keys above the first table header; once, as what it reads counts."""
        return Table(self, (), self.content)

    def note(self, path: Path, problem: str) -> None:
        """Note a mistake at a key, or at the table it is missing from."""
        known = next(
            (path[:end] for end in range(len(path), 0, -1) if path[:end] in self.lines),
            None,
        )
        line = 1 if known is None else self.lines[known]
        self.findings.append(PolicyError(self.name, line, _dotted(path), problem))

    def close(self) -> None:
        """Note what no parser has read, then raise everything noted."""
        for table in self.tables:
            table.note_unknown()
        if self.findings:
            raise PolicyErrors(sorted(self.findings, key=lambda one: one.line))


class Table:
    """One table of a policy file. Reading a key checks it and makes it known.

    Where a default is None the key is required; the value returned for a key
    that is missing or wrong is a stand-in that ``PolicyFile.close`` keeps in.
    """

    def __init__(self, file: PolicyFile, path: Path, content: dict[str, Any]) -> None:
        self._file, self._path, self._content = file, path, content
        self._known: set[str] = set()
        file.tables.append(self)

    def __contains__(self, key: str) -> bool:
        """Tell whether the key is there, right or wrong; it is known then."""
        self._known.add(key)
        return key in self._content

    def __iter__(self) -> Iterator[str]:
        """Yield the keys that stand here, for tables whose keys are names."""
        yield from self._content

    def ignore(self) -> None:
        """Take every key as known: the table as a whole is a mistake, and noted."""
        self._known.update(self._content)

    def note(self, key: str, problem: str) -> None:
        """Note a mistake that only the caller can see."""
        self._file.note((*self._path, key), problem)

    def text(
        self,
        key: str,
        default: str | None = None,
        *,
        pattern: str = r".*\S.*",
        expected: str = "some text",
    ) -> str:
        """Read text that matches a pattern."""
        value: str | None = self._take(key, default, str, "text in quotes")
        if value is None:
            return ""
        if len(value) > LONGEST_TEXT:
            self.note(key, f"is longer than {LONGEST_TEXT} characters")
        elif value != default and not re.fullmatch(pattern, value):
            self.note(key, f"is {value!r}; expected {expected}")
        return value

    def texts(
        self, key: str, *, pattern: str, expected: str, needed: str = ""
    ) -> tuple[str, ...]:
        """Read a list of texts, each of which matches a pattern; () when left out.

        ``needed`` is what is wrong with that, if anything.
        """
        wanted = f"a list of {expected}s in quotes"
        taken: list[object] | None = self._take(key, [], list, wanted)
        if needed and taken == []:
            self.note(key, needed)
        value = taken or []
        for one in value:
            if not isinstance(one, str):
                self.note(key, f"holds {_kind(one)}; expected {wanted}")
            elif len(one) > LONGEST_TEXT or not re.fullmatch(pattern, one):
                self.note(key, f"holds {one[:LONGEST_TEXT]!r}; expected {wanted}")
        return tuple(dict.fromkeys(one for one in value if isinstance(one, str)))

    def choice(self, key: str, allowed: Collection[str]) -> str:
        """Read one of a few words."""
        value: str | None = self._take(key, None, str, "text in quotes")
        if value is not None and value not in allowed:
            self.note(key, f"is {value!r}; allowed: {', '.join(allowed)}")
        return value or ""

    def integer(self, key: str, default: int, *, least: int, most: int) -> int:
        """Read a whole number within bounds."""
        value: int | None = self._take(key, default, int, "a whole number")
        if value is None:
            return default
        if not least <= value <= most:
            self.note(key, f"is {_short(value)}; allowed: {least} to {most}")
            return default
        return value

    def scaled(
        self,
        key: str,
        default: int | None = None,
        *,
        places: int,
        most: int,
        least: int = 0,
    ) -> int:
        """Read a decimal up to ``most`` as an exact integer of 10**-places.

        ``least`` is such an integer.
        """
        expected = f"a number with at most {places} decimals"
        value = self._take(key, default, int | Decimal, expected)
        if key not in self._content or value is None:
            return default or 0
        number = Decimal(value)
        unit = Decimal(1).scaleb(-places)
        if not number.is_finite() or not least * unit <= number <= most:
            told = f"allowed: {least / 10**places:g} to {most}"
            self.note(key, f"is {_short(value)}; {told}")
            return 0
        scaled = number.scaleb(places)
        if number != int(scaled) * unit:
            self.note(key, f"is {_short(value)}; expected {expected}")
        return int(scaled)

    def day(self, key: str, default: date | None = None) -> date:
        """Read a date such as 2026-01-31."""
        value = self._take(key, default, date, "a date such as 2026-01-31")
        if isinstance(value, datetime):
            self.note(key, "has a time of day; expected a date such as 2026-01-31")
            return value.date()
        return value or date.max

    def table(self, key: str) -> Table:
        """Read a table; one that is not there is empty."""
        value = self._take(key, {}, dict, f"a table [{key}]")
        return Table(self._file, (*self._path, key), value or {})

    def tables(self, key: str) -> list[Table]:
        """Read every ``[[key]]``."""
        value = self._take(key, [], list, f"tables [[{key}]]") or []
        if not all(isinstance(one, dict) for one in value):
            self.note(key, f"expected tables [[{key}]]")
            return []
        return [
            Table(self._file, (*self._path, key, at), one)
            for at, one in enumerate(value)
        ]

    def note_unknown(self) -> None:
        """Note every key that nothing has read."""
        allowed = ", ".join(sorted(self._known))
        for key in self._content.keys() - self._known:
            self.note(key, f"unknown key; allowed: {allowed}")

    def _take(self, key: str, default: Any, kind: Any, expected: str) -> Any:  # noqa: ANN401 (what TOML holds)
        """Return the value of the right type, the default, or None if noted."""
        self._known.add(key)
        if key not in self._content:
            if default is None:
                self.note(key, f"is missing; expected {expected}")
            return default
        value = self._content[key]
        # True is an int to Python, and to nobody else.
        if isinstance(value, bool) or not isinstance(value, kind):
            self.note(key, f"is {_kind(value)}; expected {expected}")
            return None
        return value


def _not_toml(message: str, text: str, name: str) -> PolicyError:
    found = _AT_LINE.search(message)
    last = text.count("\n") + 1
    line = int(found[1]) if found and found[1] else last
    what = _AT_LINE.sub("", message)
    return _in_line(text, name, line, f"is not TOML: {what}")


def _too_long(text: str, name: str) -> PolicyError:
    lengths = [len(line) for line in text.split("\n")]
    longest = lengths.index(max(lengths)) + 1
    return _in_line(text, name, longest, "is a number of too many digits")


def _in_line(text: str, name: str, line: int, problem: str) -> PolicyError:
    """Name a mistake of a text that was not parsed by what stands first in its line."""
    key = text.split("\n")[line - 1].partition("=")[0].strip()
    return PolicyError(name, line, key[:40] or "-", problem)


def _exact(written: str) -> Decimal:
    """Read a decimal; an exponent beyond all bounds becomes one that nobody allows."""
    try:
        return Decimal(written)
    except InvalidOperation:
        sign = "-" if written.startswith("-") else ""
        return Decimal(f"{sign}{'1e-999999' if 'e-' in written.lower() else 'inf'}")


def _short(number: int | Decimal) -> str:
    """Write a number as it is, or roughly where nobody would read all of it."""
    written = Decimal(number)
    return str(written) if len(str(written)) <= _READABLE else f"{written:.3e}"


def _dotted(path: Path) -> str:
    """Write a path as people count: ``price[1].model`` is the first one's."""
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}"
    return text.lstrip(".")


def _kind(value: object) -> str:
    names = {
        bool: "true or false",
        int: "a whole number",
        Decimal: "a decimal number",
        str: "text",
        list: "a list",
        dict: "a table",
    }
    return names.get(type(value), "a date or time")
