"""``mileage serve``."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import click

from mileage.cli.options import new_data_option

if TYPE_CHECKING:
    from pathlib import Path

    from mileage.wiring.serve import Server


@click.command("serve")
@new_data_option
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Beyond loopback only when people can sign in.",
)
@click.option("--port", default=8470, show_default=True, type=click.IntRange(0, 65535))
@click.option(
    "--grpc-port",
    type=click.IntRange(0, 65535),
    help="OTLP over gRPC; 0 does without.  [default: 4317, unless it is in use]",
)
def command(data: Path, host: str, port: int, grpc_port: int | None) -> None:
    """Serve the board, the API and the door for telemetry, in one process.

    Prints a one-time sign-in link for you, the operator. Clients send OTLP over
    HTTP to /v1/logs, /v1/metrics and /v1/traces of the same port, or over gRPC,
    with a token from `mileage token create`. Stop it with Ctrl+C: it takes in what
    it has acknowledged and lets go of the data directory.
    """
    # What a start loads and makes stays: looking for cycles in it is a tenth of it.
    gc.disable()
    try:
        from mileage.wiring.serve import serving

        with serving(data, host, port, grpc_port) as server:
            server.run(lambda: _ready(server))
    finally:
        # What is still frozen at the end of a process is taken for leaked.
        gc.unfreeze()
        gc.enable()


def _ready(server: Server) -> None:
    announce(server)
    gc.freeze()
    gc.enable()


def announce(server: Server) -> None:
    """Say where it is, once it answers."""
    click.echo(f"Mileage serves {server.organisation.data} at {server.url}")
    if server.grpc:
        click.echo(f"OTLP over gRPC: {server.grpc}")
    click.echo("Sign in as the operator (this link works once, for 15 minutes):")
    click.echo(f"  {server.sign_in_link()}")
    click.echo("A new one: mileage sign-in. Stop: Ctrl+C.")
