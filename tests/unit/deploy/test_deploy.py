"""The systemd unit and the container file: nothing in them that is not there.

The image is not built and the unit not started here: that needs a container engine and
systemd. What can be told without them is.
"""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from collections import defaultdict

import click
import pytest

from mileage.cli.commands import root
from mileage.domain.settings import Settings
from mileage.wiring.serve import GRACE_SECONDS
from tests.architecture.tree import ROOT

UNIT = (ROOT / "deploy/mileage.service").read_text("utf-8")
CONTAINER = (ROOT / "deploy/Containerfile").read_text("utf-8")
IN_THE_BASE_IMAGE = {"apt-get", "python", "rm", "sed", "useradd", "install"}
"""What a slim Python image of Debian has and this file uses."""
INSTRUCTIONS = {
    *("ARG", "FROM", "RUN", "COPY", "ENV", "USER", "VOLUME", "EXPOSE"),
    *("STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT", "CMD"),
}


def settings() -> dict[str, list[str]]:
    found = defaultdict(list)
    for line in UNIT.splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found[name].append(value)
    return found


def instructions() -> list[tuple[str, str]]:
    joined = re.sub(r"\\\n\s*", " ", CONTAINER)
    lines = [line for line in joined.splitlines() if line and not line.startswith("#")]
    return [(line.split()[0], line.partition(" ")[2].strip()) for line in lines]


def check_serve(words: list[str]) -> None:
    """Every option is one that ``mileage serve`` has, with a value it takes."""
    assert words[0] == "serve"
    command = root.get_command(click.Context(root), "serve")
    command.make_context("serve", words[1:])


def test_the_unit_starts_a_server_that_exists():
    (start,) = settings()["ExecStart"]
    program, *words = shlex.split(start)
    assert program == "/opt/mileage/bin/mileage"
    check_serve(words)
    data = words[words.index("--data") + 1]
    assert data == f"/var/lib/{settings()['StateDirectory'][0]}"


def test_the_unit_waits_for_a_graceful_end():
    longest = Settings().drain_seconds + GRACE_SECONDS
    assert int(settings()["TimeoutStopSec"][0]) > longest
    assert settings()["KillSignal"] == ["SIGTERM"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DynamicUser", "yes"),
        ("NoNewPrivileges", "yes"),
        ("CapabilityBoundingSet", ""),
        ("ProtectSystem", "strict"),
        ("ProtectHome", "yes"),
        ("PrivateDevices", "yes"),
        ("StateDirectoryMode", "0700"),
        ("UMask", "0077"),
        ("IPAddressDeny", "any"),
        ("IPAddressAllow", "localhost"),
    ],
)
def test_the_unit_is_locked_down(name, value):
    assert settings()[name] == [value]


def test_the_container_file_has_two_stages_and_known_instructions():
    names = [name for name, _ in instructions()]
    assert set(names) <= INSTRUCTIONS
    assert names.count("FROM") == 2


def test_every_command_of_the_container_file_exists():
    commands = [text for name, text in instructions() if name == "RUN"]
    programs = {
        shlex.split(one)[0] for text in commands for one in text.split("&&") if one
    }
    made = {one for one in programs if one.startswith("/opt/mileage/bin/")}
    assert programs - made <= IN_THE_BASE_IMAGE
    assert made == {"/opt/mileage/bin/pip"}
    assert "python -m venv /opt/mileage" in " ".join(commands)


def test_what_it_copies_is_there():
    named = re.findall(r"/src/([\w./-]+)", CONTAINER)
    assert named
    assert all((ROOT / name).exists() for name in named)
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert "mileage" in scripts["scripts"]


def test_the_last_stage_has_no_compiler_and_is_nobody():
    last = [i for i, (name, _) in enumerate(instructions()) if name == "FROM"][-1]
    stage = instructions()[last:]
    assert not any("gcc" in text for _, text in stage)
    told = dict(stage)
    assert told["USER"].split(":")[0].isdecimal()
    assert int(told["USER"].split(":")[0]) > 0
    assert told["STOPSIGNAL"] == "SIGTERM"
    # Nothing is written but the volume: not even compiled modules.
    assert told["VOLUME"] == "/data"
    assert "PYTHONDONTWRITEBYTECODE=1" in told["ENV"]


def test_it_starts_and_is_asked_for_its_health():
    told = dict(instructions())
    (program,) = json.loads(told["ENTRYPOINT"])
    assert program == "mileage"
    check_serve(json.loads(told["CMD"]))
    words = json.loads(told["HEALTHCHECK"].partition("CMD ")[2])
    assert words[:2] == ["python", "-c"]
    compile(words[2], "healthcheck", "exec")
    assert "/healthz" in words[2]
