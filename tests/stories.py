"""Strategies: what all kinds of sources may say of few sessions, joined or not.

Not what really happens but what could be said: few ids, sessions, counts and times, so
that everything collides with everything. Only good for laws that hold of any set.
"""

from __future__ import annotations

from hypothesis import strategies as st

from mileage.domain.call import Seen
from tests.drawn_sessions import GAP, GATEWAY
from tests.witnesses import (
    CODEX_OTLP,
    LOG,
    MINUTE,
    NOON,
    OTLP,
    ROLLOUT,
    SECOND,
    seen,
    witness,
)

SOURCES = [LOG, OTLP, ROLLOUT, CODEX_OTLP, GATEWAY, GAP]
LINKS = ["", "", "req_1", "req_2", "msg_1", "msg_1 req_1", "msg_2 req_1", "resp_1"]
IDENTITIES = ["", "ana@example.org", "bob@example.org", "installation:1"]
TIMES = [0, SECOND, 30 * SECOND, 3 * MINUTE]
CLIENTS = {
    LOG: "claude-code",
    OTLP: "claude-code",
    ROLLOUT: "codex",
    CODEX_OTLP: "codex",
    GATEWAY: "gateway",
    GAP: "codex",
}


@st.composite
def sayings(draw: st.DrawFn) -> Seen:
    """Draw one witness."""
    source = draw(st.sampled_from(SOURCES))
    factor = draw(st.sampled_from([1, 1, 1, 10]))
    measure = draw(st.sampled_from(["", "", "", "", "unmeasured", "estimate"]))
    size = 0 if measure == "unmeasured" else factor
    plain = witness(
        key=f"{source}-{draw(st.integers(0, 3))}",
        link=draw(st.sampled_from(LINKS)),
        session=draw(st.sampled_from(["", "s-1", "s-1", "s-2"])),
        occurred_at=NOON + draw(st.sampled_from(TIMES)),
        model=draw(st.sampled_from(["gpt-5.1", "openai/gpt-5.1", "other", ""])),
        input=size * draw(st.sampled_from([20, 30])),
        cache_read=size * draw(st.sampled_from([1000, 1003])),
        cache_write=0,
        output=size * draw(st.integers(1, 3)),
        copied=draw(st.booleans()),
        identity=draw(st.sampled_from(IDENTITIES)),
        measure=measure,
    )
    named = plain._replace(source=source, client=CLIENTS[source])
    account = draw(st.sampled_from(["acc_a", "acc_b"]))
    return seen(account=account, asserted=draw(st.booleans()))._replace(witness=named)


def stories() -> st.SearchStrategy[list[Seen]]:
    """Draw what was said, in the order in which it came."""
    return st.lists(sayings(), min_size=1, max_size=14)
