"""SCIM for those who use it: loaded with the first valid key, not at the start."""

from __future__ import annotations

import json
import threading
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from mileage.store.control import Control
    from mileage.wiring.scim import Scim

UNAUTHORISED = {
    "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
    "status": "401",
    "detail": "Send `Authorization: Bearer KEY`: `mileage key create --scope scim`.",
}
HEADERS = {
    "Content-Type": "application/scim+json",
    "WWW-Authenticate": 'Bearer realm="mileage"',
}


class Provisioning:
    """Answers a directory service; strangers cost it nothing."""

    def __init__(self, control: Control, zone: str) -> None:
        self._control = control
        self._zone = ZoneInfo(zone)
        self._lock = threading.Lock()
        self._scim: Scim | None = None

    def answer(
        self,
        asked: tuple[str, str, str, Mapping[str, str], Mapping[str, str], bytes],
        key: str,
    ) -> tuple[int, dict[str, str], bytes]:
        """Answer a request: method, root, path, query, headers, body."""
        actor = self._control.provisioner(key)
        if actor is None:
            return 401, dict(HEADERS), json.dumps(UNAUTHORISED).encode()
        return self._loaded().answer(asked, actor)

    def _loaded(self) -> Scim:
        with self._lock:
            if self._scim is None:
                # A second and 30 MB, for those only who provision.
                from mileage.wiring.scim import Scim

                self._scim = Scim(self._control, self._today)
            return self._scim

    def _today(self) -> date:
        return datetime.now(self._zone).date()
