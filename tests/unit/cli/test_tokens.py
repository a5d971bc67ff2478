from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest
from click.testing import CliRunner

from mileage.cli.keys import command as key_command
from mileage.cli.options import control_in
from mileage.cli.tokens import command
from mileage.domain.directory import PersonRow
from mileage.domain.errors import Invalid, NotFound, Unauthorised

DAY = 24 * 3600 * 1_000_000
ANA = PersonRow("ana@x.example", "Ana", "person", "Eng", "Core", "", "", None, None)


@pytest.fixture
def data(tmp_path):
    with control_in(tmp_path) as control:
        control.import_people([ANA])
    return tmp_path


@pytest.fixture
def token(data):
    return lambda *words: CliRunner().invoke(command, [*words, "--data", str(data)])


@pytest.fixture
def key(data):
    return lambda *words: CliRunner().invoke(key_command, [*words, "--data", str(data)])


def id_in(result):
    (found,) = re.findall(r"(?:tok|key)_[a-z2-7]{16}", result.stderr)
    return found


def accounts(data):
    with control_in(data) as control:
        return {one.email: one.kind for one in control.accounts()}


def test_the_secret_is_alone_on_standard_output(token, data):
    result = token("create", "--account", "ana@x.example")
    assert result.exit_code == 0
    assert re.fullmatch(r"mlg_p_[\w-]{43}\n", result.stdout)
    assert result.stdout.strip() not in result.stderr
    assert f"token {id_in(result)} of ana@x.example" in result.stderr
    assert "shown only now" in result.stderr
    with control_in(data) as control:
        account_id = control.credential(result.stdout.strip()).account_id
        assert control.account(account_id).name == "Ana"


def test_an_address_in_any_spelling(token, data):
    assert token("create", "--account", "Ana@X.example").exit_code == 0
    assert accounts(data) == {"ana@x.example": "person"}


def test_a_collector_token(token, data):
    result = token("create", "--collector", "gateway")
    assert re.fullmatch(r"mlg_c_[\w-]{43}\n", result.stdout)
    with control_in(data) as control:
        assert control.credential(result.stdout.strip()).collector == "gateway"
    assert accounts(data) == {"ana@x.example": "person"}


def test_an_unknown_address_gets_an_account_and_a_remark(token, data):
    result = token("create", "--account", "zoe@x.example")
    assert result.exit_code == 0
    assert "zoe@x.example was unknown" in result.stderr
    assert "mileage people import" in result.stderr
    assert accounts(data)["zoe@x.example"] == "unclaimed"
    again = token("create", "--account", "zoe@x.example")
    assert "was unknown" not in again.stderr


def test_what_is_no_address_is_refused(token, data):
    result = token("create", "--account", "zoe")
    assert isinstance(result.exception, Invalid)
    assert "'zoe' is no e-mail address" in str(result.exception)
    assert result.stdout == ""
    assert accounts(data) == {"ana@x.example": "person"}


@pytest.mark.parametrize(
    "options", [[], ["--account", "ana@x.example", "--collector", "gate"]]
)
def test_a_token_has_one_owner(token, options):
    result = token("create", *options)
    assert result.exit_code == 2
    assert "--account EMAIL or --collector NAME" in result.stderr
    assert result.stdout == ""


def test_a_token_may_end_by_itself(token, data):
    before = control_now(data)
    result = token("create", "--account", "ana@x.example", "--expires", "30")
    with control_in(data) as control:
        (listed,) = control.tokens()
        after = control.now()
    assert result.exit_code == 0
    assert before + 30 * DAY <= listed.expires_at <= after + 30 * DAY


def control_now(data):
    with control_in(data) as control:
        return control.now()


@pytest.mark.parametrize("days", ["0", "-1", "3651", "soon"])
def test_days_that_make_no_sense(token, days):
    result = token("create", "--account", "ana@x.example", "--expires", days)
    assert result.exit_code == 2


def test_tokens_are_listed_without_secrets(token):
    secret = token("create", "--account", "ana@x.example").stdout.strip()
    gate = id_in(token("create", "--collector", "gate", "--expires", "1"))
    token("revoke", gate)
    result = token("list")
    header, personal, collector = result.stdout.splitlines()
    assert re.split(" {2,}", header) == [
        *("id", "kind", "name", "created", "last used", "rate", "state")
    ]
    day = r"\d{4}-\d\d-\d\d"
    assert re.fullmatch(
        rf"tok_\w{{16}} +personal +Ana +{day} +- +default +valid", personal
    )
    assert re.fullmatch(
        rf"{gate} +collector +gate +{day} +- +default +revoked {day}", collector
    )
    assert secret not in result.output
    assert header.index("state") == personal.index("valid")


def test_a_token_that_ends_shows_when(token, data, monkeypatch):
    token("create", "--account", "ana@x.example", "--expires", "1")
    assert re.search(r"valid until \d{4}-\d\d-\d\d$", token("list").stdout.strip())
    later = control_now(data) + 2 * DAY
    monkeypatch.setattr("time.time_ns", lambda: later * 1000)
    assert re.search(r"expired \d{4}-\d\d-\d\d$", token("list").stdout.strip())


