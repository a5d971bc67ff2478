"""What roles.toml and sign_in.toml say about their mistakes: file, line, key."""

from __future__ import annotations

import pytest

from mileage.access.readables import READABLES
from mileage.access.roles import IMPLIED, RELATIONS, parse_roles
from mileage.domain.policy import LONGEST_TEXT, PolicyErrors
from mileage.domain.sign_in_policy import parse_sign_in

FILE = "/data/policy/roles.toml"
OWN_PAGE = """\
[[role]]
name = "member"
title = "Everybody"
held_by = "everybody"

[[allow]]
role = "member"
report = "personal"
of = "self"
purposes = ["self"]
"""
NEXT = OWN_PAGE.count("\n") + 1
"""The line on which whatever is added begins."""
ENDLESS = "x" * (LONGEST_TEXT + 1)
BOSS = '[[role]]\nname = "boss"\ntitle = "Boss"\nheld_by = "org chart"\n'
LEAD = '[[role]]\nname = "lead"\ntitle = "Lead"\nheld_by = "department grant"\n'


def allow(
    role="member", report="board", of="organisation", purposes='["board"]', **more
):
    said = {"role": role, "report": report, "of": of}
    keys = [f'{name} = "{value}"' for name, value in said.items() if value is not None]
    keys += [f"purposes = {purposes}"] if purposes else []
    keys += [f"{name} = {value}" for name, value in more.items()]
    return "\n".join(("[[allow]]", *keys, ""))


def mistakes(parse, text, file=FILE):
    with pytest.raises(PolicyErrors) as raised:
        parse(text, file)
    return [str(one) for one in raised.value.findings]


def the_mistake(more):
    (found,) = mistakes(parse_roles, OWN_PAGE + more)
    return found


# The table of roles


@pytest.mark.parametrize(
    ("more", "line", "said"),
    [
        (
            "[[role]]\ntitle = 'x'\nheld_by = 'grant'",
            0,
            "role[2].name: is missing; expected text in quotes",
        ),
        (
            "[[role]]\nname = 'x'\nheld_by = 'grant'",
            0,
            "role[2].title: is missing; expected text in quotes",
        ),
        (
            "[[role]]\nname = 'x'\ntitle = 'x'",
            0,
            "role[2].held_by: is missing; expected text in quotes",
        ),
        (
            "[[role]]\nname = 'x'\ntitle = ' '\nheld_by = 'grant'",
            2,
            "role[2].title: is ' '; expected some text",
        ),
        (
            "[[role]]\nname = 7\ntitle = 'x'\nheld_by = 'grant'",
            1,
            "role[2].name: is a whole number; expected text in quotes",
        ),
        (
            f"[[role]]\nname = 'x'\ntitle = '{ENDLESS}'\nheld_by = 'grant'",
            2,
            f"role[2].title: is longer than {LONGEST_TEXT} characters",
        ),
        (
            "[[role]]\nname = 'x'\ntitle = 'x'\nheld_by = ['grant']",
            3,
            "role[2].held_by: is a list; expected text in quotes",
        ),
        (
            "[[role]]\nname = 'x'\ntitle = 'x'\nheld_by = 'grant'\nboss = true",
            4,
            "role[2].boss: unknown key; allowed: held_by, name, title",
        ),
        (
            "[[purpose]]\nname = 'Fun'\ntitle = 'x'",
            1,
            "purpose[1].name: is 'Fun'; expected lower-case letters, digits and",
        ),
        (
            "[[purpose]]\nname = 'fun'",
            0,
            "purpose[1].title: is missing; expected text in quotes",
        ),
        (
            "[[purpose]]\nname = 'fun'\ntitle = 'x'\nstate = true",
            3,
            "purpose[1].state: is true or false; expected text in quotes",
        ),
        (
            "[[purpose]]\nname = 'performance-review'\ntitle = 'x'",
            0,
            "purpose[1].state: is missing; performance-review says 'on' or 'off'",
        ),
        (
            allow(of="other", report="personal", purposes='["self"]'),
            4,
            "allow[2].purposes: holds 'self', which is for lines with of = 'self'",
        ),
        (
            allow(purposes='["board", 7]'),
            4,
            "allow[2].purposes: holds a whole number; expected a list of purposes",
        ),
        (
            allow(purposes='"board"'),
            4,
            "allow[2].purposes: is text; expected a list of purposes in quotes",
        ),
        (
            allow(report="usage", purposes='["operations"]', fields='"day"'),
            5,
            "allow[2].fields: is text; expected a list of fields in quotes",
        ),
        (
            allow(report="usage", purposes='["operations"]', fields='["dya"]'),
            5,
            "allow[2].fields: holds 'dya'; allowed: client, provider, model, account",
        ),
        (
            allow(until="2026-01-31"),
            5,
            "allow[2].until: unknown key; allowed: fields, of, purposes, report, role",
        ),
    ],
)
def test_a_mistake_has_its_file_line_and_key(more, line, said):
    first, *_ = mistakes(parse_roles, OWN_PAGE + more)
    assert first.startswith(f"{FILE}:{NEXT + line}: {said}"), first


