"""A dark switch that needs no disk; everybody sees the same one."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mileage.domain.darkness import Act, Darkness, whole_sentence
from mileage.domain.directory import AccessRow
from mileage.domain.errors import Invalid, NotFound, Refused

BEGAN = Act(1_795_350_000_000_000, "acc-steward", "Sam Steward")
LEAK = Darkness(3, BEGAN, "Figures were in the press.")


@dataclass
class FakeDark:
    """Light unless told otherwise; ``broken`` is raised instead of any answer."""

    now: Darkness | None = None
    last: Darkness | None = None
    broken: Exception | None = None

    def darkness(self):
        if self.broken is not None:
            raise self.broken
        return self.now

    def state(self, viewer):
        self._allow(viewer)
        return self.now or self.last

    def on(self, viewer, reason):
        self._allow(viewer)
        if not reason.strip():
            raise Invalid("say why")
        act = Act(BEGAN.at, viewer.account_id, viewer.name)
        self.now = Darkness(4, act, whole_sentence(reason))
        return self.now

    def off(self, viewer):
        self._allow(viewer)
        if self.now is None:
            raise NotFound("it is not dark")
        act = Act(BEGAN.at + 1, viewer.account_id, viewer.name)
        if self.now.asked_by_another(viewer.account_id, act.at):
            self.last, self.now = replace(self.now, ended=act), None
            return self.last
        self.now = replace(self.now, asked=act)
        return self.now

    def _allow(self, viewer):
        if not (viewer.operator or viewer.holds("steward")):
            raise Refused("the dark switch is for stewards and the operator")


READS = tuple(
    AccessRow(
        number,
        BEGAN.at + number,
        "acc-reader",
        "Rea <b>Reader</b>",
        "support" if number % 3 else "board",
        "personal" if number % 3 else "board",
        "acc-00017" if number % 3 else "org",
        1 if number % 3 else 250,
        "",
        "" if number % 3 or number % 2 else "5" * 64,
        "api" if number % 2 else "page",
    )
    for number in range(230, 0, -1)
)


def readers(before, most):
    """Return a page of made-up reads."""
    return tuple(one for one in READS if before is None or one.row_id < before)[:most]
