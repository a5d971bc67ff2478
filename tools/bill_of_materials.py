"""Write a CycloneDX 1.6 bill of materials from the lock file, to standard output.

    python tools/bill_of_materials.py VERSION [requirements.lock] > mileage.cdx.json

What is installed is what the lock pins, so the lock is the bill; nothing is asked of
any network. The same lock gives the same bytes.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import NamedTuple
from uuid import NAMESPACE_URL, uuid5

PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==([^\s;\\]+)")
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


class Pin(NamedTuple):
    """One line of the lock: a package, its version, the files that may be installed."""

    name: str
    version: str
    hashes: tuple[str, ...]


def pins(lock: str) -> list[Pin]:
    """Read the lock; a package that is pinned for several systems stands once."""
    found: dict[tuple[str, str], set[str]] = {}
    key = ("", "")
    for line in lock.splitlines():
        pinned = PIN.match(line)
        if pinned:
            key = (re.sub(r"[-_.]+", "-", pinned[1]).lower(), pinned[2])
            found.setdefault(key, set())
        if key[0]:
            found[key].update(HASH.findall(line))
    return [Pin(*key, tuple(sorted(hashes))) for key, hashes in sorted(found.items())]


def bill(version: str, lock: str) -> dict[str, object]:
    """Return the document."""
    parts = pins(lock)
    root = f"pkg:pypi/mileage@{version}"
    seed = f"{root}\n{lock}"
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid5(NAMESPACE_URL, seed)}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": root,
                "name": "mileage",
                "version": version,
                "purl": root,
            }
        },
        "components": [_component(one) for one in parts],
        "dependencies": [
            {"ref": root, "dependsOn": [_reference(one) for one in parts]}
        ],
    }


def _reference(pin: Pin) -> str:
    return f"pkg:pypi/{pin.name}@{pin.version}"


def _component(pin: Pin) -> dict[str, object]:
    files = [
        {
            "type": "distribution",
            "url": _reference(pin),
            "hashes": [{"alg": "SHA-256", "content": one}],
        }
        for one in pin.hashes
    ]
    return {
        "type": "library",
        "bom-ref": _reference(pin),
        "name": pin.name,
        "version": pin.version,
        "purl": _reference(pin),
        "externalReferences": files,
    }


def main(arguments: list[str]) -> None:
    """Print the bill."""
    version, *rest = arguments
    lock = Path(rest[0] if rest else "requirements.lock").read_text("utf-8")
    sys.stdout.write(json.dumps(bill(version, lock), indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
