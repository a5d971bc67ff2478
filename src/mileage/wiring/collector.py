"""Puts together what ``mileage collect --to`` needs; imports no more than that."""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from mileage.domain.errors import Invalid, Unauthorised
from mileage.ingest.push_client import Server, address
from mileage.ingest.push_collector import Collector, Limits
from mileage.ingest.push_reading import Places
from mileage.ingest.push_state import opened
from mileage.sources.installed import log_sources

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

COLLECTOR_TOKEN = "mlg_c_"  # noqa: S105 - what such tokens begin with
ASK = "give --token-file FILE or set MILEAGE_TOKEN; `mileage token create` makes one"


class Token(NamedTuple):
    """Where the token is: as it is, or in a file that may be replaced any time."""

    text: str = ""
    file: Path | None = None

    def current(self) -> str:
        """Return the token of this moment; raises Unauthorised when there is none."""
        if self.text or self.file is None:
            return self.text
        try:
            text = self.file.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            said = getattr(error, "strerror", None) or "no text"
            raise Unauthorised(f"{self.file}: {said}; {ASK}") from None
        if not text:
            raise Unauthorised(f"{self.file} is empty; {ASK}")
        return text

    @property
    def open_to_others(self) -> bool:
        """Whether other people of this machine can read the file."""
        if self.text or self.file is None or not self.file.exists():
            return False
        return bool(self.file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))


class Plan(NamedTuple):
    """What somebody asked for."""

    url: str
    token: Token
    homes: tuple[Path, ...]
    """() looks below one's own, and heeds the variables of the clients."""
    state: Path
    account: str = ""
    insecure: bool = False
    limits: Limits = Limits()

    def places(self) -> Places:
        """Return where to look."""
        environ = {} if self.homes else dict(os.environ)
        return Places(log_sources(), self.homes or (Path.home(),), environ)

    def server(self) -> Server:
        """Return the server that was named; raises Invalid when it cannot be one."""
        where = address(self.url, insecure=self.insecure)
        return Server(where, self.token.current, lambda: datetime.now(UTC))

    def whose(self, own_identity: Callable[[], str]) -> str:
        """Return whose usage it is, '' where a personal token knows; raises Invalid."""
        if self.token.current().startswith(COLLECTOR_TOKEN):
            return self.account or own_identity()
        if self.account:
            raise Invalid(
                "--account is for tokens of collectors: a personal token reports the "
                "usage of its own account, whoever is named"
            )
        return ""


@contextmanager
def collecting(plan: Plan, own_identity: Callable[[], str]) -> Iterator[Collector]:
    """Own the state directory and be ready for passes."""
    server = plan.server()
    identity = plan.whose(own_identity)
    with opened(plan.state) as state:
        folder = state.server(server.address.url)
        collector = Collector(
            state, folder, server, plan.places(), identity, plan.limits
        )
        try:
            yield collector
        finally:
            collector.close()
