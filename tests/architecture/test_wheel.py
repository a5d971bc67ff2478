"""The wheel holds everything the program reads, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
import zipfile
from email.parser import Parser

import pytest

from tests.architecture.tree import PACKAGE, ROOT, below

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel unpacked; built by the locked hatchling, so nothing is fetched."""
    folder = tmp_path_factory.mktemp("wheel")
    build = "import sys, hatchling.build as b; print(b.build_wheel(sys.argv[1]))"
    name = subprocess.run(
        [sys.executable, "-c", build, folder],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()[-1]
    with zipfile.ZipFile(folder / name) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


@pytest.fixture(scope="module")
def metadata(wheel):
    (folder,) = wheel.glob("mileage-*.dist-info")
    return folder


def test_every_file_of_the_package_is_in(wheel):
    wanted = {file.relative_to(PACKAGE.parent).as_posix() for file in below(PACKAGE)}
    found = {
        file.relative_to(wheel).as_posix()
        for file in wheel.rglob("*")
        if file.is_file() and ".dist-info" not in file.as_posix()
    }
    assert wanted <= found
    assert {name for name in found if not name.startswith("mileage/")} == set()


@pytest.mark.parametrize("suffix", [".html", ".css", ".sql", ".toml", "py.typed"])
def test_each_kind_of_data_is_in(wheel, suffix):
    assert any(file.name.endswith(suffix) for file in wheel.rglob("*"))


def test_it_names_the_program_and_the_sources(metadata):
    text = (metadata / "entry_points.txt").read_text("utf-8")
    assert "mileage = mileage.cli:main" in text
    for source in PROJECT["entry-points"]["mileage.sources"]:
        assert f"{source} = mileage.sources.{source}:SOURCE" in text


def test_it_says_what_it_is(metadata):
    said = Parser().parsestr((metadata / "METADATA").read_text("utf-8"))
    assert said["Name"] == "mileage"
    assert said["License-Expression"] == "Apache-2.0"
    assert said["Requires-Python"] == ">=3.11"
    assert len(said.get_all("Requires-Dist")) >= len(PROJECT["dependencies"])
    assert (metadata / "licenses" / "LICENSE").is_file()


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["check"]])
def test_the_program_runs_from_the_wheel_alone(wheel, arguments, tmp_path):
    start = (
        "import sys; import mileage, mileage.cli;"
        "assert mileage.__file__.startswith(sys.argv[1]), mileage.__file__;"
        "sys.argv[:2] = ['mileage']; sys.exit(mileage.cli.main())"
    )
    result = subprocess.run(
        [sys.executable, "-c", start, wheel, *arguments],
        cwd=tmp_path,
        env=os.environ
        | {"PYTHONPATH": str(wheel), "MILEAGE_DATA": str(tmp_path / "none")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip()
