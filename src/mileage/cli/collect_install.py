"""``mileage collect install``: have the machine collect by itself, or stop that."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from mileage.cli.collect_options import (
    asked,
    default_token_file,
    own_identity,
    pushing_options,
)
from mileage.cli.collect_service import Job, Manager, service, without_ours

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mileage.cli.collect_options import Asked
    from mileage.cli.collect_service import Service


class _Done(NamedTuple):
    """What a command of the system said."""

    worked: bool
    said: str


@click.command("install")
@pushing_options
@click.option(
    "--with",
    "manager",
    type=click.Choice(["systemd", "launchd", "cron"]),
    help="What starts it. [default: what this machine has]",
)
@click.option("--uninstall", is_flag=True, help="Undo it. What was collected stays.")
@click.option(
    "--print", "only_print", is_flag=True, help="Show what would be done; do nothing."
)
def install(**options: Any) -> None:  # noqa: ANN401 - as click gives
    """Have this machine collect by itself, from now on and after each login.

    Writes a systemd user unit, a launchd agent or a line of your crontab, shows what
    it wrote, and starts it. Installing again replaces it; --uninstall undoes it.
    """
    given = asked(options)
    manager: Manager = options["manager"] or _own_manager()
    if options["uninstall"]:
        _uninstall(manager, only_print=options["only_print"])
        return
    if not given.to:
        raise click.UsageError("give --to URL: where to push to")
    given.plan().server()
    token_file = given.token_file or default_token_file()
    command = _command(given, token_file)
    made = service(manager, Job(command, _environment(), Path.home(), os.getuid()))
    if options["only_print"]:
        _show(made, "would be written")
        return
    _check(given, token_file)
    _apply(made)
    _show(made, "written")
    click.echo(
        f"It runs. To look: {made.look}. To undo: `mileage collect install "
        f"--uninstall --with {manager}`."
    )


class _Noting(dict[str, str]):
    """An environment that remembers which of its variables were looked at."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        super().__init__(environ)
        self.noted: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:  # noqa: ANN401 - as a mapping's
        self.noted.add(key)
        return super().get(key, default)

    def __getitem__(self, key: str) -> str:
        self.noted.add(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self.noted.add(str(key))
        return super().__contains__(key)


def _environment() -> dict[str, str]:
    """Return what only a shell sets: where clients keep their logs, and proxies."""
    from mileage.sources.installed import log_sources

    environ = _Noting(os.environ)
    for source in log_sources():
        source.roots(Path.home(), environ)
    needed = environ.noted | {"HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"}
    needed |= {"SSL_CERT_FILE", "SSL_CERT_DIR"}
    return {name: os.environ[name] for name in sorted(needed) if name in os.environ}


def _command(given: Asked, token_file: Path) -> tuple[str, ...]:
    """Return what is run; the token is in a file, not in the list of processes."""
    words = [sys.executable, "-m", "mileage", "collect", "--to", given.to or ""]
    words += ["--token-file", str(token_file.absolute())]
    words += ["--state", str(given.state.absolute())]
    for home in given.homes:
        words += ["--home", str(home.absolute())]
    if given.account:
        words += ["--account", given.account]
    words += ["--spool-mib", str(given.spool_mib)]
    return tuple([*words, "--insecure"] if given.insecure else words)


def _check(given: Asked, token_file: Path) -> None:
    """Keep the token, and ask the server: an error now is better than one in a log."""
    from mileage.domain.errors import Unavailable

    plan = given.plan()
    typed = not plan.token.text and given.token_file is None and not token_file.exists()
    text = "" if typed else plan.token.current()
    if typed:
        text = click.prompt("Ingest token", hide_input=True, err=True).strip()
    plan = plan._replace(token=plan.token._replace(text=text))
    plan.whose(own_identity)
    server = plan.server()
    try:
        version = server.greet().version
    except Unavailable as error:
        click.echo(f"mileage: {error}. What is collected waits until then.", err=True)
    else:
        click.echo(f"{server.address.url} knows the token; it is Mileage {version}.")
    # Not before: whatever runs already goes on with the token that is there.
    if given.token_file is None:
        _keep(token_file, text)


def _keep(file: Path, token: str) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as stream:
        os.fchmod(handle, 0o600)
        stream.write(f"{token}\n")
    click.echo(f"{file}: the token, for you alone.")


def _own_manager() -> Manager:
    """Return what this machine starts things with."""
    if sys.platform == "darwin":
        return "launchd"
    has_units = _run(("systemctl", "--user", "show-environment")).worked
    return "systemd" if has_units else "cron"


def _run(words: tuple[str, ...], given: str | None = None) -> _Done:
    try:
        done = subprocess.run(  # noqa: S603 - words of our own
            words, capture_output=True, text=True, check=False, input=given
        )
    except OSError as error:
        return _Done(worked=False, said=f"{words[0]}: {error.strerror}")
    return _Done(done.returncode == 0, (done.stderr or done.stdout).strip())


def _must(words: tuple[str, ...], given: str | None = None) -> None:
    from mileage.domain.errors import Unavailable

    done = _run(words, given)
    if not done.worked:
        raise Unavailable(
            f"`{' '.join(words)}` failed: {done.said or 'no reason given'}. Another "
            "way is --with cron; --print shows what to write by hand."
        )


def _apply(made: Service) -> None:
    if made.file is None:
        _must(("crontab", "-"), without_ours(_crontab()) + made.text)
        return
    made.file.parent.mkdir(parents=True, exist_ok=True)
    made.file.write_text(made.text)
    if made.manager == "launchd":
        # One that runs already is not replaced by loading it again.
        _run(made.end[0])
    for words in made.begin:
        _must(words)


def _uninstall(manager: Manager, *, only_print: bool) -> None:
    made = service(manager, Job((), {}, Path.home(), os.getuid()))
    if only_print:
        _show(made._replace(text="", begin=made.end), "would be removed")
        return
    if made.file is None:
        _must(("crontab", "-"), without_ours(_crontab()))
        click.echo("Your crontab no longer collects.")
        return
    if not made.file.exists():
        click.echo(f"{made.file} is not there: nothing to undo.")
        return
    _run(made.end[0])
    made.file.unlink()
    for words in made.end[1:]:
        _run(words)
    click.echo(f"{made.file}: removed. The token and what waits to be sent stay.")


def _crontab() -> str:
    """Return the table as it is; a person without one has an empty one."""
    done = subprocess.run(
        ["crontab", "-l"],  # noqa: S607 - the system's own
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout if done.returncode == 0 else ""


def _show(made: Service, what: str) -> None:
    click.echo(f"{made.file or 'A line of your crontab'}: {what}.")
    if made.text:
        click.echo(made.text)
    for words in made.begin:
        click.echo(f"$ {' '.join(words)}")
