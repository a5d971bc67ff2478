"""The lock file pins everything by hash and names no address."""

from __future__ import annotations

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.tree import ROOT

TEXT = (ROOT / "requirements.lock").read_text("utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
ENTRY = re.compile(
    r"^(?P<pin>[a-z0-9][^\s\\]*==[^\s\\]+)(?P<rest>(?:.*\\\n)+.*)", re.MULTILINE
)
PINNED = {
    canonicalize_name(pin.partition("==")[0]): (pin.partition("==")[2], rest)
    for pin, rest in ENTRY.findall(TEXT)
}
WANTED = [
    *map(Requirement, PROJECT["project"]["dependencies"]),
    *map(Requirement, PROJECT["project"]["optional-dependencies"]["dev"]),
    *map(Requirement, PROJECT["build-system"]["requires"]),
]


@pytest.mark.parametrize("wanted", WANTED, ids=lambda wanted: wanted.name)
def test_what_the_project_asks_for_is_pinned_in_range(wanted):
    version, _ = PINNED[canonicalize_name(wanted.name)]
    assert wanted.specifier.contains(version, prereleases=False)


@pytest.mark.parametrize("name", PINNED)
def test_every_pin_has_hashes(name):
    _, rest = PINNED[name]
    assert re.search(r"--hash=sha256:[0-9a-f]{64}", rest)


def test_nothing_escapes_the_pattern():
    entries = [line for line in TEXT.splitlines() if re.match(r"\S", line)]
    assert len(entries) == len(PINNED) > len(WANTED)


def test_no_address_no_path_no_option():
    assert "://" not in TEXT
    assert not re.search(r"^\s*(?:-[a-z]|--(?!hash))", TEXT, re.MULTILINE)
    assert not re.search(r" @ |\.whl|\.tar\.gz|/tmp/", TEXT)


@pytest.mark.parametrize("system", ["linux", "darwin"])
def test_both_systems_are_covered(system):
    assert f"sys_platform == '{system}'" in PINNED["uvloop"][1]
