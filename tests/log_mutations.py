"""Ways to rewrite the access ledger, by somebody who owns the database file."""

from __future__ import annotations

import sqlite3
from random import Random

from mileage.access.checking import check_log
from mileage.access.merkle import Frontier, leaf_hash
from mileage.access.notes import Head
from mileage.domain.directory import ORGANISATION, NamedRead
from mileage.domain.entries import entry_bytes, set_digest
from mileage.domain.people import Viewer
from mileage.store.control.checkpoints import ENTRIES

_TABLE, COLUMNS = ENTRIES["access"]
TEXTS = ("viewer", "viewer_name", "purpose", "report", "subject", "detail", "through")
NUMBERS = ("at", "subjects")
READ = f"SELECT {', '.join(COLUMNS)} FROM access_row ORDER BY row_id"  # noqa: S608


def fill(control, seed: int, count: int) -> None:
    """Record made-up reads."""
    random = Random(seed)  # noqa: S311 (made-up reads)
    for number in range(count):
        who = f"acc_{random.randrange(20):04}"
        named = tuple(f"acc_{one:04}" for one in random.sample(range(60), 5))
        board = number % 3 == 0
        control.record_access(
            NamedRead(
                Viewer(who, f"Person {who}", through="api" if number % 7 else "page"),
                "board" if board else "support",
                "board" if board else "personal",
                ORGANISATION if board else named[0],
                5 if board else 1,
                f"lens tokens, as of {random.getrandbits(40)}",
                named if board else (),
            )
        )


class Rewriter:
    """A connection that has dropped the triggers; what it does, it undoes."""

    def __init__(self, path) -> None:
        self.connection = sqlite3.connect(path, isolation_level=None)
        triggers = self.connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall()
        for (name,) in triggers:
            self.connection.execute(f'DROP TRIGGER "{name}"')

    def entries(self) -> list[tuple]:
        return self.connection.execute(READ).fetchall()

    def problems(self, outside: list[Head]) -> tuple[str, ...]:
        """Check as `audit verify` does, with checkpoints that were kept outside."""
        found = check_log(self.connection.execute(READ), outside)
        sets = {}
        for named, account in self.connection.execute(
            "SELECT named, account_id FROM named_account"
        ):
            sets.setdefault(named, []).append(account)
        changed = tuple(one for one, of in sets.items() if set_digest(of) != one)
        used = {one[COLUMNS.index("named")] for one in self.entries()} - {""}
        return (*found.problems, *changed, *sorted(used - sets.keys()))

    def detected(self, random: Random, outside: list[Head]) -> tuple[str, bool]:
        """Rewrite in some way, check, undo; return which way, and whether it showed."""
        self.connection.execute("BEGIN")
        try:
            way = random.choice(WAYS)
            before = self.state()
            way(self, random)
            if self.state() == before:
                return "nothing changed", True
            return way.__name__, bool(self.problems(outside))
        finally:
            self.connection.execute("ROLLBACK")

    def state(self):
        return self.entries(), self.connection.execute(
            "SELECT * FROM named_account"
        ).fetchall()

    def some(self, random: Random) -> int:
        return random.randrange(1, self.last() + 1)

    def last(self) -> int:
        (found,) = self.connection.execute("SELECT max(row_id) FROM access_row")
        return found[0]

    def do(self, statement: str, *values: object) -> None:
        self.connection.execute(statement, values)


def heads_of(entries: list[tuple], sizes: list[int]) -> list[Head]:
    """Return the checkpoints that were made at some sizes."""
    frontier, heads = Frontier(), []
    for entry in entries:
        frontier.append(leaf_hash(entry_bytes(entry)))
        if frontier.size in sizes:
            heads.append(Head("x", frontier.size, frontier.root()))
    return heads


# The ways


def change_a_character(rewriter: Rewriter, random: Random) -> None:
    column, row = random.choice(TEXTS), rewriter.some(random)
    (text,) = rewriter.connection.execute(
        f"SELECT {column} FROM access_row WHERE row_id = ?",  # noqa: S608
        (row,),
    ).fetchone()
    at = random.randrange(len(text) + 1)
    changed = text[:at] + chr(random.randrange(32, 0x2FF)) + text[at + 1 :]
    rewriter.do(f"UPDATE access_row SET {column} = ? WHERE row_id = ?", changed, row)  # noqa: S608


