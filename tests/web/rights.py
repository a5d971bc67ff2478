"""Made-up data about a person, and a desk that remembers what it was asked."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import IO, TYPE_CHECKING

from mileage.access.roles import shipped_roles
from mileage.domain.errors import NotFound, Refused
from mileage.domain.rights import MyData, PersonRequest
from mileage.domain.settings import Settings
from mileage.domain.window import SECOND
from mileage.reports.statement import Statement, statement

if TYPE_CHECKING:
    from mileage.domain.people import Viewer
    from mileage.domain.rights import Answer, RequestKind

AT = 1_763_000_000 * SECOND
HOSTILE = '"><script>alert(1)</script>'
REQUESTS = (
    PersonRequest("ask_1", "acc-1", "correction", HOSTILE, AT, "open", None, "", ""),
    PersonRequest(
        *("ask_2", "acc-1", "objection", "Not on a board.", AT, "granted", AT + SECOND),
        *("operator", "You are off the boards."),
    ),
)
KEPT = MyData(
    account_id="acc-1",
    name="Ada Byron",
    email="ada@engines.test",
    made_at=AT,
    organisation="Analytical Engines",
    simulated=False,
    accounts=("acc-1",),
    directory={
        "identity": [{"value": "ada@engines.test"}, {"value": HOSTILE}],
        "membership": [
            {
                "department": "Engines",
                "team": "Difference",
                "role": "",
                "manager": "bo@engines.test",
                "since": "2026-01-01",
                "until": None,
                "superseded_at": None,
            }
        ],
        "token": [{"token_id": "tok_1", "created_at": "2026-11-01T00:00:00Z"}],
        "session": [],
    },
    usage={
        "days": [
            {
                "day": f"2026-10-{day:02}",
                "client": "claude-code",
                "calls": day,
                "tokens": 1000 * day,
                "cost_usd": "0.001000",
                "unpriced_calls": 0,
            }
            for day in range(1, 32)
        ]
        + [
            {
                "day": "2026-11-01",
                "client": "codex",
                "calls": 7,
                "tokens": 9,
                "cost_usd": None,
                "unpriced_calls": 7,
            }
        ],
        "sources": [
            {"source": "codex_otlp", "witnesses": 12, "first": "2026-10-01T00:00:00Z"}
        ],
        "activities": [{"kind": "prompt", "name": "", "facts": 4, "amount": 4}],
        "machines": [{"machine": "0f9c", "client": "codex"}],
        "rejections": [{"reason": "not JSON", "records": 2}],
    },
    readers=tuple(
        {
            "at": f"2026-11-22T10:{minute:02}:00Z",
            "viewer_name": "Bo Peep",
            "purpose": "board",
            "report": "board",
            "subject": "org",
        }
        for minute in range(25)
    ),
    reads=(),
    changes=(),
    requests=REQUESTS,
    boards=48,
)


@dataclass
class FakeRights:
    """Answers about whoever asks; ``empty`` is somebody of whom nothing is kept."""

    asked: list[tuple[str, ...]] = field(default_factory=list)
    empty: bool = False

    def my_data(self, viewer: Viewer, account_id: str) -> MyData:
        self._own(viewer, account_id)
        kept = replace(KEPT, account_id=account_id, name=viewer.name)
        if not self.empty:
            return kept
        nothing: dict[str, list[dict[str, object]]] = {name: [] for name in KEPT.usage}
        return replace(
            kept, directory={}, usage=nothing, readers=(), requests=(), boards=0
        )

    def write_my_data(self, viewer: Viewer, account_id: str, into: IO[bytes]) -> None:
        self._own(viewer, account_id)
        into.write(b'{"account_id":"%s"}' % account_id.encode())

    def statement(self) -> Statement:
        return statement(Settings(organisation="Analytical Engines"), shipped_roles())

    def ask(self, viewer: Viewer, kind: RequestKind, text: str) -> str:
        self.asked.append(("ask", viewer.name, kind, text))
        return "ask_3"

    def withdraw(self, viewer: Viewer, request_id: str) -> None:
        if request_id not in {one.request_id for one in REQUESTS}:
            raise NotFound("no such request waits")
        self.asked.append(("withdraw", viewer.name, request_id))

    def requests(self, viewer: Viewer, *, waiting: bool) -> tuple[PersonRequest, ...]:
        if not viewer.operator:
            raise Refused("what people ask for is answered by the operator")
        return () if self.empty else REQUESTS

    def answer(self, viewer: Viewer, answer: Answer) -> None:
        if not viewer.operator:
            raise Refused("what people ask for is answered by the operator")
        self.asked.append(
            ("answer", answer.request_id, str(answer.granted), answer.text)
        )

    def _own(self, viewer: Viewer, account_id: str) -> None:
        if viewer.account_id != account_id:
            raise Refused("all that is kept about a person is for that person")
