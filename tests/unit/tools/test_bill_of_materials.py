"""The bill of materials says what the lock pins, and nothing else."""

from __future__ import annotations

import importlib.util
import json
import re
import stat
import subprocess
import sys

import pytest

from tests.architecture.tree import ROOT

TOOL = ROOT / "tools" / "bill_of_materials.py"
LOCK = (ROOT / "requirements.lock").read_text("utf-8")


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("bill_of_materials", TOOL)
    module = importlib.util.module_from_spec(spec)
    sys.modules["bill_of_materials"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["bill_of_materials"]


def test_every_pin_is_a_component_with_its_hashes(tool):
    made = tool.bill("1.2.3", LOCK)
    names = {one["name"] for one in made["components"]}
    pinned = re.findall(r"^([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?==", LOCK, re.MULTILINE)
    assert names == {re.sub(r"[-_.]+", "-", one).lower() for one in pinned}
    hashes = {
        one["content"]
        for part in made["components"]
        for file in part["externalReferences"]
        for one in file["hashes"]
    }
    assert hashes == set(re.findall(r"sha256:([0-9a-f]{64})", LOCK))
    assert all(part["externalReferences"] for part in made["components"])


def test_it_is_a_cyclonedx_document(tool):
    made = tool.bill("1.2.3", LOCK)
    assert (made["bomFormat"], made["specVersion"]) == ("CycloneDX", "1.6")
    assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", made["serialNumber"])
    references = [one["bom-ref"] for one in made["components"]]
    assert len(references) == len(set(references))
    (depends,) = made["dependencies"]
    assert depends["ref"] == made["metadata"]["component"]["bom-ref"]
    assert depends["dependsOn"] == references


def test_the_same_lock_gives_the_same_bill_and_another_does_not(tool):
    assert tool.bill("1", LOCK) == tool.bill("1", LOCK)
    other = tool.bill("1", LOCK + "\n# changed\n")
    assert other["serialNumber"] != tool.bill("1", LOCK)["serialNumber"]


def test_a_package_pinned_twice_stands_once(tool):
    text = (
        "Some_Pkg==1.0 ; python_version < '3.12' \\\n"
        f"    --hash=sha256:{'a' * 64}\n"
        f"some-pkg==1.0 \\\n    --hash=sha256:{'b' * 64}\n"
    )
    assert tool.pins(text) == [("some-pkg", "1.0", ("a" * 64, "b" * 64))]


def test_it_prints_json():
    done = subprocess.run(
        [sys.executable, str(TOOL), "9.9", str(ROOT / "requirements.lock")],
        capture_output=True,
        check=True,
    )
    assert json.loads(done.stdout)["metadata"]["component"]["version"] == "9.9"


def test_the_release_tool_can_be_run_and_names_what_it_writes():
    script = ROOT / "tools" / "release.sh"
    assert script.stat().st_mode & stat.S_IXUSR
    text = script.read_text("utf-8")
    for written in ("mileage.cdx.json", "SHA256SUMS", "bill_of_materials.py"):
        assert written in text
    subprocess.run(["bash", "-n", str(script)], check=True)
