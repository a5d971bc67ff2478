"""Settings: the shipped file says what the code says, and mistakes are told."""

from __future__ import annotations

import dataclasses
import pkgutil
import tomllib

import pytest

from mileage.domain.policy import PolicyErrors
from mileage.domain.settings import MIB, Settings, parse_settings

SHIPPED = pkgutil.get_data("mileage", "policy/mileage.toml").decode()


def findings(text, **options):
    with pytest.raises(PolicyErrors) as caught:
        parse_settings(text, "mileage.toml", **options)
    return [(one.line, one.key, one.problem) for one in caught.value.findings]


def test_the_shipped_file_holds_the_defaults():
    assert parse_settings(SHIPPED, "mileage.toml") == Settings()


def test_the_shipped_file_names_every_setting():
    content = tomllib.loads(SHIPPED)
    keys = {
        key
        for name, value in content.items()
        for key in (value if isinstance(value, dict) else [name])
    }
    assert keys == {field.name for field in dataclasses.fields(Settings)}


def test_what_a_file_leaves_out_keeps_its_default():
    assert parse_settings("", "mileage.toml") == Settings()
    settings = parse_settings("[board]\ntop = 10\n", "mileage.toml")
    assert settings == Settings(top=10)


def test_every_setting_can_be_set():
    text = """
organisation = "Acme GmbH & Söhne"
zone = "Asia/Kolkata"
[board]
top = 5
window_days = 7
snapshot_seconds = 1
[limits]
max_body_bytes = 1024
max_inflated_bytes = 2048
max_line_bytes = 4096
[serving]
drain_seconds = 0
[retention]
calls_days = 8
activities_days = 1
rejections_days = 2
every_snapshot_days = 3
hourly_snapshot_days = 0
[door]
domains = ["acme.example", "acme.co.uk", "acme.example"]
requests_per_second = 0
records_per_second = 1_000_000_000
burst_seconds = 60
"""
    domains = ("acme.example", "acme.co.uk")
    assert parse_settings(text, "mileage.toml") == dataclasses.replace(
        Settings(),
        organisation="Acme GmbH & Söhne",
        zone="Asia/Kolkata",
        top=5,
        window_days=7,
        snapshot_seconds=1,
        max_body_bytes=1024,
        max_inflated_bytes=2048,
        max_line_bytes=4096,
        drain_seconds=0,
        calls_days=8,
        activities_days=1,
        rejections_days=2,
        every_snapshot_days=3,
        hourly_snapshot_days=0,
        domains=domains,
        requests_per_second=0,
        records_per_second=1_000_000_000,
        burst_seconds=60,
    )


def test_settings_do_not_change():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings().top = 3


def test_the_limits_are_those_that_are_documented():
    settings = Settings()
    assert settings.max_body_bytes == 16 * MIB
    assert settings.max_inflated_bytes == 64 * MIB
    assert settings.max_line_bytes == 32 * MIB


TABLES = (
    "unknown key; allowed: board, disclosure, door, limits, organisation, retention, "
    "serving, zone"
)
MINUS = "is -1; allowed: 0 to 3600"


@pytest.mark.parametrize(
    ("text", "line", "key", "problem"),
    [
        (
            "top = 5",
            1,
            "top",
            TABLES,
        ),
        ("[board]\n\ntop = 0", 3, "board.top", "is 0; allowed: 1 to 100000"),
        (
            "[board]\nwindow_days = 367",
            2,
            "board.window_days",
            "is 367; allowed: 1 to 366",
        ),
        (
            "[board]\nsnapshot_seconds = '60'",
            2,
            "board.snapshot_seconds",
            "is text; expected a whole number",
        ),
        (
            "[limits]\nmax_body_bytes = 1",
            2,
            "limits.max_body_bytes",
            "is 1; allowed: 1024 to 1073741824",
        ),
        ("organisation = ''", 1, "organisation", "is ''; expected some text"),
        (
            "zone = 'Europe / Berlin'",
            1,
            "zone",
            "is 'Europe / Berlin'; expected a name like Europe/Berlin",
        ),
        (
            "zone = '../../etc/passwd'",
            1,
            "zone",
            "is '../../etc/passwd'; expected a name like Europe/Berlin",
        ),
        (
            "[door]\n# ours\ndomains = ['Acme.example']",
            3,
            "door.domains",
            "holds 'Acme.example'; expected a list of domains in quotes",
        ),
        (
            "[door]\nburst_seconds = 0",
            2,
            "door.burst_seconds",
            "is 0; allowed: 1 to 3600",
        ),
        (
            "[retention]\ncalls_days = 30",
            2,
            "retention.calls_days",
            "is 30; a board needs 31 (board.window_days + 1)",
        ),
        (
            "[disclosure]\ngroup_people = 4",
            2,
            "disclosure.group_people",
            "is 4; allowed: 5 to 10000",
        ),
        (
            "[disclosure]\ngroup_people = 20\ngroup_people_managers = 30",
            1,
            "disclosure.sum_people",
            "is less than group_people, 20",
        ),
        ("[serving]\ndrain_seconds = -1", 2, "serving.drain_seconds", MINUS),
        ("board = 5", 1, "board", "is a whole number; expected a table [board]"),
    ],
)
def test_a_mistake_has_a_line_a_key_and_what_is_allowed(text, line, key, problem):
    assert findings(text) == [(line, key, problem)]


def test_a_zone_that_the_system_does_not_know():
    found = findings("# x\nzone = 'Mars/Olympus'", is_zone={"UTC"}.__contains__)
    told = "is 'Mars/Olympus'; no such IANA time zone is installed: write one such as "
    assert found == [(2, "zone", f"{told}Europe/Berlin or UTC")]


@pytest.mark.parametrize("zone", ["", "../../etc/passwd"])
def test_what_is_no_name_of_a_zone_is_told_once(zone):
    found = findings(f"zone = '{zone}'", is_zone={"UTC"}.__contains__)
    assert found == [(1, "zone", f"is {zone!r}; expected a name like Europe/Berlin")]
