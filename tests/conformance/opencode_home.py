"""Writes databases and files of OpenCode with every trap that real ones hold."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import Any

from mileage.domain.tokens import Tokens
from tests.client_logs import INSERTS, SCHEMA
from tests.conformance.truth import Home, Real, Writer
from tests.witnesses import NOON

FORKED = "forks that copy messages under new ids"
BOTH_FORMATS = "messages in both formats of the database"
TAKEN_OVER = "files that the database has taken over"
ONLY_FILES = "files from before the database"
REPEATED = "parts, events and sums that repeat the tokens"
BESIDE_OUTPUT = "reasoning beside output"
INSIDE_OUTPUT = "reasoning inside output, as the total says"
NOT_YET = "messages that used nothing yet"
SUB_AGENTS = "sessions of sub-agents"
OC_ODD = "rows that are no messages"
OPENCODE_TRAPS = (
    *(FORKED, BOTH_FORMATS, TAKEN_OVER, ONLY_FILES, REPEATED, BESIDE_OUTPUT),
    *(INSIDE_OUTPUT, NOT_YET, SUB_AGENTS, OC_ODD),
)
EXCLUSIVE = {BESIDE_OUTPUT, INSIDE_OUTPUT}
"""Two readings of one total: a home has one of them."""

DATA = ".local/share/opencode"
FOLDER = "/home/alice/code/repo"
MODELS = (("anthropic", "claude-sonnet-4-5"), ("openai", "gpt-5.1"))
ODD_ROWS = ("[1]", "{", '{"role":"assistant","tokens":{"input":-1}}')
_LATER = 3_600_000
_SQLITE = slice(96, 100)
Plain = dict[str, Any]


def opencode_home(seed: int, traps: Any = (), start: int = NOON) -> Home:
    """Write three sessions (and what the traps add); the same for the same seed."""
    writer = _OpenCode(seed, traps, start)
    for number in range(3):
        writer.session(number)
    writer.saved()
    return writer.home


def packed_database(tables: dict[str, list[tuple[Any, ...]]]) -> bytes:
    """Make a database; the same bytes on every machine."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(SCHEMA)
        for table, rows in tables.items():
            connection.executemany(INSERTS[table], rows)
        connection.commit()
        whole = bytearray(connection.serialize())
    # SQLite notes its own version, which is no content.
    whole[_SQLITE] = (3_040_001).to_bytes(4, "big")
    return bytes(whole)


