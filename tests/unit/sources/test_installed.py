"""Sources of other packages: found, and when broken, named in plain words."""

from __future__ import annotations

import itertools

import pytest

from mileage.domain.errors import Invalid
from mileage.sources import installed

GOOD = """
from mileage.domain.call import SourceTraits

class Source:
    traits = SourceTraits(
        name="{name}", client="x", precedence=1, join="link", replayable=True
    )

    def read_file(self, path, place, *, activity=True):
        return iter(())

SOURCE = Source()
"""
_numbers = itertools.count()


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Return what installs a package that declares one source."""
    monkeypatch.syspath_prepend(tmp_path)

    def install(code, name="theirs", distribution="their-package"):
        module = f"their_module_{next(_numbers)}"
        (tmp_path / f"{module}.py").write_text(code.format(name=name))
        folder = tmp_path / f"{distribution.replace('-', '_')}-1.0.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n"
        )
        (folder / "entry_points.txt").write_text(
            f"[mileage.sources]\n{name} = {module}:SOURCE\n"
        )

    return install


def complaint():
    with pytest.raises(Invalid) as caught:
        installed.traits()
    return str(caught.value)


def test_ours_are_there():
    names = set(installed.traits())
    assert {"litellm", "cloudevents", "rows", "openrouter_activity"} <= names
    assert "litellm" in {one.traits.name for one in installed.export_sources()}
    assert "litellm" not in {one.traits.name for one in installed.log_sources()}
    (buckets,) = installed.bucket_sources()
    assert buckets.traits.name == "openrouter_activity"


def test_another_packages_source_is_there_too(package):
    package(GOOD)
    assert "theirs" in installed.traits()
    assert "theirs" in {one.traits.name for one in installed.export_sources()}


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import a_module_that_is_not_there", "ModuleNotFoundError"),
        ("OTHER = 1", "AttributeError"),
        ("SOURCE = (", "SyntaxError"),
        ("SOURCE = 1 / 0", "ZeroDivisionError"),
        ("raise RuntimeError('no licence')", "no licence"),
        ("SOURCE = nobody", "NameError"),
        ("SOURCE = open('/not/there')", "FileNotFoundError"),
        ("SOURCE = None", "has no `traits`"),
        ("class S:\n    traits = 'mine'\nSOURCE = S()", "has no `traits`"),
        (GOOD.replace("read_file", "read_something"), "no kind of source"),
        (GOOD.replace('"{name}"', '"another"'), "names itself 'another'"),
    ],
)
def test_a_broken_one_is_named_with_its_package(package, code, words):
    package(code)
    said = complaint()
    assert words in said
    assert "'theirs'" in said
    assert "their-package" in said
    assert "uninstall" in said.lower()


def test_one_that_takes_a_name_of_ours(package):
    package(GOOD, name="litellm")
    said = complaint()
    assert said.startswith("the package their-package brings a source named 'litellm'")
    assert "mileage has too" in said
    assert "Uninstall their-package" in said


def test_two_that_take_one_name(package):
    package(GOOD)
    package(GOOD, distribution="third-package")
    said = complaint()
    assert "their-package" in said
    assert "third-package" in said
