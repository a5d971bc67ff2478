"""Copy third-party files into the tree, with their licences and a lock.

    python tools/vendor.py NODE_MODULES

``NODE_MODULES`` is a folder into which ``npm install`` put the packages below. The
fonts of pictures are cut from the page's font with ``fonttools`` and ``brotli``,
which have to be installed for this alone.
Nothing is fetched here and nothing is needed from npm at build or run time: what
the pages serve is in the repository, and ``vendor.lock`` says what it is.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "src/mileage/web/static/vendor"
E2E = ROOT / "tests/e2e/vendor"
FONTS = ROOT / "src/mileage/web/fonts"
WEIGHTS = (400, 600)
LETTERS = [*range(32, 127), 0xB7, 0xD7, 0x2013, 0x2019, 0x2026]


class Copy(NamedTuple):
    """One file of one package, and the name under which we keep it."""

    package: str
    licence: str
    source: str
    target: Path


COPIES = (
    Copy(
        "@fontsource-variable/inter",
        "OFL-1.1",
        "files/inter-latin-wght-normal.woff2",
        STATIC / "inter-latin-{version}.woff2",
    ),
    Copy(
        "@fontsource-variable/inter",
        "OFL-1.1",
        "LICENSE",
        STATIC / "inter-LICENSE.txt",
    ),
    Copy(
        "@fontsource-variable/inter",
        "OFL-1.1",
        "LICENSE",
        FONTS / "inter-LICENSE.txt",
    ),
    Copy("axe-core", "MPL-2.0", "axe.min.js", E2E / "axe.min.js"),
    Copy("axe-core", "MPL-2.0", "LICENSE", E2E / "axe-LICENSE.txt"),
)


def vendored(copy: Copy, node_modules: Path) -> dict[str, str]:
    """Copy one file and return its line of the lock."""
    home = node_modules / copy.package
    version = json.loads((home / "package.json").read_text())["version"]
    target = copy.target.with_name(copy.target.name.format(version=version))
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(home / copy.source, target)
    return {
        "file": target.name,
        "name": copy.package,
        "version": version,
        "licence": copy.licence,
        "sha256": hashlib.sha256(target.read_bytes()).hexdigest(),
    }


def cut(weight: int, page_font: Path, version: str) -> dict[str, str]:
    """Cut one weight and the letters of pictures out of the page's font."""
    from fontTools import subset  # noqa: PLC0415 - needed for this alone
    from fontTools.ttLib import TTFont  # noqa: PLC0415
    from fontTools.varLib import instancer  # noqa: PLC0415

    font = TTFont(page_font)
    font.flavor = None
    instancer.instantiateVariableFont(font, {"wght": weight}, inplace=True)
    cutter = subset.Subsetter(subset.Options(layout_features=["kern", "tnum"]))
    cutter.populate(unicodes=LETTERS)
    cutter.subset(font)
    target = FONTS / f"inter-{weight}.ttf"
    font.save(target)
    return {
        "file": target.name,
        "name": "@fontsource-variable/inter",
        "version": version,
        "licence": "OFL-1.1",
        "sha256": hashlib.sha256(target.read_bytes()).hexdigest(),
    }


def main(node_modules: Path) -> None:
    """Copy everything and write one lock beside each group of files."""
    for folder in (STATIC, E2E, FONTS):
        lines = [
            vendored(copy, node_modules)
            for copy in COPIES
            if copy.target.parent == folder
        ]
        if folder == FONTS:
            version = lines[0]["version"]
            page_font = STATIC / f"inter-latin-{version}.woff2"
            lines += [cut(weight, page_font, version) for weight in WEIGHTS]
        lock = folder / "vendor.lock"
        lock.write_text(json.dumps(lines, indent=2) + "\n")
        print(f"{lock.relative_to(ROOT)}: {len(lines)} files")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
