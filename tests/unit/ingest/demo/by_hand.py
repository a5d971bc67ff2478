"""Chance that is told what to draw, and calls, plans and accounts made by hand."""

from __future__ import annotations

from collections import deque
from zoneinfo import ZoneInfo

from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from mileage.domain.tokens import Tokens
from mileage.ingest.demo.door_call import DoorCall, Turn
from mileage.ingest.demo.models import CLAUDE_CODE, CODEX, GPT_CODEX, MODELS, OPUS
from mileage.ingest.demo.people import Account
from mileage.ingest.demo.plan import Plan, Use

AT = 1_795_310_312_872_000
AT_TEXT = "2026-11-22T01:18:32.872Z"
UTC = ZoneInfo("UTC")
ALWAYS, NEVER = 0.0, 0.999
"""Draws with which everything happens, and nothing."""


class Dice:
    """Stands for ``random.Random``: the draws that were given, then ``rest``."""

    def __init__(self, *draws, rest=NEVER):
        self.draws, self.rest, self.bits = deque(draws), rest, 0

    def random(self):
        return self.draws.popleft() if self.draws else self.rest

    def uniform(self, low, high):
        return low + (high - low) * self.random()

    def randint(self, low, high):
        return low + int((high - low + 1) * self.random())

    def choice(self, offered):
        return offered[int(len(offered) * self.random())]

    def getrandbits(self, _width):
        self.bits += 1
        return self.bits

    def expovariate(self, rate):
        return self.random() / rate

    def lognormvariate(self, _mean, _spread):
        return 1.0

    def sample(self, offered, count):
        return list(offered)[:count]

    def shuffle(self, _items):
        """Leave the order as it is."""


def door_call(model=OPUS, tokens=Tokens(input=1), after=0, **turn):  # noqa: B008 (frozen)
    placed = Turn("s-1", 0, "p-1", attended=True)._replace(**turn)
    return DoorCall(AT + after, model.client, model.name, tokens, placed)


def account(number=0, kind="person", **fields):
    plain = {"zone": UTC, "joined": None, "left": None}
    return Account(
        number=number,
        email=f"p{number}@example.com",
        name=f"Person {number}",
        kind=kind,
        **plain | fields,
    )


def use(model=OPUS, calls=1, tokens=Tokens(input=1)):  # noqa: B008 (frozen)
    return Use(model.client, model.provider, model.name, calls, tokens)


def plan(number=0, *uses, **fields):
    plain = {"intensity": 0.5, "restless": False, "account": account(number)}
    return Plan(uses=uses or (use(),), **plain | fields)


def held(value):
    return getattr(value, value.WhichOneof("value"))


def decoded(record):
    """Return a log record and its attributes as a dictionary."""
    message = LogRecord.FromString(record)
    return message, {one.key: held(one.value) for one in message.attributes}


def names(records):
    return [decoded(record)[1]["event.name"] for record in records]


MODEL_OF = {CLAUDE_CODE: OPUS, CODEX: GPT_CODEX}
KNOWN = tuple(MODELS.values())
