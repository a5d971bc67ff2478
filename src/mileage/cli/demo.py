"""``mileage demo``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mileage.cli.options import FilePath

if TYPE_CHECKING:
    from pathlib import Path

    from mileage.wiring.serve import Server

DATA_HELP = (
    "Where to build it. [default: mileage-demo in the platform's data directory]"
)


def _default_directory() -> str:
    from platformdirs import user_data_dir

    return user_data_dir("mileage-demo", appauthor=False)


@click.command("demo")
@click.option(
    "--people", default=2000, show_default=True, type=click.IntRange(1, 100_000)
)
@click.option("--seed", default=1, show_default=True, help="Equal seeds, equal people.")
@click.option(
    "--data",
    type=FilePath(file_okay=False),
    default=_default_directory,
    metavar="DIR",
    help=DATA_HELP,
)
@click.option("--no-serve", is_flag=True, help="Build it and stop.")
@click.option("--port", default=8470, show_default=True, type=click.IntRange(0, 65535))
def command(people: int, seed: int, data: Path, port: int, *, no_serve: bool) -> None:
    """Build a simulated organisation and serve it.

    Every page says that it is simulated. Part of its people send telemetry through
    the door call by call; the rest is generated as roll-ups. Nothing of it mixes
    with your own data: it has a directory of its own, and can be deleted.
    """
    from mileage.wiring.demo import Wanted, build
    from mileage.wiring.serve import serving

    showcase = build(
        data, Wanted(people, seed), lambda line: click.echo(line, err=True)
    )
    if no_serve:
        click.echo(f"Built in {data}. Serve it: mileage serve --data {data}")
        return
    with serving(data, "127.0.0.1", port) as server:
        server.run(lambda: announce(server, showcase))


def announce(server: Server, showcase: str) -> None:
    """Print the operator's link and that of one of the people."""
    from mileage.domain.people import Viewer

    control = server.organisation.control
    person = control.account_of_email(showcase)
    click.echo(f"\nThe simulated organisation is at {server.url}")
    click.echo("Sign in (each link works once, for 15 minutes):")
    click.echo(f"  as the operator       {server.sign_in_link()}")
    if person is not None:
        secret = control.create_link(Viewer(person.account_id, person.name))
        link = f"{server.url}/sign-in?link={secret}"
        click.echo(f"  as {person.name:<18} {link}")
    click.echo("Stop: Ctrl+C.")
