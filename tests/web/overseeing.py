"""How people's figures are read, without a log: what each role is shown of it."""

from __future__ import annotations

from mileage.domain.audit_policy import Brakes
from mileage.domain.directory import AuditRow
from mileage.domain.errors import PurposeMissing, Refused
from mileage.domain.oversight import (
    Counted,
    DaysReader,
    LogState,
    OversightPage,
    Stopped,
)

AT = 1_795_350_000_000_000
STOPPED = (
    Stopped(AT, "acc-curious", "Curious Carl", "people", "limit 1000 a day"),
    Stopped(AT - 9, "acc-script", "Script Sue", "exports", "limit 200 a day"),
)
READERS = (DaysReader("acc-curious", "Curious Carl", 1_204, 7, 250, AT),)
COUNTED = (
    Counted("board", "board", 40_312, 7_110),
    Counted("personal", "support", 9, 3),
)
LOGS = (LogState("access", 41_525, 41_400, AT), LogState("changes", 12, 0, None))
CHANGES = (AuditRow(12, AT, "acc-root", "Root", "role granted", "acc-x", "auditor"),)


class FakeOversight:
    """The operator sees all, whoever holds a role that ships what that role may."""

    def page(self, viewer, purpose=None):
        auditor = viewer.operator or viewer.holds("auditor")
        names = auditor or viewer.holds("steward")
        if not (names or viewer.holds("works-council")):
            raise Refused("oversight is not yours; the page /access says whose it is")
        if not viewer.operator and purpose != "oversight":
            raise PurposeMissing("say what for", {"oversight": "Watching over it"})
        return OversightPage(
            since=AT - 30 * 86_400_000_000,
            brakes=Brakes(),
            counted=COUNTED,
            logs=LOGS,
            stopped=STOPPED if names else None,
            stopped_people=2,
            readers=READERS if names else None,
            changes=CHANGES if auditor else None,
            purpose=purpose or "operations",
        )
