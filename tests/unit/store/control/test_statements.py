"""How many statements are sent, and what an error of one of them shows."""

from __future__ import annotations

import pytest
import sqlalchemy

from mileage.domain.directory import NamedRead, PersonRow
from mileage.domain.people import OPERATOR
from mileage.store.control.schema import ACCOUNT, TOKEN


@pytest.fixture
def sent(control):
    """Statements that reach the database, less the ends of transactions."""
    statements = []

    def note(_connection, _cursor, statement, _parameters, _context, _many):
        statements.append(statement)

    engine = control._database._engine
    sqlalchemy.event.listen(engine, "before_cursor_execute", note)
    return statements


def people(count, team="Core"):
    return [
        PersonRow(f"p{n}@x.example", "P", "person", "Eng", team, "", "", None, None)
        for n in range(count)
    ]


@pytest.mark.parametrize("count", [1, 10, 1000])
def test_an_import_sends_as_many_statements_for_one_as_for_all(control, sent, count):
    control.import_people(people(count))
    begin, *statements = sent
    assert begin == "BEGIN IMMEDIATE"
    assert [one.split()[0] for one in statements] == ["SELECT"] * 3 + ["INSERT"] * 3


def test_a_move_of_everybody_is_two_statements(control, sent):
    control.import_people(people(200))
    sent.clear()
    control.import_people(people(200, team="Edge"))
    changes = [one for one in sent if not one.startswith(("SELECT", "BEGIN"))]
    assert [one.split()[0] for one in changes] == ["UPDATE", "INSERT"]


def test_an_import_that_changes_nothing_writes_nothing(control, sent):
    control.import_people(people(20))
    sent.clear()
    control.import_people(people(20))
    assert not [one for one in sent if not one.startswith(("SELECT", "BEGIN"))]


def test_a_token_is_looked_up_once_until_somebody_writes(control, sent):
    account_id = control.ensure_account("ana@x.example")
    secret = control.create_token(account_id=account_id).secret
    for number in range(3):
        sent.clear()
        for _ in range(3):
            assert control.credential(secret).account_id == account_id
        assert [one.split()[0] for one in sent] == ["BEGIN", "SELECT"]
        control.ensure_account(f"p{number}@x.example")


@pytest.mark.parametrize("question", ["session_viewer", "key_viewer"])
def test_a_question_of_every_request_is_two_statements(control, sent, question):
    account_id = control.ensure_account("ana@x.example")
    key = control.create_key(account_id, "read").secret
    secret = {
        "session_viewer": control.open_key(key),
        "key_viewer": key,
    }[question]
    # The first use of a key is noted.
    assert getattr(control, question)(secret)
    sent.clear()
    assert getattr(control, question)(secret)
    # Who it is, and which roles are held at this moment.
    assert [one.split()[0] for one in sent] == ["BEGIN", "SELECT"] * 2
    assert "role_grant" in sent[-1]


@pytest.mark.parametrize("question", ["session_viewer", "key_viewer"])
def test_what_is_no_secret_costs_no_statement(control, sent, question):
    assert getattr(control, question)("Basic YTpi") is None
    assert sent == []


def test_an_account_that_is_known_costs_no_write(control, sent):
    control.ensure_account("ana@x.example")
    sent.clear()
    control.ensure_account("ana@x.example")
    assert [one.split()[0] for one in sent] == ["BEGIN", "SELECT"]


def test_recording_a_read_asks_whether_it_is_dark_and_is_one_insert(control, sent):
    control.record_access(NamedRead(OPERATOR, "board", "board", "org", 250))
    assert [one.split()[0] for one in sent] == ["BEGIN", "SELECT", "INSERT"]
    assert sent[0] == "BEGIN IMMEDIATE"
    assert "darkness" in sent[1]


def test_whom_it_named_is_written_once_for_thousands(control, sent):
    named = tuple(f"acc_{number}" for number in range(250))
    read = NamedRead(OPERATOR, "board", "board", "org", 250, "", named)
    control.record_access(read)
    first = [one.split()[0] for one in sent]
    sent.clear()
    control.record_access(read)
    again = [one.split()[0] for one in sent]
    assert first == ["BEGIN", "SELECT", "SELECT", "INSERT", "INSERT"]
    assert again == ["BEGIN", "SELECT", "SELECT", "INSERT"]


def insert_twice(control, table, values):
    with control._database.writing() as connection:
        connection.execute(table.insert().values(values))
        connection.execute(table.insert().values(values))


@pytest.mark.parametrize(
    ("table", "values", "private"),
    [
        (
            ACCOUNT,
            {
                "account_id": "acc_x",
                "kind": "person",
                "name": "Ana Private",
                "email": "private@x.example",
                "created_at": 1,
            },
            "rivate",
        ),
        (
            TOKEN,
            {
                "token_id": "tok_x",
                "hash": b"private hash",
                "collector": "gate",
                "created_at": 1,
            },
            "private hash",
        ),
    ],
)
def test_an_error_shows_no_parameters(control, table, values, private):
    with pytest.raises(sqlalchemy.exc.IntegrityError) as broken:
        insert_twice(control, table, values)
    assert private not in str(broken.value)
    assert "hide_parameters" in str(broken.value)


def test_a_transaction_that_fails_leaves_nothing(control):
    values = {"account_id": "acc_x", "kind": "person", "name": "A", "created_at": 1}
    with pytest.raises(sqlalchemy.exc.IntegrityError):
        insert_twice(control, ACCOUNT, values)
    assert control.accounts() == ()


def test_a_connection_is_whole_again_after_an_error(control):
    values = {"account_id": "acc_x", "kind": "person", "name": "A", "created_at": 1}
    for _ in range(20):
        with pytest.raises(sqlalchemy.exc.IntegrityError):
            insert_twice(control, ACCOUNT, values)
    assert control.ensure_account("ana@x.example")


def test_a_membership_of_nobody_is_refused_by_the_database(control):
    values = {"token_id": "tok_x", "hash": b"x", "account_id": "acc_nobody"}
    row = {**values, "collector": "", "created_at": 1}
    with (
        pytest.raises(sqlalchemy.exc.IntegrityError, match="FOREIGN KEY"),
        control._database.writing() as connection,
    ):
        connection.execute(TOKEN.insert().values(row))
