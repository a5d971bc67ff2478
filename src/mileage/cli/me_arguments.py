"""Arguments of ``mileage me`` that need no explaining, understood without click.

Loading click takes longer than the answer. So this knows a part of the grammar that
``cli.me`` defines: whatever it does not know, and all that is wrong, goes there. Where
it does understand, it understands the same (tests/unit/cli/test_me_arguments.py).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from mileage.cli.me_report import Wanted, asked_of, report, where

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    from mileage.cli.me_report import Asked
    from mileage.wiring.personal_logs import Logs

    Begin = Callable[[Sequence[Path], Mapping[str, str]], None]

_FLAGS = ("--no-index", "--rebuild-index", "--json")
_ONCE = ("--since", "--until", "--by", "--tz")


class _Unclear(ValueError):
    """For click to understand, or to explain."""


def answered(arguments: Sequence[str]) -> bool:
    """Report what is asked; False where click has to look.

    Logs are looked for while the modules that answer are loaded: both take as long.
    """
    begun: list[Logs] = []

    def begin(homes: Sequence[Path], environ: Mapping[str, str]) -> None:
        from mileage.wiring.personal_logs import Logs

        begun.append(Logs(homes, environ))

    asked = plain(arguments, begin)
    if asked is None:
        return False
    report(*asked, *begun)
    return True


def plain(
    arguments: Sequence[str], begin: Begin | None = None
) -> tuple[Asked, Wanted] | None:
    """Return what is asked; None where click has to look.

    ``begin`` is called as soon as it is known where logs are.
    """
    try:
        homes, named, flags = _words(arguments)
        if begin is not None:
            begin(*where(homes))
        since, until = _day(named.get("--since")), _day(named.get("--until"))
    except ValueError:
        return None
    from mileage.reports.local_question import GROUPINGS

    by = named.get("--by", "day")
    if by not in GROUPINGS or (since and until and since > until):
        return None
    asked = asked_of(homes, named.get("--tz"))
    wanted = Wanted(since, until, by, *(name in flags for name in _FLAGS))
    return (asked, wanted) if asked else None


def _words(
    arguments: Sequence[str],
) -> tuple[tuple[Path, ...], dict[str, str], set[str]]:
    """Tell homes, options with a value and flags apart."""
    homes: list[Path] = []
    named: dict[str, str] = {}
    flags: set[str] = set()
    words = iter(arguments)
    for word in words:
        if word in _FLAGS:
            flags.add(word)
            continue
        name, is_whole, value = word.partition("=")
        if not is_whole:
            value = next(words, "")
        if name == "--home":
            homes.append(_home(value))
        elif name in _ONCE and name not in named and value and value[0] != "-":
            named[name] = value
        else:
            raise _Unclear
    return tuple(homes), named, flags


def _home(value: str) -> Path:
    """Return a folder that may be read, or what is not there."""
    if not value or value[0] == "-":
        raise _Unclear
    if os.path.lexists(value) and not (  # noqa: PTH - a text as it stands
        os.path.isdir(value) and os.access(value, os.R_OK)  # noqa: PTH112
    ):
        raise _Unclear
    return Path(value)


def _day(value: str | None) -> date | None:
    if value is None:
        return None
    if len(value) != len("YYYY-MM-DD") or value[4::3] != "--":
        raise _Unclear
    from datetime import date

    return date.fromisoformat(value)