@pytest.mark.parametrize("missing", ["role", "report", "of"])
def test_a_line_says_who_what_and_of_whom(missing):
    found = mistakes(parse_roles, OWN_PAGE + allow(**{missing: None}))
    wanted = f"{FILE}:{NEXT}: allow[2].{missing}: is missing; expected text in quotes"
    assert wanted in found


@pytest.mark.parametrize("of", [one for one in RELATIONS if one != "report-line"])
def test_a_manager_reads_the_report_line_only(of):
    purposes = '["self"]' if of == "self" else '["board"]'
    found = the_mistake(BOSS + allow("boss", of=of, purposes=purposes))
    if of == "led-department":
        assert "which is for roles with held_by = 'department grant'" in "".join(
            mistakes(parse_roles, OWN_PAGE + BOSS + allow("boss", of=of))
        )
    else:
        assert found == (
            f"{FILE}:{NEXT + 7}: allow[2].of: is {of!r}; a role with held_by = "
            "'org chart' reads 'report-line' only"
        )


@pytest.mark.parametrize("of", ["department", "organisation", "other"])
def test_a_lead_reads_the_led_department_only(of):
    assert the_mistake(LEAD + allow("lead", of=of)).endswith(
        f"allow[2].of: is {of!r}; a role with held_by = 'department grant' reads "
        "'led-department' only"
    )


def test_what_is_allowed_is_listed_in_the_message():
    told = the_mistake(allow(report="salary"))
    assert told.endswith(f"is 'salary'; allowed: {', '.join(READABLES)}")
    told = the_mistake(allow(purposes='["gossip"]'))
    assert told.endswith(f"holds 'gossip'; allowed: {', '.join(IMPLIED)}")


@pytest.mark.parametrize("kind", ["role", "purpose", "allow"])
@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("7", "a whole number"),
        ('"x"', "text"),
        ("{}", "a table"),
        ("2026-01-31", "a date"),
    ],
)
def test_a_key_in_place_of_a_table(kind, written, told):
    found = mistakes(parse_roles, f"{kind} = {written}\n")
    assert any(
        one.startswith(f"{FILE}:1: {kind}: is {told}")
        and one.endswith(f"expected tables [[{kind}]]")
        for one in found
    ), found


def test_every_mistake_of_a_file_is_told_at_once_from_top_to_bottom():
    text = OWN_PAGE + allow("nobody") + allow(report="salary") + allow(of="friends")
    found = mistakes(parse_roles, text)
    lines = [int(one.removeprefix(FILE + ":").partition(":")[0]) for one in found]
    assert len(found) == 3
    assert lines == sorted(lines)


def test_the_same_line_twice_is_told_by_what_it_says():
    assert the_mistake(allow() + allow()) == (
        f"{FILE}:{NEXT + 6}: allow[3].role: is there twice: member, board, organisation"
    )


@pytest.mark.parametrize("name", ["member", "boss"])
def test_a_role_twice_is_told_where_it_is_the_second_time(name):
    told = the_mistake(BOSS + BOSS.replace("boss", name))
    assert told == f"{FILE}:{NEXT + 5}: role[3].name: is there twice: {name}"


def test_a_purpose_that_follows_from_the_report_is_none_to_state():
    told = the_mistake("[[purpose]]\nname = 'board'\ntitle = 'x'\n")
    assert told == f"{FILE}:{NEXT + 1}: purpose[1].name: is there twice: board"


@pytest.mark.parametrize(
    ("text", "line"),
    [("[[role]", 1), ("a = 1\nb = \n", 2), ("a = 1\na = 2\n", 2), ('x = "\n', 1)],
)
def test_what_is_no_toml_is_told_with_its_line(text, line):
    for parse in (parse_roles, parse_sign_in):
        (found,) = mistakes(parse, text)
        assert found.startswith(f"{FILE}:{line}: ")
        assert "is not TOML" in found


