from __future__ import annotations

import pytest

from mileage.domain.people import HeldRole
from mileage.domain.policy import PolicyErrors
from mileage.domain.sign_in import HOUR, MINUTE, SessionLimits
from mileage.domain.sign_in_policy import Provider, SignInPolicy, parse_sign_in
from tests.architecture.tree import PACKAGE

OIDC = '[oidc]\nissuer = "https://id.x.example"\nclient_id = "mileage"\n'
GROUPS = """
[[group]]
name = "Finance People"
role = "finance"
[[group]]
name = "leads"
role = "department-lead"
department = "Engines"
[[group]]
name = "leads"
role = "steward"
"""


def parse(text):
    return parse_sign_in(text, "sign_in.toml")


def wrong(text):
    with pytest.raises(PolicyErrors) as found:
        parse(text)
    return [(one.line, one.key, one.problem) for one in found.value.findings]


def test_the_shipped_file_says_what_the_defaults_are():
    shipped = (PACKAGE / "policy/sign_in.toml").read_text("utf-8")
    assert parse(shipped) == parse("") == SignInPolicy()


def test_a_session_lasts_as_the_file_says():
    limits = parse("[sessions]\nidle_minutes = 5\nlongest_hours = 8\nmost = 2").limits
    assert limits == SessionLimits(5 * MINUTE, 8 * HOUR, 2)


@pytest.mark.parametrize("key", ["idle_minutes", "longest_hours", "most"])
def test_no_session_is_for_ever_or_for_nothing(key):
    for value in (0, -1, 10**9):
        ((line, name, problem),) = wrong(f"[sessions]\n{key} = {value}")
        assert (line, name) == (2, f"sessions.{key}")
        assert "allowed: 1 to" in problem


def test_a_provider_needs_two_words():
    provider = parse(OIDC).provider
    assert provider == Provider("https://id.x.example", "mileage")
    assert not provider.any_email
    assert not provider.new_accounts


def test_everything_about_a_provider_can_be_said():
    provider = parse(
        OIDC + 'client_secret_file = "oidc.secret"\nbutton = "Example ID"\n'
        'scopes = ["openid", "groups"]\ngroups_claim = "roles"\nemail = "any"\n'
        'accounts = "new"\n'
    ).provider
    assert provider == Provider(
        "https://id.x.example",
        "mileage",
        "oidc.secret",
        "Example ID",
        ("openid", "groups"),
        "roles",
        any_email=True,
        new_accounts=True,
    )


@pytest.mark.parametrize(
    ("text", "key", "said"),
    [
        (
            '[oidc]\nissuer = "http://id.x.example"\nclient_id="m"',
            "oidc.issuer",
            "https",
        ),
        ('[oidc]\nissuer = "id.x.example"\nclient_id="m"', "oidc.issuer", "https"),
        ('[oidc]\nissuer = "https://a@b"\nclient_id="m"', "oidc.issuer", "https"),
        ('[oidc]\nissuer = "https://id.x.example"', "oidc.client_id", "missing"),
        (OIDC + 'scopes = ["email"]', "oidc.scopes", "openid"),
        (OIDC + 'email = "maybe"', "oidc.email", '"verified" or "any"'),
        (OIDC + "accounts = true", "oidc.accounts", "text"),
        (OIDC + 'secret = "x"', "oidc.secret", "unknown key"),
        ('address = "http://mileage.x.example"', "address", "https"),
        ('address = "https://mileage.x.example/path"', "address", "https://NAME"),
        ('address = "mileage.x.example"', "address", "https"),
        ('[[group]]\nname = "a"', "group[1].role", "missing"),
        ('[[group]]\nrole = "finance"', "group[1].name", "missing"),
        ('[[group]]\nname = "a"\nrole = "No Role"', "group[1].role", "name"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text, key, said):
    problems = {name: problem for _, name, problem in wrong(text)}
    assert said in problems[key]


@pytest.mark.parametrize("host", ["localhost:9400", "127.0.0.1:9400", "[::1]:9400"])
def test_a_provider_on_this_machine_may_be_tried_without_https(host):
    text = f'[oidc]\nissuer = "http://{host}"\nclient_id = "m"'
    assert parse(text).provider.issuer == f"http://{host}"


def test_the_address_names_a_host():
    policy = parse('address = "https://Mileage.x.example:8443"')
    assert policy.host == "mileage.x.example:8443"
    assert parse("").host == ""


def test_groups_bring_roles_each_once():
    policy = parse(GROUPS)
    assert policy.roles_of(["finance people", "FINANCE PEOPLE", "unknown"]) == (
        HeldRole("finance"),
    )
    assert policy.roles_of(["leads"]) == (
        HeldRole("department-lead", "Engines"),
        HeldRole("steward"),
    )
    assert policy.roles_of([]) == ()


def test_only_groups_that_mean_something_are_kept():
    policy = parse(GROUPS)
    assert policy.known_groups(["secret project", "LEADS"]) == ("leads",)