def change_a_number(rewriter: Rewriter, random: Random) -> None:
    column, by = random.choice(NUMBERS), random.choice((-1, 1)) << random.randrange(40)
    rewriter.do(
        f"UPDATE access_row SET {column} = {column} + ? WHERE row_id = ?",  # noqa: S608
        *(by, rewriter.some(random)),
    )


def name_another_set(rewriter: Rewriter, random: Random) -> None:
    rewriter.do(
        "UPDATE access_row SET named = (SELECT named FROM access_row WHERE row_id = ?) "
        "WHERE row_id = ?",
        *(rewriter.some(random), rewriter.some(random)),
    )


def cut_the_end(rewriter: Rewriter, random: Random) -> None:
    rewriter.do("DELETE FROM access_row WHERE row_id >= ?", rewriter.some(random))


def take_one_out(rewriter: Rewriter, random: Random) -> None:
    rewriter.do("DELETE FROM access_row WHERE row_id = ?", rewriter.some(random))


def take_one_out_and_close_the_gap(rewriter: Rewriter, random: Random) -> None:
    row = rewriter.some(random)
    rewriter.do("DELETE FROM access_row WHERE row_id = ?", row)
    _shift(rewriter, row, -1)


def put_one_in(rewriter: Rewriter, random: Random) -> None:
    row = rewriter.some(random)
    _shift(rewriter, row - 1, 1)
    names = ", ".join(COLUMNS[1:])
    rewriter.do(
        f"INSERT INTO access_row (row_id, {names}) "  # noqa: S608
        f"SELECT ?, {names} FROM access_row WHERE row_id = ?",
        *(row, row + 1),
    )


def swap_two(rewriter: Rewriter, random: Random) -> None:
    one, other = rewriter.some(random), rewriter.some(random)
    for row, new in ((one, -1), (other, one), (-1, other)):
        rewriter.do("UPDATE access_row SET row_id = ? WHERE row_id = ?", new, row)


def rewrite_a_reader_everywhere(rewriter: Rewriter, random: Random) -> None:
    """Blame another, consistently, in every row."""
    rewriter.do(
        "UPDATE access_row SET viewer = 'acc_zoe', viewer_name = 'Zoe' WHERE viewer = "
        "(SELECT viewer FROM access_row WHERE row_id = ?)",
        rewriter.some(random),
    )


def change_whom_it_named(rewriter: Rewriter, random: Random) -> None:
    sets = rewriter.connection.execute(
        "SELECT named, account_id FROM named_account ORDER BY 1, 2"
    ).fetchall()
    named, account = random.choice(sets)
    pair = (named, account)
    if random.random() < 0.5:
        rewriter.do(
            "DELETE FROM named_account WHERE (named, account_id) = (?, ?)", *pair
        )
    else:
        rewriter.do(
            "UPDATE named_account SET account_id = 'acc_zoe' "
            "WHERE (named, account_id) = (?, ?)",
            *pair,
        )


def change_whom_it_named_and_hash_again(rewriter: Rewriter, random: Random) -> None:
    named, _ = random.choice(
        rewriter.connection.execute("SELECT * FROM named_account").fetchall()
    )
    rewriter.do("UPDATE named_account SET named = '' WHERE named = ?", named)
    members = rewriter.connection.execute(
        "SELECT account_id FROM named_account WHERE named = ''"
    ).fetchall()
    fewer = [one for (one,) in members][1:]
    digest = set_digest(fewer)
    rewriter.do("DELETE FROM named_account WHERE named = ''")
    for one in fewer:
        rewriter.do("INSERT OR IGNORE INTO named_account VALUES (?, ?)", digest, one)
    rewriter.do("UPDATE access_row SET named = ? WHERE named = ?", digest, named)


def _shift(rewriter: Rewriter, above: int, by: int) -> None:
    away = 1_000_000_000
    move = "UPDATE access_row SET row_id = row_id + ? WHERE row_id > ?"
    rewriter.do(move, away, above)
    rewriter.do(move, by - away, away)


WAYS = (
    *(change_a_character, change_a_number, name_another_set, cut_the_end),
    *(take_one_out, take_one_out_and_close_the_gap, put_one_in, swap_two),
    *(rewrite_a_reader_everywhere, change_whom_it_named),
    change_whom_it_named_and_hash_again,
)
