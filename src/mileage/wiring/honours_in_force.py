"""Lenses, titles and tiers, as their files say it when a board is published.

A change is in force with the next publication. Of files that are wrong, the last good
rules stay in force until they are right, and the log says so.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from mileage.domain.policy import PolicyErrors
from mileage.reports.honouring import Rules
from mileage.wiring.policy import load_policy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from mileage.honours.lenses import Lens
    from mileage.wiring.policy import Policy

log = logging.getLogger(__name__)
FILES = ("lenses.toml", "titles.toml", "tiers.toml")


class HonoursInForce:
    """Reads the rules again at each publication, and whenever one might be due."""

    def __init__(self, data: Path, policy: Policy) -> None:
        self._data = data
        self._good = policy
        self._complaint = ""
        self._read: Mapping[str, bytes] | None = None

    def __call__(self) -> tuple[Rules, Mapping[str, str]]:
        """Return the rules in force, and the versions of their files."""
        texts = self._texts()
        if texts is None or texts != self._read:
            self._look()
        self._read = texts
        good, versions = self._good, self._good.versions
        bounds = f"{versions['lenses.toml']} {versions['tiers.toml']}"
        rules = Rules(good.lenses, good.titles, good.tiers, bounds)
        return rules, {name: versions[name] for name in FILES}

    def lenses(self) -> Sequence[Lens]:
        """Return the lenses in force, the default first."""
        return self._good.lenses

    def _texts(self) -> Mapping[str, bytes] | None:
        """Return what the files say, None when that cannot be told."""
        found = (self._data / "policy").glob("*.toml")
        try:
            return {path.name: path.read_bytes() for path in found}
        except OSError:
            return None

    def _look(self) -> None:
        """Parse all files: twenty times the work of reading them."""
        try:
            found = load_policy(self._data)
        except PolicyErrors as error:
            if str(error) != self._complaint:
                log.warning(
                    "the policy is wrong; until it is right boards go by the last good "
                    "one: %s",
                    error,
                )
            self._complaint = str(error)
        else:
            self._complaint = ""
            self._good = found