def test_tokens_as_json(token):
    made = id_in(token("create", "--account", "ana@x.example"))
    (listed,) = json.loads(token("list", "--json").stdout)
    assert listed["token_id"] == made
    assert listed["kind"] == "personal"
    assert listed["name"] == "Ana"
    assert listed["expires_at"] is listed["revoked_at"] is None
    assert set(listed) == {
        "kind",
        "token_id",
        "account_id",
        "name",
        "created_at",
        "expires_at",
        "revoked_at",
        "last_used_at",
        "rate",
        "domains",
        "former_until",
    }
    assert listed["rate"] == {"requests": None, "records": None}


@pytest.mark.parametrize(("group", "word"), [("token", "token"), ("key", "key")])
def test_an_empty_list_names_the_command_that_fills_it(group, word, request):
    run = request.getfixturevalue(group)
    result = run("list")
    assert result.exit_code == 0
    assert result.stdout == ""
    assert f"mileage {word} create" in result.stderr
    assert json.loads(run("list", "--json").stdout) == []


def test_revoking_ends_a_token(token, data):
    made = token("create", "--account", "ana@x.example")
    assert token("revoke", id_in(made)).stdout == f"{id_in(made)} is revoked\n"
    assert token("revoke", id_in(made)).stdout == f"{id_in(made)} was revoked before\n"
    with control_in(data) as control, pytest.raises(Unauthorised):
        control.credential(made.stdout.strip())


@pytest.mark.parametrize("group", ["token", "key"])
def test_revoking_what_is_not_there_says_where_to_look(group, request):
    result = request.getfixturevalue(group)("revoke", "tok_nothing")
    assert isinstance(result.exception, NotFound)
    assert f"mileage {group} list" in str(result.exception)


@pytest.mark.parametrize(("scope", "operator"), [("read", False), ("operator", True)])
def test_a_key_with_its_scope(key, data, scope, operator):
    result = key("create", "--account", "ana@x.example", "--scope", scope)
    assert re.fullmatch(r"mlg_k_[\w-]{43}\n", result.stdout)
    assert f"key {id_in(result)} of ana@x.example, scope {scope}" in result.stderr
    with control_in(data) as control:
        viewer = control.key_viewer(result.stdout.strip())
    assert viewer is not None
    assert (viewer.name, viewer.operator) == ("Ana", operator)


@pytest.mark.parametrize(
    "options",
    [
        ["--account", "ana@x.example"],
        ["--scope", "read"],
        ["--account", "ana@x.example", "--scope", "admin"],
    ],
)
def test_a_key_needs_an_account_and_a_scope(key, options):
    result = key("create", *options)
    assert result.exit_code == 2
    assert result.stdout == ""


def test_a_key_of_an_unknown_address_makes_the_account(key, data):
    result = key("create", "--account", "zoe@x.example", "--scope", "read")
    assert "zoe@x.example was unknown" in result.stderr
    assert accounts(data)["zoe@x.example"] == "unclaimed"


def test_keys_are_listed_without_secrets(key):
    first = key("create", "--account", "ana@x.example", "--scope", "read")
    second = key("create", "--account", "ana@x.example", "--scope", "operator")
    key("revoke", id_in(first))
    lines = key("list").stdout.splitlines()
    assert re.split(" {2,}", lines[0]) == [
        *("id", "scope", "name", "created", "last used", "state")
    ]
    assert re.search(rf"{id_in(first)} +read +Ana .* revoked ", "\n".join(lines))
    assert re.search(rf"{id_in(second)} +operator +Ana .* valid", "\n".join(lines))
    listed = json.loads(key("list", "--json").stdout)
    assert {one["key_id"] for one in listed} == {id_in(first), id_in(second)}
    assert second.stdout.strip() not in json.dumps(listed)


def test_revoking_ends_a_key_and_its_sessions(key, data):
    made = key("create", "--account", "ana@x.example", "--scope", "read")
    with control_in(data) as control:
        session = control.open_key(made.stdout.strip())
        assert key("revoke", id_in(made)).stdout == f"{id_in(made)} is revoked\n"
        assert control.key_viewer(made.stdout.strip()) is None
        assert control.session_viewer(session) is None


def test_commands_work_beside_a_process_that_has_the_file_open(token, data):
    with control_in(data) as serving:
        made = token("create", "--account", "ana@x.example")
        assert serving.credential(made.stdout.strip()).account_id
        token("revoke", id_in(made))
        with pytest.raises(Unauthorised):
            serving.credential(made.stdout.strip())


def test_help_does_not_import_a_database():
    code = (
        "import sys\n"
        "from mileage.cli import people, tokens\n"
        "heavy = {'sqlalchemy', 'alembic', 'sqlite3', 'duckdb', 'platformdirs'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert shown.stdout == "[]\n"


@pytest.mark.parametrize("group", [command, key_command])
def test_help_explains(group):
    shown = CliRunner().invoke(group, ["--help"]).stdout
    for word in ("create", "list", "revoke"):
        assert word in shown
