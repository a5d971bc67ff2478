"""Whose days, and whose logs, where nobody says so."""

from __future__ import annotations

import os
import subprocess
import sys
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from mileage.cli.me import command
from mileage.cli.me_report import local_zone


@pytest.mark.parametrize(
    ("named", "zone"),
    [
        ("Asia/Kolkata", "Asia/Kolkata"),
        (":Europe/Berlin", "Europe/Berlin"),
        *((name, name) for name in ("UTC", "Japan", "CET", "EST5EDT")),
        (":Japan", "Japan"),
    ],
)
def test_the_zone_is_the_one_that_is_named(named, zone):
    assert local_zone({"TZ": named}) == ZoneInfo(zone)


@pytest.mark.parametrize("mark", ["", ":"])
def test_a_zone_may_be_named_by_its_file(tmp_path, mark):
    file = tmp_path / "zoneinfo" / "Asia" / "Tokyo"
    (tmp_path / "localtime").symlink_to(file)
    for named in (file, tmp_path / "localtime"):
        assert local_zone({"TZ": f"{mark}{named}"}) == ZoneInfo("Asia/Tokyo")


NO_ZONES = ("", ":", "CET-1CEST", "/x/y", "Bad/Zone", "../x", "Europe", "\udcff", "/")


@pytest.mark.parametrize("environ", [{}, *({"TZ": named} for named in NO_ZONES)])
@pytest.mark.parametrize(
    ("file", "zone"),
    [
        ("/usr/share/zoneinfo/Pacific/Auckland", "Pacific/Auckland"),
        ("/usr/share/zoneinfo/Bad/Zone", "UTC"),
        ("/etc/localtime", "UTC"),
    ],
)
def test_where_no_zone_is_named_the_machine_is_asked(environ, file, zone, monkeypatch):
    follow = os.path.realpath
    monkeypatch.setattr(
        os.path, "realpath", lambda at: file if at == "/etc/localtime" else follow(at)
    )
    assert local_zone(environ) == ZoneInfo(zone)


def test_a_zone_that_is_none_fails_no_view(tmp_path):
    for words in ((), ("statusline",), ("live",)):
        done = CliRunner().invoke(
            command, ["--home", str(tmp_path), *words], env={"TZ": "Bad/Zone"}
        )
        assert done.exit_code == 0, done.output


@pytest.mark.parametrize("words", [(), ("--json",), ("live",), ("--by", "week")])
def test_whoever_has_no_home_is_told_to_name_one(words):
    """As in a container, with the number of somebody whom it does not know."""
    code = (
        "import os, sys; from pathlib import Path\n"
        "def unknown(*_): raise RuntimeError('no home')\n"
        "Path.home = classmethod(unknown)\n"
        "from mileage.cli import main; main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "me", *words],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "mileage: your home folder is not known here: set HOME\n"
