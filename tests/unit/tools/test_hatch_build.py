"""The extension is compiled when the package is built; no build fails without it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import zipfile
from email.parser import Parser

import pytest

from tests.architecture.tree import ROOT

BUILD = "import sys, hatchling.build as b; print(b.build_wheel(sys.argv[1]))"
NEEDED = ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE", "src")


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of the project without version control, as a source distribution is."""
    copy = tmp_path_factory.mktemp("tree")
    for name in NEEDED:
        if (ROOT / name).is_dir():
            unwanted = shutil.ignore_patterns("*.so", "*.new", "__pycache__")
            shutil.copytree(ROOT / name, copy / name, ignore=unwanted)
        else:
            shutil.copy(ROOT / name, copy / name)
    return copy


@pytest.fixture
def built(tree, tmp_path, monkeypatch):
    def build(**environ):
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        done = subprocess.run(
            [sys.executable, "-c", BUILD, tmp_path],
            cwd=tree,
            check=True,
            capture_output=True,
            text=True,
        )
        wheel = tmp_path / done.stdout.split()[-1]
        return wheel, done.stdout + done.stderr

    return build


def compiled(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return [name for name in archive.namelist() if name.endswith(".so")]


def tags(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [one for one in archive.namelist() if one.endswith("/WHEEL")]
        return Parser().parsestr(archive.read(name).decode()).get_all("Tag")


def test_with_a_compiler_one_file_serves_every_python_from_3_11_on(built):
    wheel, _ = built()
    assert compiled(wheel) == ["mileage/native/_scan.abi3.so"]
    (tag,) = tags(wheel)
    assert tag.startswith("cp311-abi3-")
    assert wheel.name.endswith(f"-{tag}.whl")


@pytest.mark.parametrize(
    "environ", [{"CC": "false"}, {"CC": "/no/such/compiler"}, {"MILEAGE_NATIVE": "0"}]
)
def test_without_one_the_package_is_pure_python_and_says_so(built, tree, environ):
    stale = tree / "src/mileage/native/_scan.abi3.so"
    stale.write_bytes(b"of another version")
    wheel, said = built(**environ)
    assert compiled(wheel) == []
    assert tags(wheel) == ["py3-none-any"]
    assert "built without its C extension" in said
    assert not stale.exists()


def test_what_the_compiler_says_is_passed_on(built):
    _, said = built(CC=f"{sys.executable} -c no_such_compiler")
    assert "no_such_compiler" in said


def test_the_code_compiles_without_a_warning():
    compiler = sysconfig.get_config_var("CC") or "cc"
    files = sorted((ROOT / "src/mileage/native").glob("*.c"))
    strict = ["-Wall", "-Wextra", "-Werror", "-Wno-sign-compare", "-std=c11", "-fPIC"]
    include = f"-I{sysconfig.get_path('include')}"
    command = [*compiler.split(), *strict, include, "-fsyntax-only", *files]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.stderr == ""
    assert done.returncode == 0
