"""The ``--data`` option, and opening the control plane that it names."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from mileage.cli import is_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from mileage.store.control import Control

_OF_MILEAGE = frozenset(
    {"control.sqlite", "ledger.duckdb", "incidents", "owner.sock", "policy"}
)
"""What tells a data directory from any other folder that is not empty."""
Command = TypeVar("Command", bound="Callable[..., Any]")


class FilePath(click.Path):
    """A path, handed over as ``Path``; an empty one would be the folder one is in."""

    def __init__(self, **wanted: bool) -> None:
        super().__init__(path_type=Path, **wanted)

    def convert(
        self,
        value: str | os.PathLike[str],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> str | bytes | os.PathLike[str]:
        """Return the path."""
        if value == "":
            self.fail("It is empty. Is a variable of your shell not set?", param, ctx)
        return super().convert(value, param, ctx)


def _platform_directory() -> str:
    from platformdirs import user_data_dir

    return user_data_dir("mileage", appauthor=False)


def new_data_option(command: Command) -> Command:
    """Add ``--data DIR`` to what makes one where there is none, or needs none."""
    return _data_option(lambda _, __, data: _named_in_text(data))(command)


def data_option(command: Command) -> Command:
    """Add ``--data DIR``, handed over as ``data: Path``; refuses one that is not there.

    A command that made an empty one would answer a mistyped name with good news, and
    leave its files in a folder that is somebody else's.
    """
    return _data_option(lambda _, __, data: existing(data))(command)


def _data_option(
    callback: Callable[[click.Context, click.Parameter, Path], Path],
) -> Callable[[Command], Command]:
    return click.option(
        "--data",
        type=FilePath(file_okay=False),
        envvar="MILEAGE_DATA",
        default=_platform_directory,
        metavar="DIR",
        help="The organisation's data directory. "
        "[default: $MILEAGE_DATA, else the platform's data directory]",
        callback=callback,
    )


def existing(data: Path) -> Path:
    """Return a data directory that is there; raises NotFound."""
    from mileage.domain.errors import NotFound

    if data.is_dir() and _may_be_one(data):
        return _named_in_text(data)
    raise NotFound(
        f"there is no data directory {data}: name yours with --data, or make one: "
        "`mileage serve` for an organisation, `mileage collect` of this machine's "
        "session logs, `mileage demo` to look around"
    )


def _may_be_one(folder: Path) -> bool:
    names = {entry.name for entry in os.scandir(folder)}
    return not names or not names.isdisjoint(_OF_MILEAGE)


def _named_in_text(data: Path) -> Path:
    """Return it; the databases in it can be opened by a name in UTF-8 alone."""
    if is_text(str(data)):
        return data
    raise click.BadParameter(
        f"{str(data)!r} is not UTF-8, which the databases in it need: rename it.",
        param_hint="--data",
    )


def json_option(command: Command) -> Command:
    """Add ``--json``, handed over as ``as_json: bool``."""
    option = click.option(
        "--json", "as_json", is_flag=True, help="Print JSON instead of text."
    )
    return option(command)


def control_in(data: Path) -> Control:
    """Open the control plane of a data directory; use it in a ``with``."""
    import time

    from mileage.store.control import FILE_NAME, open_control

    return open_control(data / FILE_NAME, clock=lambda: time.time_ns() // 1000)
