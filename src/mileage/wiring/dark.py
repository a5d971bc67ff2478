"""Turning the dark switch: who may, and the file that the investigation begins with."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from mileage.reports.incident import WEEK, incident_json, read_json
from mileage.store.private import owner_only, write_whole

if TYPE_CHECKING:
    from pathlib import Path

    from mileage.domain.darkness import Darkness
    from mileage.domain.people import Viewer
    from mileage.reports.gate import Gate
    from mileage.store.control import Control

log = logging.getLogger(__name__)


class Dark:
    """Implements ``web.services.DarkDesk``; safe to call from threads."""

    def __init__(self, control: Control, data: Path, gate: Gate) -> None:
        self._control = control
        self._gate = gate
        self._incidents = data / "incidents"

    def darkness(self) -> Darkness | None:
        """Return why it is dark now, or None."""
        return self._control.darkness()

    def state(self, viewer: Viewer) -> Darkness | None:
        """Return the present darkness or the last one; raises Refused."""
        self._gate.allow(viewer, "dark")
        return self._control.last_darkness()

    def on(self, viewer: Viewer, reason: str) -> Darkness:
        """Turn it dark, then write the incident file; raises Refused, Invalid."""
        self._gate.allow(viewer, "dark")
        darkness = self._control.darken(viewer, reason)
        try:
            self._write(darkness)
        except OSError as error:
            # It is dark: that must not fail because a disk is full.
            log.warning("the incident file was not written: %s", error.strerror)
        return darkness

    def told(self, viewer: Viewer, reason: str) -> dict[str, Any]:
        """Turn it dark; return what the command tells of it."""
        darkness = self.on(viewer, reason)
        file = self.incident_file(darkness.incident)
        return {**darkness.as_json(), "file": str(file)}

    def off(self, viewer: Viewer) -> Darkness:
        """Ask for the end, or confirm what another has asked; raises Refused."""
        self._gate.allow(viewer, "dark")
        return self._control.lighten(viewer)

    def incident_file(self, incident: int) -> Path:
        """Return where the summary of an incident is; the reads are beside it."""
        return self._incidents / f"{incident}.json"

    def add_suspects(self, incident: int, suspects: list[dict[str, Any]]) -> None:
        """Note in the incident file who may have leaked, once a leak is traced."""
        path = self.incident_file(incident)
        told = json.loads(path.read_text("utf-8"))
        told["suspects"] += suspects
        write_whole(path, f"{json.dumps(told, indent=2)}\n".encode())

    def _write(self, darkness: Darkness) -> None:
        path = self.incident_file(darkness.incident)
        if path.exists():
            return
        self._incidents.mkdir(mode=0o700, parents=True, exist_ok=True)
        since = darkness.began.at - WEEK
        with open(path.with_suffix(".reads.jsonl"), "w", opener=owner_only) as file:
            reads = map(read_json, self._control.accesses(since=since))
            file.writelines(f"{json.dumps(read)}\n" for read in reads)
        told = incident_json(darkness, self._control.accesses(since=since))
        write_whole(path, f"{json.dumps(told, indent=2)}\n".encode())
