"""The ``--data`` option, and opening the control plane that it names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from mileage.store.control import Control

Command = TypeVar("Command", bound="Callable[..., Any]")


def _platform_directory() -> str:
    from platformdirs import user_data_dir

    return user_data_dir("mileage", appauthor=False)


def new_data_option(command: Command) -> Command:
    """Add ``--data DIR`` to what makes one where there is none, or needs none."""
    return _data_option()(command)


def data_option(command: Command) -> Command:
    """Add ``--data DIR``, handed over as ``data: Path``; refuses one that is not there.

    A command that made an empty one would answer a mistyped name with good news.
    """
    return _data_option(lambda _, __, data: existing(data))(command)


def _data_option(
    callback: Callable[[click.Context, click.Parameter, Path], Path] | None = None,
) -> Callable[[Command], Command]:
    return click.option(
        "--data",
        type=click.Path(file_okay=False, path_type=Path),
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

    if data.is_dir():
        return data
    raise NotFound(
        f"there is no data directory {data}: name yours with --data, or make one: "
        "`mileage serve` for an organisation, `mileage collect` of this machine's "
        "session logs, `mileage demo` to look around"
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