class _OpenCode(Writer):
    """Writes session after session."""

    def __init__(self, seed: int, traps: Any, start: int) -> None:
        super().__init__(seed, traps, start)
        self.tables: dict[str, list[tuple[Any, ...]]] = {
            "session": [],
            "message": [],
            "part": [],
            "session_message": [],
        }

    def session(self, number: int) -> None:
        session = self.ident("ses_", 12)
        self.known(session)
        told = [self.turn(session, place) for place in range(4)]
        if number == 0:
            self.traps_of_messages(session, told)
        if number == 1 and SUB_AGENTS in self.traps:
            child = self.ident("ses_", 12)
            self.known(child, parent=session)
            for place in range(2):
                self.turn(child, place, agent="explore")

    def known(self, session: str, parent: str | None = None) -> None:
        row = (session, parent, FOLDER, "filler", "1.18.33")
        self.tables["session"].append(row)

    def turn(self, session: str, place: int, agent: str = "") -> Plain:
        """Write a prompt and its answer; return the answer."""
        asked = {"role": "user", "time": {"created": self.later() // 1_000}}
        self.stored(session, asked)
        call = self.called(session, agent)
        message = self.message(call, agent)
        name = self.stored(session, message)
        if REPEATED in self.traps:
            self.repeated(session, name, message)
        if NOT_YET in self.traps and place == 1:
            self.unfinished(session)
        if OC_ODD in self.traps and place == 2:
            row = (self.message_id(), session, self.chance.choice(ODD_ROWS))
            self.tables["message"].append(row)
            self.home.refused += 1
        return message

    def called(self, session: str, agent: str = "") -> Real:
        chance = self.chance
        self.provider, model = chance.choice(MODELS)
        thinks = self.traps & EXCLUSIVE
        tokens = Tokens(
            input=chance.randint(10, 3_000),
            cache_read=chance.randint(1_000, 90_000),
            cache_write=chance.randint(0, 9_000),
            output=chance.randint(10, 900),
            reasoning=chance.randint(10, 900) if thinks else 0,
        )
        self.begun = self.later() // 1_000
        done = self.later()
        place = ("opencode", session, done, model, tokens, "")
        return self.happened(Real(*place, agent=agent))

    def message(self, call: Real, agent: str) -> Plain:
        tokens = call.tokens
        inside = tokens.reasoning if INSIDE_OUTPUT in self.traps else 0
        return {
            "role": "assistant",
            "mode": agent or "build",
            "agent": agent or "build",
            "path": {"cwd": FOLDER, "root": "/"},
            "cost": 0.01,
            "tokens": {
                "total": tokens.total,
                "input": tokens.input,
                "output": tokens.output + inside,
                "reasoning": tokens.reasoning,
                "cache": {"write": tokens.cache_write, "read": tokens.cache_read},
            },
            "modelID": call.model,
            "providerID": self.provider,
            "time": {"created": self.begun, "completed": call.at // 1_000},
            "finish": "stop",
        }

    def message_id(self, at: int | None = None) -> str:
        """Make an id that starts with the moment in which it was made."""
        made = (self.now // 1_000 if at is None else at) % 16**9
        return f"msg_{made:09x}{self.ident(length=17)}"

    def stored(self, session: str, message: Plain) -> str:
        name = self.message_id(message["time"]["created"])
        self.tables["message"].append((name, session, json.dumps(message)))
        return name

    # -------------------------------------------------------------------- traps

    def repeated(self, session: str, name: str, message: Plain) -> None:
        step = {"type": "step-finish", "tokens": message["tokens"], "cost": 0.01}
        row = (self.ident("prt_"), name, session, json.dumps(step))
        self.tables["part"].append(row)

    def unfinished(self, session: str) -> None:
        nothing = {"input": 0, "output": 0, "reasoning": 0}
        message = {
            "role": "assistant",
            "modelID": "gpt-5.1",
            "providerID": "openai",
            "tokens": {**nothing, "cache": {"read": 0, "write": 0}},
            "time": {"created": self.later() // 1_000},
        }
        self.stored(session, message)

    def traps_of_messages(self, session: str, told: list[Plain]) -> None:
        if FORKED in self.traps:
            self.forked(told)
        if BOTH_FORMATS in self.traps:
            self.second_format(session, told)
        if TAKEN_OVER in self.traps:
            self.taken_over(session)
        if ONLY_FILES in self.traps:
            self.only_files()

    def forked(self, told: list[Plain]) -> None:
        """Copy messages under ids of an hour later; then the fork goes on."""
        fork = self.ident("ses_", 12)
        self.known(fork)
        for message in told:
            name = self.message_id(self.now // 1_000 + _LATER)
            self.tables["message"].append((name, fork, json.dumps(message)))
        self.turn(fork, 0)

    def second_format(self, session: str, told: list[Plain]) -> None:
        for number, message in enumerate(told):
            plain = {k: v for k, v in message.items() if k not in ("role", "path")}
            ids = {"id": plain.pop("modelID"), "providerID": plain.pop("providerID")}
            data = json.dumps({**plain, "model": ids, "content": []})
            row = (self.message_id(), session, "assistant", number, data)
            self.tables["session_message"].append(row)

    def taken_over(self, session: str) -> None:
        """Leave files of messages that rows have replaced, one with older counts."""
        rows = [row for row in self.tables["message"] if row[1] == session]
        for number, (name, _, data) in enumerate(rows):
            if data in ODD_ROWS:
                continue
            message = {**json.loads(data), "id": name, "sessionID": session}
            if "tokens" in message and number % 4 == 1:
                message["tokens"] = {"input": 1, "output": 1, "reasoning": 0}
            self.file(session, name, message)

    def only_files(self) -> None:
        session = self.ident("ses_", 12)
        for _ in range(2):
            message = self.message(self.called(session), "")
            name = self.message_id(self.begun)
            told = {**message, "id": name, "sessionID": session}
            self.file(session, name, told)

    def file(self, session: str, name: str, message: Plain) -> None:
        path = f"{DATA}/storage/message/{session}/{name}.json"
        self.home.files[path] = [json.dumps(message).encode()]

    def saved(self) -> None:
        self.home.files[f"{DATA}/opencode.db"] = [packed_database(self.tables)]
