"""Which sources a person's machine needs, found without loading the others."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mileage.sources import epoch, local, places
from mileage.sources.installed import log_sources
from mileage.sources.local import PLACES, local_sources, looked_at

HOME = Path("/home/alice")
INSTALLED = {source.traits.name: source for source in log_sources()}
# These are imported by name: nobody can say where such files lie.
NOWHERE = {
    name for name, source in INSTALLED.items() if not source.roots(HOME, {})
} - set(PLACES)

ENVIRONMENTS = [
    {},
    {"XDG_DATA_HOME": "/data", "XDG_CONFIG_HOME": "/config"},
    {
        "CLAUDE_CONFIG_DIR": "/a, /b",
        "CODEX_HOME": "/codex",
        "GEMINI_DATA_DIR": "/g1,/g2",
        "GEMINI_CLI_HOME": "/gemini",
        "QWEN_RUNTIME_DIR": "/q1",
        "QWEN_HOME": "/q2",
        "QWEN_DATA_DIR": "/q3, /q4",
        "OPENCODE_DATA_DIR": "/oc",
        "COPILOT_HOME": "/cp",
        "PI_CODING_AGENT_DIR": "/pi",
        "AMP_DATA_DIR": "/amp",
        "KIMI_SHARE_DIR": "/kimi",
        "KIMI_CODE_HOME": "/code",
        "AIDER_ANALYTICS_LOG": "/aider.jsonl",
    },
    {"GEMINI_CLI_HOME": "/gemini", "QWEN_DATA_DIR": "/q3", "QWEN_HOME": ""},
]


def names(found):
    return [source.traits.name for source in found]


@pytest.mark.parametrize("environ", ENVIRONMENTS)
@pytest.mark.parametrize("name", sorted(PLACES))
def test_the_table_says_what_each_source_says(name, environ):
    """A name in the table is that of a source, and of the module that holds it."""
    source = INSTALLED[name]
    told = [Path(str(root)) for root in PLACES[name](HOME, environ)]
    assert told == [Path(str(root)) for root in source.roots(HOME, environ)]
    assert type(source).__module__ == f"mileage.sources.{name}"
    assert places.NAMES[name] == source.patterns()


def test_every_installed_source_of_logs_is_in_the_table():
    ours = {
        name
        for name, source in INSTALLED.items()
        if type(source).__module__.startswith("mileage.")
    }
    assert ours - NOWHERE == set(PLACES) == set(places.NAMES)


@pytest.mark.parametrize("name", sorted(set(PLACES) - {"aider_analytics"}))
def test_a_source_is_found_by_its_folder(tmp_path, name):
    (root, *_) = PLACES[name](tmp_path, {})
    assert local_sources([tmp_path], {}) == []
    Path(str(root)).mkdir(parents=True)
    assert names(local_sources([tmp_path / "nobody", tmp_path], {})) == [name]


def test_a_single_file_can_be_the_place(tmp_path):
    path = tmp_path / "log.jsonl"
    environ = {"AIDER_ANALYTICS_LOG": str(path)}
    assert local_sources([tmp_path], environ) == []
    path.touch()
    assert names(local_sources([tmp_path], environ)) == ["aider_analytics"]


def test_only_what_is_needed_is_loaded(tmp_path):
    """In a process of its own, since this one has loaded everything already."""
    (tmp_path / ".pi" / "agent" / "sessions").mkdir(parents=True)
    program = (
        "import json, sys\n"
        "from pathlib import Path\n"
        "from mileage.sources.local import local_sources\n"
        f"found = local_sources([Path({str(tmp_path)!r})], {{}})\n"
        "print(json.dumps([[one.traits.name for one in found], sorted(sys.modules)]))"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    found, modules = json.loads(result.stdout)
    assert found == ["pi_session"]
    assert "mileage.sources.pi_session" in modules
    for unwanted in (
        "sqlite3",
        "importlib.metadata",
        "mileage.sources.opencode_db",
        "mileage.sources.claude_code_log",
        "mileage.sources.otlp",
    ):
        assert unwanted not in modules


def test_where_it_looks_is_told_whether_or_not_anything_is_there(tmp_path):
    looked = looked_at([tmp_path, tmp_path], {})
    assert tmp_path / ".codex" / "sessions" in looked
    assert tmp_path / ".local/share/opencode" in looked
    assert len(set(looked)) == len(looked) > len(PLACES)


# ------------------------------------------------------------ others' sources


def other_package(folder: Path, name: str = "somebodys-source") -> Path:
    """A package as an installer leaves it, with a source of its own."""
    module = name.replace("-", "_")
    info = folder / f"{module}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
    (info / "entry_points.txt").write_text(
        f"[mileage.sources]\n{module} = {module}:SOURCE\n"
    )
    (folder / f"{module}.py").write_text(
        "from pathlib import PurePath\n"
        "from mileage.domain.call import SourceTraits\n"
        "class Source:\n"
        f"    traits = SourceTraits({module!r}, 'some', 10, 'link', replayable=True)\n"
        "    def roots(self, home, environ):\n"
        "        return [PurePath(home) / '.somebody']\n"
        "    def patterns(self):\n"
        "        return ('*.jsonl',)\n"
        "    def read(self, lines, place, *, activity=True):\n"
        "        return iter(())\n"
        "SOURCE = Source()\n"
    )
    return folder


def test_a_source_that_somebody_else_installed_is_found(tmp_path, monkeypatch):
    site = other_package(tmp_path / "site")
    monkeypatch.syspath_prepend(str(site))
    assert local_sources([tmp_path], {}) == []
    (tmp_path / ".somebody").mkdir()
    assert names(local_sources([tmp_path], {})) == ["somebodys_source"]
    assert local_sources([tmp_path], {}, path=[]) == []


def test_packages_without_sources_cost_a_look_only(tmp_path, monkeypatch):
    info = tmp_path / "other-1.0.dist-info"
    info.mkdir()
    (info / "entry_points.txt").write_text("[console_scripts]\nother = other:main\n")
    gone = tmp_path / "gone-1.0.dist-info" / "entry_points.txt"
    gone.mkdir(parents=True)
    monkeypatch.setattr(local, "import_module", None)
    assert local_sources([tmp_path], {}, path=[str(tmp_path), "/nowhere"]) == []


# ---------------------------------------------------------- times as numbers


@pytest.mark.parametrize(
    ("value", "micros"),
    [
        (1_795_176_000_000, 1_795_176_000_000_000),
        (1_795_176_000_000.5, 1_795_176_000_000_500),
        (0, 0),
        (-1, None),
        (True, None),
        ("1795176000000", None),
        (None, None),
        (float("nan"), None),
        (float("inf"), None),
        (10**400, None),
        (32_503_679_999_000, 32_503_679_999_000_000),
        (32_503_680_000_001, None),
    ],
)
def test_milliseconds(value, micros):
    assert epoch.of_milliseconds(value) == micros


@pytest.mark.parametrize(
    ("value", "micros"),
    [
        (1_795_176_000, 1_795_176_000_000_000),
        (1_795_176_000.25, 1_795_176_000_250_000),
        (32_503_679_999, 32_503_679_999_000_000),
        (32_503_680_001, None),
        (False, None),
    ],
)
def test_seconds(value, micros):
    assert epoch.of_seconds(value) == micros


def test_places_open_nothing():
    assert "open(" not in Path(places.__file__).read_text("utf-8")