# How people sign in

PROVIDER = '[oidc]\nissuer = "https://id.x.example"\nclient_id = "m"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            'address = "https://m.x.example/"',
            "1: address: is 'https://m.x.example/'; expected https://NAME",
        ),
        (
            'address = "https://user@m.x.example"',
            "1: address: is 'https://user@m.x.example'; expected https://NAME",
        ),
        (
            'address = "http://m.x.example"',
            "1: address: is 'http://m.x.example'; expected https://, people sign in",
        ),
        ("address = 7", "1: address: is a whole number; expected text in quotes"),
        ("sessions = 5", "1: sessions: is a whole number; expected a table [sessions]"),
        (
            '[sessions]\nidle_minutes = "5"',
            "2: sessions.idle_minutes: is text; expected a whole number",
        ),
        (
            "[sessions]\nlongest_hours = 1.5",
            "2: sessions.longest_hours: is a decimal number; expected a whole number",
        ),
        (
            "[sessions]\nmost = true",
            "2: sessions.most: is true or false; expected a whole number",
        ),
        (
            "[sessions]\nidle_minutes = 43201",
            "2: sessions.idle_minutes: is 43201; allowed: 1 to 43200",
        ),
        (
            "[sessions]\nforever = 1",
            "2: sessions.forever: unknown key; allowed: idle_minutes, longest_hours, m",
        ),
        (
            '[oidc]\nissuer = "https://id.x.example"',
            "1: oidc.client_id: is missing; the provider gave one to Mileage",
        ),
        (
            PROVIDER + "scopes = ['email']",
            '4: oidc.scopes: lack "openid", which says who signs in',
        ),
        (
            PROVIDER + "scopes = ['openid', 'e mail']",
            "4: oidc.scopes: holds 'e mail'; expected a list of scopes in quotes",
        ),
        (
            PROVIDER + "email = 'all'",
            '4: oidc.email: is \'all\'; expected "verified" or "any"',
        ),
        (
            PROVIDER + "accounts = 'every'",
            '4: oidc.accounts: is \'every\'; expected "known" or "new"',
        ),
        (
            PROVIDER + "button = ''",
            "4: oidc.button: is ''; expected some text",
        ),
        (
            PROVIDER + "client_secret = 'hunter2'",
            "4: oidc.client_secret: unknown key; allowed: accounts, button, client_id",
        ),
        (
            '[[group]]\nname = "a"\nrole = "Finance"',
            "3: group[1].role: is 'Finance'; expected a role's name",
        ),
        (
            '[[group]]\nname = "a"\nrole = "finance"\ndepartment = 7',
            "4: group[1].department: is a whole number; expected text in quotes",
        ),
        (
            '[[group]]\nname = "a"\nrole = "finance"\n[[group]]\nrole = "b"',
            "4: group[2].name: is missing; expected text in quotes",
        ),
    ],
)
def test_what_is_wrong_with_signing_in_is_told(text, said):
    (found,) = mistakes(parse_sign_in, text, "sign_in.toml")
    assert found.startswith(f"sign_in.toml:{said}"), found


def test_a_secret_that_was_put_into_the_file_is_not_repeated():
    (found,) = mistakes(parse_sign_in, PROVIDER + "client_secret = 'hunter2'")
    assert "hunter2" not in found


LOCAL = ("localhost", "127.0.0.1", "[::1]")


@pytest.mark.parametrize("host", [*LOCAL, *(f"{one}:8470" for one in LOCAL)])
def test_on_this_machine_https_is_not_needed(host):
    assert parse_sign_in(f'address = "http://{host}"', FILE).host == host
    provider = f'[oidc]\nissuer = "http://{host}/realm"\nclient_id = "m"'
    assert parse_sign_in(provider, FILE).provider.issuer == f"http://{host}/realm"


@pytest.mark.parametrize(
    "host",
    [
        *("localhost.evil.example", "localhost.evil.example:80", "127.0.0.1.evil"),
        *("evil.example:localhost", "128.0.0.1", "[::2]", "x-localhost:80"),
    ],
)
def test_what_only_looks_like_this_machine_needs_https(host):
    (found,) = mistakes(parse_sign_in, f'address = "http://{host}"')
    assert "expected https://" in found
